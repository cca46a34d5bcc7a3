"""The code memory on Chroma: exact up to 5,000 codes, above that Chroma's index with exact re-ranking."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from intercoder.core.codebook import Code
from intercoder.core.coding.refinement import MARGIN, CodeMatch, cosines
from intercoder.core.protocols import Vectors
from intercoder.stores.memory.chroma_codes import CodeCollection, Nearby, Scope
from intercoder.stores.memory.chroma_store import ChromaStore
from intercoder.stores.memory.exact_memory import CodeIndex, CodeMatrix, check_rows, rank

if TYPE_CHECKING:
    from chromadb.api.client import Client

EXACT = 5_000
"""Codes up to which every one is compared (their vectors are held: 7.7 MB at 384 dimensions)."""
CANDIDATES = 10
"""Codes that Chroma's index proposes for re-ranking, at least."""
PROBES = 256
"""Codes asked for when a memory too large for exact search is opened."""


class ChromaCodeMemory:
    """Codes of one round of a run, found again by cosine or wording (seed 000, section 4.2).

    Up to 5,000 codes the outcome is that of exact search. The index above is approximate, and Chroma builds it
    in an order that is not quite the same from run to run: `benchmarks/refinement.py` measures how seldom a
    label is placed otherwise (a few in 100,000).
    """

    def __init__(self, client: Client, *, study_id: str, run_id: str, round: int, owner: str) -> None:
        """Open the memory, or make an empty one.

        Args:
            client: A Chroma client.
            study_id: The study.
            run_id: The run.
            round: Its round.
            owner: A token that the study's database alone knows. Two studies of one id are told apart by it.

        Raises:
            StudyError: Another study of this id uses the collection, or Chroma cannot be used.
        """
        self._codes = CodeCollection(client, Scope(study_id, run_id, round), owner)
        self._load()

    def __len__(self) -> int:
        return len(self._index)

    @property
    def place(self) -> str:
        """The folder or the server where it is."""
        return self._codes.place

    @property
    def collection(self) -> str:
        """Name of its Chroma collection."""
        return self._codes.scope.collection

    def store(self, embed: Callable[[list[str]], Vectors]) -> ChromaStore:
        """The codes as items of a LangGraph store: namespace (study, run, round), key the code's id.

        Put nothing through it: what is not added here has no age.
        """
        return ChromaStore(self._codes.client, embed, name=self.collection)

    def reset(self) -> None:
        """Forget all codes of this run and round."""
        self._codes.clear()
        self._load()

    def rebuild(self, codes: Sequence[Code], vectors: Vectors) -> None:
        """Hold exactly these codes, oldest first, one unit-length row each."""
        check_rows(codes, vectors)
        self.reset()
        self.add(codes, vectors)

    def keep(self, codes: Sequence[Code]) -> int:
        """Forget all codes but those that `codes` begins with, in the same order.

        After a run was killed the memory may know codes that were never committed, or lack some that were.

        Returns:
            How many are held: `codes` from there on are to be added.
        """
        held = 0
        for code, known in zip(codes, self._index.ids, strict=False):
            if code.id != known:
                break
            held += 1
        if held < len(self):
            self._codes.forget(self._index.ids[held:])
            self._load()
        return held

    def add(self, codes: Sequence[Code], vectors: Vectors) -> None:
        """Add codes in order of age, one unit-length row each.

        Raises:
            ValueError: The numbers of codes and rows differ, or the rows have another number of dimensions.
            StudyError: Chroma cannot be used.
        """
        check_rows(codes, vectors)
        if not codes:
            return
        self._codes.write(codes, len(self), vectors)
        if self._matrix is not None:
            self._matrix.append(vectors)
        for code in codes:
            self._index.append(code.id, code.label)
        self._release()

    def nearest(self, vectors: Vectors, k: int) -> list[list[CodeMatch]]:
        """For each row the k nearest codes, most similar first, ties to the older code."""
        search = self._approximate if self._matrix is None else self._matrix.nearest
        return [[self._index.match(*pair) for pair in pairs] for pairs in search(vectors, k)]

    def labelled(self, labels: Sequence[str]) -> list[CodeMatch | None]:
        """For each label the oldest code of the same wording, at similarity 1."""
        return self._index.labelled(labels)

    def vectors(self, code_ids: Sequence[str]) -> Vectors:
        """Embeddings of codes in the order asked for, bit for bit as they were added."""
        return self._codes.vectors(code_ids)

    def close(self) -> None:
        """Let go of the folder or the connection."""
        self._codes.client.close()

    def _load(self) -> None:
        """Read back the codes that follow one another from the oldest; what a kill left behind them goes."""
        self._index = CodeIndex()
        self._matrix: CodeMatrix | None = CodeMatrix()
        stored = self._codes.read()
        sound = [code for at, code in enumerate(stored) if code.order == at]
        self._codes.forget([code.id for code in stored[len(sound) :]])
        for code in sound:
            self._index.append(code.id, code.label)
        self._release()
        if self._matrix is not None:
            self._matrix.append(self.vectors(self._index.ids))
        else:
            self._probe()

    def _probe(self) -> None:
        """Ask for some codes of all ages, so that a damaged index is noticed now rather than by its outcome."""
        some = np.linspace(0, len(self) - 1, PROBES, dtype=np.intp)
        self._approximate(self.vectors([self._index.ids[order] for order in np.unique(some)]), 1)

    def _release(self) -> None:
        """Hold no vectors of a memory that has grown large."""
        if len(self) > EXACT:
            self._matrix = None

    def _approximate(self, vectors: Vectors, k: int) -> list[list[tuple[int, float]]]:
        """Let Chroma propose codes, then compare exactly those that may be among the k nearest."""
        proposed = self._codes.propose(vectors, max(CANDIDATES, 2 * k))
        close = [[self._index.order(code.id) for code in _close(codes, k)] for codes in proposed]
        orders = sorted({order for row in close for order in row})
        rows = self.vectors([self._index.ids[order] for order in orders])
        places = {order: place for place, order in enumerate(orders)}
        best = []
        for vector, some in zip(vectors, close, strict=True):
            exact = cosines(vector, rows[[places[order] for order in some]])
            best.append(rank(np.array(some, np.intp), exact, k))
        return best


def _close(codes: Sequence[Nearby], k: int) -> list[Nearby]:
    """The codes whose exact similarity may be among the k highest, of codes sorted by distance."""
    bar = codes[min(k, len(codes)) - 1].distance + MARGIN if codes else 0.0
    return [code for code in codes if code.distance <= bar]
