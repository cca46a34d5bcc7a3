"""Candidates in order: by mean rank, with what chance had to do with it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from intercoder.core.record import Record
from intercoder.evals.bootstrap import draws
from intercoder.evals.labels.selection import RANKED_BY, select
from intercoder.training.scoring import LIKENESSES, Scored

RESAMPLES = 2000
_RANKED = [LIKENESSES.index(name) for name in RANKED_BY]

Floats = npt.NDArray[np.float64]


class Standing(Record):
    """Where a candidate stands among the others. nan where undefined."""

    name: str
    place: int
    """From 1."""
    mean_rank: float
    """Mean of its ranks by BERTScore F1 and ROUGE-1, -2 and -L; 1 is best."""
    kept: float
    """Share of bootstrap resamples of the items in which it is among those that are kept."""
    means: dict[str, float]
    """`LIKENESSES` -> mean over the items."""
    low: dict[str, float]
    high: dict[str, float]
    """What it is ranked by -> bounds of the 95% bootstrap interval."""


def standings(scored: Scored, k: int, *, seed: int = 0, resamples: int = RESAMPLES) -> list[Standing]:
    """All candidates, best first (seed 000, section 4.1; `evals.labels.selection.select` says how ties go).

    Args:
        scored: The candidates, in an order in which the earlier is preferred where ranks tie.
        k: How many are to be kept.
        seed: Of the bootstrap over items, which draws the same items for all candidates.
        resamples: How many.

    Raises:
        InputError: k is less than 1.
    """
    import pandas as pd

    names = list(scored.items)
    means = np.stack([scored.items[name].mean(axis=0) for name in names])
    table = pd.DataFrame(means, index=names, columns=list(LIKENESSES))
    select(table, k)  # says what is wrong with k
    order = select(table, len(names))
    ranks = mean_ranks(means[None, :, _RANKED])[0]
    drawn = _resampled(scored, names, seed, resamples)
    kept = (_places(mean_ranks(drawn)) < k).mean(axis=0)
    low, high = _bounds(drawn)
    return [
        Standing(
            name=name,
            place=place,
            mean_rank=float(ranks[at]),
            kept=float(kept[at]),
            means=dict(zip(LIKENESSES, means[at].tolist(), strict=True)),
            low=dict(zip(RANKED_BY, low[at].tolist(), strict=True)),
            high=dict(zip(RANKED_BY, high[at].tolist(), strict=True)),
        )
        for place, name in enumerate(order, start=1)
        for at in [names.index(name)]
    ]


def mean_ranks(values: Floats) -> Floats:
    """Mean over measures of the ranks of candidates: equal values share a rank, undefined ones rank last.

    Args:
        values: Shape (tables, candidates, measures); more is better.

    Returns:
        Shape (tables, candidates), 1 is best.
    """
    from scipy.stats import rankdata

    last = np.where(np.isnan(values), -math.inf, values)
    return np.asarray(rankdata(-last, axis=1).mean(axis=2), dtype=float)


def _resampled(scored: Scored, names: Sequence[str], seed: int, resamples: int) -> Floats:
    """Means in each resample; shape (resamples, candidates, what they are ranked by)."""
    values = np.concatenate([scored.items[name][:, _RANKED] for name in names], axis=1)
    count = len(values)
    once = np.ones(count, dtype=np.int64)
    blocks = [block @ values / count for block in draws(once, resamples, seed, values.shape[1])]
    return np.concatenate(blocks).reshape(resamples, len(names), len(_RANKED))


def _places(ranks: Floats) -> npt.NDArray[np.intp]:
    """Places from 0; of equal mean ranks the earlier candidate comes first."""
    order = np.argsort(ranks.round(9), axis=1, kind="stable")
    return np.argsort(order, axis=1, kind="stable")


def _bounds(drawn: Floats) -> tuple[Floats, Floats]:
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    return low, high
