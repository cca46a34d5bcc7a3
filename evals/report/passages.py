"""Passages as a report shows them: the text with coders' quotes marked, and what each said and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from intercoder.core.coding.findings import Excerpt, Said
from intercoder.core.documents import Segment
from intercoder.core.texts.quotes import locate
from intercoder.evals.report.deductive.deductive_contents import DeductiveContents, Numbers, coder_name
from intercoder.evals.report.figures import Cell

LONGEST = 1200
"""Characters of a text that are shown; round the first quote where it is longer."""
BEFORE = 200
"""Characters shown before that quote."""
KINDS = {
    "disputed": "Coders differ",
    "unstable": "Said something else when asked again",
    "unsure": "Unsure",
    "yes": "Yes",
    "no": "No",
}
"""Kinds of passages, the most telling first."""


class Piece(NamedTuple):
    """A part of a text."""

    text: str
    marked: bool


class Line(NamedTuple):
    """What one coder said of a code in a passage."""

    who: Cell
    """Leads to the decision, where the report holds it."""
    value: str
    reason: str
    lost_quote: str
    """A quote that does not stand in the text; else empty."""


class Passage(NamedTuple):
    """A text with what was said of it."""

    place: str
    """Document and speaker."""
    pieces: tuple[Piece, ...]
    lines: tuple[Line, ...]


class Passages(NamedTuple):
    """Passages of one kind."""

    title: str
    passages: tuple[Passage, ...]


def by_kind(excerpts: Sequence[Excerpt], contents: DeductiveContents, numbers: Numbers) -> tuple[Passages, ...]:
    """Passages of a code, grouped by what they show."""
    groups: dict[str, list[Excerpt]] = {kind: [] for kind in KINDS}
    for excerpt in excerpts:
        groups[_kind(excerpt)].append(excerpt)
    return tuple(
        Passages(KINDS[kind], tuple(passage(one, contents, numbers) for one in some))
        for kind, some in groups.items()
        if some
    )


def passage(excerpt: Excerpt, contents: DeductiveContents, numbers: Numbers) -> Passage:
    """One text with what was said of it."""
    segment = contents.segments.get(excerpt.segment_id)
    quotes = [said.quote for said in excerpt.said if said.verified]
    return Passage(
        place=_place(segment),
        pieces=marked(excerpt.text, quotes),
        lines=tuple(_line(said, numbers) for said in excerpt.said),
    )


def marked(text: str, quotes: Iterable[str]) -> tuple[Piece, ...]:
    """A text in pieces, the quotes in it marked; a long one is cut.

    Example:
        >>> marked("We mend.", ["mend"])
        (Piece(text='We ', marked=False), Piece(text='mend', marked=True), Piece(text='.', marked=False))
    """
    within = [False] * len(text)
    for quote in quotes:
        found = locate(quote, text)
        if found.start is not None and found.end is not None:
            within[found.start : found.end] = [True] * (found.end - found.start)
    start, stop = _window(text, within)
    pieces: list[Piece] = [Piece("… ", False)] if start else []
    at = start
    for place in range(start + 1, stop + 1):
        if place == stop or within[place] != within[at]:
            pieces.append(Piece(text[at:place], within[at]))
            at = place
    return (*pieces, Piece(" …", False)) if stop < len(text) else tuple(pieces)


def _window(text: str, within: Sequence[bool]) -> tuple[int, int]:
    if len(text) <= LONGEST:
        return 0, len(text)
    first = within.index(True) if True in within else 0
    start = max(0, min(first - BEFORE, len(text) - LONGEST))
    return start, start + LONGEST


def _kind(excerpt: Excerpt) -> str:
    if excerpt.disputed:
        return "disputed"
    if excerpt.unstable:
        return "unstable"
    values = [said.value for said in excerpt.said if said.role == "coder"] or [""]
    return values[0] or "no"


def _place(segment: Segment | None) -> str:
    if segment is None:
        return ""
    return f"{segment.document}, {segment.speaker}" if segment.speaker else segment.document


def _line(said: Said, numbers: Numbers) -> Line:
    return Line(
        who=numbers.decision(said.decision_id, coder_name(said.role, said.coder)),
        value=said.value,
        reason=said.reason,
        lost_quote=said.quote if said.quote and not said.verified else "",
    )
