"""Text under study as people are shown it: nothing in it drives a terminal, and numbers read as English."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

_JOINERS = "\u200c\u200d"
"""Zero-width signs that words of several scripts, and emoji made of others, are written with."""


def shown_safely(text: str) -> str:
    """The text with control, bidirectional and zero-width characters made visible, so none drives a terminal.

    Joiners between letters or symbols stay: Persian, Hindi and emoji are spelled with them.
    """
    return text if text.isascii() and text.isprintable() else "".join(shown_characters(text))


def shown_characters(text: str) -> Iterator[str]:
    """What is shown for each character of a text, in order."""
    for place, character in enumerate(text):
        if character in "\n\t" or not _hidden(character) or (character in _JOINERS and _joins(text, place)):
            yield character
        else:
            yield f"\\u{ord(character):04x}"


def one_line(text: str, longest: int = 100) -> str:
    """The text on one line, safe to show, cut at `longest` characters."""
    line = " ".join(shown_safely(text).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def counted(number: int, noun: str) -> str:
    """`1 segment`, `2 segments`, `1,200 segments`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def _hidden(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _joins(text: str, place: int) -> bool:
    """Whether the sign at a place stands between letters, marks or symbols that are not ASCII."""
    beside = text[place - 1 : place] + text[place + 1 : place + 2]
    return len(beside) == 2 and all(not one.isascii() and unicodedata.category(one)[0] in "LMS" for one in beside)
