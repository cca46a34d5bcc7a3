"""Agreement: the bootstrap of AC1 on 10,000 units, beside a loop over units of every resample; and its coverage.

    python benchmarks/agreement.py [--quick]

The baseline is the usual way: draw units, compute AC1 from the drawn rows, again and again. Its scalar AC1 walks
over units as equations 2 to 4 of seed 002 are written; 20 of its resamples are timed and the rest extrapolated,
which is fair since all cost the same. A second baseline does the same with numpy on the counts of each resample.
Both give the same numbers up to the draw.

Coverage: two raters right 85 times in 100, prevalence one half, 200 units, nominal 95% intervals from 2,000
resamples each; the share of 2,000 simulated studies whose interval holds the true AC1.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.reporting import report
from intercoder.evals.agreement import agreement

Table = npt.NDArray[np.int64]
UNITS, RATERS, DRAWS = 10_000, 5, 10_000
TIMED = 20
ACCURACY = 0.85


def ratings(units: int, categories: int, seed: int = 0) -> Table:
    """Raters who see the truth 7 times in 10 and guess else; shape (units, 5)."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, categories, (units, 1))
    guess = random.integers(0, categories, (units, RATERS))
    return np.where(random.random((units, RATERS)) < 0.7, truth, guess)


def scalar_ac1(table: list[list[int]], categories: int) -> float:
    """AC1 of complete ratings, unit by unit (seed 002, eq. 1 to 4)."""
    agreeing, shares = 0.0, [0.0] * categories
    for row in table:
        counts = [row.count(category) for category in range(categories)]
        raters = len(row)
        agreeing += sum(count * (count - 1) for count in counts) / (raters * (raters - 1))
        for category, count in enumerate(counts):
            shares[category] += count / raters
    observed = agreeing / len(table)
    chance = sum(share / len(table) * (1 - share / len(table)) for share in shares) / (categories - 1)
    return (observed - chance) / (1 - chance)


def array_ac1(table: Table, categories: int) -> float:
    """The same on arrays."""
    counts = (table[:, :, None] == np.arange(categories)).sum(axis=1)
    observed = (counts * (counts - 1)).sum() / (len(table) * RATERS * (RATERS - 1))
    shares = counts.mean(axis=0) / RATERS
    chance = (shares * (1 - shares)).sum() / (categories - 1)
    return float((observed - chance) / (1 - chance))


def seconds_of(loop: Callable[[Table], float], table: Table) -> float:
    """Seconds that 10,000 resamples take in a loop, from a few of them."""
    random = np.random.default_rng(0)
    began = time.perf_counter()
    for _ in range(TIMED):
        loop(table[random.integers(0, len(table), len(table))])
    return (time.perf_counter() - began) / TIMED * DRAWS


def speed(categories: int) -> dict[str, float]:
    """Seconds for the bootstrap, beside both baselines."""
    table = ratings(UNITS, categories)
    began = time.perf_counter()
    found = agreement(table, "ac1", interval="bootstrap", n_boot=DRAWS)
    seconds = time.perf_counter() - began
    analytic = agreement(table, "ac1")
    alone = scalar_ac1(table.tolist(), categories)
    assert abs(found.value - alone) < 1e-9 > abs(found.value - array_ac1(table, categories))
    scalar = seconds_of(lambda drawn: scalar_ac1(drawn.tolist(), categories), table)
    arrays = seconds_of(lambda drawn: array_ac1(drawn, categories), table)
    return {
        "seconds": seconds,
        "scalar loop, seconds": scalar,
        "array loop, seconds": arrays,
        "times faster than scalar": scalar / seconds,
        "times faster than arrays": arrays / seconds,
        "value": found.value,
        "error, bootstrap": found.se,
        "error, analytic": analytic.se,
    }


def others(statistic: str) -> dict[str, float]:
    """Seconds for other statistics on the same ratings."""
    table = ratings(UNITS, 4)
    began = time.perf_counter()
    found = agreement(table, statistic, interval="bootstrap", n_boot=DRAWS)  # type: ignore[arg-type]
    return {"seconds": time.perf_counter() - began, "value": found.value}


def coverage(studies: int) -> dict[str, float]:
    """How often intervals hold the truth."""
    random = np.random.default_rng(2)
    truth = (ACCURACY**2 + (1 - ACCURACY) ** 2 - 0.5) / 0.5
    hits = {"bootstrap": 0, "analytic": 0}
    for number in range(studies):
        right = random.random((200, 2)) < ACCURACY
        table = right == (random.random((200, 1)) < 0.5)
        for interval in hits:
            found = agreement(table, "ac1", interval=interval, n_boot=2_000, seed=number)  # type: ignore[arg-type]
            hits[interval] += found.low <= truth <= found.high
    return {
        "studies": studies,
        "true AC1": truth,
        "bootstrap": hits["bootstrap"] / studies,
        "analytic": hits["analytic"] / studies,
        "standard error of a share": (0.95 * 0.05 / studies) ** 0.5,
    }


def main() -> None:
    """Measure and report."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--quick", action="store_true", help="fewer categories and simulated studies")
    quick = arguments.parse_args().quick
    figures = {f"AC1, {count} categories": speed(count) for count in ((2, 4) if quick else (2, 4, 10, 50))}
    figures |= {f"{name}, 4 categories": others(name) for name in ("fleiss", "conger", "krippendorff")}
    figures["coverage of 95% intervals"] = coverage(200 if quick else 2_000)
    report("agreement-quick" if quick else "agreement", figures)


if __name__ == "__main__":
    main()
