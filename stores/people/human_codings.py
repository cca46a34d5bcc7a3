"""What people decided: written import by import; of each question the latest answer stands.

An answer that was taken away is a decision with an empty value: it stands in the chain, and is no answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from typing import Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from intercoder.core.codebook import Codebook
from intercoder.core.codebooks.codebook_diff import affected
from intercoder.core.coding.deduction import CoderValues, spread
from intercoder.core.coding.given_answers import CodedSheet, HumanCoding
from intercoder.core.decisions import Decision, Value, decision_id
from intercoder.core.record import Record
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.corpus.named_samples import read_sample
from intercoder.stores.database import insert_new, reading, writing
from intercoder.stores.people.memos import write_memos
from intercoder.stores.runs.decisions import decision_row, read_decision

__all__ = [
    "Written",
    "exclusive_versions",
    "human_decisions",
    "human_values",
    "latest_said",
    "people_said",
    "read_sample",
    "write_codings",
]

Question = tuple[str, str, str]
"""Coder, segment and code; no code in an exclusive book."""


class Said(Protocol):
    """As much of a person's decision as says what stands."""

    @property
    def coder(self) -> str: ...
    @property
    def segment_id(self) -> str: ...
    @property
    def code_id(self) -> str | None: ...
    @property
    def codebook_version(self) -> int: ...


Saying = TypeVar("Saying", bound=Said)


class Written(Record):
    """What an import of one coder's codings did."""

    coder: str
    segments: int
    """On which anything was coded."""
    cells: int
    """Codings that were given."""
    new: int = 0
    changed: int = 0
    """Those that superseded what the person had said before."""
    unchanged: int = 0
    outdated: int = 0
    """Those under an older codebook version than what stands, or was taken away; left as it stands."""
    emptied: int = 0
    """Cells that are blank now and were coded before; left as it stands."""
    blank: int = 0
    memos: int = 0
    """Memos that are new or changed."""


def write_codings(engine: Engine, study_id: str, sheet: CodedSheet) -> list[Written]:
    """Write people's codings and memos, all or nothing, as each coder's next round.

    Writing the same again changes nothing; what a blank cell stood for stays as it was.

    Returns:
        What was done, by coder in order of name.
    """
    coders = {one.coder for one in sheet.codings} | {one.coder for one in sheet.memos}
    coders |= {coder for coder, _, _ in sheet.blank}
    with writing(engine) as connection:
        return [_write_coder(connection, study_id, coder, sheet) for coder in sorted(coders)]


def human_decisions(
    connection: Connection, study_id: str, sample: str = "", coder: str = "", segment: str = ""
) -> list[Decision]:
    """People's decisions that stand: by coder, then segment in document order, then code.

    Of each code the latest about the segment. Under an exclusive codebook version a choice replaces all that the
    coder said of the segment before, and what is said of single codes later replaces that choice.

    Args:
        connection: An open connection.
        study_id: The study.
        sample: Only segments of this sample, in its order; empty for all that people coded.
        coder: Only this person's; empty for everybody's.
        segment: Only about this segment; empty for all.
    """
    exclusive = exclusive_versions(connection, study_id)
    standing = latest_said(people_said(connection, study_id, coder, segment), exclusive)
    places = [segment] if segment else _order(connection, study_id, sample)
    order = {segment_id: at for at, segment_id in enumerate(places)}
    kept = [
        one
        for (_, segment_id), stands in standing.items()
        if segment_id in order
        for one in sorted(stands.values(), key=lambda one: one.position)
        if one.value
    ]
    return sorted(kept, key=lambda one: (one.coder, order[one.segment_id]))


def latest_said(
    decisions: Iterable[Saying], exclusive: Collection[int]
) -> dict[tuple[str, str], dict[str, Saying]]:
    """Coder and segment -> code, or empty for a choice among all -> the latest that was said of it.

    Args:
        decisions: Decisions of people, oldest first.
        exclusive: The codebook versions whose codes exclude one another.

    Returns:
        Also answers that were taken away, whose value is empty.
    """
    found: dict[tuple[str, str], dict[str, Saying]] = {}
    for decision in decisions:
        stands = found.setdefault((decision.coder, decision.segment_id), {})
        before = next(iter(stands.values()), None)
        alone = decision.codebook_version in exclusive
        if before is not None and (alone or before.codebook_version in exclusive):
            stands.clear()
        stands["" if alone else decision.code_id or ""] = decision
    return found


def human_values(
    engine: Engine, study_id: str, sample: str = "", under: Codebook | None = None
) -> list[CoderValues]:
    """What people decided and what stands of it, by coder in order of name (role `human`).

    Values belong to the code that they were given to. A choice under an exclusive version is `yes` for the chosen
    code and `no` for the version's others.

    Args:
        engine: The study's database.
        study_id: The study.
        sample: Only segments of this sample; empty for all that people coded.
        under: Only what holds under this version too: codes of which it shows coders the same.
    """
    with reading(engine) as connection:
        book = cache(lambda version: read_version(connection, study_id, version))
        changed = cache(lambda version: frozenset(affected(book(version), under) if under else ()))
        found: dict[str, dict[str, dict[str, Value]]] = {}
        for decision in human_decisions(connection, study_id, sample):
            values = found.setdefault(decision.coder, {})
            for code_id, value in spread(book(decision.codebook_version), decision):
                if code_id not in changed(decision.codebook_version):
                    values.setdefault(code_id, {})[decision.segment_id] = value
    return [CoderValues(name=name, role="human", values=found[name]) for name in sorted(found)]


