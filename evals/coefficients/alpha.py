"""Krippendorff's alpha: the value by the `krippendorff` package, resampled values from sums over units."""

from __future__ import annotations

import warnings
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np

from intercoder.evals.coefficients.chance_corrected import counts
from intercoder.evals.coefficients.ratings import Codes
from intercoder.evals.interval import Floats, quotient

Level: TypeAlias = Literal["nominal", "ordinal", "interval"]


class Alpha:
    """Krippendorff's alpha of rating patterns (Krippendorff, Content Analysis, 3rd ed. 2013, chapter 12).

    Args:
        codes: Patterns with at least two ratings each; shape (patterns, raters), -1 where missing.
        positions: Where the categories lie on their scale; shape (categories,), at least 2. Only the interval
            level uses the distances, the ordinal level the order.
        level: Nominal: different is different. Ordinal: by ranks as used. Interval: by squared difference.
    """

    def __init__(self, codes: Codes, positions: Floats, level: Level) -> None:
        counted = counts(codes, len(positions))
        self._counted = counted
        self._positions = positions
        self._level: Level = level

    @cached_property
    def features(self) -> Floats:
        """Sums from which `value` makes alpha: ratings by category, then coincidences (ordinal) or disagreement.

        Shape (patterns, sums). Only resampling needs them, and the ordinal level categories squared of them.
        """
        counted = self._counted
        others = counted.sum(axis=1) - 1
        if self._level == "ordinal":
            pairs = counted[:, :, None] * counted[:, None, :]
            diagonal = np.arange(len(self._positions))
            pairs[:, diagonal, diagonal] -= counted
            pairs /= others[:, None, None]
            return np.column_stack([counted, pairs.reshape(len(counted), -1)])
        # A rating does not differ from itself, so the sum over pairs of ratings is one over pairs of categories.
        disagreement = (counted * (counted @ self._distances())).sum(axis=1)
        return np.column_stack([counted, disagreement / others])

    def _distances(self) -> Floats:
        """Distances that do not depend on how often categories are used."""
        if self._level == "nominal":
            return 1 - np.eye(len(self._positions))
        return (self._positions[:, None] - self._positions[None, :]) ** 2

    def packaged(self, times: np.typing.NDArray[np.int64]) -> float:
        """Alpha by the package, nan where it is undefined: all ratings in one category."""
        import krippendorff

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            value: float = krippendorff.alpha(
                value_counts=np.repeat(self._counted, times, axis=0).astype(np.int64),
                value_domain=self._positions,
                level_of_measurement=self._level,
            )
        return float(value)

    def value(self, sums: Floats) -> Floats:
        """Alpha from sums of ratings and coincidences, shape (..., sums) to (...); nan where undefined."""
        size = len(self._positions)
        used = sums[..., :size]
        if self._level == "ordinal":
            ranks = np.cumsum(used, axis=-1) - used / 2
            distances = (ranks[..., :, None] - ranks[..., None, :]) ** 2
            pairs = sums[..., size:].reshape(*sums.shape[:-1], size, size)
            observed = (pairs * distances).sum(axis=(-2, -1))
        else:
            distances = self._distances()
            observed = sums[..., size]
        expected = (used * (distances @ used[..., None])[..., 0]).sum(axis=-1) / (used.sum(axis=-1) - 1)
        alpha: Floats = 1 - quotient(observed, expected)
        return alpha
