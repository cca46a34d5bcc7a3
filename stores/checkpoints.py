"""Where LangGraph keeps its cursors: a SQLite file beside the study that may be deleted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

Result = TypeVar("Result")


@asynccontextmanager
async def checkpoints(file: Path) -> AsyncIterator[AsyncSqliteSaver]:
    """Open the file; when it is closed, every write has come to its end."""
    async with aiosqlite.connect(str(file)) as connection:
        saver = _WholeWrites(connection)
        try:
            yield saver
        finally:
            await saver.rest()


class _WholeWrites(AsyncSqliteSaver):
    """A saver whose writes come to their end though whoever asked for them is cancelled.

    One cancelled between its statement and its commit would leave a cursor behind, and with it the closed
    connection's lock on the file: a run that is begun again in the same process would wait for it in vain.
    """

    def __init__(self, connection: aiosqlite.Connection) -> None:
        super().__init__(connection)
        self._writes: set[asyncio.Future[Any]] = set()

    async def aput(self, *given: Any, **named: Any) -> Any:
        """Store a checkpoint."""
        return await self._whole(super().aput(*given, **named))

    async def aput_writes(self, *given: Any, **named: Any) -> None:
        """Store what nodes wrote since."""
        await self._whole(super().aput_writes(*given, **named))

    async def rest(self) -> None:
        """Wait for the writes that are under way."""
        while self._writes:
            await asyncio.wait(self._writes)

    async def _whole(self, write: Coroutine[Any, Any, Result]) -> Result:
        task = asyncio.ensure_future(write)
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        return await asyncio.shield(task)
