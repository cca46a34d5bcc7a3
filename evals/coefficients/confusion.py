"""Who said what beside whom, as sums over segments: F1, Cohen's kappa, AC1 and plain agreement follow from them.

Because they do, one resample of segments gives all statistics of all codes at once (see `evals.bootstrap`). Kappa
and AC1 are those of `evals.coefficients.chance_corrected`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from intercoder.evals.coefficients.chance_corrected import PooledCoefficient, RaterCoefficient, gwet_chance
from intercoder.evals.coefficients.ratings import MISSING, Codes
from intercoder.evals.interval import Floats, quotient

Flags = npt.NDArray[np.bool_]


class Tables(NamedTuple):
    """What segments add to the sums."""

    features: Floats
    """Shape (segments, questions, classes * classes): how often the one said a class and the other a class."""
    decided: Flags
    """Where both said something; shape (segments, questions)."""
    asked: Flags
    """Where the first did; shape (segments, questions)."""


def votes(said: Sequence[Codes], size: int) -> Floats:
    """How many people said each class; shape (segments, questions, classes).

    Args:
        said: By person, of shape (segments, questions), -1 where nothing was said.
        size: Number of classes.
    """
    counted = np.zeros((*said[0].shape, size))
    for one in said:
        rows, columns = np.nonzero(one != MISSING)
        counted[rows, columns, one[rows, columns]] += 1
    return counted


def beside(people: Floats, said: Codes) -> Tables:
    """People and a system: each of the people who decided counts in equal parts.

    Args:
        people: As of `votes`.
        said: What the system said; shape (segments, questions), -1 where nothing was.
    """
    answered = votes([said], people.shape[-1])
    several = people.sum(axis=-1, keepdims=True)
    shares = quotient(people, np.broadcast_to(several, people.shape))
    return _tables(np.nan_to_num(shares)[..., :, None] * answered[..., None, :], several[..., 0] > 0)


def among(people: Floats) -> Tables:
    """People and one another: every pair of those who decided counts in equal parts, both ways round."""
    several = people.sum(axis=-1)
    both = people[..., :, None] * people[..., None, :] - people[..., :, None] * np.eye(people.shape[-1])
    pairs = (several * (several - 1))[..., None, None]
    return _tables(np.nan_to_num(quotient(both, np.broadcast_to(pairs, both.shape))), several > 0)


def _tables(features: Floats, asked: Flags) -> Tables:
    flat = features.reshape(*asked.shape, features.shape[-1] ** 2)
    return Tables(flat, np.asarray(flat.any(axis=-1)), asked)


def squares(totals: Floats) -> Floats:
    """Flat tables, shape (..., classes * classes), as squares (..., classes, classes)."""
    size = round(totals.shape[-1] ** 0.5)
    return totals.reshape(*totals.shape[:-1], size, size)


def one_against_rest(table: Floats) -> Floats:
    """Each class as a yes/no question, no first; shape (..., classes, classes) to (..., classes, 2, 2)."""
    hits = np.diagonal(table, axis1=-2, axis2=-1)
    missed, wrong = table.sum(axis=-1) - hits, table.sum(axis=-2) - hits
    rest = table.sum(axis=(-2, -1))[..., None] - hits - missed - wrong
    return np.stack([np.stack([rest, wrong], axis=-1), np.stack([missed, hits], axis=-1)], axis=-2)


def f1(table: Floats) -> Floats:
    """F1 of each class: 2 hits / (said by the one + said by the other); nan where neither said it.

    Args:
        table: Shape (..., classes, classes).

    Returns:
        Shape (..., classes).
    """
    hits = np.diagonal(table, axis1=-2, axis2=-1)
    return quotient(2 * hits, table.sum(axis=-1) + table.sum(axis=-2))


def kappa(table: Floats) -> Floats:
    """Cohen's kappa of tables, shape (..., classes, classes) to (...).

    It is nan where both say one and the same thing throughout, which leaves nothing to correct for.
    """
    size = table.shape[-1]
    agreeing, paired = _agreement(table)
    given = np.concatenate([table.sum(axis=-1), table.sum(axis=-2)], axis=-1)
    sums = np.concatenate([agreeing[..., None], paired[..., None], given], axis=-1)
    return RaterCoefficient(np.zeros((1, 2), np.int64), np.eye(size)).value(sums)


def ac1(table: Floats) -> Floats:
    """Gwet's AC1 of tables (seed 002, eq. 1 to 4), shape (..., classes, classes) to (...)."""
    size = table.shape[-1]
    agreeing, paired = _agreement(table)
    shares = (table.sum(axis=-1) + table.sum(axis=-2)) / 2
    seen = np.where(paired > 0, paired, np.nan)[..., None]
    sums = np.concatenate([agreeing[..., None], paired[..., None], seen, shares], axis=-1)
    return PooledCoefficient(np.ones((1, size)), np.eye(size), gwet_chance).value(sums)


def percent(tables: Floats) -> Floats:
    """Share of decisions that are the same; shape (..., questions, classes, classes) to (...)."""
    agreeing, paired = _agreement(tables)
    return quotient(agreeing.sum(axis=-1), paired.sum(axis=-1))


def defined_mean(values: Floats) -> Floats:
    """Mean over the last axis of what is defined; nan where nothing is."""
    defined = np.isfinite(values)
    return quotient(np.where(defined, values, 0.0).sum(axis=-1), defined.sum(axis=-1).astype(np.float64))


def _agreement(table: Floats) -> tuple[Floats, Floats]:
    """How often both said the same, and how often both said something."""
    agreeing: Floats = np.trace(table, axis1=-2, axis2=-1)
    paired: Floats = table.sum(axis=(-2, -1))
    return agreeing, paired
