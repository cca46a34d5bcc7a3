"""Training a classifier on people's codes and written segments (seed 001)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from intercoder.core.classifiers import ClassifierCard, Head, TrainedOn
from intercoder.core.codebook import Code
from intercoder.training.distillation.classifier_settings import ClassifierSettings
from intercoder.training.distillation.heads import TextItem
from intercoder.training.learning import Listener


def train_classifier(
    training: Sequence[TextItem],
    development: Sequence[TextItem],
    *,
    head: Head,
    codes: Sequence[Code],
    settings: ClassifierSettings,
    encoder: str,
    out: Path,
    told: TrainedOn,
    new: bool = False,
    listen: Listener = lambda event: None,
) -> ClassifierCard:
    """Train a classifier; gone on with where an earlier call was stopped, and left alone where it is there already.

    Args:
        training: What is learnt.
        development: What early stopping and scaling go by; empty for neither.
        head: What the classifier answers.
        codes: The codes in the order of its outputs; one for `yes_no`.
        settings: How it is learnt.
        encoder: Reference of the encoder: `embedded:minilm-l6` or `hf:/path/to/folder`.
        out: Folder of the classifier. It appears when all is done.
        told: What the card tells of the data.
        new: Train anew, whatever an earlier training of that name left.
        listen: Told how it goes: events `begin`, `step`, `measured`, as of `training.learning`.

    Raises:
        InputError: There is nothing to learn (too few items, one answer only), or another classifier is there.
        ModelError: The encoder cannot be trained here, memory does not suffice, or learning went astray.
    """
    raise NotImplementedError
