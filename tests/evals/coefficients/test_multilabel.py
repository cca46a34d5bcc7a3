"""Several codes a unit."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from intercoder.core.errors import InputError
from intercoder.evals.agreement import agreement, jaccard, per_code, positive_agreement

CODINGS: list[list[Any]] = [
    [{"cost"}, {"cost", "time"}],
    [set(), ["time"]],
    [("cost", "cost"), {"cost"}],
    [set(), set()],
    [None, {"cost"}],
]


def test_each_code_is_a_question_of_its_own() -> None:
    found = per_code(CODINGS)
    cost, time = found.codes
    assert cost.agreement == agreement(
        [[True, True], [False, False], [True, True], [False, False], [None, True]], "ac1"
    )
    assert (cost.positive.value, time.positive.value) == (1, 0)
    assert (cost.percent, time.percent) == (1, 0.5)
    assert (cost.counts, time.counts) == ((2, 3), (0, 2))
    assert found.jaccard == jaccard(CODINGS)


def test_a_declared_code_that_nobody_used() -> None:
    found = per_code(CODINGS, codes=["cost", "time", "pride"])
    pride = found.codes[2]
    assert pride.agreement.value == 1
    assert math.isnan(pride.positive.value)
    frame = found.to_frame()
    assert frame["code"].tolist() == ["cost", "time", "pride"]
    assert frame.loc[2, "count rater 2"] == 0


def test_an_always_no_rater_looks_good_by_ac1_alone() -> None:
    ratings = [[number < 3, False] for number in range(100)]
    assert agreement(ratings, "ac1").value > 0.95
    assert positive_agreement(ratings).value == 0


def test_positive_agreement_of_two_is_dice() -> None:
    ratings = [[1, 1]] * 8 + [[1, 0]] * 3 + [[0, 1]] * 2 + [[0, 0]] * 7
    found = positive_agreement(ratings, 1)
    assert found.value == pytest.approx(2 * 8 / (2 * 8 + 3 + 2))
    resampled = positive_agreement(ratings, 1, interval="bootstrap", n_boot=4_000)
    assert resampled.se == pytest.approx(found.se, rel=0.15)
    assert found.n == 20


def test_positive_agreement_of_three_sums_over_pairs() -> None:
    ratings = [[1, 1, 0], [1, 0, 0], [1, 1, 1], [0, 0, None]]
    assert positive_agreement(ratings, 1).value == pytest.approx((2 + 0 + 6) / (4 + 2 + 6))


def test_nobody_chose_it() -> None:
    assert math.isnan(positive_agreement([[0, 0], [0, 0]], 1, categories=[0, 1]).value)
    with pytest.raises(InputError, match="not one of the categories"):
        positive_agreement([[0, 0], [0, 0]], 1)


def test_jaccard_is_a_mean_over_units_and_pairs() -> None:
    assert jaccard(CODINGS).value == pytest.approx((1 / 2 + 0 + 1 + 1) / 4)
    assert jaccard(CODINGS).n == 4
    three = [[{"a"}, {"a", "b"}, {"b"}]]
    assert jaccard(three, interval="none").value == pytest.approx((1 / 2 + 0 + 1 / 2) / 3)


@pytest.mark.parametrize("interval", ["analytic", "bootstrap"])
def test_jaccard_has_an_error(interval: Any) -> None:
    random = np.random.default_rng(0)
    codings = [[set(random.choice(list("abcde"), 2)), set(random.choice(list("abcde"), 2))] for _ in range(200)]
    found = jaccard(codings, interval=interval, n_boot=2_000)
    assert found.low < found.value < found.high
    assert found.se == pytest.approx(0.025, abs=0.01)


def test_frames_hold_codings_too() -> None:
    frame = pd.DataFrame(CODINGS, columns=["ana", "ben"], index=list("vwxyz"))
    assert per_code(frame).raters == ("ana", "ben")
    assert per_code(frame).codes == per_code(CODINGS).codes


@pytest.mark.parametrize(
    ("codings", "codes", "where", "what"),
    [
        ([["cost", {"cost"}]], None, "row 1, rater 1", "not a set of codes"),
        ([[{"cost"}, {""}]], None, "row 1, rater 2", "'' is not a code"),
        ([[{"cost"}, {1}]], None, "row 1, rater 2", "1 is not a code"),
        ([[{"cost"}, {"time"}]], ["cost"], "row 1, rater 2", "'time' is not one of the codes"),
        ([[{"cost"}]], None, "codings", "single rater"),
        ([[{"cost"}, None]], None, "codings", "no unit"),
        ([[{"cost"}, {"cost"}]], "cost", "codes", "one text"),
    ],
)
def test_bad_codings_name_their_place(codings: Any, codes: Any, where: str, what: str) -> None:
    with pytest.raises(InputError) as refused:
        per_code(codings, codes)
    assert where in refused.value.where
    assert what in refused.value.message


def test_statistics_for_two_are_refused_for_three() -> None:
    with pytest.raises(InputError, match="cohen is for two raters"):
        per_code([[{"a"}, {"a"}, {"a"}]], statistic="cohen")
