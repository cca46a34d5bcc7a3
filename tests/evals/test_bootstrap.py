"""Resampling units through their patterns."""

import numpy as np
import pytest

from intercoder.evals.agreement import agreement
from intercoder.evals.bootstrap import draws

TRUTH = (0.85**2 + 0.15**2 - 0.5) / 0.5
"""AC1 of two raters who are right 85 times in 100, prevalence one half."""


def simulated(random: np.random.Generator, units: int) -> np.ndarray:
    truth = random.random((units, 1)) < 0.5
    return np.where(random.random((units, 2)) < 0.85, truth, ~truth)


def test_intervals_hold_the_truth_95_times_in_100() -> None:
    random = np.random.default_rng(7)
    hits = {"bootstrap": 0, "analytic": 0}
    rounds = 600
    for number in range(rounds):
        ratings = simulated(random, 200)
        for interval in hits:
            found = agreement(ratings, "ac1", interval=interval, n_boot=1_000, seed=number)
            hits[interval] += found.low <= TRUTH <= found.high
    assert 0.93 <= hits["bootstrap"] / rounds <= 0.97
    assert 0.93 <= hits["analytic"] / rounds <= 0.97


def test_a_seed_gives_the_same_interval_again() -> None:
    ratings = simulated(np.random.default_rng(0), 60)
    first = agreement(ratings, "ac1", interval="bootstrap", n_boot=500, seed=3)
    assert first == agreement(ratings, "ac1", interval="bootstrap", n_boot=500, seed=3)
    assert first != agreement(ratings, "ac1", interval="bootstrap", n_boot=500, seed=4)


@pytest.mark.parametrize("statistic", ["percent", "ac1", "cohen", "scott", "brennan_prediger", "krippendorff"])
def test_bootstrap_errors_are_near_the_analytic_ones(statistic: str) -> None:
    ratings = simulated(np.random.default_rng(1), 400)
    name = "cohen" if statistic == "krippendorff" else statistic
    analytic = agreement(ratings, name).se
    assert agreement(ratings, statistic, interval="bootstrap", n_boot=2_000).se == pytest.approx(analytic, rel=0.1)


@pytest.mark.parametrize("patterns", [3, 300])
def test_resamples_are_as_large_as_the_sample_and_right_on_average(patterns: int) -> None:
    times = np.arange(1, patterns + 1)
    drawn = np.concatenate(list(draws(times, 400, 0)))
    assert drawn.shape == (400, patterns)
    assert (drawn.sum(axis=1) == times.sum()).all()
    spread = np.sqrt(times / 400)
    assert (np.abs(drawn.mean(axis=0) - times) < 5 * spread).all()
    assert drawn.var(axis=0).mean() == pytest.approx((times * (1 - times / times.sum())).mean(), rel=0.1)


def test_resamples_without_a_value_are_counted_and_left_out() -> None:
    found = agreement([["a", "a"]] * 5 + [["b", "b"]], "cohen", interval="bootstrap", n_boot=1_000)
    assert found.value == 1
    share = (5 / 6) ** 6 + (1 / 6) ** 6
    assert found.undefined_draws / 1_000 == pytest.approx(share, abs=0.05)
    assert (found.low, found.high) == (1, 1)
