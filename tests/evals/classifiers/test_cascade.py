"""The cascade: agreement with people against the share sent to the language model."""

import math

import numpy as np
import pytest

from intercoder.core.classifier_results import MeasuredCode
from intercoder.core.errors import InputError
from intercoder.evals.classifiers.cascade import ALL, Prices, bounds, cascade_curve
from intercoder.evals.classifiers.classification import Asked, classified
from intercoder.evals.classifiers.reliability import answers, as_targets

CODES = tuple(MeasuredCode(code_id=one, label=one) for one in "ab")
ONE = Asked(CODES[:1], "yes_no", n_boot=50)
TWO = Asked(CODES, "multi_label", n_boot=50)
CHOICE = Asked(CODES, "one_of_k", n_boot=50)


def targets(values):
    return [{"a": bool(value)} for value in values]


@pytest.fixture
def drawn():
    """People, a classifier whose confidence tells something, and a model that is right nine times in ten."""
    draws = np.random.default_rng(1)
    given = draws.random((300, 1))
    people = draws.random(300) < given[:, 0]
    model = np.where(draws.random(300) < 0.9, people, ~people)
    return targets(people), given, targets(model)


def test_its_ends_are_the_classifier_and_the_model(drawn):
    people, given, model = drawn
    curve = cascade_curve(people, given, model, ONE, model="given:m", part="held_out")
    said = as_targets(answers(given, "yes_no").chosen, CODES[:1], "yes_no")
    alone = classified(people, said, ONE, system="classifier", name="c")
    asked = classified(people, model, ONE, system="model", name="m")
    first, last = curve.points[0], curve.points[-1]
    assert (first.sent, first.agreement, first.kappa) == (0, alone.agreement, alone.kappa)
    assert (last.sent, last.agreement, last.macro_f1, last.ac1) == (1, asked.agreement, asked.macro_f1, asked.ac1)
    assert last.confidence == ALL


def test_shares_rise_in_even_steps(drawn):
    people, given, model = drawn
    curve = cascade_curve(people, given, model, ONE, model="m", part="held_out", steps=10)
    assert [one.sent for one in curve.points] == pytest.approx(np.linspace(0, 1, 11), abs=0.005)
    assert [one.confidence for one in curve.points] == sorted(one.confidence for one in curve.points)


def test_the_least_confident_are_sent_first():
    people, given = targets([1, 1]), np.array([[0.45], [0.9]])
    curve = cascade_curve(people, given, targets([1, 0]), ONE, model="m", part="held_out", steps=2)
    by_share = {one.sent: one.agreement.value for one in curve.points}
    assert by_share == {0: 0.5, 0.5: 1.0, 1: 0.5}


def test_equal_confidences_go_together():
    assert bounds(np.full(50, 0.7), np.ones(50)) == [0.0, 0.7, ALL]
    assert bounds(np.array([]), np.array([])) == [0.0, ALL]


def test_bounds_are_quantiles_of_what_questions_count():
    sure = np.random.default_rng(2).random(37)
    even = np.quantile(sure, np.linspace(0, 1, 21)[1:-1], method="higher")
    assert bounds(sure, np.ones(37)) == sorted({0.0, ALL, *even})
    assert bounds(np.array([0.9, 0.6, 0.7, 0.8]), np.array([1.0, 7.0, 1.0, 1.0]), 4) == [0.0, 0.7, ALL]


def test_the_chosen_bound_has_a_point(drawn):
    people, given, model = drawn
    curve = cascade_curve(
        people, given, model, ONE, model="m", part="development", target=0.8, chosen=0.6123, reached=True
    )
    point = next(one for one in curve.points if one.confidence == 0.6123)
    assert point.sent == pytest.approx((np.maximum(given, 1 - given) < 0.6123).mean())
    assert (curve.chosen, curve.target, curve.reached, curve.part) == (0.6123, 0.8, True, "development")


