"""Calibration: a model's agreement with people beside people's own."""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from intercoder.core.coding.deduction import CoderValues
from intercoder.core.deductive_settings import Calibration
from intercoder.core.errors import InputError
from intercoder.evals.agreement import agreement, positive_agreement
from intercoder.evals.calibrating.calibration_verdict import Bounds, decide
from intercoder.evals.calibration import CodeCalibration, calibrate, calibrate_code

QUICK = Calibration(resamples=400)
Said = list[Any]


def coder(truth: np.ndarray, right: float, random: np.random.Generator) -> Said:
    """A coder who is right so often, whatever is true."""
    return ["yes" if yes else "no" for yes in np.where(random.random(len(truth)) < right, truth, ~truth)]


def sample(n: int = 100, people: int = 3, seed: int = 0, unsure: float = 0.0) -> tuple[list[Said], Said]:
    random = np.random.default_rng(seed)
    truth = random.random(n) < 0.4
    coders = [coder(truth, 0.9, random) for _ in range(people + 1)]
    for said in coders:
        for place in np.flatnonzero(random.random(n) < unsure):
            said[place] = "unsure" if random.random() < 0.5 else None
    return coders[:-1], coders[-1]


def by_hand(one: Said, other: Said, weights: Sequence[float]) -> tuple[float, float]:
    """AC1 and positive agreement of two coders, segment by segment."""
    cells = dict.fromkeys(itertools.product(("yes", "no"), repeat=2), 0.0)
    for first, second, weight in zip(one, other, weights, strict=True):
        if (first, second) in cells:
            cells[first, second] += weight
    total = sum(cells.values())
    share = (2 * cells["yes", "yes"] + cells["yes", "no"] + cells["no", "yes"]) / (2 * total)
    chance = 2 * share * (1 - share)
    agreeing = (cells["yes", "yes"] + cells["no", "no"]) / total
    differing = cells["yes", "no"] + cells["no", "yes"]
    return (agreeing - chance) / (1 - chance), 2 * cells["yes", "yes"] / (2 * cells["yes", "yes"] + differing)


def values(found: CodeCalibration) -> list[float]:
    return [
        found.human_human.ac1.value,
        found.human_human.positive.value,
        found.human_model.ac1.value,
        found.human_model.positive.value,
        found.difference_ac1.value,
        found.difference_positive.value,
    ]


@pytest.mark.parametrize("unsure", [0.0, 0.2])
def test_pairs_equal_the_agreement_of_their_common_segments(unsure: float) -> None:
    people, model = sample(unsure=unsure)
    found = calibrate_code(people, model, settings=QUICK)
    coders = {f"person {number}": said for number, said in enumerate(people, 1)} | {"model": model}
    for pair in (*found.human_human.pairs, *found.human_model.pairs):
        both = [
            row for row in zip(coders[pair.first], coders[pair.second], strict=True) if set(row) <= {"yes", "no"}
        ]
        assert pair.ac1.value == pytest.approx(agreement(both, "ac1", categories=("no", "yes")).value, abs=1e-12)
        assert pair.positive.value == pytest.approx(positive_agreement(both, "yes").value, abs=1e-12)
        assert pair.ac1.n == pair.positive.n == len(both)
    assert [(pair.first, pair.second) for pair in found.human_model.pairs] == [(name, "model") for name in coders][
        :3
    ]


@pytest.mark.parametrize("weighted", [False, True])
def test_more_than_two_people_are_averaged_over_pairs(weighted: bool) -> None:
    people, model = sample(unsure=0.1)
    weights = np.random.default_rng(1).uniform(0.2, 5, 100) if weighted else np.ones(100)
    found = calibrate_code(people, model, weights=weights if weighted else None, settings=QUICK)
    among = [by_hand(one, other, weights) for one, other in itertools.combinations(people, 2)]
    with_model = [by_hand(person, model, weights) for person in people]
    means = [np.mean(among, axis=0), np.mean(with_model, axis=0)]
    assert values(found) == pytest.approx([*means[0], *means[1], *(means[1] - means[0])], abs=1e-12)


