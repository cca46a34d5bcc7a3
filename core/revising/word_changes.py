"""Texts compared word by word: typed pieces for a terminal, Markdown or a page."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Literal, TypeAlias

from intercoder.core.record import Record

PieceKind: TypeAlias = Literal["same", "removed", "added"]
Sign: TypeAlias = Literal["", "-", "+"]


class Piece(Record):
    """Some words of a line: as they were, taken away or new."""

    text: str
    kind: PieceKind = "same"


class Line(Record):
    """One line about a change: a sentence, or (with a sign) a text as it was or as it is."""

    pieces: tuple[Piece, ...]
    sign: Sign = ""

    @property
    def text(self) -> str:
        """Its words."""
        return "".join(piece.text for piece in self.pieces)


_WORDS = re.compile(r"\s+|\S+")


def word_pieces(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Two texts compared word by word: the old one's pieces, same or removed, and the new one's, same or added."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    left: list[Piece] = []
    right: list[Piece] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes():
        if a < b:
            left.append(Piece(text="".join(before[a:b]), kind="same" if tag == "equal" else "removed"))
        if c < d:
            right.append(Piece(text="".join(after[c:d]), kind="same" if tag == "equal" else "added"))
    return tuple(_joined(left)), tuple(_joined(right))


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces; two that differ are one where only white space is the same between them."""
    joined: list[Piece] = []
    for piece in pieces:
        if len(joined) > 1 and piece.kind == joined[-2].kind != "same" and not joined[-1].text.strip():
            gap, last = joined.pop(), joined.pop()
            piece = Piece(text=last.text + gap.text + piece.text, kind=piece.kind)
        joined.append(piece)
    return joined


def alike(one: str, other: str) -> float:
    """Share of words that two texts have in common, in order, 0 to 1."""
    return difflib.SequenceMatcher(a=one.split(), b=other.split(), autojunk=False).ratio()


def both_lines(old: str, new: str) -> list[Line]:
    """A text as it was and as it is, changed words marked; one line only where the other text is empty."""
    left, right = word_pieces(old, new)
    lines = [Line(pieces=left, sign="-"), Line(pieces=right, sign="+")]
    return [line for line in lines if line.pieces]


def signed(sign: Sign, text: str) -> Line:
    """A text that came or went as a whole."""
    return Line(pieces=(Piece(text=text, kind="added" if sign == "+" else "removed"),), sign=sign)


def sentence(text: str) -> Line:
    """A line that is about a change."""
    return Line(pieces=(Piece(text=text),))
