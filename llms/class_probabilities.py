"""From a head's logits to calibrated probabilities, and from those to how sure a classifier is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from intercoder.core.classifiers import Head

Numbers: TypeAlias = npt.NDArray[np.float64]
"""Shape (texts, codes)."""

PLACES = 4
"""Probabilities are rounded to so many places: their last bits depend on what they were computed together with."""


def scaled(logits: Numbers, temperature: float = 1.0, shifts: Sequence[float] = ()) -> Numbers:
    """Logits divided by a temperature, then shifted by code (Guo et al. 2017, Platt 1999)."""
    return logits / temperature + (np.asarray(shifts, dtype=np.float64) if len(shifts) else 0.0)


def probabilities(logits: Numbers, head: Head) -> Numbers:
    """Probabilities of scaled logits: of an exclusive book's codes they add up to 1, else each is for itself."""
    if head == "one_of_k":
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits)))


def confidences(given: Numbers, head: Head) -> Numbers:
    """How sure a classifier is of what it answers, 0 to 1, from calibrated probabilities.

    Returns:
        Of an exclusive book the probability of the chosen code, shape (texts, 1); else of the answer about each
        code, yes or no, shape (texts, codes).
    """
    if head == "one_of_k":
        return np.asarray(given.max(axis=1, keepdims=True))
    return np.maximum(given, 1.0 - given).round(PLACES)