def test_whole_weights_are_segments_met_so_often() -> None:
    people, model = sample()
    weights = np.random.default_rng(2).integers(1, 4, 100)
    often = [np.repeat(np.array(said, object), weights).tolist() for said in (*people, model)]
    weighted = calibrate_code(people, model, weights=weights.astype(float), settings=QUICK)
    assert values(weighted) == pytest.approx(values(calibrate_code(often[:-1], often[-1], settings=QUICK)))
    assert "weigh like" in weighted.reason
    assert "weigh" not in calibrate_code(people, model, weights=[2.0] * 100, settings=QUICK).reason


def test_intervals_are_near_the_analytic_ones() -> None:
    people, model = sample(n=300, people=1)
    found = calibrate_code(people, model).human_model
    both = list(zip(people[0], model, strict=True))
    for ours, theirs in ((found.ac1, agreement(both, "ac1")), (found.positive, positive_agreement(both, "yes"))):
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.02)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_difference_is_paired_and_resampled_by_segment(weighted: bool) -> None:
    people, model = sample(n=80, people=2)
    random = np.random.default_rng(3)
    weights = np.where(np.array(model) == "yes", 0.5, 2.0) if weighted else np.ones(80)
    found = calibrate_code(people, model, weights=weights)
    slow = []
    for _ in range(1500):
        drawn = random.integers(0, 80, 80)
        one, other, machine = ([said[place] for place in drawn] for said in (*people, model))
        share = weights[drawn]
        with_model = np.mean([by_hand(one, machine, share), by_hand(other, machine, share)], axis=0)
        slow.append(with_model - by_hand(one, other, share))
    for column, ours in enumerate((found.difference_ac1, found.difference_positive)):
        low, high = np.percentile(np.array(slow)[:, column], [2.5, 97.5])
        assert (ours.low, ours.high) == pytest.approx((low, high), abs=0.025)


def test_a_model_that_never_says_yes_is_sent_back_for_positive_agreement() -> None:
    rare = ["yes"] * 12 + ["no"] * 188
    found = calibrate_code([rare, rare], ["no"] * 200)
    assert found.human_model.ac1.value > 0.9
    assert (found.human_model.positive.value, found.verdict) == (0, "revise")
    assert "positive agreement" in found.reason


def test_a_model_that_agrees_as_people_do_is_ready() -> None:
    people, _ = sample(n=3000, people=3)
    found = calibrate_code(people[:2], people[2])
    assert found.verdict == "ready"
    assert f"{found.positives} positive segments" in found.reason


@pytest.mark.parametrize(
    ("ac1", "positive", "positives", "verdict"),
    [
        ((-0.1, 0.1), (-0.1, 0.1), 10, "ready"),
        ((-0.1 - 1e-12, 0.1), (-0.05, 0.1), 10, "ready"),
        ((-0.05, 0.1), (-0.05, 0.1), 9, "not shown"),
        ((-0.11, 0.1), (-0.05, 0.1), 50, "not shown"),
        ((-0.05, 0.1), (-0.3, -0.1), 50, "not shown"),
        ((-0.05, 0.1), (-0.3, -0.11), 50, "revise"),
        ((-0.3, -0.11), (math.nan, math.nan), 0, "revise"),
        ((math.nan, math.nan), (-0.05, 0.1), 50, "not shown"),
    ],
)
def test_the_rule(ac1: tuple[float, float], positive: tuple[float, float], positives: int, verdict: str) -> None:
    assert decide(Bounds(ac1, positive, -0.1, -0.1), positives, 10) == verdict


def test_one_person_is_held_against_bounds_of_their_own() -> None:
    said = ["yes"] * 20 + ["no"] * 20
    assert calibrate_code({"ana": said}, said).verdict == "ready"
    found = calibrate_code({"ana": said}, ["no"] * 20 + ["yes"] * 20)
    assert (found.verdict, found.human_human.pairs) == ("revise", ())
    assert np.isnan([found.human_human.ac1.value, found.difference_ac1.value]).all()
    off = ["yes"] * 14 + ["no"] * 26
    assert calibrate_code({"ana": said}, off).verdict == "not shown"
    lenient = Calibration(lowest_ac1=0.3, lowest_positive=0.3)
    assert calibrate_code({"ana": said}, off, settings=lenient).verdict == "ready"


def test_somebody_who_decided_nothing_is_no_second_person() -> None:
    said = ["yes"] * 20 + ["no"] * 20
    found = calibrate_code({"ana": said, "ben": ["unsure"] * 40}, said)
    assert (found.verdict, found.people[1].unsure_share) == ("ready", 1)


