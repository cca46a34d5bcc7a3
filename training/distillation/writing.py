"""Having segments written for a training set, from examples of the training part alone; filtered if wanted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil
from typing import NamedTuple

from intercoder.core.documents import Segment
from intercoder.core.errors import InputError
from intercoder.core.synthetic import SyntheticSegment, Wanted, Written
from intercoder.stores.classifiers.synthetic_segments import SqlSyntheticStore
from intercoder.training.distillation.asking import Asking, Listener, coder_of, language_model
from intercoder.training.distillation.composing import wanted
from intercoder.training.distillation.consistency import consistent
from intercoder.training.distillation.material import Material, bare
from intercoder.training.distillation.synthesis import SynthesizerRepeats, synthesize

LEAST_KEPT = 0.2
"""Share of further ones that is reckoned to be kept, at least."""
MORE = 3
"""How often more is written in place of what the filter drops."""


class WrittenSet(NamedTuple):
    """Written segments for a training set."""

    segments: tuple[SyntheticSegment, ...]
    dropped: int = 0
    """Segments that the filter dropped: the coder did not repeat their label."""
    missing: int = 0
    """Segments that are wanting since the filter dropped more than could be replaced."""


class Way(NamedTuple):
    """How segments are written."""

    temperature: float
    seed: int
    filter: int = 0


async def write_segments(
    material: Material, number: int, way: Way, asking: Asking, listen: Listener = lambda event: None
) -> WrittenSet:
    """So many written segments, spread evenly over codes and values. The same call gives the same ones again.

    Args:
        material: What people decided; only its training part is used.
        number: How many.
        way: Temperature, seed and filter.
        asking: Log and embeddings.
        listen: Told how it goes.

    Raises:
        SynthesizerRepeats: The synthesizer writes nothing new any more.
        InputError: The filter has no language model to ask.
        EndpointStopped: An endpoint answers nobody.
    """
    if not number:
        return WrittenSet(())
    first = wanted(material.teaching_codes, material.data.head, number)
    listen({"kind": "stage", "stage": "writing", "total": number, "temperature": way.temperature})
    if not way.filter:
        return WrittenSet(tuple(await _synthesized(material, first, way, asking, listen)))
    return await _filtered(material, first, way, asking, listen)


async def _filtered(
    material: Material, first: Sequence[Wanted], way: Way, asking: Asking, listen: Listener
) -> WrittenSet:
    """Written segments whose label the coder repeats; for those it does not, others are written a few times."""
    settings = language_model(material.folder.study)
    if settings is None:
        raise no_language_model("--filter")
    coder = coder_of(material.folder, material.teaching_book, settings)

    def answered(done: int, total: int, time: int) -> None:
        told = {"done": done, "total": total, "time": time, "times": way.filter}
        listen({"kind": "asked", "name": coder.name, **told})

    more: Sequence[Wanted] = first
    found: list[SyntheticSegment] = []
    for _ in range(1 + MORE):
        try:
            found = await _synthesized(material, more, way, asking, listen)
        except SynthesizerRepeats:
            if not found:
                raise
            break
        listen({"kind": "stage", "stage": "filter", "total": len(found), "name": coder.name})
        repeated = await consistent(found, way.filter, coder, asking.session, answered)
        kept = [one for one, stays in zip(found, repeated, strict=True) if stays]
        have, had = (Counter((one.code_id, one.value) for one in some) for some in (kept, found))
        lacking = {_kind(one): max(0, one.count - have[_kind(one)]) for one in first}
        if not any(lacking.values()):
            break
        rates = {kind: max(have[kind] / count, LEAST_KEPT) for kind, count in had.items()}
        more = [replace(one, count=one.count + ceil(lacking[_kind(one)] / rates[_kind(one)])) for one in more]
    chosen = _first_of_each(kept, {_kind(one): one.count for one in first})
    return WrittenSet(tuple(chosen), len(found) - len(kept), sum(lacking.values()))


async def _synthesized(
    material: Material, asked: Sequence[Wanted], way: Way, asking: Asking, listen: Listener
) -> list[SyntheticSegment]:
    folder = material.folder
    return await synthesize(
        asked,
        temperature=way.temperature,
        seed=way.seed,
        examples=examples(material),
        human=[bare(one) for one in material.parts.training],
        book=material.teaching_book,
        study=folder.study,
        store=SqlSyntheticStore(folder.engine, folder.study.id),
        session=asking.session,
        embeddings=asking.embeddings,
        listen=listen,
        prompts=folder.prompts,
    )


def examples(material: Material) -> Mapping[tuple[str, Written], Sequence[Segment]]:
    """What the synthesizer may be shown of each code: segments of the training part that people decided about."""
    found: dict[tuple[str, Written], list[Segment]] = {}
    values: tuple[tuple[Written, bool], ...] = (("yes", True), ("no", False))
    for code in material.codes:
        for word, value in values:
            found[code.id, word] = [
                bare(one) for one in material.parts.training if one.targets.get(code.id) is value
            ]
    return found


def no_language_model(where: str, otherwise: str = "") -> InputError:
    """The refusal where no coder of the study asks a language model."""
    return InputError(
        "no coder under `[[deductive.coders]]` asks a language model.",
        where=where,
        remedy=f"Add one to study.toml{otherwise}.",
    )


def _kind(one: Wanted) -> tuple[str, Written]:
    return one.code.id, one.value


def _first_of_each(
    segments: Sequence[SyntheticSegment], counts: Mapping[tuple[str, Written], int]
) -> list[SyntheticSegment]:
    taken: Counter[tuple[str, Written]] = Counter()
    kept = []
    for one in segments:
        kind = (one.code_id, one.value)
        taken[kind] += 1
        if taken[kind] <= counts.get(kind, 0):
            kept.append(one)
    return kept
