"""Agreement of raters who put each unit into one category."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from intercoder.core.errors import InputError
from intercoder.evals.bootstrap import replicates
from intercoder.evals.coefficients.alpha import Alpha, Level
from intercoder.evals.coefficients.chance_corrected import (
    Chance,
    Coefficient,
    Patterns,
    PooledCoefficient,
    RaterCoefficient,
    Weights,
    counts,
    fleiss_chance,
    gwet_chance,
    no_chance,
    patterns,
    uniform_chance,
    weight_matrix,
)
from intercoder.evals.coefficients.ratings import Category, Codes, Ratings, read_ratings
from intercoder.evals.interval import Estimate, Floats, bare, percentile, student, variance

StatisticName: TypeAlias = Literal[
    "percent", "ac1", "ac2", "cohen", "conger", "fleiss", "scott", "brennan_prediger", "krippendorff"
]
Interval: TypeAlias = Literal["analytic", "bootstrap", "none"]

_CHANCE: dict[str, Chance] = {
    "percent": no_chance,
    "ac1": gwet_chance,
    "ac2": gwet_chance,
    "fleiss": fleiss_chance,
    "scott": fleiss_chance,
    "brennan_prediger": uniform_chance,
}
_BY_RATER = {"cohen", "conger"}
_OF_PAIRED_UNITS = {"percent", "krippendorff"}
"""Statistics into which a unit with a single rating does not enter at all."""
_FOR_TWO = {"cohen": "conger", "scott": "fleiss"}


def agreement(
    ratings: Any,
    statistic: StatisticName,
    *,
    categories: Iterable[Category] | None = None,
    weights: Weights = "identity",
    interval: Interval = "analytic",
    level: Level = "nominal",
    n_boot: int = 10_000,
    seed: int = 0,
) -> Estimate:
    """How far raters agree, beyond chance where the statistic corrects for it (seed 002, 2.2.3.2, eq. 1 to 4).

    With constant raters AC1, AC2 and Brennan-Prediger are 1; the kappas and alpha are nan, since chance agreement
    is already complete. The README beside this file has each statistic's formula, reading and reference.

    Args:
        ratings: Rows of units, columns of raters: lists, a numpy array or a DataFrame; None (in arrays and frames
            also nan) where a rater did not rate a unit.
        statistic: `percent`, `ac1`, `ac2`, `cohen` and `scott` (two raters), `conger` and `fleiss` (two or more),
            `brennan_prediger`, `krippendorff`.
        categories: All categories, in order; those that nobody used count. By default those used, sorted.
        weights: Partial credit for near misses, by the categories' values if they are numbers, else by their
            order. `ac1` with weights is `ac2` and is named so in the result; `ac2` without is AC1.
            Krippendorff's alpha takes `level` instead.
        interval: `analytic` is Gwet's variance with Student's t over units (alpha has no such variance here: its
            interval is always by bootstrap); `bootstrap` takes percentiles over resampled units.
        level: Of measurement, for `krippendorff`.
        n_boot: Bootstrap resamples.
        seed: Of the bootstrap.

    Returns:
        The estimate; `n` counts units with a rating, for percent agreement and alpha those with two.

    Raises:
        InputError: Naming the cell, row or argument that cannot be used.

    Example:
        >>> agreement([["yes", "yes"], ["no", "no"], ["no", "yes"]], "percent", interval="none").value
        0.6666666666666666
    """
    check_arguments(statistic, weights, interval, level)
    table = read_ratings(ratings, categories)
    check_raters(statistic, table.rated(at_least=1).shape[1])
    return make_question(table, statistic, weights, interval, level, n_boot, seed).estimate(table)


class Question(NamedTuple):
    """What is asked of ratings, all of it checked."""

    statistic: str
    weights: Floats
    """Shape (categories, categories)."""
    positions: Floats
    """Of the categories on their scale; shape (categories,)."""
    interval: Interval = "analytic"
    level: Level = "nominal"
    n_boot: int = 10_000
    seed: int = 0

    def estimate(self, table: Ratings) -> Estimate:
        """The statistic of a table; undefined, with n 0, if no two raters rated the same unit."""
        if not len(table.rated(at_least=2)):
            return bare(math.nan, 0, self.statistic)
        rows = table.rated(at_least=2 if self.statistic in _OF_PAIRED_UNITS else 1)
        distinct = patterns(rows, len(self.weights), ordered=self.statistic in _BY_RATER)
        if self.statistic == "krippendorff":
            return self._alpha(distinct)
        return self._chance_corrected(distinct)

    def _chance_corrected(self, distinct: Patterns) -> Estimate:
        coefficient = _coefficient(self.statistic, distinct.codes, self.weights)
        value = float(coefficient.value(distinct.times @ coefficient.features))
        n = int(distinct.times.sum())
        if self.interval == "none" or not math.isfinite(value):
            return bare(value, n, self.statistic)
        if self.interval == "bootstrap":
            found = replicates(coefficient.features, distinct.times, coefficient.value, self.n_boot, self.seed)
            return percentile(value, found, n, self.statistic)
        return student(value, variance(coefficient.linear(distinct.times), distinct.times), n, self.statistic)

    def _alpha(self, distinct: Patterns) -> Estimate:
        alpha, n = Alpha(distinct.codes, self.positions, self.level), int(distinct.times.sum())
        value = alpha.packaged(distinct.times)
        if self.interval == "none" or not math.isfinite(value):
            return bare(value, n, self.statistic)
        found = replicates(alpha.features, distinct.times, alpha.value, self.n_boot, self.seed)
        return percentile(value, found, n, self.statistic)


def make_question(
    table: Ratings, statistic: str, weights: Weights, interval: Interval, level: Level, n_boot: int, seed: int
) -> Question:
    """What the arguments of `agreement` ask of a table.

    Raises:
        InputError: The weights or the level need an order or a distance that text categories do not have.
    """
    name = "ac2" if statistic == "ac1" and weights != "identity" else statistic
    positions = _positions(table, weights, level)
    return Question(name, weight_matrix(weights, positions), positions, interval, level, n_boot, seed)


def _coefficient(statistic: str, codes: Codes, weights: Floats) -> Coefficient:
    if statistic in _BY_RATER:
        return RaterCoefficient(codes, weights)
    return PooledCoefficient(counts(codes, len(weights)), weights, _CHANCE[statistic])


def _positions(table: Ratings, weights: Weights, level: Level) -> Floats:
    """Where the categories lie: at their values, or at their ranks where they are text and declared in order.

    A single category gets an unused second one at its side, which changes no sum and leaves what needs two defined.
    """
    if len(table.categories) == 1:
        return np.array([0.0, 1.0])
    if table.numeric:
        return np.array(table.categories, np.float64)
    if level == "interval":
        raise InputError(
            "intervals between texts are not known.", where="level", remedy="Use numbers, or level='ordinal'."
        )
    if not table.declared and (weights != "identity" or level != "nominal"):
        raise InputError(
            "the order of the categories is not known: they are text.",
            where="categories",
            remedy="Give all categories in order, lowest first.",
        )
    return np.arange(len(table.categories), dtype=np.float64)


def check_arguments(statistic: str, weights: str, interval: str, level: str) -> None:
    """Refuse what is not known or does not go together.

    Raises:
        InputError: Naming the argument.
    """
    for where, given, known in (
        ("statistic", statistic, get_args(StatisticName)),
        ("weights", weights, get_args(Weights)),
        ("interval", interval, get_args(Interval)),
        ("level", level, get_args(Level)),
    ):
        if given not in known:
            raise InputError(f"{given!r} is not known.", where=where, remedy=f"Use one of: {', '.join(known)}.")
    if statistic == "krippendorff" and weights != "identity":
        raise InputError(
            "Krippendorff's alpha takes no weights.",
            where="weights",
            remedy="Use level='ordinal' or level='interval'.",
        )
    if statistic != "krippendorff" and level != "nominal":
        raise InputError(
            f"the level of measurement does not enter {statistic}.",
            where="level",
            remedy="Use weights='linear' or weights='quadratic'.",
        )


def check_raters(statistic: str, raters: int) -> None:
    """Refuse a statistic for two raters where there are more.

    Raises:
        InputError: Naming the statistic to use instead.
    """
    if statistic in _FOR_TWO and raters != 2:
        raise InputError(
            f"{statistic} is for two raters, there are {raters}.",
            where="statistic",
            remedy=f"Use {_FOR_TWO[statistic]!r}, or pairwise().",
        )
