"""Running a classifier: its folder as a model that gives calibrated probabilities, batched by length."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from intercoder.core.classifiers import ClassifierCard, Pooling, read_card
from intercoder.core.confidence import PLACES
from intercoder.core.errors import ModelError
from intercoder.llms.classifiers.class_probabilities import Numbers, probabilities, scaled
from intercoder.llms.classifiers.encoders import load_encoder, load_head, vectors_of, with_head
from intercoder.llms.classifiers.windows import Reader, Windows
from intercoder.llms.embedded.loading import fastest_dtype
from intercoder.llms.once import Once


class Classifier:
    """A classifier in memory.

    Args:
        card: What it is.
        model: Encoder and head (torch), as `encoders.with_head` makes it.
        reader: What texts are cut with.
    """

    def __init__(self, card: ClassifierCard, model: Any, reader: Reader) -> None:
        self.card = card
        self._model = model
        self._reader = reader

    def logits(self, texts: Sequence[str]) -> Numbers:
        """What the head says, not scaled. Shape (texts, codes)."""
        return logits_of(self._model, self.card.pooling, self._reader, self._reader.read(texts))

    def probabilities(self, texts: Sequence[str]) -> Numbers:
        """Calibrated probabilities of the codes. Shape (texts, codes), 0 to 1, rounded to 4 places.

        A text's do not depend on what else is asked about. Those of an exclusive book's codes add up to 1, else
        each stands for itself.
        """
        card = self.card
        found = probabilities(scaled(self.logits(texts), card.temperature, card.shifts), card.head)
        return np.asarray(found.round(PLACES))

    def truncated(self, texts: Sequence[str]) -> float:
        """Share of texts longer than what is read at once, 0 to 1; nan for none."""
        return share_longer(self._reader.read(texts))


def logits_of(model: Any, pooling: Pooling, reader: Reader, texts: Sequence[Windows]) -> Numbers:
    """What the head of a model says of texts, in their order. Shape (texts, codes).

    Args:
        model: Encoder and head, as `encoders.with_head` makes it; the head in float32, and neither learning now.
        pooling: What of the encoder's output the head sees.
        reader: What texts were cut with.
        texts: The texts.
    """
    vectors = vectors_of(model.encoder, pooling, texts, reader.padding)
    weight, bias = (one.detach().double().cpu().numpy() for one in (model.head.weight, model.head.bias))
    found = np.zeros((len(texts), len(bias)), dtype=np.float64)
    for code, numbers in enumerate(weight):  # a matrix product's last bits would depend on how many texts there are
        found[:, code] = (vectors * numbers).sum(axis=1) + bias[code]
    return found


def as_it_runs(model: Any) -> None:
    """Give a model's encoder the numbers that are fastest here, and end its learning. The head keeps float32."""
    import torch

    model.encoder.to(getattr(torch, fastest_dtype()))
    model.eval()


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
    as_it_runs(model)
    return Classifier(card, model, Reader(tokenizer, card.max_length, card.overlap))


_loaded: Once[tuple[str, str], Classifier] = Once(_load, name="classifier", kept=4)
