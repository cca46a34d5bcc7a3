"""Whether a model may code in people's place: the rule, and the sentence that gives its numbers."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple, TypeAlias

from intercoder.core.deductive_settings import Calibration

CalibrationVerdict: TypeAlias = Literal["ready", "revise", "not shown"]

TOLERANCE = 1e-9
"""Bounds this close to a threshold are at it."""


class Bounds(NamedTuple):
    """95% intervals that a verdict rests on, and what each is held against. Undefined is nan."""

    ac1: tuple[float, float]
    positive: tuple[float, float]
    least_ac1: float
    least_positive: float


def held_against(
    settings: Calibration, ac1: tuple[float, float], positive: tuple[float, float], people: int
) -> Bounds:
    """The bounds with their thresholds.

    Args:
        settings: Margin, and the thresholds for one person.
        ac1: Interval of D for AC1; of the model's AC1 with the person where one person coded.
        positive: The same for positive agreement.
        people: How many people coded.
    """
    if people > 1:
        return Bounds(ac1, positive, -settings.margin, -settings.margin)
    return Bounds(ac1, positive, settings.lowest_ac1, settings.lowest_positive)


def decide(bounds: Bounds, positives: int, fewest: int) -> CalibrationVerdict:
    """The verdict that bounds and positives give.

    Returns:
        `ready` if both lower bounds reach their thresholds and there are at least `fewest` positives; `revise` if
        an upper bound does not reach its own; else `not shown`, as wherever a bound that is needed is undefined.
    """
    (ac1_low, ac1_high), (positive_low, positive_high) = bounds.ac1, bounds.positive
    reached = ac1_low >= bounds.least_ac1 - TOLERANCE and positive_low >= bounds.least_positive - TOLERANCE
    if reached and positives >= fewest:
        return "ready"
    if ac1_high < bounds.least_ac1 - TOLERANCE or positive_high < bounds.least_positive - TOLERANCE:
        return "revise"
    return "not shown"


def explain(bounds: Bounds, positives: int, fewest: int, people: int) -> str:
    """The verdict's reason in one sentence with its numbers."""
    what = "D (model with people less people with people)" if people > 1 else "agreement with the one person"
    named = [
        ("AC1", bounds.ac1, bounds.least_ac1),
        ("positive agreement", bounds.positive, bounds.least_positive),
    ]
    verdict = decide(bounds, positives, fewest)
    if verdict == "ready":
        reached = ", ".join(f"{name} {_against(low, least)}" for name, (low, _), least in named)
        return f"The lower bounds of {what} reach what is asked: {reached}; {positives} positive segments."
    if verdict == "revise":
        below = [f"{name} {_against(high, least)}" for name, (_, high), least in named if high < least - TOLERANCE]
        return f"Even the upper bound of {what} is too low: {', '.join(below)}."
    found = [_open(*one) for one in named if not one[1][0] >= one[2] - TOLERANCE]
    few = [f"{positives} positive segments, {fewest} are needed"] if positives < fewest else []
    return f"Undecided by {what}: {'; '.join([*found, *few])}." if found else f"{few[0]}."


def _open(name: str, interval: tuple[float, float], least: float) -> str:
    """What keeps a code from being ready, though nothing speaks against the model."""
    low, high = interval
    if math.isnan(low):
        return f"{name} is undefined"
    return f"{name} may lie on either side of {least:.2f}, {low:.3f} to {high:.3f}"


def _against(bound: float, least: float) -> str:
    return f"{bound:.3f} against {least:.2f}"
