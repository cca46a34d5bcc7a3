"""Whether a model may code in people's place: the rule, and the sentence that gives its numbers."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from intercoder.core.study import Calibration

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
    what = "the model's with people less people's with each other" if people > 1 else "with the one person"
    verdict = decide(bounds, positives, fewest)
    if verdict == "ready":
        return (
            f"Both lower bounds ({what}) reach what is asked: AC1 {_against(bounds.ac1[0], bounds.least_ac1)}, "
            f"positive agreement {_against(bounds.positive[0], bounds.least_positive)}; "
            f"{positives} positive segments."
        )
    named = [
        ("AC1", bounds.ac1, bounds.least_ac1),
        ("positive agreement", bounds.positive, bounds.least_positive),
    ]
    if verdict == "revise":
        below = [f"{name} {_against(high, least)}" for name, (_, high), least in named if high < least - TOLERANCE]
        return f"Even the upper bound ({what}) is too low: {'; '.join(below)}."
    return f"{'; '.join(_open(named, what, positives, fewest))}."


def _open(named: list[tuple[str, tuple[float, float], float]], what: str, positives: int, fewest: int) -> list[str]:
    """What keeps a code from being ready, though nothing speaks against the model."""
    found = []
    for name, (low, high), least in named:
        if low != low:
            found.append(f"{name} ({what}) is undefined")
        elif low < least - TOLERANCE:
            found.append(f"{name} ({what}) may lie on either side of {least:.2f}: {low:.3f} to {high:.3f}")
    if positives < fewest:
        found.append(f"{positives} positive segments, {fewest} are needed")
    return found


def _against(bound: float, least: float) -> str:
    return f"{bound:.3f} against {least:.2f}"
