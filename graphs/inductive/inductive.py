"""Inductive coding: coders, moderators and refinement over a run's segments, wave by wave (seed 000, section 4).

The state holds cursors and counts; texts, answers and decisions live in the stores of the `Context`. A wave that
is interrupted is taken up where the study store's cursor stands, so a run can be started again from any state.
"""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from intercoder.core.protocols import Run
from intercoder.graphs.context import Context
from intercoder.graphs.inductive.coding import Coded, code_wave
from intercoder.graphs.inductive.dynamic_coding import code_wave_dynamically, wave_start
from intercoder.graphs.inductive.placing import code_text, place
from intercoder.graphs.progress import Progress


class InductiveInput(TypedDict):
    """Which run to execute, or to go on with."""

    run: str


class InductiveState(InductiveInput, total=False):
    """Cursors and counts only."""

    position: int
    total: int
    codes: int
    failures: int
    codebook_version: int


class InductiveOutput(TypedDict):
    """What came of it."""

    run: str
    codes: int
    failures: int
    codebook_version: int


def build_inductive(checkpointer: Any = None) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The inductive graph: `{"run": id}` in, counts and the codebook's version out.

    Give it a `graphs.context.Context`: `await graph.ainvoke({"run": run.id}, context=context)`. It streams
    `custom` events: `progress` (counts) and `code` (a new code as it is founded).

    Args:
        checkpointer: LangGraph saver for its cursors; losing them loses nothing.
    """
    graph = StateGraph(
        InductiveState,
        context_schema=Context,
        input_schema=InductiveInput,
        output_schema=InductiveOutput,
    )
    graph.add_node("begin", begin)
    graph.add_node("wave", wave)
    graph.add_node("finish", finish)
    graph.add_edge(START, "begin")
    graph.add_conditional_edges("begin", _next)
    graph.add_conditional_edges("wave", _next)
    graph.add_edge("finish", END)
    return graph.compile(checkpointer=checkpointer, name="inductive")


async def begin(state: InductiveState, runtime: Runtime[Context]) -> InductiveState:
    """Bring the code memory level with the study store, and find the cursor."""
    context = runtime.context
    run = await asyncio.to_thread(context.store.run, state["run"])
    codes = await asyncio.to_thread(context.store.run_codes, run.id)
    if await asyncio.to_thread(len, context.memory) != len(codes):
        compare = context.study.refinement.compare
        vectors = await context.embeddings.embed(
            [code_text(code.label, code.definition, compare) for code in codes]
        )
        await asyncio.to_thread(context.memory.reset)
        if codes:
            await asyncio.to_thread(context.memory.add, codes, vectors)
    return _counts(run, len(codes))


async def wave(state: InductiveState, runtime: Runtime[Context]) -> InductiveState:
    """Code, settle, refine and write one wave of segments."""
    context = runtime.context
    run = await asyncio.to_thread(context.store.run, state["run"])
    size, dynamic = context.study.limits.wave, context.study.ensemble.dynamic
    begin = wave_start(run, size) if dynamic else run.position
    stop = min(begin + size, run.total)
    segments = await asyncio.to_thread(context.store.segments, run.id, run.position, stop)
    progress = Progress(
        run,
        context.session,
        runtime.stream_writer,
        _questions(context),
        codes=state.get("codes", 0),
        failures=state.get("failures", 0),
    )

    async def take(batch: list[Coded]) -> None:
        done = await place(context, run, progress.done, batch)
        await asyncio.to_thread(context.store.write_wave, run.id, done)
        progress.wrote(done.stop, codes=len(done.codes), failures=len(done.failures))
        for code in done.codes:
            runtime.stream_writer({"kind": "code", "id": code.id, "label": code.label})
        progress.tell()

    if dynamic:
        await code_wave_dynamically(context, run, segments, take)
    else:
        await code_wave(context, segments, take)
    counts = progress.counts
    return {"run": run.id, "position": progress.done, "codes": counts["codes"], "failures": counts["failures"]}


async def finish(state: InductiveState, runtime: Runtime[Context]) -> InductiveState:
    """Close the round: its codes are a codebook version now."""
    store = runtime.context.store
    book = await asyncio.to_thread(store.finish, state["run"])
    run = await asyncio.to_thread(store.run, state["run"])
    return _counts(run, len(book.codes))


def _questions(context: Context) -> int:
    """Questions about one segment, if everybody is asked."""
    ensemble = context.study.ensemble
    again = ensemble.asks - 1 if ensemble.dynamic else 0
    return again + len(context.coders) + sum(moderator.asks for moderator in context.moderators)


def _next(state: InductiveState) -> Literal["wave", "finish"]:
    return "wave" if state["position"] < state["total"] else "finish"


def _counts(run: Run, codes: int) -> InductiveState:
    return {
        "run": run.id,
        "position": run.position,
        "total": run.total,
        "codes": codes,
        "failures": run.failures,
        "codebook_version": run.codebook_version,
    }
