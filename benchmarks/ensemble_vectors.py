"""Embeddings for `ensemble.py`, each text embedded once and kept beside the answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from benchmarks.ensemble_measures import Embed
from intercoder.core.protocols import Vectors
from intercoder.core.study import DEFAULT_EMBEDDING, Privacy
from intercoder.llms.embeddings import CachedEmbedder
from intercoder.llms.factory import embedder
from intercoder.stores.vectors import SqlVectorCache


def cached(folder: Path, reference: str = DEFAULT_EMBEDDING) -> CachedEmbedder:
    """An embedder that keeps what it embeds in that folder."""
    place = folder.expanduser()
    return CachedEmbedder(embedder(reference, privacy=Privacy()), SqlVectorCache(place / "vectors.db", reference))


def at_once(embeddings: CachedEmbedder) -> Embed:
    """The embedder for code without an event loop."""

    def embed(texts: Sequence[str]) -> Vectors:
        return asyncio.run(embeddings.embed(list(texts)))

    return embed
