"""Memos: what people note about segments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.core.coding.given_answers import HumanMemo
from intercoder.core.identity import make_id
from intercoder.stores import schema
from intercoder.stores.database import insert_new, now

CHUNK = 500
"""Segments that are named in one query."""


def write_memos(connection: Connection, study_id: str, memos: Sequence[HumanMemo]) -> int:
    """Write memos that say something new; a person's later memo on a segment supersedes the earlier one.

    Args:
        connection: An open write transaction.
        study_id: The study.
        memos: All of one person.

    Returns:
        How many were new or changed.
    """
    if not memos:
        return 0
    table = schema.memos
    latest = _latest(connection, study_id, memos[0].coder, [memo.segment_id for memo in memos])
    new = []
    for memo in memos:
        before = latest.get(memo.segment_id)
        if memo.text == (before.text if before is not None else ""):
            continue
        earlier = before.memo_id if before is not None else ""
        new.append(
            {
                "study_id": study_id,
                "memo_id": make_id("m", memo.segment_id, memo.coder, memo.text, earlier),
                "target_id": memo.segment_id,
                "author": memo.coder,
                "text": memo.text,
                "supersedes": earlier,
                "created_at": now(),
            }
        )
    insert_new(connection, table, new)
    return len(new)


def read_memo(connection: Connection, study_id: str, author: str, segment_id: str) -> str:
    """What a person noted about a segment; empty where they noted nothing, or took it away."""
    latest = _latest(connection, study_id, author, [segment_id])
    return str(latest[segment_id].text) if segment_id in latest else ""


def _latest(
    connection: Connection, study_id: str, author: str, segment_ids: Sequence[str]
) -> dict[str, sa.Row[Any]]:
    """Segment -> the row of the person's latest memo on it."""
    table = schema.memos
    found: dict[str, sa.Row[Any]] = {}
    for start in range(0, len(segment_ids), CHUNK):
        some = segment_ids[start : start + CHUNK]
        query = sa.select(table).where(
            table.c.study_id == study_id, table.c.author == author, table.c.target_id.in_(some)
        )
        rows = connection.execute(query).all()
        replaced = {row.supersedes for row in rows}
        found |= {row.target_id: row for row in rows if row.memo_id not in replaced}
    return found
