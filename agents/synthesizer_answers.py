"""What a synthesizer may answer: a text, about as long as those that people wrote."""

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
    """How long texts shall be."""

    shortest: int
    longest: int
    """Words, or characters where there are no spaces: the middle half of what people wrote."""
    unit: str
    """`words` or `characters`."""
    characters: int
    """Most characters of a text."""

    @property
    def told(self) -> str:
        """The size as a prompt says it."""
        if self.longest == 1:
            return f"about one {self.unit.removesuffix('s')}"
        between = str(self.longest) if self.shortest == self.longest else f"{self.shortest} to {self.longest}"
        return f"about {between} {self.unit}"


class SynthesizerAnswer(StrictAnswer):
    """A synthesizer's answer."""

    text: str


def size_of(texts: Sequence[str], *, max_tokens: int) -> Size:
    """How long new texts shall be, after texts that people wrote.

    Args:
        texts: What people wrote; without any, sentences are asked for.
        max_tokens: Budget of an answer; texts that would not fit are asked for shorter.
    """
    lines = [line for text in texts if (line := one_line(text))] or [_UNSEEN]
    room = max(CHARACTERS_PER_TOKEN * max_tokens // STEP * STEP, STEP)
    most = -(-max(len(line) for line in lines) * 6 // (5 * STEP)) * STEP
    characters = min(most, room)
    shown = [shortened(line, characters) for line in lines]
    counts, unit = [len(line.split()) for line in shown], "words"
    if sum(map(len, shown)) > WORDLESS * sum(counts):
        counts, unit = [len(line) for line in shown], "characters"
    low, _, high = quantiles(counts, n=4, method="inclusive") if len(counts) > 1 else counts * 3
    return Size(max(1, round(low)), max(1, round(high)), unit, characters)


def synthesizer_schema(size: Size) -> Schema:
    """JSON schema of an answer."""
    return record(text=bounded(size.characters, 1))


def parse_synthesizer_answer(text: str, size: Size) -> str:
    """Read a synthesizer's reply: its text on one line, without a number before it and quotation marks around it.

    Raises:
        InvalidAnswer: Nothing there, cut off, not of the schema, or without a letter or digit.
    """
    line = one_line(_NUMBER.sub("", validated(SynthesizerAnswer, text).text))
    line = shortened(line, size.characters - 1)
    if len(line) > 1 and line[0] == line[-1] == '"':
        line = line[1:-1].strip()
    if not any(character.isalnum() for character in line):
        raise InvalidAnswer("empty", "The answer holds no text.")
    return line


def shortened(text: str, most: int) -> str:
    """A text on one line, of at most so many characters: cut after a sentence, or else after a word."""
    line = one_line(text)
    if len(line) <= most:
        return line
    ends = [found.end() for found in _SENTENCE.finditer(line[:most])]
    return line[: ends[-1]] if ends else whole_words(line[:most], most)
