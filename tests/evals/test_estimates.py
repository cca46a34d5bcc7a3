"""What a sample says about all."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from intercoder.core.errors import InputError
from intercoder.evals.estimates import cooccurrence, prediction_powered, proportion


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_wilsons(case: tuple[int, int]) -> None:
    found = proportion(*case)
    low, high = proportion_confint(*case, method="wilson")
    assert [found.low, found.high] == pytest.approx([low, high], abs=1e-12)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_a_finite_population_narrows_the_interval() -> None:
    whole, large, half = (proportion(40, 100, population=size) for size in (100, 10**9, 200))
    free = proportion(40, 100)
    assert (whole.se, whole.low, whole.high) == (0, 0.4, 0.4)
    assert large.low == pytest.approx(free.low, abs=1e-6)
    assert half.se == pytest.approx(free.se * math.sqrt(100 / 199))
    assert free.low < half.low < half.high < free.high


def test_no_unit_no_share() -> None:
    found = proportion(0, 0)
    assert np.isnan([found.value, found.se, found.low, found.high]).all()


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        ({"yes": 3, "n": 2}, "yes"),
        ({"yes": -1, "n": 2}, "yes"),
        ({"yes": 1, "n": 2, "population": 1}, "population"),
        ({"yes": 1, "n": 2, "confidence": 95}, "confidence"),
    ],
)
def test_impossible_shares(arguments: dict[str, Any], where: str) -> None:
    with pytest.raises(InputError) as refused:
        proportion(**arguments)
    assert refused.value.where == where


def test_prediction_powered_by_hand() -> None:
    labels, predictions, rest = [1, 0, 1, 1], [1, 0, 0, 1], [1, 0, 0, 1, 1, 0]
    found = prediction_powered(labels, predictions, rest)
    assert found.value == pytest.approx(0.5 + 0.25)
    assert found.se == pytest.approx(math.sqrt(0.3 / 6 + 0.25 / 4))
    assert (found.high, found.n) == (1, 4)


def test_answers_that_are_counted_are_like_those_that_are_listed() -> None:
    rest = [0.5, 1, 0, 0, 1, 1, 0.5, 0]
    listed = prediction_powered([1, 0, 1], [1, 0.5, 0], rest)
    assert prediction_powered([1, 0, 1], [1, 0.5, 0], {1: 3, 0.5: 2, 0: 3}) == listed
    assert prediction_powered([1, 0, 1], [1, 0.5, 0], {0: 3, 7: 0, 0.5: 2, 1: 3}) == listed
    assert listed.se == pytest.approx(
        math.sqrt(np.var(rest, ddof=1) / 8 + np.var([0, -0.5, 1], ddof=1) / 3), rel=1e-12
    )
    assert prediction_powered([1, 0], [1, 0], {1.0: 9}).value == 1


def test_a_biased_model_is_corrected_and_a_good_one_helps() -> None:
    random = np.random.default_rng(0)
    hits, narrower = 0, 0
    for _ in range(300):
        truth = random.random(2_000) < 0.3
        model = np.where(random.random(2_000) < 0.1, True, truth)
        found = prediction_powered(truth[:150], model[:150], model[150:])
        hits += found.low <= 0.3 <= found.high
        alone = proportion(int(truth[:150].sum()), 150)
        narrower += found.high - found.low < alone.high - alone.low
    assert 0.91 <= hits / 300 <= 0.98
    assert narrower > 290


def test_weights_undo_an_enriched_sample() -> None:
    random = np.random.default_rng(1)
    truth = random.random(20_000) < 0.1
    model = np.where(random.random(20_000) < 0.05, ~truth, truth)
    chance = np.where(model, 0.2, 0.02)
    drawn = random.random(20_000) < chance
    plain = prediction_powered(truth[drawn], model[drawn], model, weights=None)
    weighted = prediction_powered(truth[drawn], model[drawn], model, weights=1 / chance[drawn])
    assert weighted.low <= truth.mean() <= weighted.high
    assert abs(plain.value - truth.mean()) > abs(weighted.value - truth.mean())
    assert weighted.n == drawn.sum()


def test_even_weights_change_nothing() -> None:
    given_ = ([1, 0, 1, 1], [1, 0, 0, 1], [1, 0, 0])
    assert prediction_powered(*given_, weights=[2, 2, 2, 2]) == prediction_powered(*given_)


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        (([1, 0], [1], [1, 0]), "predictions"),
        (([1, 0], [1, 0, 1], [1, 0]), "predictions"),
        (([1], [1], [1, 0]), "labels"),
        (([1, math.nan], [1, 0], [1, 0]), "labels, number 2"),
        (([1, 0], [1, 0], ["a", "b"]), "unlabelled"),
        (([1, 0], [1, 0], {1: 1, 0: 0}), "unlabelled"),
        (([1, 0], [1, 0], {1: 9, 0: -2}), "unlabelled"),
        (([1, 0], [1, 0], {}), "unlabelled"),
        (([1, 0], [1, 0], {1: 9, math.inf: 2}), "unlabelled, number 2"),
    ],
)
def test_bad_predictions_name_the_argument(arguments: Any, where: str) -> None:
    with pytest.raises(InputError) as refused:
        prediction_powered(*arguments)
    assert refused.value.where == where


def test_bad_weights() -> None:
    with pytest.raises(InputError, match="positive number"):
        prediction_powered([1, 0], [1, 0], [1, 0], weights=[1, 0])


def test_codes_given_together() -> None:
    found = cooccurrence([["cost", "time"], {"cost"}, set(), ["time", "cost", "cost"], ["pride"]])
    assert (found.n, found.counts) == (5, {"cost": 3, "time": 2, "pride": 1})
    (pair,) = found.pairs
    assert (pair.first, pair.second, pair.together) == ("cost", "time", 2)
    assert pair.share == proportion(2, 5)
    assert (pair.jaccard, pair.expected, pair.lift) == pytest.approx((2 / 3, 6 / 5, 10 / 6))
    matrix = found.matrix()
    assert matrix.loc["time", "cost"] == matrix.loc["cost", "time"] == 2
    assert matrix.loc["pride"].tolist() == [0, 0, 1]


def test_nothing_coded() -> None:
    assert cooccurrence([]).n == 0
    with pytest.raises(InputError, match="not a set of codes"):
        cooccurrence([{"a"}, "cost"])
