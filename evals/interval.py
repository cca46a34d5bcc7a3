"""A statistic with its error and interval."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from intercoder.core.record import Record

Floats: TypeAlias = npt.NDArray[np.float64]

TAIL = 2.5
"""Per cent left out on each side of an interval."""


class Estimate(Record):
    """A statistic from a sample. What is undefined is nan, never 0 or 1."""

    value: float
    se: float
    """Standard error."""
    low: float
    """Bounds of the 95% interval."""
    high: float
    n: int
    """Units that entered."""
    statistic: str
    undefined_draws: int = 0
    """Bootstrap samples in which the statistic was undefined; they are left out of error and interval."""


def quotient(over: Floats, under: Floats) -> Floats:
    """Elementwise quotient, nan where the divisor is 0."""
    result: Floats = np.full(np.shape(over), np.nan)
    np.divide(over, under, out=result, where=np.asarray(under) != 0)
    return result


def bare(value: float, n: int, statistic: str) -> Estimate:
    """A value of which neither error nor interval is known."""
    return Estimate(value=value, se=math.nan, low=math.nan, high=math.nan, n=n, statistic=statistic)


def variance(linear: Floats, times: npt.NDArray[np.int64]) -> float:
    """Variance of a mean over units; nan for a single unit.

    Args:
        linear: What a unit of each pattern contributes; shape (patterns,).
        times: How many units show each pattern; shape (patterns,).
    """
    n = int(times.sum())
    if n < 2:
        return math.nan
    deviations = linear - times @ linear / n
    return float(times @ deviations**2) / (n * (n - 1))


def student(value: float, spread: float, n: int, statistic: str) -> Estimate:
    """Interval by Student's t with n - 1 degrees of freedom, its upper bound at most 1.

    Args:
        value: The statistic; nothing else is reported where it is nan.
        spread: Variance of the statistic, not of a unit.
        n: Units; below 2 there is no interval.
        statistic: Its name.
    """
    from scipy.special import stdtrit

    if n < 2 or not (math.isfinite(value) and math.isfinite(spread)):
        return bare(value, n, statistic)
    se = math.sqrt(max(spread, 0.0))
    reach = float(stdtrit(n - 1, 1 - TAIL / 100)) * se
    return Estimate(value=value, se=se, low=value - reach, high=min(1.0, value + reach), n=n, statistic=statistic)


def percentile(value: float, replicates: Floats, n: int, statistic: str) -> Estimate:
    """Percentile interval from bootstrap replicates, undefined ones (nan) left out.

    Args:
        value: The statistic; nothing else is reported where it is nan.
        replicates: Shape (draws,).
        n: Units.
        statistic: Its name.
    """
    defined = replicates[np.isfinite(replicates)]
    if not math.isfinite(value) or len(defined) < 2:
        return bare(value, n, statistic)
    low, high = np.percentile(defined, [TAIL, 100 - TAIL])
    return Estimate(
        value=value,
        se=float(defined.std(ddof=1)),
        low=float(low),
        high=float(high),
        n=n,
        statistic=statistic,
        undefined_draws=len(replicates) - len(defined),
    )
