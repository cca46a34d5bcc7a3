"""How many decisions about given codes stand in a run, without reading what they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.core.protocols import Run
from intercoder.core.record import Record
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import is_exclusive
from intercoder.stores.runs.decisions import failed_rounds

COUNTED = ("coder", "moderator")
"""Roles whose decisions are counted; what a coder says when asked again is a test."""


class StandingCounts(Record):
    """Decisions that stand about some codes."""

    run: str = ""
    segments: int = 0
    """Segments that they are about."""
    yes: int = 0
    no: int = 0
    unsure: int = 0

    @property
    def decisions(self) -> int:
        """All of them."""
        return self.yes + self.no + self.unsure


def count_standing(connection: Connection, study_id: str, run: Run, code_ids: Sequence[str]) -> StandingCounts:
    """Count what coders and moderators decided about codes in a deductive run, of each the latest.

    In an exclusive book every choice says something of a code: Yes where it was chosen, else No.
    """
    if not code_ids:
        return StandingCounts(run=run.id)
    exclusive = is_exclusive(connection, study_id, run.codebook_version)
    failed = failed_rounds(connection, study_id, run.id)
    latest: dict[tuple[str, str, str, str], tuple[int, str]] = {}
    for row in _rows(connection, study_id, run, () if exclusive else code_ids):
        value = "no" if exclusive and row.value == "yes" and row.code_id not in code_ids else row.value
        latest[row.segment_id, row.role, row.coder, "" if exclusive else row.code_id] = (row.round, value)
    stands = {asked: value for asked, (round_, value) in latest.items() if failed.get(asked, 0) <= round_}
    count = Counter(stands.values())
    segments = len({asked[0] for asked in stands})
    return StandingCounts(run=run.id, segments=segments, yes=count["yes"], no=count["no"], unsure=count["unsure"])


def _rows(connection: Connection, study_id: str, run: Run, code_ids: Sequence[str]) -> Iterator[Any]:
    """Decisions of a run about some codes, or all; oldest round first."""
    table = schema.decisions
    columns = (table.c.segment_id, table.c.role, table.c.coder, table.c.code_id, table.c.value, table.c.round)
    query = (
        sa.select(*columns)
        .where(table.c.study_id == study_id, table.c.run == run.id, table.c.role.in_(COUNTED))
        .order_by(table.c.round)
    )
    if code_ids:
        query = query.where(table.c.code_id.in_(list(code_ids)))
    yield from connection.execute(query)
