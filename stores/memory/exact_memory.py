"""Exact search over code embeddings, and a code memory that is nothing else: numpy, no files."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from intercoder.core.codebook import Code
from intercoder.core.coding.refinement import MARGIN, CodeMatch, cosines, folded
from intercoder.core.protocols import Vectors

BLOCK = 4_000_000
"""Float32 products computed at once (16 MB), so that a large memory takes no large intermediate."""


class CodeMatrix:
    """Embeddings in order of age, searched exactly. Grows by doubling."""

    def __init__(self) -> None:
        self._rows: Vectors = np.empty((0, 0), np.float32)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def rows(self) -> Vectors:
        """Shape (codes, dimensions), oldest first; a view."""
        return self._rows[: self._length]

    def append(self, vectors: Vectors) -> None:
        """Add rows behind the others.

        Raises:
            ValueError: Their number of dimensions is another.
        """
        if not len(vectors):
            return
        if self._length and vectors.shape[1] != self._rows.shape[1]:
            raise ValueError(f"{vectors.shape[1]} dimensions where the memory has {self._rows.shape[1]}")
        length = self._length + len(vectors)
        if length > len(self._rows):
            grown = np.empty((max(length, 2 * len(self._rows)), vectors.shape[1]), np.float32)
            if self._length:
                grown[: self._length] = self.rows
            self._rows = grown
        self._rows[self._length : length] = vectors
        self._length = length

    def nearest(self, vectors: Vectors, k: int) -> list[list[tuple[int, float]]]:
        """For each vector the (row, cosine) of its k nearest rows, as `CodeMemory.nearest` orders them."""
        if not self._length or k < 1:
            return [[] for _ in vectors]
        step = max(1, BLOCK // self._length)
        found = []
        for start in range(0, len(vectors), step):
            block = vectors[start : start + step]
            likeness = block @ self.rows.T
            found += [self._best(*pair, k) for pair in zip(block, likeness, strict=True)]
        return found

    def _best(self, vector: Vectors, likeness: Vectors, k: int) -> list[tuple[int, float]]:
        last = max(0, self._length - k)
        bar = likeness.max() if k == 1 else np.partition(likeness, last)[last]
        close = np.flatnonzero(likeness >= bar - MARGIN)
        return rank(close, cosines(vector, self.rows[close]), k)


def rank(orders: npt.NDArray[np.intp], similarities: npt.NDArray[np.float64], k: int) -> list[tuple[int, float]]:
    """The k best of (order, similarity) pairs: most similar first, ties to the older."""
    best = np.lexsort((orders, -similarities))[:k]
    return list(zip(orders[best].tolist(), similarities[best].tolist(), strict=True))


class CodeIndex:
    """The codes of a memory by age, by id and by wording, without their vectors. About 400 bytes a code."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        """Code ids, oldest first."""
        self._labels: list[str] = []
        self._orders: dict[str, int] = {}
        self._named: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.ids)

    def append(self, code_id: str, label: str) -> None:
        """Add a code younger than all others."""
        order = len(self.ids)
        self.ids.append(code_id)
        self._labels.append(label)
        self._orders[code_id] = order
        self._named.setdefault(folded(label), order)

    def order(self, code_id: str) -> int:
        """The code's age, 0 for the oldest."""
        return self._orders[code_id]

    def match(self, order: int, similarity: float) -> CodeMatch:
        """The code of that age, as found."""
        label = self._labels[order]
        return CodeMatch(code_id=self.ids[order], order=order, similarity=similarity, label=label)

    def labelled(self, labels: Sequence[str]) -> list[CodeMatch | None]:
        """For each label the oldest code of the same wording, as `LabelMemory.labelled`."""
        orders = [self._named.get(folded(label)) for label in labels]
        return [None if order is None else self.match(order, 1.0) for order in orders]


class ExactCodeMemory:
    """A code memory without a store, for tests and for applications that keep no study on disk.

    It takes 4 bytes a dimension and code (150 MB for 100,000 codes of 384 dimensions).

    Example:
        ```python
        memory = ExactCodeMemory()
        placements = refine(labels, vectors, memory)
        ```
    """

    def __init__(self) -> None:
        self.reset()

    def __len__(self) -> int:
        return len(self._matrix)

    def reset(self) -> None:
        """Forget all codes."""
        self._matrix = CodeMatrix()
        self._index = CodeIndex()

    def add(self, codes: Sequence[Code], vectors: Vectors) -> None:
        """Add codes in order of age, one unit-length row each.

        Raises:
            ValueError: The numbers of codes and rows differ, or the rows have another number of dimensions.
        """
        check_rows(codes, vectors)
        self._matrix.append(vectors)
        for code in codes:
            self._index.append(code.id, code.label)

    def nearest(self, vectors: Vectors, k: int) -> list[list[CodeMatch]]:
        """For each row the k nearest codes, most similar first, ties to the older code."""
        return [[self._index.match(*pair) for pair in pairs] for pairs in self._matrix.nearest(vectors, k)]

    def labelled(self, labels: Sequence[str]) -> list[CodeMatch | None]:
        """For each label the oldest code of the same wording, at similarity 1."""
        return self._index.labelled(labels)


def check_rows(codes: Sequence[Code], vectors: Vectors) -> None:
    """Refuse vectors that do not belong to the codes.

    Raises:
        ValueError: The numbers of codes and rows differ.
    """
    if len(codes) != len(vectors):
        raise ValueError(f"{len(codes)} codes but {len(vectors)} embeddings")
