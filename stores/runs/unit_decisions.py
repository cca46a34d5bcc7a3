"""What stands about units, read as leanly as can be: answers of whole runs, and all that was said of a segment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.core.codebook import Codebook
from intercoder.core.coding.deduction import CoderValues, FoundValues, classified_again, standing_of
from intercoder.core.decisions import Decision, Role, Value
from intercoder.core.protocols import Run
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.runs.decisions import current_decisions, failed_rounds, read_decision, segment_decisions

BLOCK = 5000
"""Segments whose answers are read at once."""


class Given(NamedTuple):
    """One answer that stands, without its reasons."""

    role: str
    coder: str
    code_id: str
    value: str
    by_classifier: bool = False
    """See `core.coding.deduction.classified_again`."""


class SegmentAnswers(NamedTuple):
    """What stands about one segment of a run."""

    place: int
    segment_id: str
    given: tuple[Given, ...]


class SegmentLabels(NamedTuple):
    """What coders that found codes of their own said of one segment; moderators too."""

    place: int
    segment_id: str
    labels: Mapping[tuple[str, str], tuple[str, ...]]
    """Role and coder -> labels; none is an answer too."""
    overruled: tuple[str, ...]
    """Coders that a moderator did not follow."""


def run_answers(connection: Connection, study_id: str, run: Run, book: Codebook) -> Iterator[SegmentAnswers]:
    """Answers of a deductive run that stand (`core.coding.deduction.standing_of`), segment by segment in order."""
    known = {code.id for code in book.leaves}
    failed = failed_rounds(connection, study_id, run.id)
    for start in range(0, run.total, BLOCK):
        for (place, segment), rows in groupby(
            _answer_rows(connection, study_id, run, start), key=lambda row: (row[0], row[1])
        ):
            latest: dict[tuple[str, str, str], Any] = {}
            for row in rows:
                latest[row[2], row[3], "" if book.exclusive else row[4] or ""] = row
            given = tuple(
                Given(role, coder, row[4] or "", row[5], classified_again(role, row[7]))
                for (role, coder, code), row in latest.items()
                if (row[4] in known or (book.exclusive and row[5] == "unsure"))
                and not (failed and failed.get((segment, role, coder, code), 0) > row[6])
            )
            if given:
                yield SegmentAnswers(place, segment, given)


def run_labels(connection: Connection, study_id: str, run: Run) -> Iterator[SegmentLabels]:
    """Labels that stand of a run whose coders find codes of their own, segment by segment in order."""
    for start in range(0, run.total, BLOCK):
        rows = current_decisions(connection, study_id, run.id, start, start + BLOCK, run.sample)
        for place, group in groupby(rows, key=lambda one: one[0]):
            said: dict[tuple[str, str], list[str]] = {}
            overruled: dict[str, None] = {}
            segment = ""
            for _, row in group:
                segment = row.segment_id
                labels = said.setdefault((row.role, row.coder), [])
                if row.label is not None:
                    labels.append(row.label)
                if row.role == "moderator":
                    overruled |= dict.fromkeys(row.overruled)
            yield SegmentLabels(
                place, segment, {who: tuple(labels) for who, labels in said.items()}, tuple(overruled)
            )


def run_decisions(connection: Connection, study_id: str, run: Run, segment_id: str) -> list[Decision]:
    """Decisions of a run about one segment that stand, in the run's own order; none where it does not read it."""
    if not run.deductive:
        return segment_decisions(connection, study_id, run.id, segment_id)
    table = schema.decisions
    query = (
        sa.select(table)
        .where(table.c.study_id == study_id, table.c.run == run.id, table.c.segment_id == segment_id)
        .order_by(table.c.round, table.c.role, table.c.coder, table.c.decision_id)
    )
    book = read_version(connection, study_id, run.codebook_version)
    failed = failed_rounds(connection, study_id, run.id, [segment_id])
    return standing_of(book, map(read_decision, connection.execute(query)), failed)


def _answer_rows(connection: Connection, study_id: str, run: Run, start: int) -> Iterator[Sequence[Any]]:
    """Position, segment, role, coder, code, value, round and model of a block's decisions, oldest round first."""
    table, drawn = schema.decisions, schema.sample_segments
    query = (
        sa.select(
            drawn.c.position,
            table.c.segment_id,
            table.c.role,
            table.c.coder,
            table.c.code_id,
            table.c.value,
            table.c.round,
            table.c.model,
        )
        .select_from(
            drawn.join(
                table, sa.and_(table.c.study_id == drawn.c.study_id, table.c.segment_id == drawn.c.segment_id)
            )
        )
        .where(
            drawn.c.study_id == study_id,
            drawn.c.sample == run.sample,
            drawn.c.position >= start,
            drawn.c.position < start + BLOCK,
            table.c.run == run.id,
        )
        .order_by(drawn.c.position, table.c.round, table.c.role, table.c.coder, table.c.decision_id)
    )
    yield from connection.execute(query)


def run_values(connection: Connection, study_id: str, run: Run, book: Codebook) -> list[CoderValues]:
    """What stands in a deductive run, by coder, as `stores.runs.deductions.coder_values` has it, read leanly."""
    found = FoundValues()
    leaves = [code.id for code in book.leaves]
    for _, segment, given in run_answers(connection, study_id, run, book):
        for role, coder, code_id, value, by_classifier in given:
            add = partial(found.add, cast(Role, role), coder, by_classifier=by_classifier)
            if not book.exclusive:
                add(code_id, segment, cast(Value, value))
                continue
            for code in leaves:
                add(code, segment, "unsure" if value == "unsure" else "yes" if code == code_id else "no")
    return found.coders
