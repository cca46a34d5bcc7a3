"""What a classifier is held against: logistic regression on sentence embeddings, learnt from the same set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from intercoder.core.classifiers import Head
from intercoder.core.study import Privacy
from intercoder.training.distillation.heads import TextItem

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def logistic(
    training: Sequence[TextItem],
    texts: Sequence[str],
    codes: Sequence[str],
    head: Head,
    encoder: str,
    *,
    privacy: Privacy | None = None,
) -> npt.NDArray[np.float64]:
    """Probabilities of a logistic regression on sentence embeddings.

    Args:
        training: What is learnt.
        texts: What is decided about.
        codes: Ids of the codes.
        head: What is answered.
        encoder: Reference of the sentence embeddings.
        privacy: What may leave the machine; nothing by default.

    Returns:
        Shape (texts, codes), 0 to 1. A code of which only one answer was learnt has that answer's 0 or 1.
    """
    raise NotImplementedError
