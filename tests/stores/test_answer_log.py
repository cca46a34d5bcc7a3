import asyncio
import sqlite3

import pytest
import sqlalchemy as sa

from intercoder.core.errors import StudyError
from intercoder.core.protocols import AnswerLog, LoggedAnswer
from intercoder.stores import schema
from intercoder.stores.answer_log import SqlAnswerLog
from intercoder.stores.in_memory import InMemoryAnswerLog
from intercoder.stores.study_folder import StudyFolder


def answer(key: str, text: str = "{}") -> LoggedAnswer:
    return LoggedAnswer(
        key=key,
        run="inductive-1",
        round=1,
        segment_id="s_1",
        role="coder",
        coder="ana",
        model="scripted:words",
        prompt="coder/expert_angle",
        prompt_hash="0",
        status="ok",
        text=text,
    )


@pytest.fixture(params=["sql", "memory"])
def log(request: pytest.FixtureRequest, folder: StudyFolder) -> AnswerLog:
    return SqlAnswerLog(folder.engine, folder.study.id) if request.param == "sql" else InMemoryAnswerLog()


async def test_what_is_put_is_found(log: AnswerLog) -> None:
    assert await log.find("k") is None
    await log.put(answer("k", "né\u200bà 😀"))
    assert await log.find("k") == answer("k", "né\u200bà 😀")


async def test_the_first_answer_under_a_key_stays(log: AnswerLog) -> None:
    await log.put(answer("k", "first"))
    await log.put(answer("k", "second"))
    found = await log.find("k")
    assert found is not None
    assert found.text == "first"


async def test_an_answer_is_durable_when_put_returns(folder: StudyFolder) -> None:
    log = SqlAnswerLog(folder.engine, folder.study.id)
    await log.put(answer("k"))
    with sqlite3.connect(folder.path / "study.db") as other:
        assert other.execute("SELECT key FROM answers").fetchall() == [("k",)]


async def test_answers_share_commits(folder: StudyFolder) -> None:
    commits = 0

    def count(_connection: object) -> None:
        nonlocal commits
        commits += 1

    sa.event.listen(folder.engine, "commit", count)
    log = SqlAnswerLog(folder.engine, folder.study.id)
    await asyncio.gather(*(log.put(answer(str(n))) for n in range(200)))
    with folder.engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(schema.answers)).scalar() == 200
    assert commits < 20


async def test_a_cancelled_waiter_loses_no_answer(folder: StudyFolder) -> None:
    log = SqlAnswerLog(folder.engine, folder.study.id)
    waiter = asyncio.create_task(log.put(answer("k")))
    await asyncio.sleep(0)
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    await log.close()
    assert await log.find("k") is not None


async def test_an_answer_that_cannot_be_written_is_not_taken_for_written(folder: StudyFolder) -> None:
    log = SqlAnswerLog(folder.engine, folder.study.id)
    with folder.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE answers RENAME TO gone"))
    with pytest.raises(StudyError, match="no such table"):
        await log.put(answer("k"))
