"""What a classifier is held against: logistic regression on sentence embeddings, learnt from the same set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from intercoder.agents.subgraph import blocking
from intercoder.core.classifiers import Head
from intercoder.core.protocols import Embedder, Vectors
from intercoder.core.study import Privacy
from intercoder.llms.classifiers.class_probabilities import Numbers
from intercoder.llms.factory import embedder
from intercoder.training.distillation.heads import Targets, TextItem, targets_of

_STEPS = 1000


def logistic(
    training: Sequence[TextItem],
    texts: Sequence[str],
    codes: Sequence[str],
    head: Head,
    encoder: str | Embedder,
    *,
    privacy: Privacy | None = None,
) -> Numbers:
    """Probabilities of a logistic regression (scikit-learn, balanced class weights) on sentence embeddings.

    Args:
        training: What is learnt.
        texts: What is decided about.
        codes: Ids of the codes.
        head: What is answered.
        encoder: Reference of the sentence embeddings, or what embeds.
        privacy: What may leave the machine; nothing by default.

    Returns:
        Shape (texts, codes), 0 to 1. A code of which only one answer was learnt has that answer's 0 or 1; one of
        which nothing was learnt has 0.5, or 0 in an exclusive book.

    Raises:
        ModelError: The reference names no usable embeddings.
    """
    embeddings = embedder(encoder, privacy=privacy or Privacy()) if isinstance(encoder, str) else encoder
    every = [*(item.text for item in training), *texts]
    vectors = blocking(_embedded(embeddings, every))
    learnt, asked = vectors[: len(training)], vectors[len(training) :]
    targets = targets_of(training, codes)
    return _choices(learnt, targets, asked) if head == "one_of_k" else _answers(learnt, targets, asked)


async def _embedded(embeddings: Embedder, texts: Sequence[str]) -> Vectors:
    return await embeddings.embed(texts)


def _answers(learnt: Vectors, targets: Targets, asked: Vectors) -> Numbers:
    found = np.zeros((len(asked), targets.shape[1]), dtype=np.float64)
    for code in range(targets.shape[1]):
        known = targets[:, code] >= 0
        found[:, code] = _one(learnt[known], targets[known, code], asked)
    return found


def _one(learnt: Vectors, answers: Targets, asked: Vectors) -> Numbers:
    given = np.unique(answers)
    if len(given) < 2:
        return np.full(len(asked), given[0] if len(given) else 0.5)
    return np.asarray(_regression().fit(learnt, answers).predict_proba(asked)[:, 1])


def _choices(learnt: Vectors, targets: Targets, asked: Vectors) -> Numbers:
    chosen = (targets == 1).any(axis=1)
    answers = targets[chosen].argmax(axis=1)
    found = np.zeros((len(asked), targets.shape[1]), dtype=np.float64)
    given = np.unique(answers)
    if len(given) < 2:
        found[:, given] = 1.0
    else:
        regression = _regression().fit(learnt[chosen], answers)
        found[:, regression.classes_] = regression.predict_proba(asked)
    return found


def _regression() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(class_weight="balanced", max_iter=_STEPS)
