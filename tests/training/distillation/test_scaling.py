"""Scaled probabilities come true as often as they say, and scaling has bounds where little was decided."""

import math

import numpy as np
import pytest

from intercoder.core.classifiers import Head
from intercoder.llms.classifiers.class_probabilities import probabilities, scaled
from intercoder.training.distillation.scaling import How, fit_scaling, log_loss


def drawn(logits: np.ndarray, seed: int = 1) -> np.ndarray:
    """Answers that come true with the logits' probabilities."""
    given = probabilities(logits, "multi_label")
    return (np.random.default_rng(seed).random(given.shape) < given).astype(float)


LOGITS = np.random.default_rng(0).normal(size=(4000, 2))


def test_logits_three_times_too_sure_are_divided_by_three() -> None:
    found = fit_scaling(LOGITS * 3, drawn(LOGITS), "multi_label", "temperature")
    assert found.temperature == pytest.approx(3, rel=0.1)
    assert (found.shifts, found.decisions) == ((), 8000)
    assert found.after < found.before
    assert found.after == pytest.approx(log_loss(LOGITS, drawn(LOGITS), "multi_label"), abs=1e-3)


def test_a_shift_mends_codes_that_look_too_common() -> None:
    wrong = LOGITS * 2 + np.array([3.0, 0.0])
    found = fit_scaling(wrong, drawn(LOGITS), "multi_label", "temperature_and_shift")
    assert found.temperature == pytest.approx(2, rel=0.1)
    assert found.shifts == pytest.approx((-1.5, 0), abs=0.1)
    mended = probabilities(scaled(wrong, found.temperature, found.shifts), "multi_label")
    assert mended.mean(axis=0) == pytest.approx(drawn(LOGITS).mean(axis=0), abs=0.01)


def test_a_choice_is_scaled_too() -> None:
    logits = np.random.default_rng(0).normal(size=(4000, 3))
    given = probabilities(logits, "one_of_k").cumsum(axis=1)
    chosen = (np.random.default_rng(1).random((4000, 1)) > given).sum(axis=1).clip(max=2)
    found = fit_scaling(logits * 4, np.eye(3)[chosen], "one_of_k", "temperature")
    assert found.temperature == pytest.approx(4, rel=0.1)
    assert found.decisions == 4000


def test_answers_that_are_all_right_do_not_make_it_infinitely_sure() -> None:
    found = fit_scaling(LOGITS, (LOGITS > 0).astype(float), "multi_label", "temperature")
    assert found.temperature == 0.05


def test_what_nobody_decided_counts_for_nothing() -> None:
    targets = drawn(LOGITS)
    half = targets.copy()
    half[2000:] = -1
    assert fit_scaling(LOGITS * 3, half, "multi_label", "temperature") == fit_scaling(
        LOGITS[:2000] * 3, targets[:2000], "multi_label", "temperature"
    )
    assert log_loss(np.zeros((1, 3)), np.array([[0.0, -1, -1]]), "one_of_k") == pytest.approx(math.log(1.5))


@pytest.mark.parametrize("head", ["multi_label", "one_of_k"])
@pytest.mark.parametrize("how", ["temperature", "temperature_and_shift"])
def test_weights_count_as_often_as_they_say(head: Head, how: How) -> None:
    logits, targets = LOGITS[:600] * 3, drawn(LOGITS[:600])
    if head == "one_of_k":
        targets = np.eye(2)[targets[:, 0].astype(int)]
    targets[5] = targets[300, 1] = -1
    without = fit_scaling(logits, targets, head, how)
    assert fit_scaling(logits, targets, head, how, [1.0] * 600) == without
    weighted = fit_scaling(logits, targets, head, how, [2.0] * 200 + [1.0] * 400)
    twice = fit_scaling(np.vstack([logits, logits[:200]]), np.vstack([targets, targets[:200]]), head, how)
    assert weighted.temperature == pytest.approx(twice.temperature, rel=1e-2)
    assert weighted.shifts == pytest.approx(twice.shifts, abs=1e-2)
    assert (weighted.before, weighted.after) == pytest.approx((twice.before, twice.after), abs=1e-3)
    assert weighted.before != pytest.approx(without.before, abs=1e-3)
    assert weighted.decisions == without.decisions, "these are segments"


@pytest.mark.parametrize("how", ["none", "temperature"])
def test_nothing_decided_or_wanted_leaves_logits_as_they_are(how: str) -> None:
    targets = drawn(LOGITS) if how == "none" else np.full(LOGITS.shape, -1.0)
    found = fit_scaling(LOGITS, targets, "multi_label", how)  # type: ignore[arg-type]
    assert (found.temperature, found.shifts, found.decisions) == (1.0, (), 0)
