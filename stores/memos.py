"""Memos: what people note about segments."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.core.given_answers import HumanMemo
from intercoder.core.identity import make_id
from intercoder.stores import schema
from intercoder.stores.database import insert_new, now


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
    query = sa.select(table).where(table.c.study_id == study_id, table.c.author == memos[0].coder)
    rows = connection.execute(query).all()
    replaced = {row.supersedes for row in rows}
    latest = {row.target_id: row for row in rows if row.memo_id not in replaced}
    new = []
    for memo in memos:
        before = latest.get(memo.segment_id)
        if before is not None and before.text == memo.text:
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
