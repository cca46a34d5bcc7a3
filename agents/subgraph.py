"""What agents need when a foreign LangGraph application uses them: a segment from plain state, sync and async."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from langchain_core.runnables import RunnableLambda
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from typing_extensions import TypedDict

from intercoder.agents.session import Session, Slots
from intercoder.core.documents import Document, Segment, whole
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


class TextInput(TypedDict, total=False):
    """What a host graph gives: `text`, and if it has them what came before and who speaks."""

    text: str
    context: str
    speaker: str


def material_of(state: Mapping[str, Any]) -> Segment:
    """The segment in a host's state: `text`, and `context` and `speaker` where given."""
    text, context = str(state.get("text", "")), str(state.get("context") or "")
    segment = whole(Document(name="text", source="", text=text, context=context))
    return segment.model_copy(update={"speaker": state.get("speaker") or None})


def subgraph(
    work: Callable[[Any], Awaitable[dict[str, Any]]],
    state: type[Any],
    given: type[Any],
    result: type[Any],
    *,
    name: str,
    checkpointer: Any,
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """A graph of one node, which is called as its function is.

    Args:
        work: What the node does, from a state to what is new in it.
        state: What the graph holds.
        given: What of it the host graph gives.
        result: What of it the host graph gets.
        name: The graph's name.
        checkpointer: LangGraph saver, or None.
    """
    graph = StateGraph(state, input_schema=given, output_schema=result)
    graph.add_node(work.__name__, _node(work))
    graph.add_edge(START, work.__name__)
    graph.add_edge(work.__name__, END)
    return graph.compile(checkpointer=checkpointer, name=name)


def _node(function: Callable[[Any], Awaitable[dict[str, Any]]]) -> RunnableLambda[Any, dict[str, Any]]:
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
