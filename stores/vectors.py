"""Embeddings kept on disk by text hash, so that no text is embedded twice. May be deleted."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from intercoder.core.protocols import Vectors
from intercoder.stores.database import remove, translated


class SqlVectorCache:
    """Embeddings of one model in a SQLite file of their own (see `llms.embeddings.VectorCache`)."""

    def __init__(self, file: Path, model: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file
        self._model = model
        self._lock = threading.Lock()
        with translated(str(file)):
            self._connection = _open(file)

    def get(self, hashes: Sequence[str]) -> dict[str, Vectors]:
        """The embeddings that are there, by hash; none if the file turns out to be damaged: it is begun anew.

        Raises:
            StudyError: The file cannot be read.
        """
        with self._lock, translated(str(self._file)):
            try:
                return self._read(hashes)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                self._connection.close()
                self._connection = _begin_anew(self._file)
                return {}

    def _read(self, hashes: Sequence[str]) -> dict[str, Vectors]:
        found: dict[str, Vectors] = {}
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
        """Keep embeddings; those that are there already stay as they are.

        Raises:
            StudyError: The file cannot be written, for instance because the disk is full.
        """
        rows = [(self._model, name, vector.astype(np.float32).tobytes()) for name, vector in vectors.items()]
        with self._lock, translated(str(self._file)), self._connection:
            self._connection.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?, ?)", rows)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()


def _open(file: Path) -> sqlite3.Connection:
    try:
        return _connect(file)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        return _begin_anew(file)


def _begin_anew(file: Path) -> sqlite3.Connection:
    """An empty cache in place of one that cannot be read, which is worth nothing."""
    remove(file)
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
