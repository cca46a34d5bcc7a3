"""What agents need when a foreign LangGraph application uses them: a segment from plain state, sync and async."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from langchain_core.runnables import RunnableLambda

from intercoder.agents.session import Session, Slots
from intercoder.core.documents import Document, Segment, Span, segment_id
from intercoder.core.protocols import AnswerLog, LoggedAnswer

Result = TypeVar("Result")

CONCURRENCY = 64
"""Questions in flight per subgraph."""


class _NoLog:
    """A subgraph outside a study remembers nothing; its host's checkpointer does."""

    async def find(self, key: str) -> LoggedAnswer | None:
        return None

    async def put(self, answer: LoggedAnswer) -> None:
        return None


def standalone_session() -> Session:
    """A session for an agent that works outside a study."""
    log: AnswerLog = _NoLog()
    return Session(log=log, slots=Slots(CONCURRENCY))


def material_of(state: Mapping[str, Any]) -> Segment:
    """The segment in a host's state: `text`, and `context` and `speaker` where given."""
    text = str(state.get("text", ""))
    document = Document(name="text", source="", text=text)
    span = Span(start=0, end=len(text))
    return Segment(
        id=segment_id(document.id, "document", span),
        document_id=document.id,
        document=document.name,
        unit="document",
        start=span.start,
        end=span.end,
        text=text,
        speaker=state.get("speaker") or None,
        context=str(state.get("context") or ""),
    )


def node(function: Callable[[Any], Awaitable[dict[str, Any]]]) -> RunnableLambda[Any, dict[str, Any]]:
    """An async node that can be invoked without an event loop too."""

    async def run(state: Any) -> dict[str, Any]:
        return await function(state)

    def run_blocking(state: Any) -> dict[str, Any]:
        return blocking(run(state))

    return RunnableLambda(run_blocking, afunc=run)


def blocking(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end from synchronous code, also where a loop runs already (a notebook).

    Ctrl-C cancels it.
    """
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any] | None]] = Future()

    async def cancellable() -> Result:
        started.set_result((asyncio.get_running_loop(), asyncio.current_task()))
        return await work

    context = contextvars.copy_context()
    with ThreadPoolExecutor(max_workers=1) as pool:
        job = pool.submit(context.run, asyncio.run, cancellable())
        try:
            return job.result()
        except KeyboardInterrupt:
            loop, task = started.result()
            if task is not None and not job.done():
                loop.call_soon_threadsafe(task.cancel)
            raise
