"""All decisions of a run, what coding again changed in them, and what got no answer."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.core.decisions import Decision, Failure
from intercoder.core.protocols import Run
from intercoder.core.revising.recoding import Failed, Recoding, recodings
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.runs.decisions import read_decision
from intercoder.stores.runs.deductions import BLOCK, read_rounds


def run_recodings(connection: Connection, study_id: str, run: Run) -> tuple[Recoding, ...]:
    """Changes by round of a run that develops a codebook; in others a round only asks again what failed."""
    rounds = read_rounds(connection, study_id, run.id)
    if run.graph != "codevelop" or len(rounds) < 2:
        return ()
    books = {
        version: read_version(connection, study_id, version)
        for version in dict.fromkeys(one.codebook_version for one in rounds)
    }
    failed = failed_questions(connection, study_id, run.id)
    return recodings(rounds, books, run_decisions(connection, study_id, run), failed)


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


def failed_questions(connection: Connection, study_id: str, run_id: str) -> Iterator[Failed]:
    """Questions of a run that got no answer, with the rounds they are of, first round first."""
    table = schema.failures
    query = (
        sa.select(table)
        .where(table.c.study_id == study_id, table.c.run == run_id)
        .order_by(table.c.round, table.c.role, table.c.coder, table.c.segment_id, table.c.code_id)
    )
    for row in connection.execute(query).mappings():
        yield Failed(row["round"], Failure(**{name: row[name] for name in Failure.model_fields}))
