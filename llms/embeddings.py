"""Sentence embeddings: batched, cached by text, unit length."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from intercoder.core.protocols import Embedder, Vectors
from intercoder.llms.batching import Batch, MicroBatcher

BATCH = 64
"""Texts encoded at once."""
HELD = 20_000
"""Embeddings kept in memory by one embedder (30 MB at 384 dimensions)."""

_WORD = re.compile(r"\w+")


class VectorCache(Protocol):
    """Embeddings kept between processes, by the SHA-256 of their text."""

    def get(self, hashes: Sequence[str]) -> Mapping[str, Vectors]:
        """The embeddings that are there, by hash, each of shape (dimensions,)."""

    def put(self, vectors: Mapping[str, Vectors]) -> None:
        """Keep embeddings."""


class SentenceEmbedder:
    """A sentence-transformers model from a local folder (see `core.protocols.Embedder`).

    Texts of concurrent callers share a batch. The model is loaded when the first text comes.

    Args:
        path: The model's folder.
        name: Its reference, kept with cached embeddings.
    """

    def __init__(self, path: Path, *, name: str) -> None:
        self.name = name
        self._path = path
        self._model: Any = None
        self._batcher: MicroBatcher[str, Vectors] = MicroBatcher(self._encode, size=BATCH, name="embeddings")

    @property
    def dimensions(self) -> int:
        """Length of an embedding."""
        return int(self._loaded().get_embedding_dimension())

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit-length embeddings, one row per text, in order."""
        if not texts:
            return np.zeros((0, 0), dtype=np.float32)
        wanted = list(dict.fromkeys(texts))
        rows = dict(zip(wanted, await asyncio.gather(*map(self._batcher.ask, wanted)), strict=True))
        return np.stack([rows[text] for text in texts])

    def _loaded(self) -> Any:
        if self._model is None:
            from sentence_transformers import SentenceTransformer

            self._model = SentenceTransformer(str(self._path), device="cpu", local_files_only=True)
        return self._model

    def _encode(self, batch: Batch[str, Vectors]) -> None:
        texts = [ticket.question for ticket in batch.tickets]
        vectors = self._loaded().encode(
            texts, batch_size=BATCH, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
        )
        for ticket, vector in zip(batch.tickets, vectors, strict=True):
            ticket.answer(np.asarray(vector, dtype=np.float32))


class HashingEmbedder:
    """Embeddings by rule: hashed words and character trigrams. No weights; for tests and for trying things out.

    Texts that share words are alike; nothing is understood.
    """

    def __init__(self, dimensions: int = 384) -> None:
        self.dimensions = dimensions
        self.name = "scripted:hashing"

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit-length embeddings, one row per text, in order."""
        rows = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for feature in self._features(text):
                place = int.from_bytes(blake2b(feature.encode(), digest_size=8).digest(), "big")
                row[place % self.dimensions] += 1.0 if place & (1 << 40) else -1.0
            if not row.any():
                row[0] = 1.0
            row /= np.linalg.norm(row)
        return rows

    @staticmethod
    def _features(text: str) -> list[str]:
        words = _WORD.findall(text.casefold())
        trigrams = [f" {word} "[at : at + 3] for word in words for at in range(len(word))]
        return [*words, *words, *trigrams]


class CachedEmbedder:
    """An embedder that remembers: in memory, and in a cache that outlives the process.

    Args:
        embedder: What embeds texts that are not known yet.
        cache: Where embeddings are kept.
    """

    def __init__(self, embedder: Embedder, cache: VectorCache) -> None:
        self.name = embedder.name
        self._embedder = embedder
        self._cache = cache
        self._held: dict[str, Vectors] = {}

    @property
    def dimensions(self) -> int:
        """Length of an embedding."""
        return self._embedder.dimensions

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit-length embeddings, one row per text, in order."""
        hashes = [sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for text in texts]
        known = {name: self._held[name] for name in hashes if name in self._held}
        missing = {name: text for name, text in zip(hashes, texts, strict=True) if name not in known}
        if missing:
            kept = await asyncio.to_thread(self._cache.get, list(missing))
            known.update(kept)
            new = {name: text for name, text in missing.items() if name not in kept}
            if new:
                fresh = dict(zip(new, await self._embedder.embed(list(new.values())), strict=True))
                await asyncio.to_thread(self._cache.put, fresh)
                known.update(fresh)
            self._hold({name: known[name] for name in missing})
        if not texts:
            return np.zeros((0, 0), dtype=np.float32)
        return np.stack([known[name] for name in hashes])

    def _hold(self, vectors: Mapping[str, Vectors]) -> None:
        self._held.update(vectors)
        while len(self._held) > HELD:
            del self._held[next(iter(self._held))]
