"""Coefficients of the form (observed - chance) / (1 - chance), with the variance that Gwet derives for them.

Percent agreement, AC1 and AC2, Fleiss' and Scott's, Brennan and Prediger's, Cohen's and Conger's: they share the
observed agreement and differ in what they take for chance. Missing ratings and weights enter all alike
(Gwet, Handbook of Inter-Rater Reliability, 4th ed. 2014, chapters 2 to 5; seed 002, equations 1 to 4).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from intercoder.evals.coefficients.ratings import MISSING, Codes
from intercoder.evals.interval import Floats, quotient

Weights: TypeAlias = Literal["identity", "linear", "quadratic"]

CERTAIN = 1e-12
"""A chance agreement this close to 1 leaves nothing to correct for: the coefficient is undefined."""


class Coefficient(Protocol):
    """A statistic of rating patterns that depends on sums over units only."""

    @property
    def features(self) -> Floats:
        """What a unit of each pattern adds to the sums; shape (patterns, sums)."""

    def value(self, sums: Floats) -> Floats:
        """The statistic from sums, shape (..., sums) to shape (...); nan where undefined."""

    def linear(self, times: npt.NDArray[np.int64]) -> Floats:
        """What a unit of each pattern contributes to the statistic to first order; shape (patterns,).

        Its variance over units, divided by their number, is the variance of the statistic.
        """


class Patterns(NamedTuple):
    """Distinct rows of ratings."""

    codes: Codes
    """Shape (patterns, raters), -1 where missing."""
    times: npt.NDArray[np.int64]
    """How many units show each; shape (patterns,)."""


def patterns(codes: Codes, categories: int, *, ordered: bool) -> Patterns:
    """Distinct rows and how often each occurs.

    Args:
        codes: Shape (units, raters).
        categories: Their number.
        ordered: Whether it matters which rater gave which rating.
    """
    rows = codes if ordered else np.sort(codes, axis=1)
    base = categories + 1
    if base ** rows.shape[1] < 2**62:
        keys = (rows + 1) @ (base ** np.arange(rows.shape[1], dtype=np.int64))
        _, first, times = np.unique(keys, return_index=True, return_counts=True)
        return Patterns(rows[first], times)
    distinct, times = np.unique(rows, axis=0, return_counts=True)
    return Patterns(distinct, times)


def counts(codes: Codes, categories: int) -> Floats:
    """How many raters put each unit into each category; shape (units, categories)."""
    counted = np.zeros((len(codes), categories))
    rows, columns = np.nonzero(codes != MISSING)
    np.add.at(counted, (rows, codes[rows, columns]), 1)
    return counted


def _corrected(observed: Floats, chance: Floats) -> Floats:
    room = np.where(1 - chance > CERTAIN, 1 - chance, 0.0)
    return quotient(observed - chance, room)


class Observed(NamedTuple):
    """How the raters of each unit agree."""

    agreement: Floats
    """Weighted share of agreeing pairs of raters; 0 for a unit without a pair."""
    paired: Floats
    """1 for a unit with at least two ratings, else 0."""


def observe(counted: Floats, weights: Floats) -> Observed:
    """Agreement of pairs of raters within each unit (Gwet 2014, eq. 5.3).

    Args:
        counted: Shape (units, categories).
        weights: Shape (categories, categories), 1 on the diagonal.
    """
    raters = counted.sum(axis=1)
    paired = (raters >= 2).astype(np.float64)
    agreeing = (counted * (counted @ weights - 1)).sum(axis=1)
    return Observed(np.where(raters >= 2, agreeing / np.maximum(raters * (raters - 1), 1), 0.0), paired)


Chance: TypeAlias = Callable[[Floats, Floats, Floats], Floats]
"""Chance agreement of a distribution with the pooled one under weights: (..., Q), (..., Q), (Q, Q) -> (...).

