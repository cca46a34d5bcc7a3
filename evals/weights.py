"""Segments that were drawn unevenly: what each counts, and what they are worth together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from intercoder.core.errors import InputError
from intercoder.evals.interval import Floats


def segment_weights(weights: Sequence[float] | npt.NDArray[np.floating] | None, segments: int) -> Floats:
    """What each segment counts in sums.

    Args:
        weights: One over the probability with which each was drawn, up to a factor; None where all count alike.
        segments: How many there are.

    Returns:
        Shape (segments,), above 0.

    Raises:
        InputError: Not as many weights as segments, or one is not a positive number.
    """
    found = np.ones(segments) if weights is None else np.asarray(weights, np.float64)
    if found.shape != (segments,) or not (np.isfinite(found) & (found > 0)).all():
        raise InputError(
            "they do not fit the segments.", where="weights", remedy="Give one positive number for each segment."
        )
    return found


def worth(weights: Floats) -> float:
    """How many evenly drawn segments the weighted ones are worth (Kish 1965): (sum w)^2 / sum w^2.

    Args:
        weights: Shape (segments,), above 0, of one segment at least.
    """
    return float(weights.sum() ** 2 / (weights**2).sum())
