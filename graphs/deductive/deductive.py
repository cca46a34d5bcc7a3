"""Deductive coding: given codes over a run's segments, wave by wave (seed 002, section 2.2.1).

The state holds cursors and counts; texts and decisions live in the stores of the context.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any, Literal

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from intercoder.core.decisions import Wave
from intercoder.core.protocols import Run
from intercoder.graphs.deductive.deciding import Decided, code_decisions, decide_segment
from intercoder.graphs.deductive.deductive_context import DeductiveContext, DevelopmentContext, Team
from intercoder.graphs.inductive.coding import in_order
from intercoder.graphs.progress import Progress


class DeductiveInput(TypedDict):
    """Which run to execute, or to go on with."""

    run: str


class DeductiveState(DeductiveInput, total=False):
    """Cursors and counts only."""

    position: int
    total: int
    failures: int


class DeductiveOutput(TypedDict):
    """What came of it."""

    run: str
    total: int
    failures: int


def build_deductive(checkpointer: Any = None) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The deductive graph: `{"run": id}` in, counts out.

    Give it a `graphs.deductive.deductive_context.DeductiveContext`. It streams `custom` events of kind `progress`.

    Args:
        checkpointer: LangGraph saver for its cursors; losing them loses nothing.
    """
    graph = StateGraph(
        DeductiveState,
        context_schema=DeductiveContext,
        input_schema=DeductiveInput,
        output_schema=DeductiveOutput,
    )
    graph.add_node("begin", begin)
    graph.add_node("wave", wave)
    graph.add_node("finish", finish)
    graph.add_edge(START, "begin")
    graph.add_conditional_edges("begin", _next)
    graph.add_conditional_edges("wave", _next)
    graph.add_edge("finish", END)
    return graph.compile(checkpointer=checkpointer, name="deductive")


async def begin(state: DeductiveState, runtime: Runtime[DeductiveContext]) -> DeductiveState:
    """Find the cursor."""
    return _counts(await asyncio.to_thread(runtime.context.store.run, state["run"]))


async def wave(state: DeductiveState, runtime: Runtime[DeductiveContext]) -> DeductiveState:
    """Code one wave of segments and write what was decided."""
    return _counts(await code_wave(state["run"], runtime.context, runtime.stream_writer))


async def finish(state: DeductiveState, runtime: Runtime[DeductiveContext]) -> DeductiveState:
    """Close the run."""
    await asyncio.to_thread(runtime.context.store.finish, state["run"])
    return _counts(await asyncio.to_thread(runtime.context.store.run, state["run"]))


async def code_wave(run_id: str, context: DeductiveContext | DevelopmentContext, send: Any) -> Run:
    """Code the next wave of a run's present round.

    Returns:
        The run as it stands then.
    """
    store = context.store
    run = await asyncio.to_thread(store.run, run_id)
    book = await asyncio.to_thread(store.book, run_id)
    wanted = (await asyncio.to_thread(store.round, run_id)).codes
    codes = [code for code in book.leaves if code.id in wanted]
    stop = min(run.position + context.study.limits.wave, run.total)
    segments = await asyncio.to_thread(store.segments, run_id, run.position, stop)
    session = replace(context.session, round=run.round)
    team = await asyncio.to_thread(context.team, book)
    questions = _questions(team, sum(code.kind == "model" for code in codes))
    progress = Progress(run, session, send, questions, failures=run.failures)

    async def take(batch: list[Decided]) -> None:
        done = _wave(run, team, progress.done, batch)
        await asyncio.to_thread(store.write_wave, run.id, done)
        progress.wrote(done.stop, failures=len(done.failures))
        progress.tell()

    await asyncio.gather(*(coder.read_ahead(segments) for coder in team.ahead))
    decide = partial(decide_segment, team, codes, session)
    await in_order(segments, decide, take, width=session.slots.size)
    return await asyncio.to_thread(store.run, run_id)


def _wave(run: Run, team: Team, start: int, batch: list[Decided]) -> Wave:
    return Wave(
        start=start,
        stop=start + len(batch),
        decisions=tuple(decision for decided in batch for decision in code_decisions(run, team.book, decided)),
        failures=tuple(failure for decided in batch for failure in decided.failures),
    )


def _questions(team: Team, codes: int) -> int:
    """Questions about one segment, if every model is asked about each of so many codes."""
    return team.asking * (min(codes, 1) if team.book.exclusive else codes)


def _next(state: DeductiveState) -> Literal["wave", "finish"]:
    return "wave" if state["position"] < state["total"] else "finish"


def _counts(run: Run) -> DeductiveState:
    return {"run": run.id, "position": run.position, "total": run.total, "failures": run.failures}
