"""Drafts: what people mean to answer to revisions once they confirm a round. One a revision; taken away then."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.core.codebook import Code
from intercoder.core.record import Record
from intercoder.core.revisions import RevisionAnswer
from intercoder.stores import schema
from intercoder.stores.database import insert_new


class DraftAnswer(Record):
    """An answer that is not given yet."""

    answer: RevisionAnswer
    created_at: str
    """UTC, ISO 8601. What stands behind the second counts the drafts of that second, and is no time."""


def read_drafts(connection: Connection, study_id: str) -> dict[str, DraftAnswer]:
    """Revision id -> draft, in the order in which they were made."""
    table = schema.draft_answers
    query = sa.select(table).where(table.c.study_id == study_id).order_by(table.c.created_at, table.c.revision_id)
    return {row.revision_id: _read(row) for row in connection.execute(query)}


def write_draft(connection: Connection, study_id: str, answer: RevisionAnswer, at: str) -> DraftAnswer:
    """Write a draft where there is none, or in place of one by the same person.

    Args:
        connection: A write transaction.
        study_id: The study.
        answer: What the person means to say.
        at: Present time, UTC, ISO 8601 to the second.

    Returns:
        The draft that stands: another person's, if they were first.
    """
    known = read_drafts(connection, study_id)
    before = known.get(answer.revision_id)
    if before is not None and before.answer.by != answer.by:
        return before
    last = max((draft.created_at for draft in known.values()), default="")
    delete_drafts(connection, study_id, [answer.revision_id])
    row = {"study_id": study_id, "created_at": _after(last, at), **answer.model_dump(mode="json")}
    insert_new(connection, schema.draft_answers, [row])
    return read_drafts(connection, study_id)[answer.revision_id]


def delete_drafts(connection: Connection, study_id: str, revision_ids: Iterable[str]) -> None:
    """Take drafts away; those that are not there are no error."""
    table = schema.draft_answers
    wanted = table.c.revision_id.in_(list(revision_ids))
    connection.execute(sa.delete(table).where(table.c.study_id == study_id, wanted))


def _after(last: str, at: str) -> str:
    """A time of that second which comes after the last one, so that what was done last can be told.

    Where a clock went back, or another machine's is ahead, it is of the last one's second.
    """
    second = at.removesuffix("Z").partition(".")[0]
    begin, _, rest = last.removesuffix("Z").partition(".")
    return f"{begin}.{int(rest or 0) + 1:06d}Z" if begin >= second else f"{second}.{0:06d}Z"


def _read(row: Any) -> DraftAnswer:
    answer = RevisionAnswer(
        revision_id=row.revision_id,
        answer=row.answer,
        after=tuple(Code.model_validate(code) for code in row.after),
        note=row.note,
        by=row.by,
    )
    return DraftAnswer(answer=answer, created_at=row.created_at)
