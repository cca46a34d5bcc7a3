"""Codes that a regular expression finds: exact, without a model (seed 002, section 4), and bounded in time."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import regex

from intercoder.core.errors import InputError

LONGEST = 0.5
"""Seconds one search may take. An expression that backtracks without end is stopped there."""
PROBES = ("a" * 40 + "!", "1" * 40 + "x", " " * 40 + "x", "aA" * 20 + "#", "a b " * 10 + "!", "@a#A1 " * 8 + "\n")
"""Texts that make careless expressions backtrack."""


class PatternTimeout(InputError):
    """A search that was stopped because it took too long. It says something about this text and pattern only."""


class Found(NamedTuple):
    """Where a pattern was found: the words, and their place in the text (code points, end exclusive)."""

    text: str
    start: int
    end: int


def search(pattern: str, text: str, timeout: float = LONGEST) -> Found | None:
    """The first place where the pattern is found. Upper and lower case count; `(?i)` at its head says otherwise.

    Raises:
        InputError: The pattern is no regular expression.
        PatternTimeout: It takes too long on this text.
    """
    try:
        found = _compiled(pattern).search(text, timeout=timeout)
    except TimeoutError:
        raise PatternTimeout(
            f"the pattern `{pattern}` takes more than {timeout} seconds on a text of {len(text):,} characters.",
            remedy="It tries endless combinations: avoid a repetition inside a repetition, such as (a+)+.",
        ) from None
    return None if found is None else Found(found[0], found.start(), found.end())


def check_pattern(pattern: str) -> None:
    """Refuse a pattern that cannot be used.

    Raises:
        InputError: It is empty, no regular expression, found in every text, or does not end on some probes.
    """
    if not pattern:
        raise InputError("the pattern is empty.", remedy="Write the regular expression that finds the code.")
    if search(pattern, "") is not None:
        raise InputError(
            f"the pattern `{pattern}` is found in an empty text, so it says nothing.",
            remedy="Make it match something.",
        )
    for probe in PROBES:
        search(pattern, probe)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> regex.Pattern[str]:
    try:
        return regex.compile(pattern)
    except regex.error as error:
        raise InputError(
            f"the pattern `{pattern}` is no regular expression: {error}.",
            remedy="Mend it; write a backslash twice where it stands between double quotation marks.",
        ) from None