def test_cost_and_time_go_with_the_share(drawn):
    people, given, model = drawn
    prices = Prices(cost=0.002, model_seconds=0.5, classifier_seconds=0.001)
    curve = cascade_curve(people, given, model, ONE, model="m", part="held_out", prices=prices)
    first, last = curve.points[0], curve.points[-1]
    assert (first.cost, last.cost) == (0, pytest.approx(2.0))
    assert (first.seconds, last.seconds) == (pytest.approx(1.0), pytest.approx(501.0))
    bare = cascade_curve(people, given, model, ONE, model="m", part="held_out")
    assert math.isnan(bare.points[-1].cost)


def test_where_the_model_gave_no_answer_nobody_decided():
    people, given = targets([1, 1, 0]), np.array([[0.9], [0.6], [0.1]])
    curve = cascade_curve(people, given, [{}, {}, {}], ONE, model="m", part="held_out", steps=3)
    assert math.isnan(curve.points[-1].agreement.value)
    assert curve.points[1].agreement.n == 2
    assert [one.decided for one in curve.points] == pytest.approx([1, 2 / 3, 0])


def test_its_intervals_are_over_documents(drawn):
    people, given, model = drawn
    of_ten = ONE._replace(groups=tuple(f"d_{at // 10}" for at in range(300)))
    curve = cascade_curve(people, given, model, of_ten, model="m", part="held_out", steps=2)
    assert {one.agreement.n for one in curve.points} == {30}


def test_each_code_of_a_segment_is_sent_by_itself():
    people = [{"a": True, "b": True}]
    curve = cascade_curve(
        people, np.array([[0.9, 0.4]]), [{"a": False, "b": True}], TWO, model="m", part="held_out", steps=2
    )
    assert {one.sent: one.agreement.value for one in curve.points} == {0: 0.5, 0.5: 1.0, 1: 0.5}


def test_an_exclusive_book_sends_segments():
    people = [{"a": True, "b": False}, {"a": False, "b": True}]
    given = np.array([[0.9, 0.1], [0.6, 0.4]])
    curve = cascade_curve(people, given, people, CHOICE, model="m", part="held_out", steps=2)
    assert {one.sent: one.agreement.value for one in curve.points} == {0: 0.5, 0.5: 1.0, 1: 1.0}


def test_only_what_people_decided_counts_as_sent():
    people = [{"a": True}, {}]
    curve = cascade_curve(people, np.array([[0.9], [0.5]]), people, ONE, model="m", part="held_out", chosen=0.8)
    assert next(one for one in curve.points if one.confidence == 0.8).sent == 0


def test_weights_count_as_often_as_they_say(drawn):
    people, given, model = drawn

    def curve(rows, weights=None, chosen=0.77):
        sides = [people[at] for at in rows], given[rows], [model[at] for at in rows]
        return cascade_curve(*sides, ONE._replace(weights=weights), model="m", part="held_out", chosen=chosen)

    def at(found, bound):
        return next(one for one in found.points if one.confidence == bound)

    rows = list(range(300))
    assert curve(rows, [1.0] * 300).model_dump_json() == curve(rows).model_dump_json()
    heavy = curve(rows, [2.0] * 100 + [1.0] * 200)
    for bound in (0.0, 0.77, ALL):
        one, other = at(heavy, bound), at(curve([*rows, *rows[:100]]), bound)
        assert (one.sent, one.decided, one.agreed) == pytest.approx((other.sent, other.decided, other.agreed))
        assert (one.kappa.value, one.ac1.value) == pytest.approx((other.kappa.value, other.ac1.value))
    assert at(heavy, 0.77).sent != pytest.approx(at(curve(rows), 0.77).sent)
    assert [one.sent for one in heavy.points if one.confidence != 0.77] == pytest.approx(
        np.linspace(0, 1, 21), abs=0.01
    )


def test_other_lengths_are_refused(drawn):
    people, given, model = drawn
    with pytest.raises(InputError, match="shape"):
        cascade_curve(people, given, model[:-1], ONE, model="m", part="held_out")
