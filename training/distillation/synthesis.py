"""Writing synthetic segments: as many as are wanted of each code, near-duplicates dropped, nothing written twice.

Seed 001: a language model writes samples of each code, and a small classifier learns from them beside human data.

What is written of one code and value is a *series*. Its questions are numbered; each depends only on its number,
the code, the examples and the settings, so that it can be gone on with anywhere. Which texts are kept is decided
in the order of series and questions. What the study holds already stands, and newer texts are compared with it.
One that was stopped goes through its questions again, with what is held for answers, and so goes on as if it had
not been stopped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from langchain_core.language_models import BaseChatModel

from intercoder.agents.asking import NoAnswer
from intercoder.agents.session import Session
from intercoder.agents.synthesizer import Synthesizer
from intercoder.core.codebook import Codebook
from intercoder.core.documents import Segment
from intercoder.core.errors import IntercoderError
from intercoder.core.protocols import Embedder
from intercoder.core.shown import counted
from intercoder.core.study import Study
from intercoder.core.synthetic import Dropped, SyntheticSegment, Wanted, Written, fates
from intercoder.stores.classifiers.synthetic_segments import SqlSyntheticStore
from intercoder.training.distillation.likeness import Alike, Like
from intercoder.training.distillation.series import Series, Surroundings

__all__ = ["SynthesizerRepeats", "Wanted", "synthesize"]

Examples: TypeAlias = Mapping[tuple[str, Written], Sequence[Segment]]
"""(code id, value) -> human segments of the training part that the synthesizer may be shown."""
Listener: TypeAlias = Callable[[dict[str, Any]], None]

WAVE = 96
"""Most questions between two commits to the table. Their answers are committed one by one, to the answer log."""


_BECAUSE: dict[Dropped, str] = {
    "human_overlap": "shared too many words with a human text",
    "human_cosine": "said what a human text says",
    "synthetic_overlap": "shared too many words with an earlier one",
    "synthetic_cosine": "said what an earlier one says",
    "prompt": "repeated the prompt",
}


class SynthesizerRepeats(IntercoderError):
    """A synthesizer that writes nothing new any more. What it wrote is kept in the study."""

    exit_code = 1


async def synthesize(
    wanted: Sequence[Wanted],
    *,
    temperature: float,
    seed: int,
    examples: Examples,
    human: Sequence[Segment],
    book: Codebook,
    study: Study,
    store: SqlSyntheticStore,
    session: Session,
    embeddings: Embedder,
    listen: Listener = lambda event: None,
    model: BaseChatModel | None = None,
    prompts: Path | None = None,
) -> list[SyntheticSegment]:
    """Synthetic segments as wanted; what the study holds of them already is not written again.

    Each question shows other human examples and gives other words that the text is to hold. A text that is too much
    like a human one, or like one that was kept before, is dropped and written down with the reason. The same call
    gives the same texts again, and one that wants more gives those and more, as long as codes, examples and
    settings are the same.

    Args:
        wanted: How many of each code and value.
        temperature: Of the synthesizer, 0 to 2.
        seed: Of sampling and of which examples are shown.
        examples: What it may be shown, of the training part only; at least one `yes` for each code.
        human: All human segments of the training part, which synthetic ones must not be too much like.
        book: The codebook.
        study: The study's settings.
        store: Where they are kept.
        session: The run's session; with its answer log nothing is asked twice.
        embeddings: For likeness of meaning.
        listen: Told after each wave what is there: `kind` "synthesis", `wanted`, `kept`, and `dropped`, the number
            of each reason; and after each answer of a wave how many are `done` of its `total`: `kind` "asked".
        model: Asked in place of the study's model.
        prompts: The study's own prompts.

    Returns:
        Exactly as many as are wanted, in the order of `wanted`, and within each in the order of writing.

    Raises:
        SynthesizerRepeats: Of the last `study.synthesizer.patience` texts of a code hardly any could be kept.
        InputError: There is no example of a code.
        EndpointStopped: The model's server answers nobody.
    """
    synthesizer = Synthesizer.of_study(study, temperature=temperature, model=model, prompts=prompts)
    around = Surroundings(book, study, synthesizer, seed, human, embeddings.name)
    all_series = [Series(one, examples, around) for one in wanted]
    held = await asyncio.to_thread(store.written, [series.origin for series in all_series])
    for series in all_series:
        series.hold([one for one in held if one.origin == series.origin])
    all_held = all(series.is_held for series in all_series)
    sieve = await _Sieve.begin(around, all_series, embeddings)
    while True:
        _tell(all_series, listen)
        for series in all_series:
            _check_new(series)
        asked = _next_questions(all_series, held_only=all_held)
        if not asked:
            return [one for series in all_series for one in series.result]
        answers = await _answers(asked, session, listen)
        new = [not series.was_asked(call) for series, call in asked]
        fresh = await sieve.sift([one for one, is_new in zip(answers, new, strict=True) if is_new and one])
        # What another process wrote meanwhile stands, whatever was made of it here.
        sifted = iter(await asyncio.to_thread(store.write, fresh))
        for (series, call), answer, is_new in zip(asked, answers, new, strict=True):
            series.take(call, next(sifted) if is_new and answer else answer)


def _next_questions(all_series: Sequence[Series], *, held_only: bool) -> list[tuple[Series, int]]:
    """As many questions as the series lack texts, in their order, at most a wave."""
    asked = [(series, call) for series in all_series for call in series.questions()][:WAVE]
    return [(series, call) for series, call in asked if series.was_asked(call) or not held_only]


async def _answers(
    asked: Sequence[tuple[Series, int]], session: Session, listen: Listener
) -> list[SyntheticSegment | None]:
    done = 0

    async def one(series: Series, call: int) -> SyntheticSegment | None:
        nonlocal done
        answer = await _answer(series, call, session)
        done += 1
        listen({"kind": "asked", "done": done, "total": len(asked), "name": "synthesizer"})
        return answer

    return list(await asyncio.gather(*(one(series, call) for series, call in asked)))


async def _answer(series: Series, call: int, session: Session) -> SyntheticSegment | None:
    """The text of an answer, or what is held of it; None where the model gave no usable one."""
    if series.was_asked(call):
        return series.held.get(call)
    try:
        return await series.ask(call, session)
    except NoAnswer:
        return None


def _check_new(series: Series) -> None:
    if not series.exhausted:
        return
    counts = fates(series.written)
    told = [f"{counts[why]} {words}" for why, words in _BECAUSE.items() if counts[why]]
    if series.unusable:
        told.append(f"{counted(series.unusable, 'question')} got no usable answer")
    raise SynthesizerRepeats(
        f"the synthesizer only repeats itself: of {counted(len(series.written), 'text')} {counts['']} could be "
        f"kept, and hardly any of the latest; {', '.join(told)}.",
        where=series.label,
        remedy="Ask for fewer texts, raise the temperature, code more segments that it can be shown, or take a "
        "larger model; what counts as alike stands under [synthesizer] in study.toml.",
    )


def _tell(all_series: Sequence[Series], listen: Listener) -> None:
    dropped = fates(one for series in all_series for one in series.written)
    del dropped[""]
    wanted = sum(series.count for series in all_series)
    kept = sum(len(series.result) for series in all_series)
    listen({"kind": "synthesis", "wanted": wanted, "kept": kept, "dropped": dict(dropped)})


class _Sieve:
    """What new texts are compared with, in order."""

    def __init__(self, around: Surroundings, embeddings: Embedder) -> None:
        settings = around.study.synthesizer
        bounds = {"words_shared": settings.words_shared, "cosine": settings.cosine}
        self._embeddings = embeddings
        self._prompt, self._human, self._synthetic = (Alike(**bounds) for _ in range(3))

    @classmethod
    async def begin(cls, around: Surroundings, all_series: Sequence[Series], embeddings: Embedder) -> _Sieve:
        """With prompts, human texts, and what was kept already."""
        sieve = cls(around, embeddings)
        shown = list(dict.fromkeys(text for series in all_series for text in series.prompt_texts))
        kept = [one for series in all_series for one in series.held.values() if one.kept]
        await sieve._know(sieve._prompt, [""] * len(shown), shown)
        await sieve._know(sieve._human, [one.id for one in around.human], [one.text for one in around.human])
        await sieve._know(sieve._synthetic, [one.id for one in kept], [one.text for one in kept])
        return sieve

    async def sift(self, texts: Sequence[SyntheticSegment]) -> list[SyntheticSegment]:
        """New texts, each with its fate; those that are kept are known from then on."""
        vectors = await self._embeddings.embed([one.text for one in texts])
        sifted = []
        for one, vector in zip(texts, vectors, strict=True):
            fate, like = self._fate(one.text, vector)
            if like is None:
                self._synthetic.add([one.id], [one.text], vector[None])
                sifted.append(one)
            else:
                own = {"dropped": fate, "like": like.id, "likeness": like.likeness}
                sifted.append(one.model_copy(update=own))
        return sifted

    def _fate(self, text: str, vector: Any) -> tuple[Dropped, Like | None]:
        if like := self._prompt.find(text, vector):
            return "prompt", like
        if like := self._human.find(text, vector):
            return "human_overlap" if like.by_words else "human_cosine", like
        if like := self._synthetic.find(text, vector):
            return "synthetic_overlap" if like.by_words else "synthetic_cosine", like
        return "", None

    async def _know(self, alike: Alike, ids: Sequence[str], texts: Sequence[str]) -> None:
        if texts:
            alike.add(ids, texts, await self._embeddings.embed(texts))