def test_positives_are_those_of_most_people_where_the_model_decided() -> None:
    people = [["yes", "yes", "yes", "yes", "yes"], ["yes", "no", "unsure", None, "yes"]]
    assert calibrate_code(people, ["yes", "yes", "no", "no", "unsure"], settings=QUICK).positives == 3


def test_few_positives_are_never_ready() -> None:
    said = ["yes"] * 9 + ["no"] * 91
    found = calibrate_code([said, said], said)
    assert found.verdict == "not shown"
    assert "9 positive segments, 10 are needed" in found.reason


@pytest.mark.parametrize(
    ("people", "model"),
    [
        ([["no"] * 30] * 2, ["no"] * 30),
        ([["yes", None] * 15, [None, "yes"] * 15], ["yes"] * 30),
        ([["yes"] * 30] * 2, [None] * 30),
        ([["unsure"] * 30] * 2, ["unsure"] * 30),
        ([[None] * 30], [None] * 30),
        ([[]], []),
    ],
)
def test_what_is_undefined_shows_nothing(people: list[Said], model: Said) -> None:
    found = calibrate_code(people, model, settings=QUICK)
    assert found.verdict == "not shown"
    assert math.isnan(found.difference_positive.value)
    assert "undefined" in found.reason


def test_the_same_seed_gives_the_same_intervals() -> None:
    people, model = sample()
    assert calibrate_code(people, model) == calibrate_code(people, model)


def test_unsure_has_a_share_by_weight() -> None:
    found = calibrate_code([["unsure", "yes", None]], ["no", "unsure", "unsure"], weights=[3, 1, 1], settings=QUICK)
    assert (found.people[0].unsure_share, found.model.unsure_share) == (0.75, 0.4)
    assert (found.people[0].yes, found.people[0].no, found.people[0].unsure) == (1, 0, 1)


@pytest.mark.parametrize(
    ("ask", "where"),
    [
        (lambda: calibrate_code({}, ["yes"]), "people"),
        (lambda: calibrate_code({"ana": ["yes"]}, ["yes", "no"]), "ana"),
        (lambda: calibrate_code({"ana": ["maybe"]}, ["yes"]), "ana, segment 1"),
        (lambda: calibrate_code([["yes", "no"]], ["yes", 1]), "model, segment 2"),  # type: ignore[list-item]
        (lambda: calibrate_code([["yes"]], ["yes"], weights=[0.0]), "weights"),
        (lambda: calibrate_code([["yes"]], ["yes"], weights=[1.0, 1.0]), "weights"),
        (lambda: calibrate([human("ana", s1="yes")], human("m", s1="yes"), ["c"], weights={}), "s1"),
    ],
)
def test_bad_input_names_the_place(ask: Callable[[], Any], where: str) -> None:
    with pytest.raises(InputError) as refused:
        ask()
    assert refused.value.where == where
    assert refused.value.remedy


def human(name: str, **said: Any) -> CoderValues:
    return CoderValues(name=name, role="human", values={"c": said})


def test_codes_are_calibrated_on_the_segments_that_people_coded() -> None:
    ana, ben = human("ana", s1="yes", s2="no"), human("ben", s2="no", s3="unsure")
    model = CoderValues(name="reader", role="coder", values={"c": {"s2": "no", "s1": "no", "s9": "yes"}})
    found = calibrate([ana, ben], model, ["c", "d"], settings=QUICK)
    assert list(found) == ["c"]
    same = calibrate_code(
        {"ana": ["yes", "no", None], "ben": [None, "no", "unsure"]}, ["no", "no", None], settings=QUICK
    )
    assert found["c"].model_dump_json() == same.model_dump_json()


def test_the_rule_seldom_passes_a_model_at_the_margin() -> None:
    """People right 95 times in 100, p one half: AC1 0.81; a model at D = -0.1 is right 89.4 times in 100."""
    ready = {0.8944: 0, 0.95: 0}
    for right in ready:
        for seed in range(200):
            random = np.random.default_rng([seed, 5])
            truth = random.random(120) < 0.5
            people = [coder(truth, 0.95, random) for _ in range(2)]
            ready[right] += calibrate_code(people, coder(truth, right, random)).verdict == "ready"
    assert ready[0.8944] <= 12
    assert ready[0.95] >= 100
