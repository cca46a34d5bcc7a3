"""Themes: groups of like codes, named by the themer, as a proposed second level of the codebook (seed 000, 7.4)."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from intercoder.agents.asking import NoAnswer
from intercoder.core.codebook import Code
from intercoder.core.coding.concepts import WAITING, Theme, shortest
from intercoder.core.decisions import Failure
from intercoder.core.protocols import Vectors
from intercoder.graphs.context import ThemingContext
from intercoder.graphs.inductive.placing import code_text
from intercoder.graphs.merging.defining import in_batches

FEWEST_THEMES = 3
FEWEST_CODES = 4
"""Codes from which three groups can be told apart by silhouette."""
JUDGED = 2000
"""Codes on which silhouettes are worked out; of more, a sample."""

_Named = tuple[int, Theme, Failure | None]


class ThemingInput(TypedDict):
    """Which run to execute, or to go on with."""

    run: str


class ThemingState(ThemingInput, total=False):
    """Counts only."""

    themes: int
    waiting: int
    failures: int


class ThemingOutput(TypedDict):
    """What came of it."""

    run: str
    themes: int
    failures: int


def build_theming(checkpointer: Any = None) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The graph that finds themes: `{"run": id}` in, counts out; themes are written to the store as a proposal.

    Give it a `graphs.context.ThemingContext`. It streams `custom` events: `progress` (themes named).

    Args:
        checkpointer: LangGraph saver for its cursors; losing them loses nothing.
    """
    graph = StateGraph(
        ThemingState,
        context_schema=ThemingContext,
        input_schema=ThemingInput,
        output_schema=ThemingOutput,
    )
    graph.add_node("group", group)
    graph.add_node("name", name)
    graph.add_node("finish", finish)
    graph.add_edge(START, "group")
    graph.add_conditional_edges("group", _next)
    graph.add_conditional_edges("name", _next)
    graph.add_edge("finish", END)
    return graph.compile(checkpointer=checkpointer, name="theming")


async def group(state: ThemingState, runtime: Runtime[ThemingContext]) -> ThemingState:
    """Group the codes, unless that is done."""
    context, run = runtime.context, state["run"]
    themes = await asyncio.to_thread(context.store.themes, run)
    if not themes:
        codes = await asyncio.to_thread(context.store.codes, run)
        compare = context.study.refinement.compare
        texts = [code_text(code.label, code.definition, compare) for code in codes]
        vectors = await context.embeddings.embed(texts)
        groups = await asyncio.to_thread(theme_groups, vectors)
        themes = [Theme(code_ids=tuple(codes[place].id for place in members)) for members in groups]
        await asyncio.to_thread(context.store.write_themes, run, themes)
    return {"run": run, "themes": len(themes), "waiting": _waiting(themes), "failures": 0}


async def name(state: ThemingState, runtime: Runtime[ThemingContext]) -> ThemingState:
    """Let the themer name a wave of themes."""
    context, run = runtime.context, state["run"]
    themes = await asyncio.to_thread(context.store.themes, run)
    codes = {code.id: code for code in await asyncio.to_thread(context.store.codes, run)}
    waiting = [(place, theme) for place, theme in enumerate(themes) if theme.status in WAITING]
    done, failures = len(themes) - len(waiting), state.get("failures", 0)

    async def one(given: tuple[int, Theme]) -> _Named:
        place, theme = given
        return place, *await _named(context, theme, [codes[id_] for id_ in theme.code_ids])

    async def take(batch: Sequence[_Named]) -> None:
        nonlocal done, failures
        failed = [failure for _, _, failure in batch if failure is not None]
        named = {place: theme for place, theme, _ in batch}
        await asyncio.to_thread(context.store.write_names, run, named, failed)
        done, failures = done + len(batch), failures + len(failed)
        tally = context.session.tally
        runtime.stream_writer(
            {
                "kind": "progress",
                "run": run,
                "done": done,
                "total": len(themes),
                "themes": len(themes),
                "failures": failures,
                "calls": tally.calls,
                "recalled": tally.recalled,
                "input_tokens": tally.input_tokens,
                "output_tokens": tally.output_tokens,
                "cost": tally.cost,
            }
        )

    await in_batches(waiting[: context.study.limits.wave], one, take, context.session.slots.size)
    return {"run": run, "waiting": len(themes) - done, "failures": failures}


async def finish(state: ThemingState, runtime: Runtime[ThemingContext]) -> ThemingState:
    """Close the run; what it found is a proposal."""
    await asyncio.to_thread(runtime.context.store.finish, state["run"])
    return {"run": state["run"]}


def theme_groups(vectors: Vectors) -> list[tuple[int, ...]]:
    """Groups of codes by average linkage on cosine distance, as many as have the highest mean silhouette.

    Numbers of groups from 3 to 2 sqrt(codes) are tried; of equally good ones the smallest is taken.

    Args:
        vectors: Unit-length rows, one per code, at least four.

    Returns:
        Places of each group's codes, in the order of the first; every code is in one group.
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import pdist

    count = len(vectors)
    tree = linkage(np.maximum(pdist(vectors.astype(np.float64), "cosine"), 0.0), method="average")
    judged = np.random.default_rng(0).permutation(count)[:JUDGED]
    most = min(math.floor(2 * math.sqrt(count)), count - 1)
    best: tuple[float, list[int]] = (-2.0, [0] * count)
    for wanted in range(FEWEST_THEMES, most + 1):
        clusters = fcluster(tree, wanted, criterion="maxclust").tolist()
        quality = _silhouette(vectors[judged], [clusters[place] for place in judged])
        if quality > best[0] + 1e-9:
            best = quality, clusters
    members: dict[int, list[int]] = {}
    for place, cluster in enumerate(best[1]):
        members.setdefault(cluster, []).append(place)
    return [tuple(places) for places in members.values()]


def _silhouette(vectors: Vectors, clusters: Sequence[int]) -> float:
    """Mean silhouette, -1 to 1; -1 where codes are too alike to be told apart in so many groups."""
    from sklearn.metrics import silhouette_score

    if not FEWEST_THEMES <= len(set(clusters)) < len(vectors):
        return -1.0
    return float(silhouette_score(vectors, clusters, metric="cosine"))


async def _named(context: ThemingContext, theme: Theme, codes: Sequence[Code]) -> tuple[Theme, Failure | None]:
    try:
        shown = [(code.label, code.definition) for code in codes]
        written = await context.themer.name(theme.id, shown, context.session)
    except NoAnswer as missing:
        label = codes[shortest([code.label for code in codes])].label
        return theme.model_copy(update={"label": label, "status": "failed"}), missing.failure
    named = {"label": written.label, "definition": written.definition, "status": "settled"}
    return theme.model_copy(update={**named, "answer_key": written.provenance.answer_key}), None


def _waiting(themes: Sequence[Theme]) -> int:
    return sum(theme.status in WAITING for theme in themes)


def _next(state: ThemingState) -> Literal["name", "finish"]:
    return "name" if state["waiting"] else "finish"
