"""From a head's logits to calibrated probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from intercoder.core.classifiers import Head

Numbers: TypeAlias = npt.NDArray[np.float64]
"""Shape (texts, codes)."""


def scaled(logits: Numbers, temperature: float = 1.0, shifts: Sequence[float] = ()) -> Numbers:
    """Logits divided by a temperature, then shifted by code (Guo et al. 2017, Platt 1999)."""
    return logits / temperature + (np.asarray(shifts, dtype=np.float64) if len(shifts) else 0.0)


def probabilities(logits: Numbers, head: Head) -> Numbers:
    """Probabilities of scaled logits: of an exclusive book's codes they add up to 1, else each is for itself."""
    if head == "one_of_k":
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits)))
