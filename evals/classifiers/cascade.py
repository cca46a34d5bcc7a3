"""The cascade: what comes of asking the language model only where the classifier is not confident."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from intercoder.core.classifier_results import Bounded, CascadeCurve, CascadePoint
from intercoder.core.errors import InputError
from intercoder.evals.classifiers.classification import (
    AC1,
    AGREEMENT,
    KAPPA,
    MACRO_F1,
    Asked,
    Targets,
    classes,
    measure,
    size_of,
)
from intercoder.evals.classifiers.reliability import answers
from intercoder.evals.coefficients.confusion import beside, votes
from intercoder.evals.interval import Floats, quotient
from intercoder.evals.weights import segment_weights

STEPS = 20
"""Steps between sending nothing and sending all."""
ALL = 1.01
"""A bound that no confidence reaches: all is sent."""
THOUSAND = 1000


class Prices(NamedTuple):
    """What a question takes; nan where it is not known."""

    cost: float = math.nan
    """Of one question to the language model, in the currency of the study's prices."""
    model_seconds: float = math.nan
    """For one question to the language model."""
    classifier_seconds: float = math.nan
    """For one question to the classifier, which is asked every one."""

    def told(self, sent: float) -> tuple[float, float]:
        """Cost and seconds of 1,000 questions of which a share is sent."""
        return THOUSAND * sent * self.cost, THOUSAND * (self.classifier_seconds + sent * self.model_seconds)


def cascade_curve(
    people: Sequence[Targets],
    probabilities: Floats,
    model_said: Sequence[Targets],
    asked: Asked,
    *,
    model: str,
    part: Literal["development", "held_out"],
    prices: Prices | None = None,
    target: float = math.nan,
    chosen: float = math.nan,
    reached: bool = False,
    steps: int = STEPS,
) -> CascadeCurve:
    """Agreement with people against the share of questions sent to the language model.

    A question is a segment with a code, or a segment in an exclusive book. Where the model gave no answer, nobody
    decided: figures leave the decision out, and a point says what share is decided.

    Args:
        people: For each segment what people decided.
        probabilities: The classifier's, calibrated; shape (segments, codes).
        model_said: For each segment what the language model decided.
        asked: Codes, head and resamples.
        model: Reference of the model.
        part: Which of people's codes these are.
        prices: What a question takes.
        target: Agreement that was asked for, to be told.
        chosen: The bound that was chosen, to be told; it gets a point of its own.
        reached: Whether it reaches the target, to be told.
        steps: Points are at so many even steps of the share sent, as far as confidences can be told apart.

    Raises:
        InputError: Not as many segments on either side.
    """
    theirs, model_classes = classes(people, asked), classes(model_said, asked)
    ours = answers(probabilities, asked.head)
    if not theirs.shape == model_classes.shape == ours.chosen.shape:
        raise InputError(
            f"people's decisions have shape {theirs.shape}, the classifier's {ours.chosen.shape}, the model's "
            f"{model_classes.shape}.",
            where="probabilities",
            remedy="Give an entry for each segment on all sides.",
        )
    held, known = votes([theirs], size_of(asked)), theirs >= 0
    confidences = ours.confidence[known]
    weights = np.broadcast_to(segment_weights(asked.weights, len(theirs))[:, None], theirs.shape)[known]
    points = []
    for bound in bounds(confidences, weights, steps, chosen):
        said = np.where(ours.confidence < bound, model_classes, ours.chosen)
        sent = float(quotient(weights @ (confidences < bound), weights.sum()))
        decided = float(quotient(weights @ (said[known] >= 0), weights.sum()))
        found = measure(beside(held, said), asked)
        points.append(_point(bound, sent, decided, found, prices or Prices()))
    # The chosen bound may send what another one sends; a share is shown once, with the chosen bound.
    others = {one.sent for one in points if one.confidence == chosen}
    points = [one for one in points if one.confidence == chosen or one.sent not in others]
    return CascadeCurve(model=model, part=part, points=tuple(points), target=target, chosen=chosen, reached=reached)


def bounds(confidences: Floats, weights: Floats, steps: int = STEPS, chosen: float = math.nan) -> list[float]:
    """Bounds that send nothing, all, and even shares between, rising; and the one that was chosen.

    Args:
        confidences: Of questions; shape (questions,).
        weights: What each counts; shape (questions,).
        steps: Shares.
        chosen: A bound to be among them; nan for none.
    """
    even = np.linspace(0, 1, steps + 1)[1:-1]
    order = np.argsort(confidences, kind="stable")
    before = weights[order].cumsum() - weights[order]
    inner = confidences[order][np.searchsorted(before, even * before[-1])].tolist() if len(confidences) else ()
    # Equal confidences make one bound: they are sent together or not at all.
    found = {0.0, ALL, *inner}
    if math.isfinite(chosen):
        found.add(chosen)
    return sorted(found)


def _point(bound: float, sent: float, decided: float, found: Sequence[Bounded], prices: Prices) -> CascadePoint:
    cost, seconds = prices.told(sent)
    return CascadePoint(
        confidence=bound,
        sent=sent,
        decided=decided,
        agreement=found[AGREEMENT],
        macro_f1=found[MACRO_F1],
        kappa=found[KAPPA],
        ac1=found[AC1],
        cost=cost,
        seconds=seconds,
    )
