"""The bound of a cascade: below which confidence the language model is to decide, for a target agreement."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from intercoder.core.classifier_results import CascadePoint
from intercoder.evals.classifiers.cascade import cascade_curve
from intercoder.evals.classifiers.classification import Asked, classes, size_of
from intercoder.evals.coefficients.confusion import votes
from intercoder.evals.interval import quotient
from intercoder.evals.weights import segment_weights
from intercoder.llms.classifiers.class_probabilities import Numbers

STEPS = 100
"""Bounds that are looked at between sending nothing and sending all."""


class Bound(NamedTuple):
    """A bound that was chosen."""

    confidence: float
    """Below it the language model decides; above 1 always."""
    reached: bool
    """Whether the target is reached with it, on the part it was chosen on."""


class Commonest(NamedTuple):
    """The most frequent answer to each question, given throughout."""

    agreed: float
    """Share of people's decisions that are the same, 0 to 1; nan without any."""
    answers: tuple[int, ...]
    """1 or 0 for each code, or the place of the code in an exclusive book."""


def commonest(people: Sequence[Mapping[str, bool]], asked: Asked) -> Commonest:
    """What agreement takes no classifier at all.

    Args:
        people: For each segment what people decided.
        asked: Codes, head and weights.
    """
    given = votes([classes(people, asked)], size_of(asked))
    counts = (given * segment_weights(asked.weights, len(given))[:, None, None]).sum(axis=0)
    agreed = float(quotient(counts.max(axis=-1).sum(), counts.sum()))
    return Commonest(agreed, tuple(counts.argmax(axis=-1).tolist()))


def choose_bound(
    people: Sequence[Mapping[str, bool]],
    probabilities: Numbers,
    model_said: Sequence[Mapping[str, bool]],
    asked: Asked,
    target: float,
) -> Bound:
    """The bound that sends least to the language model and reaches a target agreement with people.

    Where none does, the one of highest agreement, and of these the one that sends least. Agreement is over all of
    people's decisions: where the model gave no answer, it agrees with nobody.

    Args:
        people: For each segment of the development part what people decided.
        probabilities: The classifier's, calibrated; shape (segments, codes).
        model_said: For each segment what the language model decided.
        asked: Codes and head.
        target: Share of decisions that are to be people's, 0 to 1.
    """
    curve = cascade_curve(
        people,
        probabilities,
        model_said,
        asked._replace(n_boot=0),
        model="",
        part="development",
        steps=STEPS,
    )
    return _best(curve.points, target)


def _best(points: Sequence[CascadePoint], target: float) -> Bound:
    defined = [one for one in points if math.isfinite(one.agreed)]
    if not defined:
        return Bound(0.0, reached=False)
    for point in defined:
        if point.agreed >= target:
            return Bound(point.confidence, reached=True)
    best = max(defined, key=lambda one: (one.agreed, -one.sent))
    return Bound(best.confidence, reached=False)
