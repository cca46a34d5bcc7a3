"""One segment through coders and moderators, and a wave of segments in document order.

Each segment flows from coders to moderators on its own, under one bound on questions in flight; there is no
barrier between the roles. Finished segments are handed on in document order, a batch at a time, while later
ones are still being read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import numpy as np

from intercoder.agents.asking import NoAnswer
from intercoder.agents.moderation_rules import best_of
from intercoder.core.decisions import Answer, Failure, Settlement
from intercoder.core.documents import Segment
from intercoder.core.protocols import Vectors
from intercoder.graphs.context import Context

Item = TypeVar("Item")
Result = TypeVar("Result")

BATCH = 64
"""Segments that are refined and written together."""


@dataclass
class Coded:
    """A segment with all that was said about it."""

    segment: Segment
    answers: list[Answer] = field(default_factory=list)
    """One of each coder that was asked."""
    samples: list[Answer] = field(default_factory=list)
    """All answers of the one coder that was asked several times and alone; else none."""
    settlements: list[Settlement] = field(default_factory=list)
    best: int | None = None
    """Which settlement stands; None without moderators or where none answered."""
    failures: list[Failure] = field(default_factory=list)

    @property
    def heard(self) -> list[Answer]:
        """The answers that are settled among."""
        return self.samples or self.answers


async def code_segment(context: Context, segment: Segment) -> Coded:
    """All coders, then all moderators, on one segment. Failures are listed, the others go on."""
    coded = Coded(segment)
    session = context.session
    coded.answers = await gather(
        (partial(coder.code, segment, session) for coder in context.coders), coded.failures
    )
    return await settle(context, coded)


async def settle(context: Context, coded: Coded) -> Coded:
    """All moderators on a segment that coders have read."""
    if not coded.heard:
        return coded
    coded.settlements = await gather(
        (
            partial(moderator.settle, coded.segment, coded.heard, context.session)
            for moderator in context.moderators
        ),
        coded.failures,
    )
    coded.best = await _best(context, coded)
    return coded


async def code_wave(
    context: Context,
    segments: Sequence[Segment],
    take: Callable[[list[Coded]], Awaitable[None]],
) -> None:
    """Code a wave of segments and hand them to `take` in document order.

    Raises:
        EndpointStopped: An endpoint answers nobody; what was answered so far is in the log.
    """
    await in_order(segments, partial(code_segment, context), take, width=context.session.slots.size)


async def in_order(
    items: Sequence[Item],
    work: Callable[[Item], Awaitable[Result]],
    take: Callable[[list[Result]], Awaitable[None]],
    *,
    width: int,
) -> None:
    """Work on items side by side, at most `width` at a time, and hand results to `take` in order, in batches."""
    gate = asyncio.Semaphore(width)

    async def gated(item: Item) -> Result:
        async with gate:
            return await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(gated(item)) for item in items]
            batch: list[Result] = []
            for task in tasks:
                batch.append(await task)
                if len(batch) == BATCH:
                    await take(batch)
                    batch = []
            if batch:
                await take(batch)
    except BaseExceptionGroup as failed:
        # The first error tells what happened; the rest are its echoes.
        raise failed.exceptions[0] from None


async def gather(work: Iterable[Callable[[], Awaitable[Result]]], failures: list[Failure]) -> list[Result]:
    """Results in order, of questions asked side by side.

    Questions without an answer go to `failures`; any other error is raised.
    """
    results: list[Result] = []
    for outcome in await asyncio.gather(*(_caught(one) for one in work)):
        if isinstance(outcome, Failure):
            failures.append(outcome)
        else:
            results.append(outcome)
    return results


async def _caught(work: Callable[[], Awaitable[Result]]) -> Result | Failure:
    # A coroutine is only made here, where it is awaited: a run that is stopped leaves none behind.
    try:
        return await work()
    except NoAnswer as missing:
        return missing.failure


async def _best(context: Context, coded: Coded) -> int | None:
    """Which settlement stands: the only one, or the one closest to everything that was said."""
    settlements = coded.settlements
    if len(settlements) < 2:
        return 0 if settlements else None
    coding = [place for place, one in enumerate(settlements) if one.choices]
    if len(coding) * 2 < len(settlements):
        return next(place for place, one in enumerate(settlements) if not one.choices)
    labels = [_labels(settlements[place]) for place in coding]
    said = [suggestion.label for answer in coded.heard for suggestion in answer.suggestions]
    vectors = await context.embeddings.embed([*(label for group in labels for label in group), *said])
    means: list[Vectors] = []
    start = 0
    for group in labels:
        mean = vectors[start : start + len(group)].mean(axis=0)
        means.append(mean / max(float(np.linalg.norm(mean)), 1e-12))
        start += len(group)
    return coding[best_of(np.stack(means), vectors[start:])]


def _labels(settlement: Settlement) -> list[str]:
    return [choice.suggestion.label for choice in settlement.choices]
