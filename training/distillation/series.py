"""What is written of one code and value: a series of texts, question by question."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil

from intercoder.agents.cue_words import cue_words, how_many
from intercoder.agents.session import Session
from intercoder.agents.synthesizer import Synthesizer, entry
from intercoder.core.codebook import Codebook
from intercoder.core.documents import Segment
from intercoder.core.errors import InputError
from intercoder.core.identity import digest, make_id
from intercoder.core.study import Study
from intercoder.core.synthetic import SyntheticSegment, Wanted, Written

LEAST_NEW = 0.1
"""Share of the latest texts that must be kept, for a synthesis to go on."""
TOGETHER = 4
"""Questions in a row that show the same human texts: a model reads what their prompts have in common once."""
SEEDS = 2**31
"""Seeds of sampling lie below this."""


@dataclass(frozen=True)
class Surroundings:
    """What all series of a synthesis share."""

    book: Codebook
    study: Study
    synthesizer: Synthesizer
    seed: int
    human: Sequence[Segment]
    """All human segments of the training part."""
    embedding: str
    """Name of the embedding model."""

    @cached_property
    def digest(self) -> str:
        """Of what decides, beside the examples of a series, which texts are written and kept."""
        settings = self.synthesizer.settings.model_dump(mode="json", exclude={"model", "patience", "seed"})
        texts = sorted((one.id, one.text) for one in self.human)
        return digest(TOGETHER, settings, self.study.question, self.study.id, self.seed, self.embedding, texts)


class Series:
    """What is written of one code and value.

    Args:
        wanted: How many.
        examples: (code id, value) -> human segments that may be shown.
        around: What all series share.

    Raises:
        InputError: There is no example of the code.
    """

    def __init__(
        self, wanted: Wanted, examples: Mapping[tuple[str, Written], Sequence[Segment]], around: Surroundings
    ) -> None:
        self.code, self.value, self.count = wanted.code, wanted.value, wanted.count
        self.written: list[SyntheticSegment] = []
        """So far, in order, dropped ones too."""
        self.unusable = 0
        """Questions of this synthesis without a usable answer."""
        self.held: Mapping[int, SyntheticSegment] = {}
        """What the study holds of it already, by question."""
        self._asked_before = 0
        self._kept: list[bool] = []
        """Of each text, in order, whether it was kept; a question without a usable answer kept none."""
        self._around = around
        self._with = sorted(examples.get((self.code.id, "yes"), ()), key=lambda one: one.id)
        without = examples.get((self.code.id, "no"), ()) if self.value == "no" else ()
        self._without = sorted(without, key=lambda one: one.id)
        if not self._with:
            raise InputError(
                "no text that people gave the code to can be shown to the synthesizer.",
                where=self.code.label,
                remedy="Code some segments with it, or leave the code out.",
            )
        self.size = around.synthesizer.size([one.text for one in self._without or self._with])
        self._next = 0

    @cached_property
    def origin(self) -> str:
        """Digest of all that determines what is written here, and what of it is kept."""
        identity = self._around.synthesizer.identity(self.value)
        shown = [(one.id, one.text) for one in (*self._with, *self._without)]
        return make_id("o", self.code.id, self._entry, self.value, identity, shown, self._around.digest)

    @property
    def label(self) -> str:
        """How the series is told to people."""
        return self.code.label if self.value == "yes" else f"{self.code.label} (texts that only look like it)"

    @property
    def prompt_texts(self) -> list[str]:
        """What a prompt holds beside people's texts, and no answer may repeat."""
        code = self.code
        said = [*self._around.synthesizer.worked_texts(self.value), code.definition, *code.include, *code.exclude]
        return [text for text in said if text.strip()]

    @property
    def result(self) -> list[SyntheticSegment]:
        """As many as are wanted of those that were kept, the first ones."""
        return [one for one in self.written if one.kept][: self.count]

    def was_asked(self, call: int) -> bool:
        """Whether the study holds what a question brought; nothing where its answer could not be used."""
        return call < self._asked_before

    def hold(self, held: Sequence[SyntheticSegment]) -> None:
        """Tell what the study holds of it already."""
        self.held = {one.call: one for one in held}
        self._asked_before = max(self.held, default=-1) + 1

    @property
    def is_held(self) -> bool:
        """Whether the study holds all that is wanted."""
        return sum(one.kept for one in self.held.values()) >= self.count

    def take(self, call: int, segment: SyntheticSegment | None) -> None:
        """Add what a question brought, None where its answer could not be used."""
        if segment is None:
            self.unusable += 1
        else:
            self.written.append(segment)
        self._kept.append(segment is not None and segment.kept)
        self._next = call + 1

    @property
    def full(self) -> bool:
        """Whether nothing is lacking."""
        return len(self.result) >= self.count

    @property
    def exhausted(self) -> bool:
        """Whether, while something is lacking and nothing more is held, hardly any of the latest could be kept."""
        patience = self._around.study.synthesizer.patience
        latest = self._kept[-patience:]
        lacking = not self.full and not self.was_asked(self._next)
        return lacking and len(latest) == patience and sum(latest) < LEAST_NEW * patience

    def questions(self) -> range:
        """Numbers of the questions that would complete the series if as many texts are kept as until now.

        At most as many as show whether anything new comes at all.
        """
        lacking = self.count - len(self.result)
        likely = max((sum(self._kept) + 1) / (len(self._kept) + 1), LEAST_NEW)
        return range(self._next, self._next + min(ceil(lacking / likely), self._around.study.synthesizer.patience))

    async def ask(self, call: int, session: Session) -> SyntheticSegment:
        """Ask one question; its text was not compared with anything yet.

        Raises:
            NoAnswer: The model gave no usable answer.
            EndpointStopped: The endpoint answers nobody.
        """
        around = self._around
        named = (around.seed, self.code.id, self.value, call)
        shown, words = self._drawn(call)
        asked = await around.synthesizer.write(
            around.book,
            self.code,
            self.value,
            [one.text for one in shown],
            self.size,
            session,
            words=words,
            about=make_id("y", *named),
            seed=int(digest(*named)[:8], 16) % SEEDS,
        )
        return SyntheticSegment(
            id=make_id("y", self.origin, call),
            origin=self.origin,
            code_id=self.code.id,
            code_revision=self.code.revision,
            codebook_version=around.book.version,
            value=self.value,
            call=call,
            text=asked.value,
            examples=tuple(one.id for one in shown),
            temperature=around.synthesizer.settings.sampling.temperature,
            seed=around.seed,
            provenance=asked.provenance,
        )

    def _drawn(self, call: int) -> tuple[list[Segment], list[str]]:
        """The human texts that one question shows, and the words it gives.

        Words come from two texts that are not shown, as far as there are any: for a hard negative one of them has
        the code. So no text that people wrote answers the question.
        """
        named = (self._around.seed, self.code.id, self.value)
        own = self._without if self.value == "no" else self._with
        count = min(self._around.study.synthesizer.examples, len(own))
        shown = random.Random(digest("examples", *named, call // TOGETHER)).sample(own, count)
        draw = random.Random(digest("words", *named, call))
        others = [one for one in own if one not in shown] or own or self._with
        second = self._with if self.value == "no" else others
        count = how_many([one.text for one in own or self._with])
        words = cue_words(draw.choice(others).text, max(1, count - 1), draw)
        words += cue_words(draw.choice(second).text, 1, draw) if count > 1 else []
        draw.shuffle(words)
        return shown, list(dict.fromkeys(words))

    @cached_property
    def _entry(self) -> str:
        return entry(self._around.book, self.code)
