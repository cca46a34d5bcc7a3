"""Embeddings on disk: kept by text and model, and nothing lost that could not be made again."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from intercoder.core.errors import StudyError
from intercoder.stores.vectors import SqlVectorCache

VECTORS = {f"hash{place}": np.full(3, place, dtype=np.float32) for place in range(1200)}


def same(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> bool:
    return found.keys() == wanted.keys() and all(np.array_equal(found[name], wanted[name]) for name in wanted)


def test_what_was_put_is_there_for_another_process_and_not_for_another_model(tmp_path: Path) -> None:
    file = tmp_path / "memory" / "embeddings.db"
    SqlVectorCache(file, "one").put(VECTORS)
    assert same(SqlVectorCache(file, "one").get([*VECTORS, "unknown"]), VECTORS)
    assert SqlVectorCache(file, "other").get(list(VECTORS)) == {}
    assert SqlVectorCache(file, "one").get([]) == {}


def test_one_that_is_closed_leaves_one_whole_file(tmp_path: Path) -> None:
    cache = SqlVectorCache(tmp_path / "embeddings.db", "one")
    cache.put(VECTORS)
    cache.close()
    assert [file.name for file in tmp_path.iterdir()] == ["embeddings.db"]


def test_what_is_there_stays(tmp_path: Path) -> None:
    cache = SqlVectorCache(tmp_path / "embeddings.db", "one")
    cache.put({"a": np.zeros(2, dtype=np.float32)})
    cache.put({"a": np.ones(2, dtype=np.float32)})
    assert cache.get(["a"])["a"].tolist() == [0.0, 0.0]


def test_a_file_that_is_no_cache_is_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "embeddings.db"
    file.write_bytes(b"nonsense" * 1000)
    cache = SqlVectorCache(file, "one")
    cache.put(VECTORS)
    assert same(cache.get(list(VECTORS)), VECTORS)


def test_a_cache_that_turns_out_damaged_is_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "embeddings.db"
    whole = SqlVectorCache(file, "one")
    whole.put(VECTORS)
    whole.close()
    content = bytearray(file.read_bytes())
    content[8192:] = b"\xff" * (len(content) - 8192)
    file.write_bytes(content)
    cache = SqlVectorCache(file, "one")
    assert cache.get(list(VECTORS)) == {}
    cache.put(VECTORS)
    assert same(cache.get(list(VECTORS)), VECTORS)


def test_a_cache_that_cannot_be_written_says_where(tmp_path: Path) -> None:
    file = tmp_path / "embeddings.db"
    cache = SqlVectorCache(file, "one")
    cache._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StudyError) as caught:
        cache.put(VECTORS)
    assert caught.value.where == str(file)
    shutil.rmtree(tmp_path)
