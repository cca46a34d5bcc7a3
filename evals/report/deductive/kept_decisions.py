"""The decisions of a deductive run that go into a report."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.core.decisions import Decision
from intercoder.core.protocols import Run
from intercoder.evals.report.deductive.deductive_contents import KeptDecisions
from intercoder.stores import schema
from intercoder.stores.runs.decisions import read_decision
from intercoder.stores.runs.recodings import run_decisions

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
