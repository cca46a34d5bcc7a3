"""Refinement: each label becomes a code, or joins one that was assigned before it (seed 000, section 4.2).

The rule looks only into the past, so its outcome depends on the sequence of labels alone: not on how the
sequence is cut into waves, and not on which answers came first.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from intercoder.core.codebook import Code
from intercoder.core.protocols import CodeMemory, Match, Vectors
from intercoder.core.record import Record

PLACES = 4
"""Decimal places of every similarity and threshold that is compared or recorded."""
MARGIN = 2e-4
"""Float32 products closer than this may be the same similarity once rounded, so they are computed exactly."""
WAVE = 512
"""Labels placed with one query; bounds the memory a wave takes, never the outcome."""


class LabelToPlace(Record):
    """A settled label that waits for its code."""

    label: str
    founds: Code
    """The code that it becomes if no older one takes it; its id must not be in the memory."""
    threshold: float
    """tau: the cosine at which an older code takes it. Above 1 only equally worded labels merge."""


class Placement(Record):
    """Which code a label became, and how near the best older code was."""

    code_id: str
    label: str
    """The code's label."""
    founded: Code | None = None
    """The code itself where this label founded it."""
    similarity: float
    """Best cosine with an older code, rounded to 4 places; nan where there was no older code."""
    threshold: float
    """The tau that was applied."""


class CodeMatch(Match):
    """A code found in the memory, with its label."""

    label: str


class LabelMemory(CodeMemory, Protocol):
    """A code memory that also knows its codes by their labels."""

    def nearest(self, vectors: Vectors, k: int) -> Sequence[Sequence[CodeMatch]]:
        """For each row the k nearest codes, as `CodeMemory.nearest` orders them."""

    def labelled(self, labels: Sequence[str]) -> Sequence[CodeMatch | None]:
        """For each label the oldest code of the same `folded` label, at similarity 1; None where none is."""


def folded(label: str) -> str:
    """The label as it is compared: case-folded, canonically composed, white space collapsed."""
    return " ".join(unicodedata.normalize("NFC", label.casefold()).split())


def cosines(vector: npt.NDArray[np.float32], rows: Vectors) -> npt.NDArray[np.float64]:
    """Cosine of a unit-length vector with each unit-length row, rounded to 4 places; shape (rows,).

    Products of float32 numbers are exact in float64 and are summed in a fixed order, so a pair has the same
    similarity whatever it is computed together with. A float32 matrix product does not promise that.
    """
    products = np.asarray(rows, np.float64, order="C") * np.asarray(vector, np.float64)
    rounded: npt.NDArray[np.float64] = np.round(products.sum(axis=1), PLACES)
    return rounded + 0.0  # -0.0 would be written differently from 0.0


def refine(
    labels: Sequence[LabelToPlace],
    vectors: Vectors,
    memory: LabelMemory,
    *,
    compared: Vectors | None = None,
) -> list[Placement]:
    """Place labels in order, each in an older code or in one of its own (seed 000, section 4.2, table 6).

    A label whose `folded` wording is a code's own joins that code at similarity 1, whatever the embedding
    says. Otherwise the most similar older code takes it if the cosine is at least the label's threshold; of
    equally similar ones the oldest. What remains founds a code, which later labels may join.

    Args:
        labels: In document order.
        vectors: One unit-length row per label: what its code is remembered by if it founds one.
        memory: The codes assigned before. New codes are added to it.
        compared: One unit-length row per label: what is compared with the codes, if that is another text than
            the one remembered; shape as `vectors`, which is the default.

    Returns:
        One placement per label, in order.

    Raises:
        ValueError: The numbers of labels and rows differ, or a vector is not finite.
    """
    queries = vectors if compared is None else compared
    if not len(labels) == len(vectors) == len(queries):
        raise ValueError(f"{len(labels)} labels, but {len(vectors)} and {len(queries)} embeddings")
    if not (np.isfinite(vectors).all() and np.isfinite(queries).all()):
        raise ValueError("embeddings must be finite numbers")
    placements: list[Placement] = []
    for start in range(0, len(labels), WAVE):
        part = slice(start, start + WAVE)
        placements += _Wave(vectors[part], queries[part]).place(labels[part], memory)
    return placements


class _Older(NamedTuple):
    """The best older code for a label."""

    code_id: str
    label: str
    similarity: float
    same: bool = False
    """Whether the two are worded the same."""


