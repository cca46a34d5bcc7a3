"""Codebook co-development (seed 002, section 2.1.1): code a sample, test, propose revisions, wait for people.

Everything that must not be lost is in the store; the graph may be started from any state, and goes on where the
store stands. Where revisions wait it interrupts once, with all of them; people may answer through the interrupt or
directly in the store, some now and some later.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, Literal

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, interrupt
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from intercoder.core.codebook import Code
from intercoder.core.decisions import Failure
from intercoder.core.protocols import Run
from intercoder.core.revisions import Revision, RevisionAnswer
from intercoder.graphs.deductive.deductive import DeductiveInput, DeductiveState, code_wave
from intercoder.graphs.deductive.deductive_context import DevelopmentContext
from intercoder.graphs.deductive.findings import codes_to_look_at, gather_findings
from intercoder.graphs.deductive.sifting import sift
from intercoder.graphs.inductive.coding import gather

Step = Literal["wave", "propose", "review"]


class DevelopmentState(DeductiveState, total=False):
    """Cursors and counts only."""

    round: int
    waiting: int
    codebook_version: int


class DevelopmentOutput(DeductiveInput):
    """What came of it."""

    round: int
    codebook_version: int
    failures: int


class GivenAnswer(BaseModel):
    """A person's answer to one revision, as a graph is resumed with it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    answer: Literal["approve", "edit", "reject"]
    after: tuple[Code, ...] = ()
    """For `edit`: what the codes shall become."""
    note: str = ""
    by: str = Field(min_length=1)


class Review(BaseModel):
    """What a graph that waits is resumed with: answers to some or all revisions, by id."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    answers: dict[str, GivenAnswer] = {}


def build_codevelopment(checkpointer: Any = None) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The co-development graph: `{"run": id}` in, the last round and codebook version out.

    Give it a `graphs.deductive.deductive_context.DevelopmentContext`. Where revisions wait it interrupts with their
    contents; resume it with `Command(resume={"answers": {revision_id: {"answer": "approve", "by": "ana"}}})`, or,
    after people answered in the store, with the same input again. It streams `custom` events of kind `progress`.

    Args:
        checkpointer: LangGraph saver; interrupts need one.
    """
    graph = StateGraph(
        DevelopmentState,
        context_schema=DevelopmentContext,
        input_schema=DeductiveInput,
        output_schema=DevelopmentOutput,
    )
    graph.add_node("begin", begin)
    graph.add_node("wave", wave)
    graph.add_node("propose", propose)
    graph.add_node("review", review)
    graph.add_node("apply", apply)
    graph.add_node("finish", finish)
    graph.add_edge(START, "begin")
    graph.add_conditional_edges("wave", _coded)
    graph.add_edge("propose", "review")
    graph.add_edge("finish", END)
    return graph.compile(checkpointer=checkpointer, name="codevelopment")


async def begin(state: DevelopmentState, runtime: Runtime[DevelopmentContext]) -> Command[Step]:
    """Go on where the store stands."""
    store = runtime.context.store
    run = await asyncio.to_thread(store.run, state["run"])
    step: Step = "wave"
    if run.position >= run.total:
        step = "review" if await asyncio.to_thread(store.proposed, run.id) else "propose"
    return Command(update=_counts(run), goto=step)


async def wave(state: DevelopmentState, runtime: Runtime[DevelopmentContext]) -> DevelopmentState:
    """Code one wave of the round."""
    return _counts(await code_wave(state["run"], runtime.context, runtime.stream_writer))


