"""The decisions of a deductive run that go into a report."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.core.decisions import Decision
from intercoder.core.protocols import Run
from intercoder.evals.report.deductive_contents import KeptDecisions
from intercoder.stores import schema
from intercoder.stores.decisions import read_decision

BLOCK = 1000
"""Segments whose decisions are read at once."""
AT_ONCE = 500
"""Ids named in one query."""


def kept_decisions(connection: Connection, study_id: str, run: Run, cited: set[str], most: int) -> KeptDecisions:
    """All decisions, or if these are too many, the cited ones and the first of each code and answer."""
    table = schema.decisions
    counts = connection.execute(
        sa.select(table.c.code_id, table.c.value, sa.func.count().label("decisions"))
        .where(table.c.study_id == study_id, table.c.run == run.id)
        .group_by(table.c.code_id, table.c.value)
    ).all()
    total = sum(row.decisions for row in counts)
    if total <= most:
        return KeptDecisions(tuple(run_decisions(connection, study_id, run)), total, 0)
    each = 1
    while sum(min(row.decisions, each + 1) for row in counts) <= most:
        each += 1
    left = {(row.code_id, row.value): each for row in counts}
    chosen = []
    for decision in run_decisions(connection, study_id, run):
        kind = (decision.code_id, decision.value)
        left[kind] -= 1
        if left[kind] >= 0 or decision.id in cited:
            chosen.append(decision)
    return KeptDecisions(tuple(chosen), total, each)


def other_decisions(connection: Connection, study_id: str, run: Run, cited: set[str]) -> list[Decision]:
    """Decisions of other runs that a report refers to, such as evidence of revisions made before."""
    table = schema.decisions
    found = []
    wanted = sorted(cited)
    for start in range(0, len(wanted), AT_ONCE):
        query = sa.select(table).where(
            table.c.study_id == study_id,
            table.c.run.not_in([run.id, ""]),
            table.c.decision_id.in_(wanted[start : start + AT_ONCE]),
        )
        found += [read_decision(row) for row in connection.execute(query)]
    return sorted(found, key=lambda one: (one.run, one.round, one.segment_id, one.id))


def run_decisions(connection: Connection, study_id: str, run: Run) -> Iterator[Decision]:
    """All decisions of the run, earlier rounds too, in document order."""
    table, drawn = schema.decisions, schema.sample_segments
    joined = sa.and_(table.c.study_id == drawn.c.study_id, table.c.segment_id == drawn.c.segment_id)
    for start in range(0, run.total, BLOCK):
        query = (
            sa.select(table)
            .select_from(drawn.join(table, joined))
            .where(
                drawn.c.study_id == study_id,
                drawn.c.sample == run.sample,
                drawn.c.position >= start,
                drawn.c.position < start + BLOCK,
                table.c.run == run.id,
            )
            .order_by(
                drawn.c.position, table.c.position, table.c.code_id, table.c.role, table.c.coder, table.c.round
            )
        )
        yield from map(read_decision, connection.execute(query))
