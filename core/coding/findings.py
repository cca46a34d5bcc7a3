"""What a development round found out about a code: numbers, and passages with what coders said of them."""

from __future__ import annotations

import math

from intercoder.core.decisions import Role, Value
from intercoder.core.record import Record

ALPHA = 0.05
"""Level at which a test rejects that answers are guesses."""


class Said(Record):
    """One decision as evidence."""

    decision_id: str
    role: Role
    coder: str
    value: Value
    reason: str = ""
    quote: str = ""
    verified: bool = False


class Excerpt(Record):
    """A segment with what was said of one code there."""

    segment_id: str
    text: str
    document: str = ""
    """The document's name."""
    speaker: str = ""
    said: tuple[Said, ...]
    by_person: bool = False
    """Whether a person settled it, or put it forward as evidence."""
    settled: Value = ""
    """What a person settled it on; empty where it is only put forward."""
    note: str = ""
    """Why, in the person's words."""

    @property
    def disputed(self) -> bool:
        """Whether coders gave different answers."""
        return len({one.value for one in self.said if one.role == "coder"}) > 1

    @property
    def unstable(self) -> bool:
        """Whether a coder said something else when asked again."""
        first = {one.coder: one.value for one in self.said if one.role == "coder"}
        return any(one.role == "repeat" and first.get(one.coder, one.value) != one.value for one in self.said)


class CoderFindings(Record):
    """One coder's answers about one code, tested against guessing (seed 002, 2.2.3). Undefined is nan."""

    coder: str
    yes: int
    no: int
    unsure: int
    p: float = math.nan
    """Of the binomial test; of the chi-squared test in an exclusive book."""
    p_holm: float = math.nan
    """Adjusted for testing all codes of the round."""
    kappa: float = math.nan
    """Between the coder's two passes."""
    kappa_low: float = math.nan
    kappa_high: float = math.nan
    repeat_p: float = math.nan
    """Share of shuffled second passes that agree with the first at least as well."""
    repeat: str = "undefined"
    """`consistent`, `unclear`, `guessing` or `undefined`."""

    by_classifier: int = 0
    """Decisions of the second pass that a classifier made (`CoderValues.by_classifier`); in no repeat test."""

    @property
    def not_guessing(self) -> bool:
        """Whether the answers are told from guessing; false also where the test is undefined."""
        return self.p_holm < ALPHA


class CodeFindings(Record):
    """What a round found out about one code."""

    code_id: str
    coders: tuple[CoderFindings, ...]
    disputed: int = 0
    """Segments on which coders differ."""
    excerpts: tuple[Excerpt, ...] = ()
    """Passages to look at: disputed ones, unstable ones, then some Yes and some No."""
