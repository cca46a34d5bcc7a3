"""A wave of concepts before the definer, in order, a batch at a time; and a wave of themes before the themer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from intercoder.agents.asking import NoAnswer
from intercoder.agents.definer import MOST_PASSAGES
from intercoder.core.coding.concepts import Concept, Definition
from intercoder.core.decisions import Failure
from intercoder.graphs.context import MergingContext

Given = TypeVar("Given")
Result = TypeVar("Result")

BATCH = 32
"""Answers that are written together."""


@dataclass(frozen=True)
class Defined:
    """A concept as the definer left it; with `failure` it has kept what it had."""

    concept: Concept
    failure: Failure | None = None


async def define_wave(
    context: MergingContext,
    concepts: Sequence[tuple[int, Concept]],
    before: Sequence[Concept],
    take: Callable[[Sequence[tuple[int, Defined]]], Awaitable[None]],
) -> None:
    """Have concepts defined, and those that were merged named, and hand them on in order.

    Args:
        context: Store, definer and session.
        concepts: Places and concepts that wait.
        before: All concepts of the step before; the definer sees those that were merged.
        take: Called with each batch.

    Raises:
        EndpointStopped: The endpoint answers nobody; what was answered so far is in the log.
    """
    shown = [id_ for _, concept in concepts for id_ in concept.examples[:MOST_PASSAGES]]
    texts = await asyncio.to_thread(context.store.texts, shown)

    async def one(given: tuple[int, Concept]) -> tuple[int, Defined]:
        place, concept = given
        members = [before[member] for member in concept.members]
        return place, await _define(context, concept, members, [texts.get(id_, "") for id_ in concept.examples])

    await in_batches(concepts, one, take, context.session.slots.size)


async def in_batches(
    given: Sequence[Given],
    work: Callable[[Given], Awaitable[Result]],
    take: Callable[[Sequence[Result]], Awaitable[None]],
    most: int,
) -> None:
    """Work on all, `most` at once, and hand the results on in order, `BATCH` at a time."""
    gate = asyncio.Semaphore(most)

    async def gated(one: Given) -> Result:
        async with gate:
            return await work(one)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(gated(one)) for one in given]
            for start in range(0, len(tasks), BATCH):
                await take([await task for task in tasks[start : start + BATCH]])
    except BaseExceptionGroup as failed:
        # The first error tells what happened; the rest are its echoes.
        raise failed.exceptions[0] from None


async def _define(
    context: MergingContext, concept: Concept, members: Sequence[Concept], passages: Sequence[str]
) -> Defined:
    try:
        if concept.status == "unnamed":
            codes = [(member.label, member.definition) for member in members]
            written = await context.definer.merge(concept.id, codes, context.session)
        else:
            labels = [concept.label, *(label for label in concept.alternatives if label != concept.label)]
            written = await context.definer.define(
                concept.id, labels, list(filter(None, passages)), context.session
            )
    except NoAnswer as missing:
        return Defined(concept.model_copy(update={"status": "failed"}), missing.failure)
    return Defined(_written(concept, written))


def _written(concept: Concept, written: Definition) -> Concept:
    return concept.model_copy(
        update={
            "label": written.label,
            "definition": written.definition,
            "status": "settled",
            "answer_key": written.provenance.answer_key,
        }
    )
