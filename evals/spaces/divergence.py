"""How far apart two distributions are: the Jensen-Shannon divergence (Lin 1991)."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def jensen_shannon(first: Floats, second: Floats, *, base: float = math.e) -> Floats:
    """Jensen-Shannon divergence, column by column.

    Args:
        first: Shape (outcomes,) or (outcomes, columns): weights, not negative; they need not sum to 1.
        second: As `first`.
        base: Of the logarithm; with 2 the result lies in 0 to 1.

    Returns:
        Shape () or (columns,), from 0 (equal) to log 2 in that base (nothing in common). nan where either
        has no weight at all. The square root is the Jensen-Shannon *distance*.
    """
    from scipy.special import rel_entr

    p, q = _normalised(first), _normalised(second)
    middle = (p + q) / 2
    both = rel_entr(p, middle).sum(axis=0) + rel_entr(q, middle).sum(axis=0)
    # Rounding may leave a hair less than 0 where the two are equal, and its root would be undefined.
    return np.asarray(np.maximum(both, 0.0) / (2 * math.log(base)))


def _normalised(weights: Floats) -> Floats:
    total = np.sum(weights, axis=0)
    shares = np.full(np.shape(weights), np.nan)
    np.divide(weights, total, out=shares, where=total > 0)
    return shares
