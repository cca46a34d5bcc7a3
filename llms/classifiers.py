"""Running a classifier: its folder as a model that gives calibrated probabilities, batched by length."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from intercoder.core.classifiers import ClassifierCard

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class Classifier:
    """A classifier in memory.

    Attributes:
        card: What it is.
        folder: Where it lies.
    """

    card: ClassifierCard
    folder: Path

    def logits(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """What the head says, not scaled. Shape (texts, codes)."""
        raise NotImplementedError

    def probabilities(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """Calibrated probabilities of the codes. Shape (texts, codes), 0 to 1, rounded to 4 places.

        Of one code of an exclusive book's they add up to 1, else each stands for itself.
        """
        raise NotImplementedError

    def truncated(self, texts: Sequence[str]) -> float:
        """Share of texts longer than what is read at once, 0 to 1; nan for none."""
        raise NotImplementedError


def load_classifier(folder: Path) -> Classifier:
    """Load a classifier; the same one again for the same folder as long as it is not trained anew.

    Raises:
        ModelError: There is no classifier in the folder, or packages that it needs are not installed.
    """
    raise NotImplementedError
