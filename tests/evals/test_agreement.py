"""What holds for agreement whatever the ratings are, and what is undefined."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intercoder.evals.agreement import agreement, pairwise
from intercoder.evals.coefficients.alpha import Alpha
from intercoder.evals.coefficients.chance_corrected import patterns
from intercoder.evals.coefficients.ratings import read_ratings

STATISTICS = ("percent", "ac1", "conger", "fleiss", "brennan_prediger", "krippendorff")
CELL = st.sampled_from(["a", "b", "c", None])


@st.composite
def tables(draw: st.DrawFn) -> list[list[str | None]]:
    """2 to 4 raters, the first unit rated by all."""
    raters = draw(st.integers(2, 4))
    rows = draw(st.lists(st.lists(CELL, min_size=raters, max_size=raters), min_size=3, max_size=15))
    return [["a"] * raters, *rows]


def value(ratings: Any, statistic: Any, **more: Any) -> float:
    return agreement(ratings, statistic, interval="none", **more).value


@settings(max_examples=60)
@given(tables(), st.randoms(use_true_random=False), st.sampled_from(STATISTICS))
def test_it_does_not_matter_who_is_called_first(ratings: list[list[Any]], random: Any, statistic: str) -> None:
    order = list(range(len(ratings[0])))
    random.shuffle(order)
    shuffled = [[row[position] for position in order] for row in ratings]
    random.shuffle(shuffled)
    assert value(shuffled, statistic) == pytest.approx(value(ratings, statistic), abs=1e-12, nan_ok=True)


@settings(max_examples=60)
@given(tables(), st.permutations([0, 1]), st.sampled_from(["ac1", "brennan_prediger", "fleiss", "percent"]))
def test_within_units_shuffled_raters_leave_pooled_statistics(
    ratings: list[list[Any]], order: list[int], statistic: str
) -> None:
    mixed = [[row[order[0]], row[order[1]], *row[2:]] if number % 2 else row for number, row in enumerate(ratings)]
    one, other = agreement(ratings, statistic), agreement(mixed, statistic)
    assert one.value == pytest.approx(other.value, abs=1e-12, nan_ok=True)
    assert one.se == pytest.approx(other.se, abs=1e-12, nan_ok=True)


@settings(max_examples=60)
@given(tables(), st.permutations(["a", "b", "c", "d"]), st.sampled_from(STATISTICS))
def test_names_of_categories_do_not_matter(ratings: list[list[Any]], names: list[str], statistic: str) -> None:
    new: dict[str | None, str | None] = {**dict(zip("abcd", names, strict=True)), None: None}
    renamed = [[new[cell] for cell in row] for row in ratings]
    known = ["a", "b", "c", "d"]
    before = agreement(ratings, statistic, categories=known, n_boot=50)
    after = agreement(renamed, statistic, categories=known, n_boot=50)
    assert before.value == pytest.approx(after.value, abs=1e-12, nan_ok=True)
    if statistic != "krippendorff":
        assert before.se == pytest.approx(after.se, abs=1e-12, nan_ok=True)


@settings(max_examples=60)
@given(tables(), st.sampled_from(["nominal", "ordinal", "interval"]))
def test_resampled_alpha_has_the_formula_of_the_package(ratings: list[list[Any]], level: Any) -> None:
    numbers = [[None if cell is None else {"a": 1, "b": 2, "c": 5}[cell] for cell in row] for row in ratings]
    distinct = patterns(read_ratings(numbers, [1, 2, 5]).rated(at_least=2), 3, ordered=False)
    alpha = Alpha(distinct.codes, np.array([1.0, 2.0, 5.0]), level)
    ours = float(alpha.value(distinct.times @ alpha.features))
    assert ours == pytest.approx(alpha.packaged(distinct.times), abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("categories", [None, [0], [0, 1], [0, 1, 2]])
@pytest.mark.parametrize("interval", ["analytic", "bootstrap", "none"])
def test_constant_raters(categories: Any, interval: Any) -> None:
    ratings = [[0, 0]] * 12
    for statistic in ("percent", "ac1", "ac2", "brennan_prediger"):
        found = agreement(ratings, statistic, categories=categories, interval=interval, n_boot=20)
        assert found.value == 1
        expected = (0, 1, 1) if interval != "none" else (math.nan,) * 3
        assert (found.se, found.low, found.high) == pytest.approx(expected, nan_ok=True)
    for statistic in ("cohen", "conger", "fleiss", "scott", "krippendorff"):
        found = agreement(ratings, statistic, categories=categories, interval=interval, n_boot=20)
        assert np.isnan([found.value, found.se, found.low, found.high]).all(), statistic
        assert found.n == 12


def test_a_declared_category_that_nobody_used_counts() -> None:
    ratings = [["a", "a"], ["a", "b"], ["b", "b"], ["b", "b"]]
    assert value(ratings, "brennan_prediger") == pytest.approx(0.5)
    assert value(ratings, "brennan_prediger", categories=["a", "b", "c"]) == pytest.approx((0.75 - 1 / 3) / (2 / 3))
    for statistic in ("fleiss", "cohen", "krippendorff", "percent"):
        assert value(ratings, statistic, categories=["a", "b", "c"]) == pytest.approx(value(ratings, statistic))


def test_weights_use_the_values_of_numbers_and_the_order_of_texts() -> None:
    grades = [["low", "mid"], ["low", "mid"], ["high", "high"], ["low", "low"]]
    order = ["low", "mid", "high"]
    numbers = [[order.index(cell) for cell in row] for row in grades]
    assert value(grades, "ac2", weights="linear", categories=order) == value(numbers, "ac2", weights="linear")
    uneven = [[{0: 0, 1: 1, 2: 10}[cell] for cell in row] for row in numbers]
    assert value(uneven, "ac2", weights="linear") != value(numbers, "ac2", weights="linear")


def test_ac1_with_weights_is_ac2_and_says_so() -> None:
    ratings = [[1, 2], [2, 2], [3, 3], [1, 3]]
    weighted = agreement(ratings, "ac1", weights="quadratic")
    assert weighted.statistic == "ac2"
    assert weighted == agreement(ratings, "ac2", weights="quadratic")
    assert agreement(ratings, "ac2").value == agreement(ratings, "ac1").value


def test_n_counts_units_that_enter() -> None:
    ratings = [[1, 1, None], [2, 2, 1], [1, None, None], [None, None, None]]
    assert agreement(ratings, "ac1").n == 3
    assert agreement(ratings, "percent").n == 2
    assert agreement(ratings, "krippendorff", interval="none").n == 2


def test_a_rater_who_rated_nothing_is_no_rater() -> None:
    ratings = [[1, None, 1], [2, None, 1], [2, None, 2]]
    without = [[1, 1], [2, 1], [2, 2]]
    assert agreement(ratings, "conger") == agreement(without, "conger")
    assert agreement(ratings, "cohen") == agreement(without, "cohen")


def test_a_single_unit_has_a_value_and_no_interval() -> None:
    found = agreement([["a", "b"]], "ac1")
    assert found.value == -1
    assert np.isnan([found.se, found.low, found.high]).all()


def test_pairs_of_raters() -> None:
    ratings = [["a", "a", "b", None], ["b", "b", "a", None], ["a", "b", "a", None], [None, None, "a", "b"]]
    found = pairwise(ratings, "cohen", categories=["a", "b", "c"])
    assert [pair.first for pair in found.pairs] == [f"rater {number}" for number in (1, 1, 1, 2, 2, 3)]
    assert [pair.second for pair in found.pairs] == [f"rater {number}" for number in (2, 3, 4, 3, 4, 4)]
    alone = agreement([row[:2] for row in ratings], "cohen", categories=["a", "b", "c"])
    assert found.pairs[0].agreement == alone
    apart = found.pairs[2].agreement
    assert apart.n == 0 and math.isnan(apart.value)
    matrix = found.matrix()
    assert matrix.loc["rater 1", "rater 2"] == matrix.loc["rater 2", "rater 1"] == alone.value
    assert math.isnan(matrix.loc["rater 1", "rater 1"])
    assert len(found.to_frame()) == 6
