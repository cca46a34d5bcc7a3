"""What tests of a development round say about a coder, in words: never that a coder fails."""

from __future__ import annotations

from math import isnan

from intercoder.core.coding.findings import CoderFindings

GUESSING = "cannot be told from guessing, look at the reasons"
REPEATS = {
    "consistent": "repeats itself when asked again",
    "unclear": "repeats itself in part when asked again",
    "guessing": "asked again, agrees with itself no better than chance might; look at the reasons",
}


def verdict(coder: CoderFindings, *, exact: bool) -> str:
    """What the tests say about a coder's answers; `exact` for a code that a pattern finds."""
    if exact:
        return "exact: found by a pattern"
    said = []
    if not isnan(coder.p_holm):
        said.append("not what guessing gives" if coder.not_guessing else GUESSING)
    said.append(REPEATS.get(coder.repeat, "too few answers to say whether it repeats itself"))
    return "; ".join(said)
