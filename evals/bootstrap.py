"""The bootstrap over units, for statistics that are functions of sums over units.

Units that look alike are interchangeable, so a resample is only *how often each pattern was drawn*, and the sums
it leads to are one matrix product: no unit is copied and no statistic is recomputed unit by unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from intercoder.core.errors import InputError
from intercoder.evals.interval import Floats

CELLS = 2_000_000
"""Numbers held at once; bounds memory, never the outcome."""
FEW = 64
"""Up to so many patterns (or one in 50 units) a multinomial draw is quicker than drawing every unit."""


def draws(times: npt.NDArray[np.int64], n_boot: int, seed: int, width: int = 1) -> Iterator[Floats]:
    """How often each pattern occurs in resamples of all units with replacement.

    Args:
        times: How many units show each pattern; shape (patterns,).
        n_boot: Number of resamples, at least 2.
        seed: Any whole number from 0.
        width: Numbers that the caller makes of each resample, beside the patterns; for the size of blocks.

    Yields:
        Blocks of shape (resamples, patterns), `n_boot` rows in all, each summing to the number of units.

    Raises:
        InputError: `n_boot` is below 2 or the seed is negative.
    """
    if n_boot < 2:
        raise InputError(f"{n_boot} resamples give no interval.", where="n_boot", remedy="Ask for 1,000 or more.")
    if seed < 0:
        raise InputError(f"{seed} is negative.", where="seed", remedy="Use a whole number from 0.")
    random = np.random.default_rng(seed)
    units = int(times.sum())
    block = max(1, CELLS // (len(times) + width))
    few = len(times) <= max(FEW, units // 50)
    pattern = np.repeat(np.arange(len(times)), times)
    for start in range(0, n_boot, block):
        rows = min(block, n_boot - start)
        if few:
            yield random.multinomial(units, times / units, size=rows).astype(np.float64)
        else:
            yield np.stack([_counted(random, pattern, len(times)) for _ in range(rows)]).astype(np.float64)


def _counted(random: np.random.Generator, pattern: npt.NDArray[np.int64], patterns: int) -> npt.NDArray[np.int64]:
    return np.bincount(pattern[random.integers(0, len(pattern), len(pattern))], minlength=patterns)


def replicates(
    features: Floats,
    times: npt.NDArray[np.int64],
    value: Callable[[Floats], Floats],
    n_boot: int,
    seed: int,
) -> Floats:
    """The statistic in each resample.

    Args:
        features: What a unit of each pattern adds to the sums; shape (patterns, sums).
        times: How many units show each pattern; shape (patterns,).
        value: From sums of shape (resamples, sums) to the statistic, shape (resamples,).
        n_boot: Number of resamples.
        seed: Any whole number from 0.

    Returns:
        Shape (n_boot,), nan where the statistic is undefined.
    """
    return np.concatenate([value(block @ features) for block in draws(times, n_boot, seed, features.shape[1])])
