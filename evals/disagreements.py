"""Which of the units that coders differ on tell most, so that a person who settles some settles those first.

A unit is a segment and a code; where coders choose one of several codes, or find codes of their own, a segment.
The order, each part breaking the ties of the one before:

1. Units that nobody has settled yet.
2. The more divided the coders, the earlier: Shannon entropy of their answers in bits, each coder one vote,
   `unsure` an answer of its own. This is vote entropy, by which a committee of learners chooses what to ask people
   about (Dagan & Engelson 1995; Settles 2009, section 3.2). It is 0 where all say the same and at most log2 of the
   number of coders, or of answers where these are fewer. Where coders find codes of their own, hardly two say the
   same, and what counts is how many different labels they gave, nothing being one of them, then how many of the
   coders a moderator did not follow.
3. A person against what stands in the end of the models' answers, before people among themselves, before models
   among themselves: the first is what a calibration fails on, and one of the two is taken for right already.
4. Codes on which coders agree less (Gwet's AC1, 2008, over all units that two or more decided) come earlier: there,
   what is learnt of one unit holds for many others.
5. Document order, and within a segment the order of the codebook.

Coders that answered otherwise when asked again are marked. Such a unit is listed though all first answers agree;
its entropy is 0, so that it comes after those on which coders differ.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple

import numpy as np

from intercoder.core.coding.settling import Unit
from intercoder.evals.coefficients.chance_corrected import weight_matrix
from intercoder.evals.coefficients.coefficients import Question
from intercoder.evals.coefficients.multilabel import positive_of
from intercoder.evals.coefficients.ratings import MISSING, Ratings
from intercoder.evals.interval import Estimate

BETWEEN_PEOPLE_AND_MODEL, AMONG_PEOPLE, AMONG_MODELS, WITHIN_A_CODER = range(4)
CONFLICTS = ("people and model", "people", "models", "asked again")
"""Who differs, by the numbers above."""


class Answers(NamedTuple):
    """What was said of one unit; each answer stands at its coder's place, empty where there is none."""

    people: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    final: str = ""
    """What stands in the end of the models' answers."""
    changed: tuple[bool, ...] = ()
    """Of each model, whether it said something else when asked again."""

    @property
    def votes(self) -> tuple[str, ...]:
        """The answers that were given, one a coder."""
        return tuple(answer for answer in (*self.people, *self.models) if answer)

    @property
    def differ(self) -> bool:
        """Whether two coders, or a person and what stands in the end, or a coder and itself do not agree."""
        return len({*self.votes}) > 1 or any(self.changed) or self.against_people

    @property
    def against_people(self) -> bool:
        """Whether a person said something else than what stands in the end."""
        return bool(self.final) and any(answer not in ("", self.final) for answer in self.people)

    @property
    def conflict(self) -> int:
        """Who differs: the first of `CONFLICTS` that holds, where anybody does."""
        people = {answer for answer in self.people if answer}
        models = {answer for answer in self.models if answer}
        if self.against_people or (people and not self.final and models - people):
            return BETWEEN_PEOPLE_AND_MODEL
        if len(people) > 1:
            return AMONG_PEOPLE
        return AMONG_MODELS if len(people | models) > 1 else WITHIN_A_CODER


class Disagreement(NamedTuple):
    """A unit on which coders differ."""

    segment_id: str
    code_id: str
    """Empty where the unit is a segment."""
    place: int
    """Of the segment in the run, from 0."""
    order: int
    """Of the code in the book, from 0."""
    answers: Answers
    entropy: float
    """In bits; where coders found codes of their own, 0."""
    labels: int = 0
    """Different labels, where coders found codes of their own."""
    overruled: int = 0
    """Coders that a moderator did not follow, likewise."""

    @property
    def unit(self) -> Unit:
        """Segment and code."""
        return self.segment_id, self.code_id

    @property
    def conflict(self) -> int:
        """Who differs, as a place in `CONFLICTS`."""
        return AMONG_MODELS if self.labels else self.answers.conflict


def entropy(votes: Iterable[str]) -> float:
    """Shannon entropy of answers in bits (Shannon 1948): 0 where all are the same, or there are none.

    Example:
        >>> entropy(["yes", "no", "yes", "no"])
        1.0
    """
    counts = [count for _, count in sorted(Counter(votes).items())]
    total = sum(counts)
    # Summed from the smallest, so that the same answers in another order give the same bits.
    return abs(math.fsum(-count / total * math.log2(count / total) for count in sorted(counts))) if total else 0.0


def code_agreement(patterns: Mapping[Answers, int], categories: Sequence[str]) -> Estimate:
    """AC1 of people and models on one code, `unsure` being an answer of its own.

    Args:
        patterns: How many units were answered in each way.
        categories: All answers there are, two at least.

    Returns:
        Undefined where no two coders decided about the same unit.
    """
    return agreement_of([(*one.people, *one.models) for one in patterns], list(patterns.values()), categories)


def agreement_of(
    rows: Sequence[Sequence[str]], times: Sequence[int], categories: Sequence[str], statistic: str = "ac1"
) -> Estimate:
    """Agreement of the coders of some rows of answers, empty where one gave none.

    Args:
        rows: A row for each way in which units were answered, a column for each coder.
        times: How many units were answered in each way.
        categories: All answers there are. What is none of them counts as not given.
        statistic: `ac1`, or `positive` for positive agreement on the last category.
    """
    number = {category: place for place, category in enumerate(categories)}
    columns = max(map(len, rows), default=0)
    coded = [[*(number.get(one, MISSING) for one in row), *[MISSING] * (columns - len(row))] for row in rows]
    codes = np.repeat(np.array(coded, np.int64).reshape(len(rows), columns), np.asarray(times, np.int64), axis=0)
    table = Ratings(codes, tuple(range(len(categories))), tuple(str(place) for place in range(columns)), True)
    if statistic == "positive":
        return positive_of(table, len(categories) - 1)
    positions = np.arange(float(len(categories)))
    return Question(statistic, weight_matrix("identity", positions), positions).estimate(table)


def rank(
    units: Iterable[Disagreement], agreement: Mapping[str, float], settled: Set[Unit] = frozenset()
) -> list[Disagreement]:
    """Units with the most informative first, as the head of this module says.

    Args:
        units: In any order; those on which nobody differs are left out.
        agreement: Code id -> AC1; undefined or unknown counts as perfect.
        settled: Units that people settled.
    """

    def key(one: Disagreement) -> tuple[object, ...]:
        known = agreement.get(one.code_id, math.nan)
        return (
            one.unit in settled,
            -round(one.entropy, 9),
            -one.labels,
            -one.overruled,
            one.conflict,
            1.0 if math.isnan(known) else round(known, 9),
            one.place,
            one.order,
        )

    return sorted((one for one in units if one.labels > 1 or one.answers.differ), key=key)
