"""Sentence embeddings: batched, cached by text, unit length."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from intercoder.core.errors import ModelError
from intercoder.core.protocols import Embedder, Vectors
from intercoder.llms import torch_environment
from intercoder.llms.batching import Batch, MicroBatcher
from intercoder.llms.once import Once

BATCH = 64
"""Texts encoded at once."""
CALLS = 16
"""Requests of up to `BATCH` texts that share one call of the model."""
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
        self._loaded: Once[Path, Any] = Once(_load, name="embedding model")
        self._path = path
        self._batcher: MicroBatcher[tuple[str, ...], Vectors] = MicroBatcher(
            self._encode, size=CALLS, name="embeddings"
        )

    @property
    def dimensions(self) -> int:
        """Length of an embedding.

        Raises:
            ModelError: The folder holds no such model.
        """
        return int(self._loaded.get(self._path).get_embedding_dimension())

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit-length embeddings, one row per text, in order.

        Raises:
            ModelError: The folder holds no such model.
        """
        # Texts of like length go together, so that little is padded.
        wanted = sorted(set(texts), key=lambda text: (len(text), text))
        parts = [tuple(wanted[at : at + BATCH]) for at in range(0, len(wanted), BATCH)]
        if not parts:
            model = await self._loaded.get_async(self._path)
            return np.zeros((0, model.get_embedding_dimension()), dtype=np.float32)
        vectors = np.concatenate(await asyncio.gather(*map(self._batcher.ask, parts)))
        places = {text: place for place, text in enumerate(wanted)}
        return np.asarray(vectors[[places[text] for text in texts]], dtype=np.float32)

    def close(self) -> None:
        """End the thread that embeds; requests that wait get an error."""
        self._batcher.close()

    def _encode(self, batch: Batch[tuple[str, ...], Vectors]) -> None:
        texts = [text for ticket in batch.tickets for text in ticket.question]
        vectors = self._loaded.get(self._path).encode(
            texts, batch_size=BATCH, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
        )
        at = 0
        for ticket in batch.tickets:
            ticket.answer(np.asarray(vectors[at : at + len(ticket.question)], dtype=np.float32))
            at += len(ticket.question)


def _load(path: Path) -> Any:
    torch_environment.prepare()
    from sentence_transformers import SentenceTransformer

    try:
        return SentenceTransformer(str(path), device="cpu", local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"The folder is not a usable embedding model: {error}",
            where=str(path),
            remedy="It must hold a sentence-transformers model (modules.json, weights, tokenizer).",
        ) from error


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
        cache: Where embeddings are kept; None keeps them in memory only.
        held: Most embeddings kept in memory; those unused for longest give way.
    """

    def __init__(self, embedder: Embedder, cache: VectorCache | None = None, *, held: int = HELD) -> None:
        self.name = embedder.name
        self._embedder = embedder
        self._cache = cache
        self._most = held
        self._held: OrderedDict[str, Vectors] = OrderedDict()

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
            known |= await self._look_up(missing)
        if not texts:
            return await self._embedder.embed([])
        self._hold(known)
        return np.stack([known[name] for name in hashes])

    async def _look_up(self, texts: Mapping[str, str]) -> dict[str, Vectors]:
        """Embeddings of texts, by hash, from the cache or the embedder; new ones go into the cache."""
        found: dict[str, Vectors] = {}
        if self._cache is not None:
            found.update(await asyncio.to_thread(self._cache.get, list(texts)))
        new = {name: text for name, text in texts.items() if name not in found}
        if new:
            fresh = dict(zip(new, await self._embedder.embed(list(new.values())), strict=True))
            if self._cache is not None:
                await asyncio.to_thread(self._cache.put, fresh)
            found.update(fresh)
        return found

    def _hold(self, vectors: Mapping[str, Vectors]) -> None:
        for name, vector in vectors.items():
            self._held[name] = vector
            self._held.move_to_end(name)
        while len(self._held) > self._most:
            self._held.popitem(last=False)
