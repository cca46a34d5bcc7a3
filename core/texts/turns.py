r"""Where speaker turns begin in a transcript.

**The rule.** A line may open a turn if it begins, after an optional line number or timestamp and optional bold
marks, with a name of at most four words and a colon. Half of the name's words at least begin with a capital,
a digit or a letter of a script without case; a single word may be small (`interviewer:`). White space follows
the colon, or a letter or an opening quote directly (`P1:Yes`), so that `http://`, `10:30` and `C:\` open
nothing. A word that labels a remark, not a person (`Note:`, `Source:`, see `LABELS`), opens nothing either.

Such a line *does* open a turn if its name stands so on at least two lines of the document, or if the document
is laid out turn by turn: counted from the first such line, half of the numbered or timestamped lines, of the
first lines of blocks, or of all lines open so, and this line is one of them. So `Okay: so we went` at the start
of one wrapped line of a long interview opens nothing, and a person who speaks once is not lost.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

_REMARKS = (
    "anmerkung beispiel caution cf. citation copyright date datum definition doi duration e.g. ejemplo email "
    "example examples exemple fecha figure file fuente hint hinweis http https i.e. important link location mailto "
    "n.b. nb nota note notes ort p.s. page place ps quelle re reference references remark remarque see source "
    "sources subject summary table time tip title topic url warning z.b. zusammenfassung"
)
LABELS = frozenset(_REMARKS.split())
"""Words before a colon that are not names, case-folded."""

MAX_WORDS = 4

_CLOCK = r"\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?"
_STAMP = r"[\[(\#][\d:.,/ \-\u2013#APMapm]{1,40}[\])\#]"
_MARK = rf"(?:{_STAMP}[ \t]*|(?:{_CLOCK}|\d{{1,6}}[.)]?)[ \t]+)"
_BOLD = r"(?:\*\*|__)?"
_WORD = r"[^\W_][^\s:\uff1a()\[\]{}<>\"\u201c\u201d\u201e\u00ab\u00bb,;!?*|=\\\u2026\u3002_]{0,30}"
_ASIDE = r"(?:[ \t]*[(\[][^()\[\]\n]{1,40}[)\]])?"
_SPACED = rf"[ \u00a0\u202f]?:{_BOLD}(?=\s|\Z)"
_UNSPACED = r":(?=[^\W\d_]|[\"'\u201c\u201e\u00ab\u2018(\[\u2026])"
_COLON = rf"(?:{_SPACED}|{_UNSPACED}|[ ]?\uff1a{_BOLD})"
_OPENING = re.compile(
    rf"[ \t]*{_BOLD}(?P<marks>(?:{_MARK}){{0,2}}){_BOLD}"
    rf"(?P<name>{_WORD}(?:[ \t\u00a0]+{_WORD}){{0,{MAX_WORDS - 1}}})"
    rf"{_BOLD}{_ASIDE}{_BOLD}{_COLON}"
)
_MARKED = re.compile(rf"[ \t]*{_BOLD}{_MARK}")


class Turn(NamedTuple):
    """A turn's place: its text is `text[start:end]`, code points, its prefix `text[opening:start]`."""

    opening: int
    start: int
    end: int
    speaker: str


class _Line(NamedTuple):
    """A line that is not blank, and what stands at its beginning."""

    opening: int
    marked: bool
    first: bool
    """Whether it is the first line of a block: at the start of the text or after a blank line."""
    start: int = 0
    """End of the speaker's prefix; meaningless without a name."""
    name: str = ""


def find_turns(text: str) -> list[Turn]:
    """Find the speaker turns of a text by the rule above; wrapped lines belong to the turn before.

    Args:
        text: A document's text, line ends LF.

    Returns:
        Turns in order, none overlapping; each ends where the next one opens. Empty if there are none. A
        turn's text may be empty or begin and end with white space.
    """
    openings = _openings(list(_lines(text)))
    ends = [*(line.opening for line in openings), len(text)][1:]
    return [Turn(line.opening, line.start, end, line.name) for line, end in zip(openings, ends, strict=True)]


def _openings(lines: Sequence[_Line]) -> list[_Line]:
    """The lines that open a turn."""
    first = next((index for index, line in enumerate(lines) if line.name), len(lines))
    body = lines[first:]
    counts = Counter(line.name.casefold() for line in body if line.name)
    layouts = [layout for layout in _LAYOUTS if _laid_out(body, layout)]
    return [
        line
        for line in body
        if line.name and (counts[line.name.casefold()] > 1 or any(layout(line) for layout in layouts))
    ]


_LAYOUTS: tuple[Callable[[_Line], bool], ...] = (
    lambda line: line.marked,
    lambda line: line.first,
    lambda line: True,
)


def _laid_out(lines: Sequence[_Line], layout: Callable[[_Line], bool]) -> bool:
    """Whether at least half of the lines of this layout, and at least two, may open a turn."""
    chosen = [bool(line.name) for line in lines if layout(line)]
    return sum(chosen) >= max(2, len(chosen) / 2)


def _lines(text: str) -> Iterator[_Line]:
    opening, first = 0, True
    for content in text.split("\n"):
        if content and not content.isspace():
            yield _read_line(content, opening, first)
            first = False
        else:
            first = True
        opening += len(content) + 1


def _read_line(content: str, opening: int, first: bool) -> _Line:
    match = _OPENING.match(content)
    if match and _is_name(match["name"]):
        name = " ".join(match["name"].split())
        return _Line(opening, bool(match["marks"]), first, opening + match.end(), name)
    return _Line(opening, _MARKED.match(content) is not None, first)


def _is_name(name: str) -> bool:
    words = name.split()
    if name.casefold() in LABELS or not any(character.isalpha() for character in name):
        return False
    small = sum(word[0].islower() for word in words)
    return len(words) == 1 or small <= len(words) / 2
