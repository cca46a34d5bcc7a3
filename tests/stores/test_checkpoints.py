"""Checkpoints: what is begun is written to its end."""

import asyncio
from pathlib import Path

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import Checkpoint, empty_checkpoint

from intercoder.stores.checkpoints import checkpoints

CONFIG: RunnableConfig = {"configurable": {"thread_id": "run-1/1", "checkpoint_ns": ""}}


async def stored(file: Path) -> str:
    """Id of the newest checkpoint; empty without any."""
    async with checkpoints(file) as saver:
        found = await saver.aget_tuple(CONFIG)
        return str(found.checkpoint["id"]) if found else ""


async def test_what_was_stored_is_read_again(tmp_path: Path) -> None:
    checkpoint = empty_checkpoint()
    async with checkpoints(tmp_path / "c.db") as saver:
        await saver.aput(CONFIG, checkpoint, {}, {})
    assert await stored(tmp_path / "c.db") == checkpoint["id"]


async def cancelled_half_way(file: Path, checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """Store a checkpoint, cancel that between its statement and its commit, and close the file at once."""
    async with checkpoints(file) as saver:
        await saver.setup()
        stated, commit = asyncio.Event(), saver.conn.commit

        async def slowly() -> None:
            stated.set()
            for _ in range(5):
                await asyncio.sleep(0)
            await commit()

        monkeypatch.setattr(saver.conn, "commit", slowly)
        put = asyncio.ensure_future(saver.aput(CONFIG, checkpoint, {}, {}))
        await stated.wait()
        put.cancel()


async def test_a_write_comes_to_its_end_though_it_is_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = empty_checkpoint()
    await cancelled_half_way(tmp_path / "c.db", checkpoint, monkeypatch)
    assert await stored(tmp_path / "c.db") == checkpoint["id"]