def _write_coder(connection: Connection, study_id: str, coder: str, sheet: CodedSheet) -> Written:
    codings = [one for one in sheet.codings if one.coder == coder]
    blank = [question for question in sheet.blank if question[0] == coder]
    exclusive = exclusive_versions(connection, study_id)
    latest = latest_said(people_said(connection, study_id, coder), exclusive)
    standing = {_question(one, exclusive): one for stands in latest.values() for one in stands.values()}
    round_ = _last_round(connection, study_id, coder) + 1
    done: Counter[str] = Counter()
    rows = []
    for coding in codings:
        before = standing.get(coding.question)
        outcome = _outcome(coding, before)
        done[outcome] += 1
        if outcome in ("new", "changed"):
            decision = _decision(coding, round_)
            rows.append(decision_row(study_id, decision, before.id if before else ""))
    insert_new(connection, schema.decisions, rows)
    memos = write_memos(connection, study_id, [memo for memo in sheet.memos if memo.coder == coder])
    return Written(
        coder=coder,
        segments=len({one.segment_id for one in codings}),
        cells=len(codings),
        **done,
        emptied=sum(question in standing and bool(standing[question].value) for question in blank),
        blank=len(blank),
        memos=memos,
    )


def _outcome(coding: HumanCoding, before: Decision | None) -> str:
    """What is to be done with a coding, given what stands."""
    if before is None:
        return "new"
    if not before.value:  # taken away, under the version that stood then
        return "outdated" if coding.codebook_version < before.codebook_version else "new"
    same = (coding.code_id, coding.value) == (before.code_id, before.value)
    if coding.exclusive:
        same = same and coding.codebook_version == before.codebook_version
    else:
        same = same and coding.code_revision == before.code_revision
    if same:
        return "unchanged"
    return "outdated" if coding.codebook_version < before.codebook_version else "changed"


def _question(decision: Decision, exclusive: set[int]) -> Question:
    alone = decision.codebook_version in exclusive
    return decision.coder, decision.segment_id, "" if alone else decision.code_id or ""


def _decision(coding: HumanCoding, round_: int) -> Decision:
    about = coding.question[2] or 0
    return Decision(
        id=decision_id("", round_, coding.segment_id, "human", coding.coder, about),
        run="",
        round=round_,
        role="human",
        **coding.model_dump(exclude={"exclusive"}),
    )


def _last_round(connection: Connection, study_id: str, coder: str) -> int:
    """Number of the coder's last import that wrote something; 0 if there was none."""
    table = schema.decisions
    query = sa.select(sa.func.max(table.c.round)).where(
        table.c.study_id == study_id, table.c.run == "", table.c.role == "human", table.c.coder == coder
    )
    return int(connection.execute(query).scalar() or 0)


def people_said(connection: Connection, study_id: str, coder: str = "", segment: str = "") -> Iterator[Decision]:
    """All decisions of people, or of one person, or about one segment; oldest first."""
    table = schema.decisions
    query = (
        sa.select(table)
        .where(table.c.study_id == study_id, table.c.run == "", table.c.role == "human")
        .order_by(table.c.round, table.c.position, table.c.decision_id)
    )
    if coder:
        query = query.where(table.c.coder == coder)
    if segment:
        query = query.where(table.c.segment_id == segment)
    yield from map(read_decision, connection.execute(query))


def exclusive_versions(connection: Connection, study_id: str) -> set[int]:
    """Numbers of the versions whose codes exclude one another."""
    versions = schema.codebook_versions
    query = sa.select(versions.c.version).where(versions.c.study_id == study_id, versions.c.exclusive)
    return set(connection.execute(query).scalars())


def _order(connection: Connection, study_id: str, sample: str) -> Iterator[str]:
    """Ids of segments in document order: of a sample, or of all that people coded."""
    if sample:
        drawn = schema.sample_segments
        query = sa.select(drawn.c.segment_id).where(drawn.c.study_id == study_id, drawn.c.sample == sample)
        yield from connection.execute(query.order_by(drawn.c.position)).scalars()
        return
    table, segments = schema.decisions, schema.segments
    members, sources = schema.source_documents, schema.sources
    coded = sa.select(table.c.segment_id).where(
        table.c.study_id == study_id, table.c.run == "", table.c.role == "human"
    )
    of_document = sa.and_(
        members.c.study_id == segments.c.study_id, members.c.document_id == segments.c.document_id
    )
    of_source = sa.and_(
        sources.c.study_id == members.c.study_id,
        sources.c.source == members.c.source,
        sources.c.version == members.c.version,
    )
    ordered = (
        sa.select(segments.c.segment_id)
        .select_from(segments.join(members, of_document).join(sources, of_source))
        .where(segments.c.study_id == study_id, segments.c.segment_id.in_(coded))
        .group_by(segments.c.segment_id, segments.c.ordinal)
        .order_by(sa.func.min(sources.c.place), sa.func.min(members.c.position), segments.c.ordinal)
    )
    yield from connection.execute(ordered).scalars()
