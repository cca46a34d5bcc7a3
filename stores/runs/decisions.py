"""Decisions in the database. An answer that says something new in a later round supersedes the old one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.core.coding.deduction import Asked, superseding
from intercoder.core.decisions import Decision, Provenance
from intercoder.core.protocols import Run
from intercoder.core.texts.quotes import Quote
from intercoder.stores import schema
from intercoder.stores.database import insert_new, now

Actor = tuple[str, str, str]
"""Segment, role and coder: the decisions of one answer."""


class PromptAsked(NamedTuple):
    """A prompt that a coder or moderator was asked with."""

    coder: str
    prompt: str
    """Agent and template, such as `deductive/default`."""
    prompt_hash: str


def write_decisions(connection: Connection, study_id: str, run: Run, decisions: Sequence[Decision]) -> set[str]:
    """Write a wave's decisions; answers that say what they said in an earlier round are left alone.

    Returns:
        Ids of the decisions that were written.
    """
    kept = _current_of(connection, study_id, run, decisions) if run.round > 1 else {}
    failed = failed_rounds(connection, study_id, run.id, _segments(decisions)) if run.round > 1 else {}
    rows: list[dict[str, Any]] = []
    for actor, group in groupby(decisions, key=_actor):
        said = list(group)
        before = kept.get(actor, [])
        stands = before and failed.get((*actor, ""), 0) <= before[0].round
        if stands and [decision.content for decision in said] == [old.content for old in before]:
            continue
        for decision in said:
            supersedes = before[min(decision.position, len(before) - 1)].id if before else ""
            rows.append(decision_row(study_id, decision, supersedes))
    insert_new(connection, schema.decisions, rows)
    return {row["decision_id"] for row in rows}


def write_code_decisions(
    connection: Connection, study_id: str, run: Run, decisions: Sequence[Decision], *, exclusive: bool
) -> None:
    """Write decisions about given codes; each supersedes what its coder decided about the code in an earlier round.

    In an exclusive book it supersedes what the coder chose before. A decision that says what stands already, of the
    same revision of the code, is left out.
    """
    earlier = _earlier(connection, study_id, run, decisions) if run.round > 1 else ()
    failed = failed_rounds(connection, study_id, run.id, _segments(decisions)) if run.round > 1 else {}
    kept = superseding(decisions, earlier, failed, exclusive=exclusive)
    insert_new(connection, schema.decisions, [decision_row(study_id, one, one.supersedes) for one in kept])


def failed_rounds(
    connection: Connection, study_id: str, run_id: str, segments: Sequence[str] | None = None
) -> dict[Asked, int]:
    """The latest round in which a question got no answer, by segment, role, coder and code.

    Args:
        connection: An open connection.
        study_id: The study.
        run_id: The run.
        segments: Only questions about these; by default all.
    """
    table = schema.failures
    asked = (table.c.segment_id, table.c.role, table.c.coder, table.c.code_id)
    query = (
        sa.select(*asked, sa.func.max(table.c.round).label("last"))
        .where(table.c.study_id == study_id, table.c.run == run_id)
        .group_by(*asked)
    )
    if segments is not None:
        query = query.where(table.c.segment_id.in_(segments))
    return {(row.segment_id, row.role, row.coder, row.code_id): row.last for row in connection.execute(query)}


def prompts_asked(connection: Connection, study_id: str, run_id: str) -> list[PromptAsked]:
    """The prompts that the decisions of a run were asked for with, each once."""
    table = schema.decisions
    wanted = sa.and_(table.c.study_id == study_id, table.c.run == run_id, table.c.prompt != "")
    query = sa.select(table.c.coder, table.c.prompt, table.c.prompt_hash).where(wanted).distinct()
    return [PromptAsked(*row) for row in connection.execute(query)]


def models_asked(connection: Connection, study_id: str, run_id: str) -> list[str]:
    """The models that gave the decisions of a run, each once, under the names that their answers are kept under."""
    table = schema.decisions
    wanted = sa.and_(table.c.study_id == study_id, table.c.run == run_id, table.c.model != "")
    return list(connection.execute(sa.select(table.c.model).where(wanted).distinct()).scalars())


def _segments(decisions: Sequence[Decision]) -> list[str]:
    return list({decision.segment_id for decision in decisions})


def _earlier(connection: Connection, study_id: str, run: Run, decisions: Sequence[Decision]) -> Iterator[Decision]:
    """What coders decided about the given segments in earlier rounds, oldest first."""
    table = schema.decisions
    query = (
        sa.select(table)
        .where(
            table.c.study_id == study_id,
            table.c.run == run.id,
            table.c.round < run.round,
            table.c.segment_id.in_(_segments(decisions)),
        )
        .order_by(table.c.round)
    )
    yield from map(read_decision, connection.execute(query))


def current_decisions(
    connection: Connection, study_id: str, run: str, start: int, stop: int, sample: str
) -> Iterator[tuple[int, Any]]:
    """Rows of the decisions that stand, with the segment's position, in document order.

    Within a segment: coders before moderators, in order of name, then position in the answer. Of an actor that
    answered in an earlier round and failed in a later one, nothing stands.
    """
    table, drawn = schema.decisions, schema.sample_segments
    query = (
        sa.select(drawn.c.position.label("place"), table)
        .select_from(
            drawn.join(
                table,
                sa.and_(table.c.study_id == drawn.c.study_id, table.c.segment_id == drawn.c.segment_id),
            )
        )
        .where(
            drawn.c.study_id == study_id,
            drawn.c.sample == sample,
            drawn.c.position >= start,
            drawn.c.position < stop,
            table.c.run == run,
            ~_failed_later(table),
        )
        .order_by(drawn.c.position, table.c.role, table.c.coder, table.c.round, table.c.position)
    )
    for place, rows in groupby(connection.execute(query), key=lambda row: int(row.place)):
        yield from ((place, row) for row in _latest_of_each(rows))


def segment_decisions(connection: Connection, study_id: str, run: str, segment_id: str) -> list[Decision]:
    """The decisions about one segment that stand in a run that finds its own codes, as in `current_decisions`.

    Where the segment stands in the run's sample is not looked up: there is no index for that, and coding asks for
    this at every keystroke.
    """
    table = schema.decisions
    query = (
        sa.select(table)
        .where(
            table.c.study_id == study_id,
            table.c.run == run,
            table.c.segment_id == segment_id,
            ~_failed_later(table),
        )
        .order_by(table.c.role, table.c.coder, table.c.round, table.c.position)
    )
    return [read_decision(row) for row in _latest_of_each(connection.execute(query))]


def _latest_of_each(rows: Iterable[Any]) -> Iterator[Any]:
    """Of one segment's rows, ordered by role and coder, those of each actor's latest round."""
    for _, group in groupby(rows, key=lambda row: (row.role, row.coder)):
        said = list(group)
        last = max(row.round for row in said)
        yield from (row for row in said if row.round == last)


def assigned_segments(connection: Connection, study_id: str, run: str) -> Iterator[tuple[str, str]]:
    """Code and segment of each decision that gives a code in a run that finds its own, and stands."""
    table = schema.decisions
    latest = (
        sa.select(table.c.segment_id, table.c.role, table.c.coder, sa.func.max(table.c.round).label("round"))
        .where(table.c.study_id == study_id, table.c.run == run)
        .group_by(table.c.segment_id, table.c.role, table.c.coder)
        .subquery()
    )
    stands = sa.and_(
        table.c.segment_id == latest.c.segment_id,
        table.c.role == latest.c.role,
        table.c.coder == latest.c.coder,
        table.c.round == latest.c.round,
    )
    query = (
        sa.select(table.c.code_id, table.c.segment_id)
        .select_from(table.join(latest, stands))
        .where(
            table.c.study_id == study_id,
            table.c.run == run,
            table.c.code_id.is_not(None),
            table.c.value == "",
            ~_failed_later(table),
        )
    )
    yield from ((row.code_id, row.segment_id) for row in connection.execute(query))


def _failed_later(decisions: sa.Table) -> sa.Exists:
    """Whether the decision's actor failed on its segment in a later round."""
    failures = schema.failures
    return sa.exists().where(
        failures.c.study_id == decisions.c.study_id,
        failures.c.run == decisions.c.run,
        failures.c.segment_id == decisions.c.segment_id,
        failures.c.role == decisions.c.role,
        failures.c.coder == decisions.c.coder,
        failures.c.round > decisions.c.round,
    )


