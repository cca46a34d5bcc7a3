"""Text under study as people are shown it: nothing in it drives a terminal, and numbers read as English."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def shown_safely(text: str) -> str:
    """The text with control, bidirectional and zero-width characters made visible, so none drives a terminal."""
    return "".join(
        character if character in "\n\t" or not _hidden(character) else f"\\u{ord(character):04x}"
        for character in text
    )


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
