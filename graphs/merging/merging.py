"""Merging code spaces into one, in four stages (seed 003, section 3.1): union, labels, definitions, rounds.

Every step is written to the store with its concepts and merges, and a step's definitions wave by wave; the state
holds cursors and counts. A run that is killed goes on at its last step, and recalls what was answered in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from intercoder.core.coding.concepts import (
    WAITING,
    Concept,
    ConceptMerge,
    MergeStep,
    absorb,
    fold,
    shortest,
    union,
)
from intercoder.core.study import Merging
from intercoder.graphs.context import MergingContext
from intercoder.graphs.merging.defining import Defined, define_wave

MOST_ROUNDS = 10
"""Rounds of stage 4 after which it ends even if something still merges."""

if TYPE_CHECKING:
    from intercoder.evals.spaces.clustering import Cluster


class MergingInput(TypedDict):
    """Which run to execute, or to go on with."""

    run: str


class MergingState(MergingInput, total=False):
    """Cursors and counts only."""

    step: int
    concepts: int
    waiting: int
    failures: int
    more: bool
    codebook_version: int


class MergingOutput(TypedDict):
    """What came of it."""

    run: str
    concepts: int
    failures: int
    codebook_version: int


def build_merging(checkpointer: Any = None) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The merging graph: `{"run": id}` in, counts and the codebook's version out.

    Give it a `graphs.context.MergingContext`. It streams `custom` events: `step` (a step's concepts and merges) and
    `progress` (definitions written).

    Args:
        checkpointer: LangGraph saver for its cursors; losing them loses nothing.
    """
    graph = StateGraph(
        MergingState,
        context_schema=MergingContext,
        input_schema=MergingInput,
        output_schema=MergingOutput,
    )
    graph.add_node("begin", begin)
    graph.add_node("step", step)
    graph.add_node("define", define)
    graph.add_node("finish", finish)
    graph.add_edge(START, "begin")
    for name in ("begin", "step", "define"):
        graph.add_conditional_edges(name, _next)
    graph.add_edge("finish", END)
    return graph.compile(checkpointer=checkpointer, name="merging")


async def begin(state: MergingState, runtime: Runtime[MergingContext]) -> MergingState:
    """Find the cursor in the store."""
    store = runtime.context.store
    run = await asyncio.to_thread(store.run, state["run"])
    steps = await asyncio.to_thread(store.steps, run.id)
    concepts = await asyncio.to_thread(store.concepts, run.id, steps[-1].step) if steps else []
    more = not run.over and following(steps, runtime.context.study.merging) is not None
    return {
        "run": run.id,
        "step": len(steps),
        "concepts": len(concepts),
        "waiting": _waiting(concepts),
        "failures": run.failures,
        "more": more,
        "codebook_version": run.codebook_version,
    }


async def step(state: MergingState, runtime: Runtime[MergingContext]) -> MergingState:
    """Take the next step of the four stages and write it."""
    context, run = runtime.context, state["run"]
    steps = await asyncio.to_thread(context.store.steps, run)
    planned = following(steps, context.study.merging)
    assert planned is not None
    if planned.kind == "union":
        concepts, merges = await asyncio.to_thread(_union, context, run)
    else:
        before = await asyncio.to_thread(context.store.concepts, run, planned.step - 1)
        if planned.kind == "define":
            concepts, merges = _to_define(before), []
        else:
            concepts, merges = await _merge(context, planned, before)
    done = planned.model_copy(update={"concepts": len(concepts), "merged": len(merges)})
    await asyncio.to_thread(context.store.write_step, run, done, concepts, merges)
    runtime.stream_writer({"run": run, **done.model_dump(), "kind": "step", "step_kind": done.kind})
    return {
        "run": run,
        "step": done.step,
        "concepts": len(concepts),
        "waiting": _waiting(concepts),
        "more": following([*steps, done], context.study.merging) is not None,
    }


async def define(state: MergingState, runtime: Runtime[MergingContext]) -> MergingState:
    """Let the definer write one wave of the definitions, or labels and definitions, that the step waits for."""
    context, run, number = runtime.context, state["run"], state["step"]
    concepts = list(await asyncio.to_thread(context.store.concepts, run, number))
    before = await asyncio.to_thread(context.store.concepts, run, number - 1)
    places = [place for place, concept in enumerate(concepts) if concept.status in WAITING]
    waiting, failures = len(places), state.get("failures", 0)
    taken = {fold(concept.label): place for place, concept in enumerate(concepts)}

    async def take(batch: Sequence[tuple[int, Defined]]) -> None:
        nonlocal waiting, failures
        written = {place: _free(one.concept, concepts[place], place, taken) for place, one in batch}
        failed = [one.failure for _, one in batch if one.failure is not None]
        await asyncio.to_thread(context.store.write_definitions, run, number, written, failed)
        waiting, failures = waiting - len(batch), failures + len(failed)
        tally = context.session.tally
        runtime.stream_writer(
            {
                "kind": "progress",
                "run": run,
                "step": number,
                "done": len(concepts) - waiting,
                "total": len(concepts),
                "concepts": len(concepts),
                "failures": failures,
                "calls": tally.calls,
                "recalled": tally.recalled,
                "input_tokens": tally.input_tokens,
                "output_tokens": tally.output_tokens,
                "cost": tally.cost,
            }
        )

    wave = places[: context.study.limits.wave]
    await define_wave(context, [(place, concepts[place]) for place in wave], before, take)
    return {"run": run, "waiting": waiting, "failures": failures}