class _Wave:
    """Labels placed with one look into the memory, and the codes founded among them."""

    def __init__(self, vectors: Vectors, queries: Vectors) -> None:
        self._vectors = np.asarray(vectors, np.float32, order="C")
        self._queries = np.asarray(queries, np.float32, order="C")
        self._likeness = self._queries @ self._vectors.T
        self._founders: list[int] = []
        """Rows whose label founded a code, in order."""
        self._codes: list[Code] = []
        self._named: dict[str, Code] = {}

    def place(self, labels: Sequence[LabelToPlace], memory: LabelMemory) -> list[Placement]:
        """Place the labels, then add what they founded to the memory."""
        same = memory.labelled([item.label for item in labels])
        nearest = memory.nearest(self._queries, 1)
        placements = []
        for row, item in enumerate(labels):
            older = self._same(item.label, same[row]) or self._nearest(row, nearest[row])
            if older and (older.same or older.similarity >= item.threshold):
                placements.append(_joined(item, older))
            else:
                self._found(row, item)
                placements.append(_founded(item, older))
        memory.add(self._codes, self._vectors[self._founders])
        return placements

    def _found(self, row: int, item: LabelToPlace) -> None:
        self._founders.append(row)
        self._codes.append(item.founds)
        self._named[folded(item.label)] = item.founds

    def _same(self, label: str, remembered: CodeMatch | None) -> _Older | None:
        """The code of the same wording, from the memory or founded in this wave."""
        if remembered:
            return _Older(remembered.code_id, remembered.label, 1.0, same=True)
        code = self._named.get(folded(label))
        return _Older(code.id, code.label, 1.0, same=True) if code else None

    def _nearest(self, row: int, remembered: Sequence[CodeMatch]) -> _Older | None:
        """The better of the memory's best and this wave's best; of equals the memory's, which is older."""
        match = remembered[0] if remembered else None
        best = _Older(match.code_id, match.label, match.similarity) if match else None
        if not self._founders:
            return best
        rough = self._likeness[row, self._founders]
        close = np.flatnonzero(rough >= rough.max() - MARGIN)
        exact = cosines(self._queries[row], self._vectors[[self._founders[i] for i in close]])
        at = int(exact.argmax())
        if best and best.similarity >= exact[at]:
            return best
        code = self._codes[int(close[at])]
        return _Older(code.id, code.label, float(exact[at]))


def _joined(item: LabelToPlace, older: _Older) -> Placement:
    return Placement(
        code_id=older.code_id, label=older.label, similarity=older.similarity, threshold=item.threshold
    )


def _founded(item: LabelToPlace, older: _Older | None) -> Placement:
    return Placement(
        code_id=item.founds.id,
        label=item.founds.label,
        founded=item.founds,
        similarity=older.similarity if older else math.nan,
        threshold=item.threshold,
    )


def adaptive_tau(
    length_quantile: float,
    mean_pairwise_cosine: float | None,
    lo: float = 0.6,
    hi: float = 0.8,
) -> float:
    """Threshold of one segment: higher for long segments and where coders differ (seed 000, section 7.4).

    tau = lo + (hi - lo) * clip(q / 2 + d / 2, 0, 1), where d = 1 - mean pairwise cosine.

    Args:
        length_quantile: q, the share of the run's segments that are shorter, 0 to 1.
        mean_pairwise_cosine: Mean cosine over pairs of the coders' labels, -1 to 1; None for a single coder,
            who disagrees with nobody (d = 0).
        lo: Threshold of a short segment on which all coders agree.
        hi: Threshold of a long segment on which they do not.

    Returns:
        tau between `lo` and `hi`, rounded to 4 places like the similarities it is compared with.

    Raises:
        ValueError: A value is out of its range or not a number.
    """
    cosine = 1.0 if mean_pairwise_cosine is None else mean_pairwise_cosine
    if not 0 <= length_quantile <= 1:
        raise ValueError(f"length quantile {length_quantile} is not between 0 and 1")
    if not -1 - MARGIN <= cosine <= 1 + MARGIN:
        raise ValueError(f"mean pairwise cosine {cosine} is not between -1 and 1")
    if not -1 <= lo <= hi <= 1:
        raise ValueError(f"lo {lo} and hi {hi} must be cosines, lo not above hi")
    share = min(max(0.5 * length_quantile + 0.5 * (1 - cosine), 0.0), 1.0)
    return round(lo + (hi - lo) * share, PLACES)
