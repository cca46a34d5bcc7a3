"""Text as it is searched: folded, cut into what was asked for, and found again in the original.

Words are found by their beginning. Where a script joins particles to words or writes without spaces between words
that letters spell, any part of the text is found; Chinese characters and kana are words of their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

_MARKS = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]")
"""Accents of Latin, Greek and Cyrillic, points of Hebrew and Arabic; other scripts' marks are letters."""
_IDEOGRAPH = re.compile(
    "[\u2e80-\u2fdf\u3005-\u3007\u3031-\u3035\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)
_JOINED = re.compile(
    "[\u0590-\u08ff\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\ua9e0-\ua9ff\uaa60-\uaadf"
    "\ufb1d-\ufdff\ufe70-\ufefc]"
)
"""Hebrew, Arabic, Syriac, Thaana, Thai, Lao, Tibetan, Myanmar, Khmer, Tai and their presentation forms."""


class Stretch(NamedTuple):
    """Where something stands in a text: `text[start:end]`."""

    start: int
    end: int


class _Folds(dict[int, str]):
    """Character -> what it is compared as; each worked out once."""

    def __missing__(self, character: int) -> str:
        plain = unicodedata.normalize("NFKD", chr(character).casefold())
        folded = self[character] = unicodedata.normalize("NFC", _MARKS.sub("", plain))
        return folded


_FOLDS = _Folds()


def fold(text: str) -> str:
    """The text without case, accents, vowel points and differences of width."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text.translate(_FOLDS))


def spaced(folded: str) -> str:
    """Folded text with a space around every ideograph, so that each counts as a word."""
    return folded if folded.isascii() else _IDEOGRAPH.sub(r" \g<0> ", folded)


def is_joined(text: str) -> bool:
    """Whether the text has letters of a script in which a word's beginning may stand within a run of letters."""
    return not text.isascii() and _JOINED.search(text) is not None


def pieces(query: str) -> tuple[str, ...]:
    """What a query asks for: its pieces between spaces, folded, each once. All of them are looked for."""
    return tuple(dict.fromkeys(fold(query).split()))


def has_letters(piece: str) -> bool:
    """Whether there is anything in it but punctuation."""
    return any(unicodedata.category(character)[0] in "LNM" for character in piece)


def find(text: str, wanted: Sequence[str]) -> list[Stretch]:
    """Where the pieces of a query stand in a text, in order and without overlap.

    Args:
        text: The text as it is.
        wanted: The pieces, folded (see `pieces`).
    """
    if not wanted:
        return []
    folded, joined = fold(text), is_joined(text)
    spans = [match.span() for piece in wanted for match in _pattern(piece, joined=joined).finditer(folded)]
    if not spans or text.isascii():
        found = {Stretch(*span) for span in spans}
    else:
        places = _places(text)
        found = {Stretch(places[start].start, places[end - 1].end) for start, end in spans}
    kept: list[Stretch] = []
    for one in sorted(found, key=lambda stretch: (stretch.start, -stretch.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


@lru_cache(256)
def _pattern(piece: str, *, joined: bool) -> re.Pattern[str]:
    """Regular expression of a piece in folded text."""
    words = re.findall(r"[^\W_]+", piece)
    if joined or not words:
        return re.compile(re.escape(piece))
    ideographic = _IDEOGRAPH.match(words[0]) is not None
    return re.compile(("" if ideographic else _BEGINNING) + r"[\W_]+".join(map(re.escape, words)))


_BEGINNING = rf"(?:(?<![^\W_])|(?<={_IDEOGRAPH.pattern}))"


def _places(text: str) -> list[Stretch]:
    """For each character of the folded text where in the text it comes from."""
    starts = [at for at, character in enumerate(text) if not at or not _may_join(character)]
    clusters = (Stretch(*ends) for ends in pairwise([*starts, len(text)]))
    return [cluster for cluster in clusters for _ in fold(text[cluster.start : cluster.end])]


def _may_join(character: str) -> bool:
    """Whether it may become one with what stands before it: a mark, or a Korean letter that does not begin one."""
    return (
        unicodedata.category(character)[0] == "M"
        or "\u1160" <= character <= "\u11ff"
        or character in "\uff9e\uff9f"
    )