async def finish(state: MergingState, runtime: Runtime[MergingContext]) -> MergingState:
    """Close the run: what became one concept is one code in a new codebook version."""
    await asyncio.to_thread(runtime.context.store.finish, state["run"])
    return {"run": state["run"]}


def following(steps: Sequence[MergeStep], merging: Merging) -> MergeStep | None:
    """The step after these; None if the merge is complete.

    Stage 1 is a union, stage 2 a cut by labels, stage 3 a round of definitions and a cut by them, stage 4 further
    cuts until one merges nothing.
    """
    strict = {"lower": merging.lower, "upper": merging.lower}
    number = len(steps) + 1
    if not steps:
        return MergeStep(step=number, stage=1, kind="union")
    last = steps[-1]
    if last.stage == 1:
        planned = MergeStep(step=number, stage=2, kind="merge", **strict)
    elif last.stage == 2:
        planned = MergeStep(step=number, stage=3, kind="define")
    elif last.kind == "define":
        planned = MergeStep(step=number, stage=3, kind="merge", **strict)
    else:
        planned = MergeStep(step=number, stage=4, kind="merge", lower=merging.lower, upper=merging.upper)
        rounds = sum(one.stage == 4 for one in steps)
        if rounds == MOST_ROUNDS or (rounds and not last.merged):
            return None
    return planned if planned.stage <= merging.stage else None


def _union(context: MergingContext, run: str) -> tuple[list[Concept], list[ConceptMerge]]:
    found = union(context.store.code_spaces(run), context.store.code_labels(run))
    merges = [
        ConceptMerge(concept=place, kept=concept.label, absorbed=label, distance=0.0, threshold=0.0)
        for place, concept in enumerate(found)
        for label in concept.alternatives
        if label != concept.label
    ]
    return found, merges


def _to_define(before: Sequence[Concept]) -> list[Concept]:
    return [
        concept.model_copy(update={"members": (place,), "status": "undefined"})
        for place, concept in enumerate(before)
    ]


async def _merge(
    context: MergingContext, step: MergeStep, before: Sequence[Concept]
) -> tuple[list[Concept], list[ConceptMerge]]:
    vectors = await context.embeddings.embed([concept.text for concept in before])
    found = await asyncio.to_thread(
        context.cut,
        vectors,
        [concept.examples for concept in before],
        linkage="average",
        metric="cosine",
        lower=step.lower,
        upper=step.upper,
        example_penalty=step.stage == 4,
    )
    concepts: list[Concept] = []
    merges: list[ConceptMerge] = []
    of = {member: cluster for cluster in found for member in cluster.members}
    for place in range(len(before)):
        members = of[place].members if place in of else (place,)
        if place != members[0]:
            continue
        if len(members) > 1:
            merges += _recorded(len(concepts), step, before, of[place])
        named = step.stage > 2 and len(members) > 1
        made = absorb([before[place] for place in members])
        concepts.append(made.model_copy(update={"members": members, "status": "unnamed" if named else made.status}))
    return concepts, merges


def _recorded(concept: int, step: MergeStep, before: Sequence[Concept], cluster: Cluster) -> list[ConceptMerge]:
    """What was held against the threshold: the height of the cluster, and above `lower` its penalty for size."""
    members = cluster.members
    kept = members[shortest([before[place].label for place in members])]
    height = cluster.distance if cluster.distance <= step.lower else cluster.distance + cluster.penalty
    return [
        ConceptMerge(
            concept=concept,
            kept=before[kept].label,
            absorbed=before[place].label,
            distance=round(max(0.0, height), 4),
            threshold=step.upper,
        )
        for place in members
        if place != kept
    ]


def _free(written: Concept, own: Concept, place: int, taken: dict[str, int]) -> Concept:
    """A concept as the definer wrote it, under its own label still where another concept has the new one."""
    label = own.label if taken.get(fold(written.label), place) != place else written.label
    taken[fold(label)] = place
    return written.model_copy(update={"label": label})


def _waiting(concepts: Sequence[Concept]) -> int:
    return sum(concept.status in WAITING for concept in concepts)


def _next(state: MergingState) -> Literal["step", "define", "finish"]:
    if state["waiting"]:
        return "define"
    return "step" if state["more"] else "finish"
