"""What stands about units, segment by segment: answers and labels of whole runs, and all that was said of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.core.codebook import Codebook
from intercoder.core.coding.deduction import standing_of
from intercoder.core.decisions import Decision
from intercoder.core.protocols import Run
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.runs.decisions import current_decisions, failed_rounds, read_decision, segment_decisions
from intercoder.stores.runs.deductions import bare_standing

BLOCK = 5000
"""Segments whose labels are read at once."""


class Given(NamedTuple):
    """One answer that stands, without its reasons."""

    role: str
    coder: str
    code_id: str
    value: str


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
    """Answers of a deductive run that stand, segment by segment in order; within one by role and coder."""
    standing = bare_standing(connection, study_id, run, book)
    for (place, segment_id), group in groupby(standing, key=lambda one: (one.place, one.segment_id)):
        given = [Given(one.role, one.coder, one.code_id or "", one.value) for one in group]
        yield SegmentAnswers(place, segment_id, tuple(sorted(given, key=lambda one: one[:2])))


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
    return list(standing_of(book, map(read_decision, connection.execute(query)), failed))
