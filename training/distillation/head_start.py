"""A head to begin with: a logistic regression on what the encoder sees before it is fine-tuned.

From random numbers a head's first steps pull the encoder about before it knows where to; with a few hundred
segments that costs what the encoder knew (Kumar et al. 2022, linear probing then fine-tuning).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from intercoder.core.classifiers import Head
from intercoder.core.protocols import Vectors
from intercoder.llms.classifiers.class_probabilities import Numbers
from intercoder.training.distillation.heads import Targets

_STRENGTH = 0.1
"""Inverse strength of the pull to 0; the vectors' length is about 4 in the default encoder."""
_STEPS = 1000


class HeadNumbers(NamedTuple):
    """The numbers of a head."""

    weight: Numbers
    """Shape (codes, size of a vector)."""
    bias: Numbers
    """Shape (codes,)."""


def first_head(vectors: Vectors, targets: Targets, head: Head, *, balanced: bool) -> HeadNumbers:
    """Numbers for a head: of each code, or of all together in an exclusive book.

    Args:
        vectors: What the encoder sees of each text.
        targets: What was decided about them.
        head: What is answered.
        balanced: Whether rare and common answers count the same.

    Returns:
        All 0 for a code of which nothing, or only one answer, is known.
    """
    found = HeadNumbers(np.zeros((targets.shape[1], vectors.shape[1])), np.zeros(targets.shape[1]))
    if head == "one_of_k":
        chosen = (targets == 1).any(axis=1)
        _put(found, _regression(balanced), vectors[chosen], targets[chosen].argmax(axis=1))
        return found
    for code in range(targets.shape[1]):
        known = targets[:, code] >= 0
        if len(np.unique(targets[known, code])) == 2:
            fitted = _regression(balanced).fit(vectors[known], targets[known, code])
            found.weight[code], found.bias[code] = fitted.coef_[0], fitted.intercept_[0]
    return found


def put_on(model: Any, numbers: HeadNumbers) -> None:
    """Give a model (`llms.classifiers.encoders.with_head`) these numbers."""
    import torch

    with torch.no_grad():
        model.head.weight.copy_(torch.from_numpy(numbers.weight))
        model.head.bias.copy_(torch.from_numpy(numbers.bias))


def _put(found: HeadNumbers, regression: Any, vectors: Vectors, answers: Any) -> None:
    given = np.unique(answers)
    if len(given) < 2:
        return
    fitted = regression.fit(vectors, answers)
    if len(given) == 2:  # one row tells the second code from the first
        found.weight[given[1]], found.bias[given[1]] = fitted.coef_[0], fitted.intercept_[0]
    else:
        found.weight[given], found.bias[given] = fitted.coef_, fitted.intercept_


def _regression(balanced: bool) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=_STRENGTH, class_weight="balanced" if balanced else None, max_iter=_STEPS)
