"""Whether a classifier is right as often as it says: its reliability diagram and expected calibration error.

Confidence is the probability of the answer that is given (Guo et al. 2017, section 2), since that is what a cascade
goes by; for a yes/no code it is 0.5 at least.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from intercoder.core.classifier_results import Bounded, Head, MeasuredCode, Reliability, ReliabilityBin
from intercoder.core.confidence import confidences
from intercoder.core.errors import InputError
from intercoder.evals.bootstrap import replicates
from intercoder.evals.classifiers.classification import Asked, Targets, bounded, classes
from intercoder.evals.coefficients.confusion import Flags
from intercoder.evals.coefficients.ratings import MISSING, Codes
from intercoder.evals.estimates import proportion
from intercoder.evals.groups import lone, summed
from intercoder.evals.interval import Floats, bare, percentile, quotient
from intercoder.evals.weights import segment_weights

BINS = 10


class Answers(NamedTuple):
    """A classifier's probabilities as answers."""

    chosen: Codes
    """Shape (segments, questions): 1 or 0, or the place of the code in an exclusive book."""
    confidence: Floats
    """Probability of what was chosen, 0 to 1; shape (segments, questions)."""


def answers(probabilities: Floats, head: Head) -> Answers:
    """What a classifier says, and how sure it is.

    Args:
        probabilities: Of each code; shape (segments, codes).
        head: What it answers. A code is given from 0.5; of an exclusive book the likeliest is.
    """
    chosen = probabilities.argmax(axis=1)[:, None] if head == "one_of_k" else probabilities >= 0.5
    return Answers(chosen.astype(np.int64), confidences(probabilities, head))


def as_targets(chosen: Codes, codes: Sequence[MeasuredCode], head: Head) -> list[dict[str, bool]]:
    """Answers as targets, code id -> whether it applies; -1 is left out."""
    ids = [code.code_id for code in codes]
    if head == "one_of_k":
        return [
            {} if place == MISSING else {code_id: other == place for other, code_id in enumerate(ids)}
            for place in chosen[:, 0].tolist()
        ]
    return [
        {code_id: bool(said) for code_id, said in zip(ids, row, strict=True) if said != MISSING}
        for row in chosen.tolist()
    ]


def reliability(
    people: Sequence[Targets],
    probabilities: Floats,
    asked: Asked,
    *,
    bins: int = BINS,
    temperature: float = float("nan"),
) -> Reliability:
    """Bins of like confidence with the share that is right, and the expected calibration error.

    Args:
        people: For each segment what people decided.
        probabilities: Shape (segments, codes).
        asked: Codes, head and resamples.
        bins: Bins of even width between 0 and 1.
        temperature: By which logits were divided, to be told.

    Raises:
        InputError: Not as many segments on either side.
    """
    theirs, ours = classes(people, asked), answers(probabilities, asked.head)
    if theirs.shape != ours.chosen.shape:
        raise InputError(
            f"people's decisions have shape {theirs.shape}, the classifier's {ours.chosen.shape}.",
            where="probabilities",
            remedy="Give probabilities of each code for each segment.",
        )
    seen = theirs != MISSING
    right = seen & (theirs == ours.chosen)
    places = np.minimum((ours.confidence * bins).astype(np.int64), bins - 1)
    sums = _sums(places, ours.confidence, right, seen, bins, segment_weights(asked.weights, len(seen)))
    totals = sums.sum(axis=0)
    return Reliability(
        bins=tuple(_bin(place, bins, *totals[place].tolist()) for place in range(bins) if totals[place, 0]),
        error=_error(sums, np.asarray(seen.any(axis=1)), asked),
        decisions=int(seen.sum()),
        temperature=temperature,
    )


def _sums(places: Codes, confidence: Floats, right: Flags, seen: Flags, bins: int, weights: Floats) -> Floats:
    """What segments add to each bin, shape (segments, bins, 5).

    Decisions; their weight, and its square; confidence and right ones, weighted.
    """
    sums = np.zeros((len(places), bins, 5))
    rows, columns = np.nonzero(seen)
    weight = weights[rows]
    parts = [np.ones(len(rows)), weight, weight**2, weight * confidence[seen], weight * right[seen]]
    np.add.at(sums, (rows, places[rows, columns]), np.column_stack(parts))
    return sums


def _bin(
    place: int, bins: int, decisions: float, weight: float, squares: float, confidence: float, right: float
) -> ReliabilityBin:
    each = weight / squares  # so many even decisions is one unit of weight worth, see `evals.weights.worth`
    share = bounded(proportion(right * each, weight * each))
    return ReliabilityBin(
        low=place / bins,
        high=(place + 1) / bins,
        confidence=confidence / weight,
        right=share.model_copy(update={"n": round(decisions)}),
    )


def _error(sums: Floats, kept: Flags, asked: Asked) -> Bounded:
    shape = sums.shape[1:]
    units = summed(sums.reshape(len(sums), shape[0] * shape[1]), asked.groups, kept)

    def value(totals: Floats) -> Floats:
        of_bins = totals.reshape(*totals.shape[:-1], *shape)
        gaps = np.abs(of_bins[..., 3] - of_bins[..., 4]).sum(axis=-1)
        return quotient(gaps, of_bins[..., 1].sum(axis=-1))

    found, times = float(value(units.sum(axis=0))), np.ones(len(units), np.int64)
    if not asked.n_boot or not len(units) or lone(units, kept):
        return bounded(bare(found, len(units), ""))
    return bounded(percentile(found, replicates(units, times, value, asked.n_boot, asked.seed), len(units), ""))
