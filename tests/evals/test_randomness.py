"""Tests of answers against guessing."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa

from intercoder.core.errors import InputError
from intercoder.evals.randomness import binary, choice, holm, repeat_test


@pytest.mark.shared
def test_binomial_p_values_and_intervals(golden: Callable[[str], Any]) -> None:
    for case in golden("randomness.json")["binomial"]:
        found = binary(case["count"], case["n"], case.get("p0", 0.5))
        assert found.p == pytest.approx(case["p"], rel=1e-6), case
        assert found.statistic == case["count"] / case["n"]
        if "ci95_wilson" in case:
            assert [found.low, found.high] == pytest.approx(case["ci95_wilson"], abs=1e-9)
            assert found.p == pytest.approx(case["paper_p"], abs=5.1e-3)


@pytest.mark.shared
def test_chi_squared_statistics_and_p_values(golden: Callable[[str], Any]) -> None:
    for case in golden("randomness.json")["chisquare"]:
        found = choice(case["counts"])
        assert (found.statistic, found.p) == pytest.approx((case["chi2"], case["p"]), abs=1e-9), case["name"]
        assert (found.df, found.n, found.expected[0]) == (case["df"], sum(case["counts"]), case["expected"])


def test_no_answers_are_undefined_and_reject_nothing() -> None:
    for found in (binary(0, 0), choice([0, 0, 0])):
        assert np.isnan([found.statistic, found.p, found.low, found.high]).all()
        assert not found.rejects()


def test_few_expected_answers_are_flagged() -> None:
    assert choice([3, 4, 5]).approximate
    assert not choice([5, 4, 6]).approximate


@pytest.mark.parametrize(
    ("ask", "where"),
    [
        (lambda: binary(3, 2), "yes"),
        (lambda: binary(-1, 2), "yes"),
        (lambda: binary(1, 2, 1.5), "p"),
        (lambda: choice([5]), "counts"),
        (lambda: choice([5, -1]), "counts, number 2"),
        (lambda: choice([0.5, 1]), "counts, number 1"),
        (lambda: holm([0.1, 1.2]), "p_values"),
        (lambda: repeat_test([1], [1, 2]), "second"),
        (lambda: repeat_test([1, 2], [1, 2], n_permutations=0), "n_permutations"),
    ],
)
def test_bad_input_names_the_argument(ask: Callable[[], Any], where: str) -> None:
    with pytest.raises(InputError) as refused:
        ask()
    assert refused.value.where == where


def test_holm_steps_down_and_leaves_out_the_undefined() -> None:
    assert holm([0.01, 0.04, math.nan, 0.03]) == pytest.approx((0.03, 0.06, math.nan, 0.06), nan_ok=True)
    assert holm([]) == ()
    assert all(math.isnan(value) for value in holm([math.nan]))


def passes(same: float, yes: float = 0.4, n: int = 100, seed: int = 1) -> tuple[list[bool], list[bool]]:
    """Two passes; each answer is kept with probability `same`, else asked of a coin of the same base rate."""
    random = np.random.default_rng(seed)
    first, other = random.random((2, n)) < yes
    second = np.where(random.random(n) < same, first, other)
    return first.tolist(), second.tolist()


def test_verdicts() -> None:
    assert repeat_test(*passes(0.9)).verdict == "consistent"
    assert repeat_test(*passes(0.4)).verdict == "unclear"
    assert repeat_test(*passes(0.0)).verdict == "guessing"
    assert repeat_test([True] * 96 + [False] * 4, [True] * 90 + [False] * 10).verdict == "undefined"
    assert repeat_test([True] * 20, [True] * 20).verdict == "undefined"


def test_kappa_is_cohens() -> None:
    first, second = passes(0.6)
    table = np.histogram2d(first, second, bins=2)[0]
    found = repeat_test(first, second)
    assert found.kappa.value == pytest.approx(cohens_kappa(table).kappa)
    assert found.minority == (min(table.sum(axis=1)), min(table.sum(axis=0)))


def test_p_value_is_that_of_shuffling() -> None:
    first, second = passes(0.15, n=60, seed=3)
    found = repeat_test(first, second, n_permutations=20_000)
    random = np.random.default_rng(0)
    agreements = np.array([(random.permutation(second) == first).sum() for _ in range(4_000)])
    shuffled = (agreements >= (np.array(first) == second).sum()).mean()
    assert found.p == pytest.approx(shuffled, abs=0.03)
    assert found == repeat_test(first, second, n_permutations=20_000)


def test_guessing_rejects_as_often_as_it_should() -> None:
    p_values = [repeat_test(*passes(0, yes=0.5, seed=seed), n_permutations=500).p for seed in range(200)]
    assert 0.01 <= np.mean(np.array(p_values) < 0.05) <= 0.09


def test_constant_passes_have_no_p_value() -> None:
    found = repeat_test(["no"] * 10, ["no"] * 10, categories=["no", "yes"])
    assert math.isnan(found.p) and math.isnan(found.kappa.value)


def test_one_of_many_and_missing_answers() -> None:
    first = [*"abcab" * 10, None]
    second = [*"abcba" * 10, "a"]
    found = repeat_test(first, second, categories=["a", "b", "c", "d"])
    assert (found.n, found.minority, found.verdict) == (50, (30, 30), "unclear")
    assert found.p < 0.01


def test_counts_may_be_given_by_code() -> None:
    assert choice({"a": 23, "b": 18, "c": 36, "d": 14, "e": 9}) == choice([23, 18, 36, 14, 9])
