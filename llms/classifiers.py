"""Running a classifier: its folder as a model that gives calibrated probabilities, batched by length."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from intercoder.core.classifiers import ClassifierCard, read_card
from intercoder.core.errors import ModelError
from intercoder.llms.class_probabilities import PLACES, Numbers, probabilities, scaled
from intercoder.llms.encoders import Reader, Windows, batches, load_encoder, load_head, with_head
from intercoder.llms.once import Once

TOKENS = 4096
"""Tokens that are computed together, padding too."""


class Classifier:
    """A classifier in memory.

    Args:
        card: What it is.
        model: Encoder and head (torch), as `encoders.with_head` makes it.
        reader: What texts are cut with.
    """

    def __init__(self, card: ClassifierCard, model: Any, reader: Reader) -> None:
        self.card = card
        self._model = model.eval()
        self._reader = reader

    def logits(self, texts: Sequence[str]) -> Numbers:
        """What the head says, not scaled. Shape (texts, codes)."""
        return logits_of(self._model, self._reader, self._reader.read(texts), len(self.card.codes))

    def probabilities(self, texts: Sequence[str]) -> Numbers:
        """Calibrated probabilities of the codes. Shape (texts, codes), 0 to 1, rounded to 4 places.

        Those of an exclusive book's codes add up to 1, else each stands for itself.
        """
        card = self.card
        found = probabilities(scaled(self.logits(texts), card.temperature, card.shifts), card.head)
        return np.asarray(found.round(PLACES))

    def truncated(self, texts: Sequence[str]) -> float:
        """Share of texts longer than what is read at once, 0 to 1; nan for none."""
        return share_longer(self._reader.read(texts))


def logits_of(model: Any, reader: Reader, texts: Sequence[Windows], codes: int) -> Numbers:
    """Logits of texts, whichever way they are batched, in their order. Shape (texts, codes)."""
    import torch

    found = np.zeros((len(texts), codes), dtype=np.float64)
    device = model.head.weight.device
    with torch.inference_mode():
        for places in batches(texts, TOKENS):
            batch = reader.batch([texts[place] for place in places])
            found[places] = model(**{name: one.to(device) for name, one in batch.items()}).double().cpu().numpy()
    return found


def share_longer(texts: Sequence[Windows]) -> float:
    """Share of texts that do not fit into one window, 0 to 1; nan for none."""
    return float(np.mean([not one.whole for one in texts])) if texts else float("nan")


def load_classifier(folder: Path) -> Classifier:
    """Load a classifier; the same one again for the same folder as long as it is not trained anew.

    Raises:
        ModelError: There is no classifier in the folder, or packages that it needs are not installed.
    """
    card = read_card(folder)
    check_packages(str(folder))
    return _loaded.get((str(folder.absolute()), card.model_dump_json()))


def check_packages(where: str) -> None:
    """Refuse to run a classifier without what it needs.

    Raises:
        ModelError: A package is not installed.
    """
    missing = [package for package in ("torch", "transformers") if find_spec(package) is None]
    if missing:
        raise ModelError(
            f"Classifiers need packages that are not installed: {', '.join(missing)}.",
            where=where,
            remedy="Run: pip install 'intercoder[embedded]'",
        )


def _load(key: tuple[str, str]) -> Classifier:
    folder, card = Path(key[0]), ClassifierCard.model_validate_json(key[1])
    encoder, tokenizer = load_encoder(folder)
    model = with_head(encoder, card.pooling, len(card.codes))
    load_head(model, folder)
    return Classifier(card, model, Reader(tokenizer, card.max_length, card.overlap))


_loaded: Once[tuple[str, str], Classifier] = Once(_load, name="classifier", kept=4)
