"""Plans: what samples of several sizes would show."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from intercoder.core.coding.deduction import CoderValues
from intercoder.core.deductive_settings import Calibration
from intercoder.core.errors import InputError
from intercoder.evals.calibration import calibrate_code
from intercoder.evals.calibration_plan import CalibrationPlan, observed_prevalence, plan


def simulated(n: int, prevalence: float, people: int, agreement: float, seed: int) -> tuple[list[Any], Any]:
    """Coders who see the truth with the root of their agreement, and guess else."""
    random = np.random.default_rng(seed)
    truth = random.random(n) < prevalence
    sees = random.random((people + 1, n)) < math.sqrt(agreement)
    said = np.where(sees, truth, random.random((people + 1, n)) < prevalence)
    coders = [["yes" if yes else "no" for yes in row] for row in said]
    return coders[:-1], coders[-1]


def test_forty_items_of_khan_give_intervals_about_two_tenths_wide() -> None:
    found = plan({"right": 0.5}, sizes=(40,), people=3, people_agreement=0.88).rows[0]
    assert found.ac1_width == pytest.approx(0.2, abs=0.03)
    assert found.ac1 == pytest.approx(0.88)


@pytest.mark.parametrize("prevalence", [0.5, 0.15])
def test_assumptions_are_what_large_samples_show(prevalence: float) -> None:
    people, model = simulated(40_000, prevalence, 2, 0.7, seed=1)
    large = calibrate_code(people, model, settings=Calibration(resamples=100)).human_model
    row = plan({"c": prevalence}, sizes=(40,), people_agreement=0.7, simulations=10).rows[0]
    assert (row.ac1, row.positive) == pytest.approx((large.ac1.value, large.positive.value), abs=0.01)


def test_chances_are_those_of_calibrations_simulated_one_by_one() -> None:
    verdicts, widths, positives = [], [], []
    for seed in range(200):
        found = calibrate_code(*simulated(100, 0.3, 2, 0.8, seed))
        verdicts.append(found.verdict)
        widths.append(found.difference_positive.high - found.difference_positive.low)
        positives.append(found.positives)
    row = plan({"c": 0.3}, sizes=(100,), people_agreement=0.8, simulations=400).rows[0]
    assert row.ready == pytest.approx(verdicts.count("ready") / 200, abs=0.12)
    assert row.difference_positive_width == pytest.approx(np.median(widths), abs=0.02)
    assert row.positives == pytest.approx(np.mean(positives), abs=1)


def test_larger_samples_are_narrower_and_readier() -> None:
    rows = plan({"c": 0.3}).rows
    assert [row.size for row in rows] == [40, 60, 100, 150, 200, 300]
    widths = [row.ac1_width for row in rows]
    assert widths == sorted(widths, reverse=True)
    assert rows[-1].ready > rows[0].ready + 0.3
    for row in rows:
        assert row.ready + row.revise + row.not_shown == pytest.approx(1)


def test_a_model_that_guesses_is_found_out() -> None:
    assert plan({"c": 0.4}, sizes=(150,), model_agreement=0.0).rows[0].revise == 1


def test_one_person_has_no_difference_and_another_rule() -> None:
    row = plan({"c": 0.5}, sizes=(100,), people=1, people_agreement=0.9).rows[0]
    assert math.isnan(row.difference_ac1_width)
    assert row.ready > 0.9


def test_enriched_samples_hold_more_positives() -> None:
    rare = {"rare": 0.04}
    even = plan(rare, sizes=(100,)).rows[0]
    enriched = plan(rare, sizes=(100,), draw="enriched").rows[0]
    assert enriched.positives > 5 * even.positives
    scarce = plan(rare, sizes=(100,), draw="enriched", population=300).rows[0]
    assert even.positives < scarce.positives < enriched.positives


def test_sizes_above_the_population_are_left_out() -> None:
    assert {row.size for row in plan({"c": 0.3}, population=70, simulations=10).rows} == {40, 60}


def test_the_same_seed_gives_the_same_plan() -> None:
    def ask(seed: int) -> CalibrationPlan:
        return plan({"c": 0.3}, sizes=(60,), seed=seed, simulations=50)

    assert ask(0) == ask(0) != ask(1)
    assert list(ask(0).to_frame().columns[:3]) == ["code", "prevalence", "size"]


def test_prevalence_is_what_the_model_said() -> None:
    values = {"c": {"s1": "yes", "s2": "no", "s3": "unsure", "s4": "no"}, "never": {"s1": "no"}}
    model = CoderValues(name="reader", role="coder", values=values)
    assert observed_prevalence(model, ["c", "never", "new"]) == {"c": 0.375, "never": 0.25, "new": 0.2}


@pytest.mark.parametrize(
    ("ask", "where"),
    [
        (lambda: plan({"c": 0.0}), "prevalence of c"),
        (lambda: plan({"c": 0.3}, people=0), "people"),
        (lambda: plan({"c": 0.3}, people_agreement=0.0), "people_agreement"),
        (lambda: plan({"c": 0.3}, people_agreement=0.5, model_agreement=0.8), "model_agreement"),
        (lambda: plan({"c": 0.3}, enriched=1.0), "enriched"),
        (lambda: plan({"c": 0.3}, sizes=()), "sizes"),
        (lambda: plan({"c": 0.3}, population=30), "sizes"),
        (lambda: plan({"c": 0.3}, simulations=1), "simulations"),
    ],
)
def test_bad_input_names_the_argument(ask: Callable[[], Any], where: str) -> None:
    with pytest.raises(InputError) as refused:
        ask()
    assert refused.value.where == where
    assert refused.value.remedy
