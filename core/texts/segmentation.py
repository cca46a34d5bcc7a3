"""Cutting a document's text into the units that are coded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import category

from intercoder.core.documents import Span, Unit
from intercoder.core.errors import InputError
from intercoder.core.texts.sentences import sentence_starts
from intercoder.core.texts.turns import find_turns

MAX_SEGMENT = 100_000
"""Code points a segment may have: a longer one fits no prompt and is nobody's unit of coding."""

_BLANK_LINES = re.compile(r"\n\s*\n")
_SMALLER: dict[Unit, Unit] = {
    "document": "paragraph",
    "row": "paragraph",
    "turn": "paragraph",
    "paragraph": "sentence",
}


def segment(text: str, unit: Unit, *, language: str = "en") -> list[Span]:
    """Cut a text into spans that are ordered, do not overlap and neither begin nor end with white space.

    Every character that is not white space lies in exactly one span, except the prefixes of speaker turns
    (number, timestamp, name, colon), which lie in none. White space is what `str.isspace` says. The time is
    linear in the length of the text.

    Args:
        text: A document's text: line ends LF, no lone surrogates (`Document` refuses them).
        unit: `document` and `row`: the whole text. `paragraph`: separated by lines that are blank.
            `sentence`: within paragraphs, by the library sentencex; punctuation alone ("...") belongs to the
            sentence before it, or else to the next. `turn`: speaker turns, found by the rule
            of `intercoder.core.texts.turns`; what stands before the first one is a span without speaker.
        language: ISO 639-1 code, for sentences only.

    Returns:
        Spans in code points. None for a text that is empty or white space.

    Raises:
        InputError: A span would be longer than `MAX_SEGMENT`, or a text cut into turns has none. `where` is
            empty: the caller knows the document's name and sets it.
    """
    return [_checked(span, unit) for span in _spans(text, unit, language)]


def _spans(text: str, unit: Unit, language: str) -> Iterator[Span]:
    match unit:
        case "document" | "row":
            yield from _trimmed(text, 0, len(text))
        case "paragraph":
            yield from _paragraphs(text)
        case "sentence":
            for paragraph in _paragraphs(text):
                yield from _sentences(text, paragraph, language)
        case "turn":
            yield from _turns(text)


def _trimmed(text: str, start: int, end: int, speaker: str | None = None) -> Iterator[Span]:
    """The span without surrounding white space; nothing if nothing is left."""
    piece = text[start:end].rstrip()
    content = piece.lstrip()
    if content:
        yield Span(start=start + len(piece) - len(content), end=start + len(piece), speaker=speaker)


def _paragraphs(text: str) -> Iterator[Span]:
    start = 0
    for blank in _BLANK_LINES.finditer(text):
        yield from _trimmed(text, start, blank.start())
        start = blank.end()
    yield from _trimmed(text, start, len(text))


def _sentences(text: str, paragraph: Span, language: str) -> Iterator[Span]:
    content = text[paragraph.start : paragraph.end]
    starts = [paragraph.start + start for start in sentence_starts(content, language)]
    begun, speaks = paragraph.start, False
    for start, end in zip(starts, [*starts[1:], paragraph.end], strict=True):
        piece_speaks = _speaks(text, start, end)
        if piece_speaks and speaks:
            yield from _trimmed(text, begun, start)
            begun = start
        speaks = speaks or piece_speaks
    yield from _trimmed(text, begun, paragraph.end)


def _speaks(text: str, start: int, end: int) -> bool:
    """Whether there is more than punctuation: a letter, digit, mark or symbol (emoji are symbols)."""
    return any(category(text[position])[0] in "LMNS" for position in range(start, end))


def _turns(text: str) -> Iterator[Span]:
    turns = find_turns(text)
    if not turns:
        if not text or text.isspace():
            return
        raise InputError(
            "no speaker turns found: no lines begin with a name and a colon, as in 'Ana: Hello.'",
            remedy="Check how the speakers are written, or import it with --unit paragraph.",
        )
    yield from _trimmed(text, 0, turns[0].opening)
    for turn in turns:
        yield from _trimmed(text, turn.start, turn.end, turn.speaker)


def _checked(span: Span, unit: Unit) -> Span:
    length = span.end - span.start
    if length <= MAX_SEGMENT:
        return span
    smaller = _SMALLER.get(unit)
    remedy = (
        f"Import it with the next smaller unit: --unit {smaller}."
        if smaller
        else "Put blank lines into the text where it may be cut."
    )
    raise InputError(
        f"a {unit} at character {span.start:,} has {length:,} characters; a segment may have {MAX_SEGMENT:,}.",
        remedy=remedy,
    )
