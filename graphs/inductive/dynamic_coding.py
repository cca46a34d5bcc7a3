"""A wave through a dynamic ensemble: one coder first, the others where it is not sure (methods, section 1).

Whether the others are asked is decided in document order, since it depends on what the first coder said of earlier
segments of the wave; nothing else waits for that order. Its answers, the others' and the moderators' flow side by
side under the bound on questions in flight.

Its answers count as one coder's: the first of them stands as its decision, as if it had been asked once; the
others are in the answer log. Moderators hear all of them where the others are not asked, and one of each coder
where they are, as in an ensemble that always asks all. An answer that cannot be used counts as not being sure. Only
that of the first sample is listed as a failure: where another one fails the segment lacks nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import numpy as np

from intercoder.agents.coder import name_of_sample
from intercoder.agents.dynamic_selection import KnownLabels, Need, Sampled, need_of
from intercoder.core.decisions import Answer, Failure, Settlement
from intercoder.core.documents import Segment
from intercoder.core.protocols import Run
from intercoder.graphs.context import Context
from intercoder.graphs.inductive.coding import Coded, gather, in_order, settle


def wave_start(run: Run, wave: int) -> int:
    """Where the wave begins that the cursor stands in: waves are cut at the same places however it got there."""
    return run.position // wave * wave


async def code_wave_dynamically(
    context: Context,
    run: Run,
    segments: Sequence[Segment],
    take: Callable[[list[Coded]], Awaitable[None]],
) -> None:
    """Code the rest of a wave and hand it to `take` in document order.

    Args:
        context: Stores, agents and settings.
        run: The run; its cursor stands before `segments`.
        segments: What the wave has left. Where the run was stopped within the wave, what the first coder said of
            the wave's earlier segments is recalled.
        take: Is given batches.

    Raises:
        EndpointStopped: An endpoint answers nobody; what was answered so far is in the log.
    """
    start = wave_start(run, context.study.limits.wave)
    before = await asyncio.to_thread(context.store.segments, run.id, start, run.position)
    wave = _Wave(context, await _known(context, run, before), len(before) + len(segments))
    heard = await _heard_before(context, run, segments)
    places = range(len(before) + len(segments))

    async def work(place: int) -> Coded | None:
        if place < len(before):
            await wave.need(place, await _samples(context, before[place], []))
            return None
        segment = segments[place - len(before)]
        return await _code(context, wave, place, segment, everybody=segment.id in heard)

    async def take_coded(batch: list[Coded | None]) -> None:
        coded = [one for one in batch if one is not None]
        if coded:
            await take(coded)

    await in_order(places, work, take_coded, width=context.session.slots.size)


class _Wave:
    """What is known as a wave goes on, and whose turn it is to be decided about."""

    def __init__(self, context: Context, known: KnownLabels, segments: int) -> None:
        self._context = context
        self._known = known
        self._decided = [asyncio.Event() for _ in range(segments)]

    async def need(self, place: int, samples: Sequence[Answer | None]) -> Need:
        """Why the others are asked about a segment, once all earlier segments of the wave are decided about."""
        settings = self._context.study.ensemble
        sampled = await self._sampled(samples)
        if place:
            await self._decided[place - 1].wait()
        need = need_of(sampled, self._known, tau=settings.tau, near=settings.known)
        self._known.add(sampled.vectors)
        self._decided[place].set()
        return need

    async def _sampled(self, samples: Sequence[Answer | None]) -> Sampled:
        said = [(at, one.label) for at, answer in enumerate(samples) if answer for one in answer.suggestions]
        labels = [label for _, label in said]
        vectors = await self._context.embeddings.embed(labels) if labels else np.empty((0, 0), np.float32)
        usable = sum(answer is not None for answer in samples)
        return Sampled(vectors, [at for at, _ in said], len(samples), usable)


async def _known(context: Context, run: Run, before: Sequence[Segment]) -> KnownLabels:
    """The codes that the run had founded as its wave began."""
    codes = await asyncio.to_thread(context.store.run_codes, run.id)
    since = {segment.id for segment in before}
    labels = [code.label for code in codes if code.lineage.founded_by not in since]
    return KnownLabels(await context.embeddings.embed(labels) if labels else None)


async def _samples(context: Context, segment: Segment, failures: list[Failure]) -> list[Answer | None]:
    """All answers of the coder that is asked first; None for those that could not be used."""
    coder = next(one for one in context.coders if one.name == context.study.asked_first.name)
    missing: list[list[Failure]] = [[] for _ in range(context.study.ensemble.asks)]
    told = await asyncio.gather(
        *(
            gather([partial(coder.code, segment, context.session, sample=sample)], missing[sample])
            for sample in range(len(missing))
        )
    )
    failures += missing[0]
    return [answers[0] if answers else None for answers in told]


async def _code(context: Context, wave: _Wave, place: int, segment: Segment, *, everybody: bool) -> Coded:
    coded = Coded(segment)
    samples = await _samples(context, segment, coded.failures)
    if await wave.need(place, samples) or everybody:
        coded.answers = await _everybody(context, coded, samples[0])
        return await settle(context, coded)
    coded.samples = [answer for answer in samples if answer is not None]
    coded.answers = coded.samples[:1]
    coded = await settle(context, coded)
    coded.settlements = [_of_coders(one, coded.samples) for one in coded.settlements]
    return coded


async def _everybody(context: Context, coded: Coded, first: Answer | None) -> list[Answer]:
    """One answer of each coder, in their order."""
    others = [coder for coder in context.coders if coder.name != context.study.asked_first.name]
    answers = await gather(
        (partial(coder.code, coded.segment, context.session) for coder in others), coded.failures
    )
    answers += [first] if first is not None else []
    order = {coder.name: place for place, coder in enumerate(context.coders)}
    return sorted(answers, key=lambda answer: order[answer.coder])


async def _heard_before(context: Context, run: Run, segments: Sequence[Segment]) -> set[str]:
    """Segments about which an earlier round asked the others: their decisions stand, so they are heard again."""
    first = context.study.asked_first.name
    heard = await asyncio.to_thread(context.store.heard, run.id, [segment.id for segment in segments])
    return {segment_id for segment_id, coders in heard.items() if any(coder != first for coder in coders)}


def _of_coders(settlement: Settlement, samples: Sequence[Answer]) -> Settlement:
    """A settlement among samples, told in names of coders: overruled is who is followed in none of them."""
    choices = tuple(
        choice.model_copy(update={"chosen_from": name_of_sample(choice.chosen_from)})
        for choice in settlement.choices
    )
    followed = {name_of_sample(one.coder) for one in samples if one.coder not in settlement.overruled}
    overruled = {name_of_sample(name): None for name in settlement.overruled}
    return settlement.model_copy(
        update={"choices": choices, "overruled": tuple(name for name in overruled if name not in followed)}
    )
