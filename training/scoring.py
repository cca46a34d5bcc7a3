"""How candidates do against people's codes, item by item.

An item that a candidate gave no label, because it found nothing to code or its answer could not be used, is a
miss: people did code it. It counts 0 in every likeness. To leave it out would favour who answers only where it is
easy. Length and the divergence of words are of the labels that were given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from intercoder.core.errors import ModelError
from intercoder.evals.labels.composite import IDEAL_LENGTH, mean_length
from intercoder.evals.quality import Embed, bertscore, meteor, rouge, word_divergence

LIKENESSES = (
    "bertscore_precision",
    "bertscore_recall",
    "bertscore_f1",
    "rouge1",
    "rouge2",
    "rougeL",
    "cosine",
    "meteor",
)
"""What is measured for each item; more is better, 0 for a miss."""

Floats = npt.NDArray[np.float64]
_Pair = tuple[str, tuple[str, ...]]
_Row = tuple[float, ...]
MISS = 0.0
"""What an item without a label counts."""


class _Column(NamedTuple):
    """One measure of labels against references."""

    found: list[float]
    miss: float
    """What an item without a label counts: nan where the measure is undefined here."""


class Scored(NamedTuple):
    """Candidates measured on the same items."""

    items: dict[str, Floats]
    """Name -> shape (items, `LIKENESSES`); nan where undefined."""
    words: dict[str, float]
    """Name -> mean number of words of the labels given; nan where none was."""
    jsd: dict[str, float]
    """Name -> divergence of their words from those of all references, 0 to 1."""
    notes: tuple[str, ...]
    """Why something is undefined."""

    def mean(self, name: str, measure: str) -> float:
        """A candidate's mean over the items."""
        return float(self.items[name][:, LIKENESSES.index(measure)].mean())

    def spread(self, name: str, measure: str) -> float:
        """Standard deviation over the items, with n - 1; nan for a single item."""
        values = self.items[name][:, LIKENESSES.index(measure)]
        return float(values.std(ddof=1)) if len(values) > 1 else math.nan

    def absolute(self, name: str) -> float:
        """The composite on fixed scales, 0 to 1 (`evals.labels.composite.absolute`); nan where one is undefined."""
        brevity = min(1.0, IDEAL_LENGTH / self.words[name]) if self.words[name] > 0 else math.nan
        cosine = min(max(self.mean(name, "cosine"), 0.0), 1.0)
        if math.isnan(self.mean(name, "cosine")):
            cosine = math.nan
        return fmean((cosine, self.mean(name, "meteor"), brevity, 1 - self.jsd[name]))


def score(
    labels: Mapping[str, Sequence[str]],
    references: Sequence[Sequence[str]],
    *,
    embed: Embed | None,
    encoder: Path | None,
    wordnet: Any = None,
) -> Scored:
    """Measure candidates against people's codes (seed 000, section 5).

    Args:
        labels: For each candidate its label for each item, empty where it gave none.
        references: For each item the labels that people gave, of which the best match counts.
        embed: Embeds texts, rows of unit length; None leaves the cosine undefined.
        encoder: Folder of BERTScore's encoder; None leaves it undefined.
        wordnet: As for `evals.quality.meteor`; where it is not pulled METEOR is undefined.
    """
    wanted = [tuple(texts) for texts in references]
    pairs = list(
        dict.fromkeys(
            (label, texts) for given in labels.values() for label, texts in zip(given, wanted, strict=True)
        )
    )
    pairs = [pair for pair in pairs if pair[0]]
    notes: list[str] = []
    columns = [
        *_bertscores(pairs, encoder, notes),
        *_rouges(pairs),
        _cosines(pairs, embed, notes),
        _meteors(pairs, wordnet, notes),
    ]
    rows: dict[_Pair, _Row] = dict(zip(pairs, zip(*(found for found, _ in columns), strict=True), strict=True))
    missed = tuple(miss for _, miss in columns)
    said = {name: [label for label in given if label] for name, given in labels.items()}
    everything = [text for texts in wanted for text in texts]
    return Scored(
        items={
            name: np.array([rows.get(pair, missed) for pair in zip(given, wanted, strict=True)], dtype=float)
            for name, given in labels.items()
        },
        words={name: mean_length(given) if given else math.nan for name, given in said.items()},
        jsd={name: word_divergence(given, everything) if given else math.nan for name, given in said.items()},
        notes=tuple(notes),
    )


def _bertscores(pairs: Sequence[_Pair], encoder: Path | None, notes: list[str]) -> list[_Column]:
    if encoder is None:
        notes.append("BERTScore is undefined without an encoder: `intercoder models pull minilm-l6` brings one.")
        return [_undefined(pairs)] * 3
    if not pairs:
        return [_Column([], MISS)] * 3
    try:
        found = bertscore([texts for _, texts in pairs], [label for label, _ in pairs], model=encoder)
    except ModelError as error:
        notes.append(f"BERTScore is undefined: {error}")
        return [_undefined(pairs)] * 3
    return [_Column(list(column), MISS) for column in zip(*found.items, strict=True)]


def _rouges(pairs: Sequence[_Pair]) -> list[_Column]:
    found = [rouge(texts, label) for label, texts in pairs]
    return [_Column([getattr(one, name) for one in found], MISS) for name in ("rouge1", "rouge2", "rougeL")]


def _cosines(pairs: Sequence[_Pair], embed: Embed | None, notes: list[str]) -> _Column:
    if embed is None:
        notes.append("The cosine is undefined without embeddings: `intercoder models pull minilm-l6`.")
        return _undefined(pairs)
    texts = list(dict.fromkeys(text for label, texts in pairs for text in (label, *texts)))
    vectors = dict(zip(texts, np.asarray(embed(texts), dtype=float), strict=True)) if texts else {}
    found = [max(float(vectors[label] @ vectors[text]) for text in texts) for label, texts in pairs]
    return _Column(found, MISS)


def _meteors(pairs: Sequence[_Pair], wordnet: Any, notes: list[str]) -> _Column:
    try:
        return _Column([meteor(texts, label, wordnet=wordnet) for label, texts in pairs], MISS)
    except ModelError as error:
        notes.append(f"METEOR is undefined: {error}")
        return _undefined(pairs)


def _undefined(pairs: Sequence[_Pair]) -> _Column:
    return _Column([math.nan] * len(pairs), math.nan)
