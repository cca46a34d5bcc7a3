"""Pairs of coders on one code: AC1 and positive agreement as functions of sums over segments.

Because both follow from three sums a pair, weights and the bootstrap are matrix products: a segment adds its weight
to the sums of its pairs, and a resample is how often each kind of segment was drawn.
"""

from __future__ import annotations

import itertools

import numpy as np

from intercoder.evals.coefficients.ratings import MISSING, Codes
from intercoder.evals.interval import Floats, quotient

HUMAN_HUMAN, HUMAN_MODEL, DIFFERENCE, PAIRS = 0, 2, 4, 6
"""Columns of `PairSums.values`, AC1 at each and positive agreement after it: means of people with people and of the
model with people, their difference D, then one pair after the other."""


class PairSums:
    """What segments add to the sums of all pairs of coders, people with people first, then the model with people.

    Args:
        people: 1 for yes, 0 for no, -1 for unsure or no answer; shape (segments, people).
        model: The same; shape (segments,).
        weights: One over the probability with which a segment was drawn; shape (segments,).

    Attributes:
        pairs: Columns of each pair; the model is the column after the people.
        features: Shape (segments, 3 x pairs): weight where both said yes, where they differ, where both answered.
    """

    def __init__(self, people: Codes, model: Codes, weights: Floats) -> None:
        count = people.shape[1]
        self.pairs = [*itertools.combinations(range(count), 2), *((person, count) for person in range(count))]
        self._among_people = len(self.pairs) - count
        coders = np.column_stack([people, model])
        first = coders[:, [one for one, _ in self.pairs]]
        second = coders[:, [other for _, other in self.pairs]]
        self.answered = (first != MISSING) & (second != MISSING)
        yes = self.answered & (first == 1) & (second == 1)
        differ = self.answered & (first != second)
        parts = np.stack([yes, differ, self.answered], axis=2) * weights[:, None, None]
        self.features: Floats = parts.reshape(len(coders), 3 * len(self.pairs))

    @property
    def used(self) -> tuple[int, int]:
        """Segments that a pair of people answered, and that the model and a person did."""
        split = self._among_people
        return int(self.answered[:, :split].any(axis=1).sum()), int(self.answered[:, split:].any(axis=1).sum())

    def values(self, sums: Floats) -> Floats:
        """Statistics from sums of shape (..., 3 x pairs).

        Returns:
            Shape (..., 6 + 2 x pairs): both means, D, then each pair (see the columns above). A mean is over
            the pairs for which the statistic is defined; nan where there is none.
        """
        found = pair_statistics(sums.reshape(*sums.shape[:-1], -1, 3))
        among, with_model = found[..., : self._among_people, :], found[..., self._among_people :, :]
        people, model = _mean(among), _mean(with_model)
        flat = found.reshape(*found.shape[:-2], -1)
        result: Floats = np.concatenate([people, model, model - people, flat], axis=-1)
        return result


def pair_statistics(sums: Floats) -> Floats:
    """AC1 (seed 002, eq. 1 to 4, two raters, two categories) and positive agreement 2a / (2a + b + c).

    Args:
        sums: Shape (..., 3): both yes, differing, both answered.

    Returns:
        Shape (..., 2), nan where undefined: AC1 without a common segment, positive agreement without a yes.
    """
    yes, differ, both = sums[..., 0], sums[..., 1], sums[..., 2]
    share = quotient(2 * yes + differ, 2 * both)
    chance = 2 * share * (1 - share)
    ac1 = (1 - quotient(differ, both) - chance) / (1 - chance)
    return np.stack([ac1, quotient(2 * yes, 2 * yes + differ)], axis=-1)


def _mean(values: Floats) -> Floats:
    """Mean over pairs that are defined; shape (..., pairs, 2) to (..., 2)."""
    defined = np.isfinite(values)
    return quotient(np.where(defined, values, 0.0).sum(axis=-2), defined.sum(axis=-2).astype(np.float64))