def _actor(decision: Decision) -> Actor:
    return decision.segment_id, decision.role, decision.coder


def _current_of(
    connection: Connection, study_id: str, run: Run, decisions: Sequence[Decision]
) -> dict[Actor, list[Decision]]:
    """Decisions of earlier rounds that stand for the given segments."""
    table = schema.decisions
    query = (
        sa.select(table)
        .where(
            table.c.study_id == study_id,
            table.c.run == run.id,
            table.c.round < run.round,
            table.c.segment_id.in_(_segments(decisions)),
        )
        .order_by(table.c.round, table.c.position)
    )
    found: dict[Actor, list[Decision]] = {}
    for row in connection.execute(query):
        decision = read_decision(row)
        earlier = found.get(_actor(decision), [])
        same_round = earlier and earlier[0].round == decision.round
        found[_actor(decision)] = [*earlier, decision] if same_round else [decision]
    return found


def read_decision(row: Any) -> Decision:
    """A decision from its row."""
    return Decision(
        id=row.decision_id,
        run=row.run,
        round=row.round,
        segment_id=row.segment_id,
        role=row.role,
        coder=row.coder,
        position=row.position,
        label=row.label,
        code_id=row.code_id,
        code_revision=row.code_revision,
        value=row.value,
        reason=row.reason,
        quote=Quote(text=row.quote, start=row.quote_start, end=row.quote_end),
        chosen_from=row.chosen_from,
        overruled=tuple(row.overruled),
        merged_from=row.merged_from,
        similarity=row.similarity,
        provenance=Provenance(
            model=row.model, prompt=row.prompt, prompt_hash=row.prompt_hash, answer_key=row.answer_key
        ),
        codebook_version=row.codebook_version,
        supersedes=row.supersedes,
    )


def decision_row(study_id: str, decision: Decision, supersedes: str) -> dict[str, Any]:
    """A decision as the row that is written; `supersedes` is the id of the one that stood before, or empty."""
    own = decision.model_dump(exclude={"id", "quote", "provenance", "overruled", "supersedes"})
    return {
        "study_id": study_id,
        "decision_id": decision.id,
        "quote": decision.quote.text,
        "quote_start": decision.quote.start,
        "quote_end": decision.quote.end,
        "verified": decision.quote.verified,
        "overruled": list(decision.overruled),
        "supersedes": supersedes,
        "created_at": now(),
        **decision.provenance.model_dump(),
        **own,
    }
