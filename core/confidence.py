"""How sure a classifier is of what it answers: what a cascade goes by, where it codes and where it is measured."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from intercoder.core.classifier_results import Head

PLACES = 4
"""Probabilities are rounded to so many places: their last bits depend on what they were computed together with."""


def confidences(given: npt.NDArray[np.float64], head: Head) -> npt.NDArray[np.float64]:
    """How sure a classifier is of what it answers, 0 to 1, from calibrated probabilities.

    Args:
        given: Probabilities of codes; shape (texts, codes).
        head: What it answers.

    Returns:
        Of an exclusive book the probability of the chosen code, shape (texts, 1); else of the answer about each
        code, yes or no, shape (texts, codes).
    """
    if head == "one_of_k":
        return np.asarray(given.max(axis=1, keepdims=True))
    return np.maximum(given, 1.0 - given).round(PLACES)
