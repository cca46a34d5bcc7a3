"""What a synthesizer may answer: a few texts, about as long as those that people wrote."""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import quantiles
from typing import NamedTuple

from intercoder.agents.answers import (
    InvalidAnswer,
    Schema,
    StrictAnswer,
    bounded,
    listed,
    one_line,
    record,
    validated,
    whole_words,
)

STEP = 100
"""Bounds of characters are multiples of this, so that few grammars are compiled."""
CHARACTERS_PER_TOKEN = 3
"""What is reckoned with, so that an answer ends before its tokens do."""
WORDLESS = 20
"""Characters per word from which a language is taken to be written without spaces."""

_UNSEEN = "a sentence or two " * 5
"""As long as texts are to be where there are none to go by."""
_NUMBER = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s+")
_SENTENCE = re.compile(r"[.!?…。！？][\"'”’)]*(?=\s|$)")


class Size(NamedTuple):
    """How long texts shall be, and how many fit into one answer."""

    shortest: int
    longest: int
    """Words, or characters where there are no spaces: the middle half of what people wrote."""
    unit: str
    """`words` or `characters`."""
    characters: int
    """Most characters of a text."""
    texts: int
    """Texts in one answer, from 1."""

    @property
    def told(self) -> str:
        """The size as a prompt says it."""
        between = str(self.longest) if self.shortest == self.longest else f"{self.shortest} to {self.longest}"
        return f"about {between} {self.unit if between != '1' else self.unit.removesuffix('s')}"


class SynthesizerAnswer(StrictAnswer):
    """A synthesizer's answer."""

    texts: tuple[str, ...]


def size_of(texts: Sequence[str], *, wanted: int, max_tokens: int) -> Size:
    """How long new texts shall be, after texts that people wrote.

    Args:
        texts: What people wrote; without any, sentences are asked for.
        wanted: Texts wanted in one answer.
        max_tokens: Budget of an answer. If not all texts fit, fewer are asked for.
    """
    lines = [line for text in texts if (line := one_line(text))] or [_UNSEEN]
    counts = [len(line.split()) for line in lines]
    unit = "words"
    if sum(map(len, lines)) > WORDLESS * sum(counts):
        counts, unit = [len(line) for line in lines], "characters"
    low, _, high = quantiles(counts, n=4, method="inclusive") if len(counts) > 1 else counts * 3
    room = max(CHARACTERS_PER_TOKEN * max_tokens, STEP)
    most = -(-max(len(line) for line in lines) * 6 // (5 * STEP)) * STEP
    characters = min(most, room // STEP * STEP)
    return Size(max(1, round(low)), max(1, round(high)), unit, characters, max(1, min(wanted, room // characters)))


def synthesizer_schema(size: Size) -> Schema:
    """JSON schema of an answer of exactly so many texts."""
    return record(texts=listed(bounded(size.characters, 1), size.texts) | {"minItems": size.texts})


def parse_synthesizer_answer(text: str, size: Size) -> tuple[str, ...]:
    """Read a synthesizer's reply: its texts, each on one line, without numbers and quotation marks around it.

    A text that a length limit cut off ends with its last whole sentence, or else its last whole word.

    Raises:
        InvalidAnswer: Nothing there, cut off, not of the schema, more texts than wanted, or only empty ones.
    """
    answer = validated(SynthesizerAnswer, text)
    if len(answer.texts) > size.texts:
        raise InvalidAnswer("too_long", f"The answer holds {len(answer.texts)} texts; {size.texts} are wanted.")
    texts = tuple(tidied for one in answer.texts if (tidied := _tidy(one, size.characters)))
    if not texts:
        raise InvalidAnswer("empty", "The answer holds no text.")
    return texts


def _tidy(text: str, most: int) -> str:
    line = one_line(_NUMBER.sub("", text))
    if len(text) >= most:
        ends = [found.end() for found in _SENTENCE.finditer(line[:most])]
        line = line[: ends[-1]] if ends and ends[-1] < len(line) else whole_words(line[:most], len(line[:most]))
    if len(line) > 1 and line[0] == line[-1] == '"':
        line = line[1:-1].strip()
    return line
