"""Which texts are too much like others to teach anything new: by words in common, and by meaning.

Two texts are alike by words if a large share of the word triples of the newer one stands in the older one, by
meaning if the cosine of their embeddings is high. Texts of fewer than three words are alike if all words are equal.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from intercoder.core.coding.refinement import MARGIN, PLACES, cosines
from intercoder.core.protocols import Vectors

TRIPLE = 3
"""Words in a row that are compared."""

_WORD = re.compile(r"\w+")


class Like(NamedTuple):
    """The text that another one is too much like."""

    id: str
    by_words: bool
    """Whether by words; else by meaning."""
    likeness: float
    """Share of common word triples, or cosine; rounded to 4 places."""


def triples(text: str) -> frozenset[tuple[str, ...]]:
    """The runs of three words of a text, without case and marks; of a shorter text all its words as one run.

    What stands for a text without any word is the text.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    words = tuple(_WORD.findall(plain)) or (plain.strip(),)
    if len(words) < TRIPLE:
        return frozenset({words})
    return frozenset(words[at : at + TRIPLE] for at in range(len(words) - TRIPLE + 1))


class Alike:
    """Texts known so far, and whether a new one is too much like one of them.

    Args:
        words_shared: Share of a new text's word triples that stand in one known text, from which it is alike.
        cosine: Cosine of embeddings from which it is.
    """

    def __init__(self, *, words_shared: float, cosine: float) -> None:
        self._words_shared = words_shared
        self._cosine = cosine
        self._ids: list[str] = []
        self._holding: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        self._vectors = np.zeros((0, 0), dtype=np.float32)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, ids: Sequence[str], texts: Sequence[str], vectors: Vectors) -> None:
        """Know these texts too; `vectors` has one unit-length row a text."""
        for name, text in zip(ids, texts, strict=True):
            for triple in triples(text):
                self._holding[triple].append(len(self._ids))
            self._ids.append(name)
        if len(vectors):
            self._hold(np.asarray(vectors, np.float32))

    def find(self, text: str, vector: Vectors) -> Like | None:
        """The known text that a text is too much like, by words before meaning; of several the most alike, oldest.

        Args:
            text: The text.
            vector: Its embedding, shape (dimensions,), unit length.
        """
        return self._by_words(text) or self._by_meaning(vector)

    def _by_words(self, text: str) -> Like | None:
        own = triples(text)
        shared = Counter(place for triple in own for place in self._holding.get(triple, ()))
        if not shared:
            return None
        place, count = min(shared.items(), key=lambda item: (-item[1], item[0]))
        share = round(count / len(own), PLACES)
        return Like(self._ids[place], True, share) if share >= self._words_shared else None

    def _by_meaning(self, vector: Vectors) -> Like | None:
        if not self._count:
            return None
        rows = self._vectors[: self._count]
        rough = rows @ np.asarray(vector, np.float32)
        if rough.max() < self._cosine - MARGIN:
            return None
        close = np.flatnonzero(rough >= rough.max() - MARGIN)
        exact = cosines(vector, rows[close])
        at = int(exact.argmax())
        return Like(self._ids[close[at]], False, float(exact[at])) if exact[at] >= self._cosine else None

    def _hold(self, rows: Vectors) -> None:
        """Keep rows in an array that doubles when it is full."""
        needed = self._count + len(rows)
        if needed > len(self._vectors):
            grown = np.zeros((max(needed, 2 * len(self._vectors)), rows.shape[1]), dtype=np.float32)
            if self._count:
                grown[: self._count] = self._vectors[: self._count]
            self._vectors = grown
        self._vectors[self._count : needed] = rows
        self._count = needed
