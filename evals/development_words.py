"""What tests of a development round say about a coder, in words: never that a coder fails."""

from __future__ import annotations

from math import isnan

from intercoder.core.coding.findings import CoderFindings
from intercoder.core.shown import counted

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
    if coder.by_classifier:
        said.append(classified_again(coder.by_classifier))
    return "; ".join(said)


def classified_again(decisions: int) -> str:
    """That so many decisions enter no repeat test, since a classifier made them."""
    are = "is" if decisions == 1 else "are"
    return f"{counted(decisions, 'repeated decision')} of a classifier {are} left out"