Given the pooled distribution twice it is the coefficient's chance agreement; given one unit's shares, the part of
it that the unit answers for.
"""


def no_chance(own: Floats, pooled: Floats, weights: Floats) -> Floats:
    """Percent agreement does not correct for chance."""
    return np.zeros(own.shape[:-1])


def gwet_chance(own: Floats, pooled: Floats, weights: Floats) -> Floats:
    """Agreement on units that are hard to rate (Gwet 2008; seed 002, eq. 3; weights: Gwet 2014, eq. 5.8)."""
    size = len(weights)
    chance: Floats = weights.sum() / (size * (size - 1)) * (own * (1 - pooled)).sum(axis=-1)
    return chance


def fleiss_chance(own: Floats, pooled: Floats, weights: Floats) -> Floats:
    """Two ratings drawn from the pooled distribution (Scott 1955, Fleiss 1971)."""
    chance: Floats = ((own @ weights) * pooled).sum(axis=-1)
    return chance


def uniform_chance(own: Floats, pooled: Floats, weights: Floats) -> Floats:
    """Two ratings drawn evenly from all categories (Brennan & Prediger 1981)."""
    return np.full(own.shape[:-1], weights.mean())


class PooledCoefficient:
    """A coefficient for which it does not matter who gave which rating.

    Args:
        counted: Ratings by category for each pattern, at least one a row; shape (patterns, categories).
        weights: Shape (categories, categories).
        chance: What the coefficient takes for chance.
    """

    def __init__(self, counted: Floats, weights: Floats, chance: Chance) -> None:
        self._observed = observe(counted, weights)
        self._shares = counted / counted.sum(axis=1, keepdims=True)
        self._weights = weights
        self._chance = chance
        self.features: Floats = np.column_stack([*self._observed, np.ones(len(counted)), self._shares])

    def value(self, sums: Floats) -> Floats:
        """The coefficient from sums of agreement, pairs, units and shares."""
        agreement, paired, units = sums[..., 0], sums[..., 1], sums[..., 2]
        pooled = sums[..., 3:] / units[..., None]
        return _corrected(quotient(agreement, paired), self._chance(pooled, pooled, self._weights))

    def linear(self, times: npt.NDArray[np.int64]) -> Floats:
        """First-order contributions (Gwet 2014, eq. 5.12 and after)."""
        sums = times @ self.features
        pooled = sums[3:] / sums[2]
        own = self._chance(self._shares, pooled, self._weights)
        chance = float(self._chance(pooled, pooled, self._weights))
        return _linearised(self._observed, own, chance, float(self.value(sums)), sums[2] / sums[1])


class RaterCoefficient:
    """Cohen's kappa, and Conger's for more than two raters: each rater has a distribution of their own.

    Args:
        codes: Shape (patterns, raters), -1 where missing; every rater rated something.
        weights: Shape (categories, categories).
    """

    def __init__(self, codes: Codes, weights: Floats) -> None:
        self._codes = codes
        self._weights = weights
        self._observed = observe(counts(codes, len(weights)), weights)
        given = (codes[..., None] == np.arange(len(weights))).reshape(len(codes), -1)
        self.features: Floats = np.column_stack([*self._observed, given.astype(np.float64)])

    def _chance(self, shares: Floats) -> Floats:
        """Mean agreement of two different raters' distributions; shape (..., raters, Q) to (...)."""
        raters = shares.shape[-2]
        together = shares.sum(axis=-2)
        all_pairs = ((together @ self._weights) * together).sum(axis=-1)
        with_self = ((shares @ self._weights) * shares).sum(axis=(-2, -1))
        chance: Floats = (all_pairs - with_self) / (raters * (raters - 1))
        return chance

    def _given(self, sums: Floats) -> Floats:
        """How often each rater gave each category; shape (..., raters, categories)."""
        return sums[..., 2:].reshape(*sums.shape[:-1], -1, len(self._weights))

    def value(self, sums: Floats) -> Floats:
        """The coefficient from sums of agreement, pairs and each rater's ratings."""
        given = self._given(sums)
        total = given.sum(axis=-1, keepdims=True)
        shares = quotient(given, np.broadcast_to(total, given.shape))
        return _corrected(quotient(sums[..., 0], sums[..., 1]), self._chance(shares))

    def linear(self, times: npt.NDArray[np.int64]) -> Floats:
        """First-order contributions (Gwet 2014, section 5.3.3; missing ratings as in his R functions)."""
        sums, units = times @ self.features, float(times.sum())
        given = self._given(sums)
        total = given.sum(axis=1)
        shares = given / total[:, None]
        others = (shares.sum(axis=0) - shares) @ self._weights
        seen = self._codes != MISSING
        rated = np.where(seen, others[np.arange(len(total)), np.maximum(self._codes, 0)], 0.0)
        mean = (shares * others).sum(axis=1)
        own = ((rated - (seen - total / units) * mean) * units / total).sum(axis=1)
        own /= len(total) * (len(total) - 1)
        chance = float(self._chance(shares))
        return _linearised(self._observed, own, chance, float(self.value(sums)), units / sums[1])


def _linearised(observed: Observed, own: Floats, chance: float, value: float, scale: float) -> Floats:
    """gamma*_i of Gwet: a unit's agreement, less what it does to chance agreement."""
    room = 1 - chance if 1 - chance > CERTAIN else np.nan
    gamma: Floats = scale * (observed.agreement - chance * observed.paired) / room
    linear: Floats = gamma - 2 * (1 - value) * (own - chance) / room
    return linear


def weight_matrix(kind: Weights, positions: Floats) -> Floats:
    """How far two categories agree, 1 for the same (Cohen 1968; Gwet 2014, section 3.5).

    Args:
        kind: `identity`: only the same category agrees; `linear`, `quadratic`: 1 less the distance, or its
            square, in units of the range.
        positions: Where the categories lie on their scale; shape (categories,), at least 2, all different.

    Returns:
        Shape (categories, categories).
    """
    if kind == "identity":
        return np.eye(len(positions))
    distance = np.abs(positions[:, None] - positions[None, :]) / np.ptp(positions)
    weights: Floats = 1 - (distance if kind == "linear" else distance**2)
    return weights
