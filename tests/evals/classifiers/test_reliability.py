"""Reliability bins and the expected calibration error."""

import math

import numpy as np
import pytest

from intercoder.core.classifier_results import MeasuredCode
from intercoder.core.confidence import confidences
from intercoder.core.errors import InputError
from intercoder.evals.classifiers.classification import Asked
from intercoder.evals.classifiers.reliability import answers, as_targets, reliability

CODES = tuple(MeasuredCode(code_id=one, label=one) for one in "abc")
ONE = Asked(CODES[:1], "yes_no", n_boot=100)
THREE = Asked(CODES, "one_of_k", n_boot=100)
EACH = Asked(CODES, "multi_label", n_boot=100)


def test_confidence_is_in_the_answer_that_is_given():
    found = answers(np.array([[0.9], [0.2], [0.5]]), "yes_no")
    assert found.chosen[:, 0].tolist() == [1, 0, 1]
    assert found.confidence[:, 0].tolist() == pytest.approx([0.9, 0.8, 0.5])
    chosen = answers(np.array([[0.2, 0.5, 0.3]]), "one_of_k")
    assert (chosen.chosen.tolist(), chosen.confidence.tolist()) == ([[1]], [[0.5]])


@pytest.mark.parametrize("head", ["yes_no", "multi_label", "one_of_k"])
def test_confidence_is_the_coders_to_the_last_bit(head):
    given = np.linspace(0, 1, 10_001)[:, None].round(4)
    assert (answers(given, head).confidence == confidences(given, head)).all()


def test_answers_become_targets():
    assert as_targets(np.array([[1], [-1], [0]]), CODES[:1], "yes_no") == [{"a": True}, {}, {"a": False}]
    assert as_targets(np.array([[2], [-1]]), CODES, "one_of_k") == [{"a": False, "b": False, "c": True}, {}]
    assert as_targets(np.array([[1, -1, 0]]), CODES, "multi_label") == [{"a": True, "c": False}]


def test_bins_and_error_by_hand():
    people = [{"a": True}, {"a": True}, {"a": False}, {"a": True}, {}]
    found = reliability(people, np.array([[0.92], [0.98], [0.95], [0.25], [0.99]]), ONE, temperature=1.5)
    low, high = found.bins
    assert (low.low, low.high, low.right.n, low.right.value) == (0.7, 0.8, 1, 0)
    assert (high.low, high.high, high.right.n) == (0.9, 1.0, 3)
    assert high.confidence == pytest.approx(0.95)
    assert high.right.value == pytest.approx(2 / 3)
    assert found.error.value == pytest.approx((0.75 + 3 * (0.95 - 2 / 3)) / 4)
    assert (found.decisions, found.temperature) == (4, 1.5)


def test_certainty_is_in_the_last_bin():
    found = reliability([{"a": True}], np.array([[1.0]]), ONE)
    assert [(one.low, one.right.value) for one in found.bins] == [(0.9, 1.0)]
    assert found.error.value == 0


def test_what_is_as_right_as_it_says_has_a_small_error():
    draws = np.random.default_rng(3)
    given = draws.random((4000, 1))
    people = [{"a": bool(draws.random() < one)} for one in given[:, 0]]
    honest = reliability(people, given, ONE)
    sure = reliability(people, np.clip((given - 0.5) * 3 + 0.5, 0, 1), ONE)
    assert honest.error.high < 0.05 < 0.1 < sure.error.low


def test_each_decision_of_several_codes_counts():
    given = np.array([[0.9, 0.2, 0.6], [0.1, 0.5, 0.5]])
    found = reliability([{"a": True, "b": False}, {"c": True}], given, EACH)
    assert found.decisions == 3
    exclusive = reliability([{"a": True, "b": False, "c": False}], given[:1], THREE)
    assert exclusive.decisions == 1


def test_the_errors_interval_is_over_documents():
    draws = np.random.default_rng(5)
    given = draws.random((40, 1))
    people = [{"a": bool(draws.random() < one)} for one in given[:, 0]]
    once = reliability(people, given, ONE)
    alike = ONE._replace(groups=tuple(f"d_{at % 40}" for at in range(160)))
    found = reliability(people * 4, np.tile(given, (4, 1)), alike)
    assert (found.error.low, found.error.high) == pytest.approx((once.error.low, once.error.high))
    assert (found.error.n, found.decisions) == (40, 160)
    of_one = ONE._replace(groups=tuple(f"d_{at}" for at in range(40, 0, -1)))
    assert reliability(people, given, of_one) == once
    single = reliability(people, given, ONE._replace(groups=("d_1",) * 40)).error
    assert math.isnan(single.low)
    assert single.value == pytest.approx(once.error.value)


def test_weights_count_as_often_as_they_say():
    draws = np.random.default_rng(5)
    given = draws.random((40, 1))
    people = [{"a": bool(draws.random() < one)} for one in given[:, 0]]
    without = reliability(people, given, ONE)
    assert reliability(people, given, ONE._replace(weights=[1.0] * 40)) == without
    alike = reliability(people, given, ONE._replace(weights=[6.7] * 40))
    assert alike.error.value == pytest.approx(without.error.value)
    for one, other in zip(alike.bins, without.bins, strict=True):
        assert (one.right.value, one.right.low) == pytest.approx((other.right.value, other.right.low))
        assert one.right.n == other.right.n
    weighted = reliability(people, given, ONE._replace(weights=[2.0] * 15 + [1.0] * 25))
    twice = reliability(people + people[:15], np.concatenate([given, given[:15]]), ONE)
    assert weighted.error.value == pytest.approx(twice.error.value) != without.error.value
    assert (weighted.decisions, sum(one.right.n for one in weighted.bins)) == (40, 40)
    for one, other in zip(weighted.bins, twice.bins, strict=True):
        assert (one.confidence, one.right.value) == pytest.approx((other.confidence, other.right.value))
        assert one.right.high - one.right.low >= other.right.high - other.right.low


def test_nothing_decided_is_undefined():
    found = reliability([{}], np.array([[0.9]]), ONE)
    assert found.bins == ()
    assert math.isnan(found.error.value)


def test_other_shapes_are_refused():
    with pytest.raises(InputError, match="shape"):
        reliability([{"a": True}], np.array([[0.9], [0.8]]), ONE)
