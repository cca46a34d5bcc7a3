"""Agents that ask a scripted model, outside of any study."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from langchain_core.outputs import ChatResult
from pydantic import Field

from intercoder.agents.session import Session, Slots
from intercoder.core.documents import Document, Segment, whole
from intercoder.core.protocols import AnswerLog
from intercoder.llms.scripted import ScriptedChatModel
from intercoder.stores.in_memory import InMemoryAnswerLog

Messages = Sequence[tuple[str, str]]
Schema = Mapping[str, Any] | None
Answers = Callable[[Messages, Schema, int | None], str]


class Model(ScriptedChatModel):
    """Answers with a function, or with texts in turn, and keeps what it was asked."""

    asked: list[tuple[Messages, int | None]] = Field(default_factory=list)

    @property
    def count(self) -> int:
        """How often it was asked."""
        return len(self.asked)


class Waiting(ScriptedChatModel):
    """Answers when it is told to."""

    def __init__(self, reply: str) -> None:
        super().__init__(answer=lambda messages, schema, seed: reply)
        self._asked = asyncio.Queue[None]()
        self._go = asyncio.Event()

    async def _agenerate(
        self, messages: Any, stop: Any = None, run_manager: Any = None, **options: Any
    ) -> ChatResult:
        self._asked.put_nowait(None)
        await self._go.wait()
        return await super()._agenerate(messages, stop, run_manager, **options)

    async def until_asked(self, times: int = 1) -> None:
        """Wait until it was asked so many times more."""
        for _ in range(times):
            await self._asked.get()

    @property
    def asked_too(self) -> int:
        """How often it was asked beyond what `until_asked` waited for."""
        return self._asked.qsize()

    def go(self) -> None:
        """Answer, now and from now on."""
        self._go.set()


def answering(*replies: str | Exception, using: Answers | None = None) -> Model:
    """A model that gives these replies in turn, the last one again and again."""
    asked: list[tuple[Messages, int | None]] = []

    def answer(messages: Messages, schema: Schema, seed: int | None) -> str:
        asked.append((messages, seed))
        if using is not None:
            return using(messages, schema, seed)
        reply = replies[min(len(asked), len(replies)) - 1]
        if isinstance(reply, Exception):
            raise reply
        return reply

    model = Model(answer=answer)
    model.asked = asked
    return model


def one_code(label: str, quote: str = "", reason: str = "It says so.") -> str:
    """A coder's answer with one code."""
    return json.dumps({"codes": [{"quote": quote, "label": label, "reason": reason}]})


def segment(text: str = "I mended the toaster at home.", **more: Any) -> Segment:
    """A text of its own as a segment."""
    return whole(Document(name="text", source="text", text=text)).model_copy(update=more)


async def settled() -> None:
    """Let everything go on that can."""
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.fixture
def log() -> InMemoryAnswerLog:
    """What was answered so far."""
    return InMemoryAnswerLog()


@pytest.fixture
def session(log: InMemoryAnswerLog) -> Session:
    """The first round of a run."""
    return session_of(log)


def session_of(log: AnswerLog, *, run: str = "inductive-1", round_: int = 1, slots: int = 4) -> Session:
    """One round of a run over a log."""
    return Session(log=log, slots=Slots(slots), run=run, round=round_)
