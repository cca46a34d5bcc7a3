"""A text laid out in cells so that each place on the screen leads back to the text's own code points.

What could drive a terminal is shown escaped, a wide character takes two cells, a letter and its marks are one
piece: the text is cut into pieces that are selected whole, and pieces into lines.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import regex
from rich.cells import cell_len

from intercoder.core.shown import shown_characters

TAB = "    "
"""How a tab is shown."""
_WORD = regex.compile(r"\b\w+", regex.WORD)


class Piece(NamedTuple):
    """What is selected whole: a letter with its marks, an emoji, an escaped sign."""

    start: int
    """Code points of the text, from 0."""
    end: int
    shown: str
    cells: int


class Placed(NamedTuple):
    """A piece in its line."""

    x: int
    piece: int
    """Which piece."""


class LaidText:
    """A text in lines of a width.

    Args:
        text: The text as it is.
        width: Cells of a line; a piece that is wider has a line of its own.
    """

    def __init__(self, text: str, width: int) -> None:
        self.text = text
        self.width = max(width, 1)
        self.pieces: Sequence[Piece] = tuple(_pieces(text, self.width))
        self.lines: Sequence[Sequence[Placed]] = tuple(_lines(self.pieces, self.width))

    @cached_property
    def words(self) -> list[tuple[int, int]]:
        """Code points at which words begin and end."""
        return [match.span() for match in _WORD.finditer(self.text)]

    def offset(self, index: int) -> int:
        """The code point at which a piece begins; the text's end after the last."""
        return self.pieces[index].start if index < len(self.pieces) else len(self.text)

    def piece_at(self, offset: int) -> int:
        """The piece that a code point belongs to; the number of pieces at the text's end."""
        if offset >= len(self.text):
            return len(self.pieces)
        return max(bisect_right(self.pieces, offset, key=lambda piece: piece.start) - 1, 0)

    def place(self, index: int) -> tuple[int, int]:
        """Cell and line of a piece; of the text's end, after the last piece."""
        for y, line in enumerate(self.lines):
            if line and index <= line[-1].piece:
                return next(placed.x for placed in line if placed.piece >= index), y
        return self._end()

    def hit(self, x: int, y: int) -> int:
        """The piece under a cell; in a line's empty end the piece that ends the line."""
        if y < 0:
            return 0
        if y >= len(self.lines):
            return len(self.pieces)
        line = self.lines[y]
        # What takes no cell is under one only where nothing is drawn there.
        for least in (0, 1):
            for placed in line:
                if x < placed.x + max(self.pieces[placed.piece].cells, least):
                    return placed.piece
        if not line:
            return len(self.pieces)
        last = line[-1].piece
        return last if y + 1 < len(self.lines) else last + 1

    def next_word(self, index: int) -> int:
        """The piece with which the next word begins; the text's end where there is none."""
        offset = self.offset(index)
        return self.piece_at(next((start for start, _ in self.words if start > offset), len(self.text)))

    def last_word(self, index: int) -> int:
        """The piece with which the word before begins, or the one the place is in."""
        offset = self.offset(index)
        return self.piece_at(next((start for start, _ in reversed(self.words) if start < offset), 0))

    def word_end(self, index: int) -> int:
        """The place after the word that ends next."""
        offset = self.offset(index)
        return self.piece_at(next((end for _, end in self.words if end > offset), len(self.text)))

    def word_around(self, index: int) -> tuple[int, int]:
        """The places before and after the word that a piece is in; around the piece alone in no word."""
        offset = self.offset(index)
        for start, end in self.words:
            if start <= offset < end:
                return self.piece_at(start), self.piece_at(end)
        return index, min(index + 1, len(self.pieces))

    def _end(self) -> tuple[int, int]:
        last = self.lines[-1]
        if not last:
            return 0, len(self.lines) - 1
        return last[-1].x + self.pieces[last[-1].piece].cells, len(self.lines) - 1


def _pieces(text: str, width: int) -> Iterator[Piece]:
    shown = list(shown_characters(text))
    for match in regex.finditer(r"\n|\X", text):
        start, end = match.span()
        cut = text.find("\n", start, end)
        if cut > start:  # a line end is a piece of its own, whatever goes before it
            yield _piece(shown, start, cut, width)
            start = cut
        yield _piece(shown, start, end, width)


def _piece(shown: Sequence[str], start: int, end: int, width: int) -> Piece:
    seen = "".join(shown[start:end])
    if seen == "\n":
        return Piece(start, end, "", 0)
    seen = seen.replace("\t", TAB)
    if cell_len(seen) > width:
        seen = "…"
    return Piece(start, end, seen, cell_len(seen))


def _lines(pieces: Sequence[Piece], width: int) -> Iterator[list[Placed]]:
    """Lines broken at white space, or beside wide characters, or where a word is longer than a line."""
    line: list[Placed] = []
    x = 0
    broken = False
    for chunk in _chunks(pieces):
        cells = sum(pieces[index].cells for index in chunk)
        first = pieces[chunk[0]]
        if _ends_line(first):
            line.append(Placed(x, chunk[0]))
            yield line
            line, x, broken = [], 0, True
            continue
        broken = False
        if first.shown.isspace():
            # White space at a line's end takes no room of the next one.
            line.append(Placed(min(x, width - 1), chunk[0]))
            x = min(x + cells, width)
            continue
        if x and x + cells > width:
            yield line
            line, x = [], 0
        for index in chunk:
            if x and x + pieces[index].cells > width:
                yield line
                line, x = [], 0
            line.append(Placed(x, index))
            x += pieces[index].cells
    if line or broken or not pieces:
        yield line


def _chunks(pieces: Sequence[Piece]) -> Iterator[list[int]]:
    """Pieces that are not parted: words; line ends, white space and wide characters one by one."""
    word: list[int] = []
    for index, piece in enumerate(pieces):
        alone = _ends_line(piece) or piece.shown.isspace() or (piece.cells > 1 and len(piece.shown) == 1)
        if alone:
            if word:
                yield word
            word = []
            yield [index]
        else:
            word.append(index)
    if word:
        yield word


def _ends_line(piece: Piece) -> bool:
    return piece.shown == "" and piece.cells == 0 and piece.end - piece.start == 1
