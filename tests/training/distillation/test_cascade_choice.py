"""The bound of a cascade."""

import math

import numpy as np
import pytest

from intercoder.core.classifier_results import MeasuredCode
from intercoder.core.confidence import confidences
from intercoder.evals.classifiers.classification import Asked
from intercoder.training.distillation.cascade_choice import choose_bound, commonest

CODES = (MeasuredCode(code_id="c_1", label="repair"), MeasuredCode(code_id="c_2", label="buying"))
ASKED = Asked(CODES[:1], "yes_no", n_boot=0)


def choose(right: list[bool], sure: list[float], model_right: list[bool], target: float) -> tuple[float, bool]:
    """The bound where people always say yes."""
    given = np.array([[one if is_right else 1 - one] for one, is_right in zip(sure, right, strict=True)])
    said = [{"c_1": one} for one in model_right]
    bound = choose_bound([{"c_1": True}] * len(right), given, said, ASKED, target)
    return bound.confidence, bound.reached


def test_as_little_is_sent_as_the_target_allows() -> None:
    right = [False, False, True, True, True]
    sure = [0.55, 0.65, 0.75, 0.85, 0.95]
    bound, reached = choose(right, sure, [True] * 5, 0.8)
    assert reached
    assert sum(one < bound for one in sure) == 1
    bound, reached = choose(right, sure, [True] * 5, 1.0)
    assert reached
    assert sum(one < bound for one in sure) == 2


def test_nothing_is_sent_where_the_classifier_suffices() -> None:
    assert choose([True] * 5, [0.6] * 5, [False] * 5, 0.9) == (0.0, True)


def test_where_no_bound_suffices_the_best_one_is_taken() -> None:
    right, sure = [False, True, True, False], [0.55, 0.65, 0.75, 0.85]
    bound, reached = choose(right, sure, [True, False, False, False], 0.99)
    assert not reached
    assert sum(one < bound for one in sure) == 1
    bound, reached = choose([False] * 4, sure, [True, True, True, False], 0.99)
    assert (sum(one < bound for one in sure), reached) == (3, False), "the fourth would gain nothing"
    assert choose([False] * 4, sure, [True] * 4, 1.0) == (1.01, True)


def test_a_model_that_does_not_answer_reaches_nothing() -> None:
    people = [{"c_1": True}] * 5
    given = np.array([[0.4], [0.35], [0.3], [0.8], [0.9]])
    silent = choose_bound(people, given, [{}] * 5, ASKED, 0.9)
    assert (silent.confidence, silent.reached) == (0.0, False), "silence agrees with nobody"
    partly = choose_bound(people, given, [{"c_1": True}, {}, {}, {}, {}], ASKED, 0.6)
    assert partly.reached
    assert [one < partly.confidence for one in (0.6, 0.65)] == [True, False]
    assert choose_bound([{}] * 5, given, people, ASKED, 0.9).reached is False


def test_what_the_most_frequent_answer_agrees_on() -> None:
    rare = [{"c_1": at < 2} for at in range(25)]
    assert commonest(rare, ASKED) == (0.92, (0,))
    assert commonest([*rare, {}], ASKED._replace(weights=[8.5] * 2 + [1.0] * 24)) == (23 / 40, (0,))
    often = [{"c_1": at > 2} for at in range(25)]
    assert commonest(often, ASKED) == (0.88, (1,))
    two = ASKED._replace(codes=CODES, head="multi_label")
    each = [{"c_1": at < 2, "c_2": at > 2} for at in range(25)]
    assert commonest(each, two) == (0.9, (0, 1))
    choices = [{"c_1": at < 7, "c_2": at >= 7} for at in range(10)]
    assert commonest(choices, two._replace(head="one_of_k")) == (0.7, (0,))
    assert math.isnan(commonest([{}], ASKED).agreed)


@pytest.mark.parametrize("seed", range(20))
def test_a_bound_that_is_reached_is_reached(seed: int) -> None:
    draw = np.random.default_rng(seed)
    right = draw.random(60) < 0.7
    sure = np.round(0.5 + draw.random(60) / 2, 4)
    model = draw.random(60) < 0.8
    bound, reached = choose(right.tolist(), sure.tolist(), model.tolist(), 0.8)
    given = np.where(right, sure, 1 - sure)[:, None]
    stands = np.where(confidences(given, "yes_no")[:, 0] >= bound, right, model)
    assert (stands.mean() >= 0.8) == reached
