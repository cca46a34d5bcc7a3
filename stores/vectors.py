"""Embeddings kept on disk by text hash, so that no text is embedded twice. May be deleted."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from intercoder.core.protocols import Vectors


class SqlVectorCache:
    """Embeddings of one model in a SQLite file of their own (see `llms.embeddings.VectorCache`)."""

    def __init__(self, file: Path, model: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._model = model
        self._lock = threading.Lock()
        self._connection = _open(file)

    def get(self, hashes: Sequence[str]) -> dict[str, Vectors]:
        """The embeddings that are there, by hash."""
        found: dict[str, Vectors] = {}
        with self._lock:
            for start in range(0, len(hashes), 500):
                some = hashes[start : start + 500]
                marks = ",".join("?" * len(some))
                rows = self._connection.execute(
                    f"SELECT hash, vector FROM vectors WHERE model = ? AND hash IN ({marks})",  # noqa: S608
                    (self._model, *some),
                )
                found.update((name, np.frombuffer(vector, dtype=np.float32)) for name, vector in rows)
        return found

    def put(self, vectors: Mapping[str, Vectors]) -> None:
        """Keep embeddings; those that are there already stay as they are."""
        rows = [(self._model, name, vector.astype(np.float32).tobytes()) for name, vector in vectors.items()]
        with self._lock, self._connection:
            self._connection.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?, ?)", rows)


def _open(file: Path) -> sqlite3.Connection:
    try:
        return _connect(file)
    except sqlite3.DatabaseError:
        file.unlink(missing_ok=True)  # a cache that cannot be read is worth nothing
        return _connect(file)


def _connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, check_same_thread=False, timeout=30)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS vectors (model TEXT, hash TEXT, vector BLOB, PRIMARY KEY (model, hash)) "
        "WITHOUT ROWID"
    )
    return connection
