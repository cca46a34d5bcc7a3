"""Segments as they are listed, each on one line."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from intercoder.core.shown import one_line
from intercoder.core.texts.searched_text import find
from intercoder.stores.corpus.pages import CorpusDocument, CorpusLine
from intercoder.tui.segment_rows import FOUND, marked
from intercoder.tui.text import joined, line
from intercoder.tui.widgets.hanging import MUTED

SPEAKER = 9
"""Cells for the speaker."""
LONGEST = 240
"""Characters of the text."""
BEFORE = 16
"""Characters before what was found, where that is far from the beginning."""
FAR = 30
"""Characters from the beginning that are near."""


def segment_line(
    place: int, digits: int, one: CorpusLine, codes: int | None, wanted: Sequence[str], *, speakers: bool
) -> Content:
    """Place, codes, speaker, and the beginning of the text or what was found in it.

    Args:
        place: Where it stands, from 0.
        digits: Cells for the place.
        one: The segment.
        codes: How many codes it was given; None where that is not told.
        wanted: Pieces that were searched for.
        speakers: Whether there is room for speakers.
    """
    given = f"{min(codes, 99):2}●" if codes else " · " if codes == 0 else "   "
    head = Content(f"{place + 1:>{digits}} {given} ").stylize(MUTED)
    name = set_cell_size(one_line(one.speaker, SPEAKER), SPEAKER) + " " if speakers else ""
    text = " ".join(one.text[: LONGEST * 8].split())
    found = find(text, wanted)
    start = _beginning(text, found[0].start) if found else 0
    cut = text[start : start + LONGEST]
    again = find(cut, wanted) if start or len(text) > LONGEST else found
    return joined(
        head, Content(name).stylize("$secondary"), "…" if start else "", marked(cut, [(m, FOUND) for m in again])
    )


def _beginning(text: str, found: int) -> int:
    """Where to begin, so that what was found is seen: at a word, where there are words."""
    if found <= FAR:
        return 0
    space = text.find(" ", found - BEFORE, found)
    return space + 1 if space >= 0 else found - BEFORE


def document_line(one: CorpusDocument, chosen: bool, width: int) -> Content:
    """Name and size; a dot before the one that is chosen."""
    return joined("● " if chosen else "", line(middle_left_out(one.name, width), width), f"  {one.segments:,}")


def middle_left_out(name: str, width: int) -> str:
    """A name on one line in so many cells; of a longer one the end stays, by which names differ most."""
    told = one_line(name, len(name) * 8 + 1)
    if cell_len(told) <= width:
        return told
    left = list(told)
    end = ""
    while left and cell_len(left[-1] + end) <= max((width - 1) // 3, 1):
        end = left.pop() + end
    start = ""
    for char in left:
        if cell_len(start + char + end) > width - 1:
            break
        start += char
    return f"{start}…{end}"
