"""How often a code is given by a classifier and by people."""

import math

import numpy as np
import pytest

from intercoder.core.classifier_results import MeasuredCode
from intercoder.evals.classifiers.classification import Asked
from intercoder.evals.classifiers.given_shares import given_shares

CODES = tuple(MeasuredCode(code_id=one, label=one) for one in "ab")
ONE = Asked(CODES[:1], "yes_no", n_boot=200)
EACH = Asked(CODES, "multi_label", n_boot=200)
CHOICE = Asked(CODES, "one_of_k", n_boot=200)


def told(values):
    return [{} if value is None else {"a": bool(value)} for value in values]


def test_shares_are_of_what_people_decided_about():
    given = np.array([[0.9], [0.8], [0.5], [0.1], [0.9]])
    (one,) = given_shares(told([1, 0, 0, 0, None]), given, ONE)
    assert (one.given, one.people, one.difference.value, one.difference.n) == (0.75, 0.25, 0.5, 4)
    (heavy,) = given_shares(told([1, 0, 0, 0, None]), given, ONE._replace(weights=[1, 1, 1, 5, 9]))
    assert (heavy.given, heavy.people) == (3 / 8, 1 / 8)


def test_each_code_has_its_own_share():
    given = np.array([[0.9, 0.2], [0.6, 0.7], [0.1, 0.7]])
    people = [{"a": True, "b": False}, {"b": False}, {"a": False}]
    assert [(one.given, one.people) for one in given_shares(people, given, EACH)] == [(0.5, 0.5), (0.5, 0)]
    choices = [{"a": at < 2, "b": at >= 2} for at in range(3)]
    found = given_shares([*choices, {}], np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.6, 0.4]]), CHOICE)
    assert [(one.given, one.people) for one in found] == [
        (pytest.approx(1 / 3), pytest.approx(2 / 3)),
        (2 / 3, 1 / 3),
    ]


def test_the_difference_is_of_the_same_segments_and_documents():
    """A classifier that gives what people give has no difference, whatever is drawn."""
    draws = np.random.default_rng(1)
    people = draws.random(200) < 0.3
    (same,) = given_shares(told(people), people[:, None] * 0.8, ONE)
    assert (same.difference.value, same.difference.low, same.difference.high) == (0, 0, 0)
    more = np.where(people | (draws.random(200) < 0.2), 0.8, 0.1)[:, None]
    (apart,) = given_shares(told(people), more, ONE)
    of_ten = ONE._replace(groups=[f"d_{at // 20}" for at in range(200)])
    (together,) = given_shares(told(people), more, of_ten)
    assert 0 < apart.difference.low < apart.difference.value < apart.difference.high
    assert (apart.difference.n, together.difference.n) == (200, 10)
    (alone,) = given_shares(told(people), more, ONE._replace(groups=["d"] * 200))
    assert math.isnan(alone.difference.low)


def test_nothing_decided_is_undefined():
    (one,) = given_shares([{}], np.array([[0.9]]), ONE)
    assert all(math.isnan(value) for value in (one.given, one.people, one.difference.value, one.difference.low))