async def propose(state: DevelopmentState, runtime: Runtime[DevelopmentContext]) -> DevelopmentState:
    """Let the reviser look at each code of the round, and keep what is worth a person's time."""
    context = runtime.context
    run = await asyncio.to_thread(context.store.run, state["run"])
    book = await asyncio.to_thread(context.store.book, run.id)
    codes = (await asyncio.to_thread(context.store.round, run.id)).codes
    wanted = codes_to_look_at(book, codes) if run.round <= context.study.development.rounds else []
    findings = await asyncio.to_thread(gather_findings, context.store, run.id, wanted) if wanted else {}
    session = replace(context.session, round=run.round)
    session.tally.heard = lambda: None
    runtime.stream_writer({"kind": "reviser", "run": run.id, "round": run.round, "codes": len(wanted)})
    failures: list[Failure] = []
    found = await gather(
        (
            partial(context.reviser.propose, book, code, findings[code.id], session)
            for code in book.codes
            if code.id in findings
        ),
        failures,
    )
    rejected = await asyncio.to_thread(context.store.rejected)
    decisions = {said.decision_id for one in findings.values() for excerpt in one.excerpts for said in excerpt.said}
    proposals = [proposal for of_code in found for proposal in of_code]
    revisions, dropped = sift(run, book, proposals, rejected, decisions)
    await asyncio.to_thread(context.store.write_revisions, run.id, revisions, dropped, failures)
    return {**_counts(run), "waiting": len(revisions) - len(dropped)}


def review(state: DevelopmentState, runtime: Runtime[DevelopmentContext]) -> Command[Literal["review", "apply"]]:
    """Wait until every revision has an answer. Runs again from its top when resumed, so nothing comes before.

    Raises:
        ValidationError, IntercoderError: An answer cannot be taken. The graph still waits, and can be resumed with
            another one.
    """
    store = runtime.context.store
    waiting = store.waiting(state["run"])
    if not waiting:
        return Command(update={"waiting": 0}, goto="apply")

    def taken(given: Review) -> Review:
        for revision_id, answer in given.answers.items():
            store.answer(RevisionAnswer(revision_id=revision_id, **dict(answer)))
        return given

    # Answers are taken while they are checked. LangGraph keeps a value that has passed: an answer that the store
    # refused after that would be given again at every attempt to go on.
    schema: Any = Annotated[Review, AfterValidator(taken)]
    interrupt(_question(state["run"], waiting), response_schema=schema)
    return Command(update={"waiting": len(waiting)}, goto="review")


async def apply(
    state: DevelopmentState, runtime: Runtime[DevelopmentContext]
) -> Command[Literal["wave", "propose", "finish"]]:
    """Make the approved revisions a new version and begin the next round, or end."""
    store = runtime.context.store
    changed = await asyncio.to_thread(store.apply_round, state["run"])
    run = await asyncio.to_thread(store.run, state["run"])
    if not changed:
        return Command(update=_counts(run), goto="finish")
    codes = (await asyncio.to_thread(store.round, run.id)).codes
    event = {
        "kind": "round",
        "run": run.id,
        "round": run.round,
        "version": run.codebook_version,
        "codes": len(codes),
    }
    runtime.stream_writer(event)
    return Command(update=_counts(run), goto="wave" if run.position < run.total else "propose")


async def finish(state: DevelopmentState, runtime: Runtime[DevelopmentContext]) -> DevelopmentState:
    """Close the run."""
    await asyncio.to_thread(runtime.context.store.finish, state["run"])
    return _counts(await asyncio.to_thread(runtime.context.store.run, state["run"]))


def _question(run_id: str, waiting: Any) -> dict[str, Any]:
    """What an interrupt tells: the revisions that wait, as plain values."""

    def told(revision: Revision) -> dict[str, Any]:
        return revision.model_dump(mode="json", exclude={"provenance"})

    return {"kind": "revisions", "run": run_id, "revisions": [told(revision) for revision in waiting]}


def _coded(state: DevelopmentState) -> Literal["wave", "propose"]:
    return "wave" if state["position"] < state["total"] else "propose"


def _counts(run: Run) -> DevelopmentState:
    return {
        "run": run.id,
        "position": run.position,
        "total": run.total,
        "failures": run.failures,
        "round": run.round,
        "codebook_version": run.codebook_version,
    }
