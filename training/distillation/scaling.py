"""Making a classifier's probabilities mean what they say: temperature scaling on the development part.

One temperature divides all logits (Guo et al. 2017), which changes no answer. Where class weights or written
segments made codes look more common than they are, a shift for each code mends what a temperature cannot (Platt
1999).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from intercoder.core.classifiers import Head
from intercoder.llms.classifiers.class_probabilities import Numbers, probabilities, scaled
from intercoder.training.distillation.heads import Targets

How: TypeAlias = Literal["none", "temperature", "temperature_and_shift"]

_LOWEST, _HIGHEST = 0.05, 20.0
"""Bounds of the temperature: a development part without a wrong answer would send it to 0."""
_LEAST = 1e-6
_PULL = 1.0
"""Weight of a shift's square, in decisions: a code with few of them is hardly shifted."""


class Scaling(NamedTuple):
    """How logits become probabilities."""

    temperature: float = 1.0
    shifts: tuple[float, ...] = ()
    """One a code; empty for none."""
    decisions: int = 0
    """That it was fitted on."""
    before: float = float("nan")
    after: float = float("nan")
    """Mean negative log-likelihood of those decisions in nats, weighted, as the head says it and scaled."""


def log_loss(logits: Numbers, targets: Targets, head: Head, weights: Sequence[float] | None = None) -> float:
    """Mean negative log-likelihood of what was decided, in nats; nan where nothing was.

    Args:
        logits: The head's, shape (texts, codes).
        targets: Of the same texts.
        head: What is answered.
        weights: One over the chance that each text was drawn with; None where all count alike. Answers count alike.
    """
    given = np.clip(probabilities(logits, head), _LEAST, 1 - _LEAST)
    if head == "one_of_k":
        chosen = (targets == 1).any(axis=1, keepdims=True)
        possible = np.where(chosen, targets == 1, targets != 0)
        rows = (targets >= 0).any(axis=1) & possible.any(axis=1)
        each, places = -np.log((given * possible).sum(axis=1)[rows]), rows.nonzero()[0]
    else:
        known = targets >= 0
        each, places = -np.log(np.where(targets == 1, given, 1 - given)[known]), known.nonzero()[0]
    counts = None if weights is None else np.asarray(weights)[places]
    return float(np.average(each, weights=counts)) if each.size else float("nan")


def fit_scaling(
    logits: Numbers, targets: Targets, head: Head, how: How, weights: Sequence[float] | None = None
) -> Scaling:
    """Fit temperature and shifts to what people decided; neither where they decided nothing.

    Args:
        logits: The head's, shape (texts, codes).
        targets: Of the same texts.
        head: What is answered.
        how: What is fitted.
        weights: As of `log_loss`.
    """
    decisions = int((targets == 1).any(axis=1).sum() if head == "one_of_k" else (targets >= 0).sum())
    before = log_loss(logits, targets, head, weights)
    if how == "none" or not decisions:
        return Scaling(before=before, after=before)
    from scipy.optimize import minimize

    shifted = how == "temperature_and_shift"
    codes = logits.shape[1] if shifted else 0

    def of(numbers: npt.NDArray[np.float64]) -> tuple[float, tuple[float, ...]]:
        return float(np.exp(numbers[0])), tuple(float(one) for one in numbers[1:])

    def cost(numbers: npt.NDArray[np.float64]) -> float:
        pull = _PULL * float((numbers[1:] ** 2).sum()) / decisions
        return log_loss(scaled(logits, *of(numbers)), targets, head, weights) + pull

    bounds = [(np.log(_LOWEST), np.log(_HIGHEST))] + [(-10.0, 10.0)] * codes
    found = minimize(cost, np.zeros(1 + codes), method="L-BFGS-B", bounds=bounds)
    temperature, shifts = of(found.x)
    kept = Scaling(round(temperature, 6), tuple(round(one, 6) for one in shifts), decisions, before)
    return kept._replace(after=log_loss(scaled(logits, kept.temperature, kept.shifts), targets, head, weights))
