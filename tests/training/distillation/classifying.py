"""Texts that a tiny encoder tells apart in a few steps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from intercoder.core.classifiers import ClassifierCard, Head, TrainedOn
from intercoder.core.codebook import Code, Codebook
from intercoder.training.distillation.classifier import train_classifier
from intercoder.training.distillation.classifier_settings import ClassifierSettings
from intercoder.training.distillation.heads import TextItem
from intercoder.training.learning import Listener
from tests.training.distillation.studies import BUYING, REPAIR, texts

SETTINGS = ClassifierSettings(
    batch_size=4, max_steps=12, checkpoint_every=3, learning_rate=0.01, head_learning_rate=0.02, patience=0
)
CODES = (REPAIR, BUYING)


def items(start: int, stop: int, codes: Sequence[Code] = CODES) -> list[TextItem]:
    """Texts in turn about mending and about buying."""
    return [
        TextItem(text, {code.id: ("mend" in text) == (code.id == REPAIR.id) for code in codes})
        for text in texts(80)[start:stop]
    ]


def changed(**values: Any) -> ClassifierSettings:
    """The settings of these tests but for some."""
    return ClassifierSettings.model_validate(SETTINGS.model_dump() | values)


def learn(
    encoder: str,
    out: Path,
    settings: ClassifierSettings = SETTINGS,
    *,
    training: Sequence[TextItem] | None = None,
    development: Sequence[TextItem] | None = None,
    head: Head = "multi_label",
    codes: Sequence[Code] = CODES,
    new: bool = False,
    listen: Listener = lambda event: None,
) -> ClassifierCard:
    """Train a classifier of the tiny encoder."""
    book = Codebook(version=1, codes=tuple(codes), exclusive=head == "one_of_k")
    return train_classifier(
        items(0, 24, codes) if training is None else training,
        items(24, 36, codes) if development is None else development,
        head=head,
        codes=codes,
        settings=settings,
        encoder=encoder,
        out=out,
        told=TrainedOn(book=book, human=24, people=("ana",)),
        new=new,
        listen=listen,
    )


def weights(out: Path) -> tuple[bytes, bytes]:
    """A classifier's weights, byte by byte."""
    return (out / "model.safetensors").read_bytes(), (out / "head.safetensors").read_bytes()
