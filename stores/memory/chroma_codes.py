"""The Chroma collection that holds the codes of one round of a run, each with its vector and age."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from intercoder.core.codebook import Code
from intercoder.core.errors import StudyError
from intercoder.core.identity import digest
from intercoder.core.protocols import Vectors
from intercoder.stores.memory.chroma_client import explained, marked, place
from intercoder.stores.memory.chroma_items import (
    Metadata,
    StoredItem,
    item_id,
    now,
    open_collection,
    pieces,
    read_item,
    split_id,
)

if TYPE_CHECKING:
    from chromadb.api.client import Client

PAGE = 5_000
"""Codes read at once when a memory is opened."""


class Scope(NamedTuple):
    """What codes are remembered for: each has a collection of its own, as Chroma filters slowly."""

    study: str
    run: str
    round: int

    @property
    def collection(self) -> str:
        """Name of its collection."""
        return f"codes-{digest(*self)[:16]}"

    @property
    def namespace(self) -> tuple[str, str, str]:
        """Namespace of its codes as items of a LangGraph store."""
        return (self.study, self.run, str(self.round))


class StoredCode(NamedTuple):
    """What is read back of a code."""

    order: int
    id: str
    label: str


class Nearby(NamedTuple):
    """A code that Chroma's index proposes."""

    id: str
    distance: float
    """1 - cosine in float32: near the exact one, not equal to it."""


class CodeCollection:
    """Codes of one scope in Chroma. All methods raise StudyError where Chroma cannot be used."""

    def __init__(self, client: Client, scope: Scope, owner: str) -> None:
        """Open the collection, or make it.

        Raises:
            StudyError: It belongs to another owner.
        """
        self.client = client
        self.scope = scope
        self.place = place(client)
        self._owner = owner
        self._open()

    def clear(self) -> None:
        """Drop the collection and make it anew."""
        with self._calling():
            self.client.delete_collection(self.scope.collection)
        self._open()

    def write(self, codes: Sequence[Code], first: int, vectors: Vectors) -> None:
        """Keep codes of the ages `first`, `first` + 1 ..."""
        ids = self._ids([code.id for code in codes])
        metadatas = [self._describe(code, first + at) for at, code in enumerate(codes)]
        rows = np.asarray(vectors, np.float32)
        with self._calling():
            for piece in pieces(self.client, len(codes)):
                self._collection.upsert(ids=ids[piece], embeddings=rows[piece], metadatas=metadatas[piece])

    def forget(self, code_ids: Sequence[str]) -> None:
        """Drop codes."""
        ids = self._ids(code_ids)
        with self._calling():
            for piece in pieces(self.client, len(ids)):
                self._collection.delete(ids=ids[piece])

    def read(self) -> list[StoredCode]:
        """All codes, oldest first."""
        codes: list[StoredCode] = []
        with self._calling():
            for start in range(0, self._collection.count(), PAGE):
                page = self._collection.get(limit=PAGE, offset=start, include=["metadatas"])
                items = map(read_item, page["ids"], page["metadatas"] or [])
                codes += [StoredCode(item.value["order"], item.key, item.value["label"]) for item in items]
        return sorted(codes)

    def vectors(self, code_ids: Sequence[str]) -> Vectors:
        """Embeddings in the order asked for, bit for bit as they were written; shape (codes, dimensions).

        Raises:
            StudyError: They are not there, or are not what was written.
        """
        ids = self._ids(code_ids)
        rows: dict[str, Vectors] = {}
        with self._calling():
            for piece in pieces(self.client, len(ids)):
                page = self._collection.get(ids=ids[piece], include=["embeddings"])
                rows.update(zip(page["ids"], np.asarray(page["embeddings"], np.float32), strict=True))
        if not ids:
            return np.empty((0, 0), np.float32)
        if len(rows) != len(set(ids)):
            raise self._damaged("codes have lost their embeddings")
        found = np.stack([rows[id_] for id_ in ids])
        if not np.abs(np.linalg.norm(found, axis=1) - 1).max() < 1e-3:
            raise self._damaged("embeddings are not what was written")
        return found

    def propose(self, vectors: Vectors, number: int) -> list[list[Nearby]]:
        """For each row about that many of the nearest codes, nearest first, by Chroma's index."""
        with self._calling():
            found = self._collection.query(
                query_embeddings=np.asarray(vectors, np.float32), n_results=number, include=["distances"]
            )
        return [
            [Nearby(split_id(id_)[1], distance) for id_, distance in zip(*row, strict=True)]
            for row in zip(found["ids"], found["distances"] or [], strict=True)
        ]

    @contextmanager
    def _calling(self) -> Iterator[None]:
        with explained(self.place), marked(self.client):
            yield

    def _open(self) -> None:
        study, run, round_ = self.scope
        metadata: Metadata = {"study": study, "run": run, "round": round_, "owner": self._owner}
        self._collection = open_collection(self.client, self.scope.collection, metadata)
        if (self._collection.metadata or {}).get("owner") != self._owner:
            raise StudyError(
                f"another study with the id {study} keeps its codes here.",
                where=f"{self.place}, collection {self.scope.collection}",
                remedy="Change `id` in study.toml of one of the two.",
            )

    def _ids(self, code_ids: Sequence[str]) -> list[str]:
        return [item_id(self.scope.namespace, code_id) for code_id in code_ids]

    def _describe(self, code: Code, order: int) -> Metadata:
        value = {"label": code.label, "definition": code.definition, "order": order}
        moment = now()
        return StoredItem(self.scope.namespace, code.id, value, moment, moment).metadata

    def _damaged(self, what: str) -> StudyError:
        return StudyError(
            f"{what}.",
            where=f"{self.place}, collection {self.scope.collection}",
            remedy="Delete the memory and resume the run: nothing is lost, it is filled again.",
        )
