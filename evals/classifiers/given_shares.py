"""How often a classifier gives a code, beside how often people do: what probabilities that are off lead to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from intercoder.core.classifier_results import Bounded, MeasuredCode
from intercoder.evals.bootstrap import replicates
from intercoder.evals.classifiers.classification import Asked, Targets, bounded, classes
from intercoder.evals.classifiers.reliability import answers
from intercoder.evals.coefficients.confusion import Flags
from intercoder.evals.coefficients.ratings import MISSING
from intercoder.evals.groups import lone, summed
from intercoder.evals.interval import Floats, bare, percentile, quotient
from intercoder.evals.weights import segment_weights


class GivenShare(NamedTuple):
    """Shares of the segments on which people decided about a code; 0 to 1, nan where they decided nothing."""

    code: MeasuredCode
    given: float
    """To which the classifier gives it."""
    people: float
    """To which people gave it."""
    difference: Bounded
    """The classifier's share less people's, on the same segments."""


def given_shares(people: Sequence[Targets], probabilities: Floats, asked: Asked) -> list[GivenShare]:
    """How often each code is given by a classifier and by people, on the segments that people decided about.

    Args:
        people: For each segment what people decided.
        probabilities: The classifier's; shape (segments, codes).
        asked: Codes, head, resamples, groups and weights.
    """
    theirs, ours = classes(people, asked), answers(probabilities, asked.head).chosen
    known = np.broadcast_to(theirs != MISSING, (len(theirs), len(asked.codes)))
    code = np.arange(len(asked.codes)) if asked.head == "one_of_k" else 1
    given, told = ours == code, theirs == code
    weights = segment_weights(asked.weights, len(theirs))
    sums = np.stack([given & known, told & known, known], axis=-1) * weights[:, None, None]
    return [_share(one, sums[:, at], known[:, at], asked) for at, one in enumerate(asked.codes)]


def _share(code: MeasuredCode, sums: Floats, known: Flags, asked: Asked) -> GivenShare:
    given, people = (float(quotient(total, sums[:, 2].sum())) for total in sums[:, :2].sum(axis=0))
    units = summed(sums, asked.groups, known)

    def value(totals: Floats) -> Floats:
        return quotient(totals[..., 0] - totals[..., 1], totals[..., 2])

    if not asked.n_boot or not len(units) or lone(units, known):
        return GivenShare(code, given, people, bounded(bare(given - people, len(units), "")))
    drawn = replicates(units, np.ones(len(units), np.int64), value, asked.n_boot, asked.seed)
    return GivenShare(code, given, people, bounded(percentile(given - people, drawn, len(units), "")))
