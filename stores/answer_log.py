"""The answer log on a SQL database: every model answer is committed before it is used.

Commits are grouped: answers that arrive within a few milliseconds share one transaction, so that a thousand
answers a second cost a hundred commits and none is used before it is durable.
"""

from __future__ import annotations

import asyncio
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from intercoder.core.protocols import LoggedAnswer
from intercoder.stores import schema
from intercoder.stores.database import insert_new, now, reading, writing

WINDOW = 0.004
"""Seconds that an answer waits for others to share its commit."""

_COLUMNS = tuple(LoggedAnswer.model_fields)


def next_round(engine: Engine, study_id: str, run: str) -> int:
    """The round in which calls that failed are made again: the last one, or the next if any failed in it.

    Only what may go otherwise another time counts: a prompt that is too long, or is refused, is so each time.
    """
    table = schema.answers
    asked = (table.c.study_id == study_id, table.c.run == run)
    with reading(engine) as connection:
        last = connection.execute(sa.select(sa.func.max(table.c.round)).where(*asked)).scalar() or 1
        again = (table.c.status == "failed", table.c.kind.in_(("timeout", "error")))
        failed = sa.select(table.c.key).where(*asked, table.c.round == last, *again).limit(1)
        return int(last) + (connection.execute(failed).first() is not None)


class SqlAnswerLog:
    """See `core.protocols.AnswerLog`. One instance serves one event loop."""

    def __init__(self, engine: Engine, study_id: str) -> None:
        self._engine = engine
        self._study_id = study_id
        self._waiting: list[tuple[LoggedAnswer, asyncio.Future[None]]] = []
        self._committing: asyncio.Task[None] | None = None
        columns = [schema.answers.c[name] for name in _COLUMNS]
        self._query = sa.select(*columns).where(
            schema.answers.c.study_id == study_id, schema.answers.c.key == sa.bindparam("wanted")
        )

    async def find(self, key: str) -> LoggedAnswer | None:
        """The committed answer to this question, if there is one."""
        with reading(self._engine) as connection:
            row = connection.execute(self._query, {"wanted": key}).one_or_none()
        return None if row is None else LoggedAnswer.model_construct(**row._asdict())

    async def put(self, answer: LoggedAnswer) -> None:
        """Commit an answer; returns when it is durable.

        Cancelling the waiter does not lose the answer: its commit goes on.

        Raises:
            StudyError: The database cannot be written, for instance because the disk is full.
        """
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((answer, committed))
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit_groups())
        await asyncio.shield(committed)

    async def close(self) -> None:
        """Wait until everything that was handed over is durable."""
        if self._committing is not None:
            await self._committing

    async def _commit_groups(self) -> None:
        while self._waiting:
            await asyncio.sleep(WINDOW)
            group, self._waiting = self._waiting, []
            try:
                await asyncio.to_thread(self._commit, [answer for answer, _ in group])
            except Exception as error:
                for _, committed in group:
                    if not committed.done():
                        committed.set_exception(error)
                        committed.exception()  # a waiter that has gone must not cause a warning
            else:
                for _, committed in group:
                    if not committed.done():
                        committed.set_result(None)

    def _commit(self, answers: list[LoggedAnswer]) -> None:
        rows: list[dict[str, Any]] = [
            {"study_id": self._study_id, "created_at": now(), **answer.model_dump()} for answer in answers
        ]
        with writing(self._engine) as connection:
            insert_new(connection, schema.answers, rows)
