"""Sentence embeddings: order, batches, caches."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intercoder.core.errors import ModelError
from intercoder.core.protocols import Vectors
from intercoder.llms import embeddings
from intercoder.llms.embeddings import BATCH, CachedEmbedder, HashingEmbedder, SentenceEmbedder
from intercoder.llms.fetching import catalogue
from intercoder.llms.fetching.pulling import pull


class FakeModel:
    """In place of sentence-transformers: two dimensions that tell texts apart."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def get_embedding_dimension(self) -> int:
        return 2

    def encode(self, texts: list[str], **_: object) -> Vectors:
        self.calls.append(list(texts))
        angles = [len(text) for text in texts]
        return np.array([[math.cos(a), math.sin(a)] for a in angles], dtype=np.float64)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeModel:
    model = FakeModel()
    monkeypatch.setattr(embeddings, "_load", lambda path: model)
    return model


@pytest.fixture
def sentences(fake: FakeModel) -> Any:
    embedder = SentenceEmbedder(Path("/model"), name="fake")
    yield embedder
    embedder.close()


async def test_rows_come_in_the_order_of_their_texts(sentences: SentenceEmbedder) -> None:
    texts = ["ccc", "a", "bb", "a"]
    vectors = await sentences.embed(texts)
    assert vectors.dtype == np.float32
    assert np.allclose(vectors[:, 0], [math.cos(len(text)) for text in texts])


async def test_a_text_is_encoded_once_and_with_others_of_its_length(
    sentences: SentenceEmbedder, fake: FakeModel
) -> None:
    await sentences.embed(["aaaa", "b", "aaaa", "cc"])
    assert fake.calls == [["b", "cc", "aaaa"]]


async def test_many_texts_are_cut_into_parts_that_share_calls(sentences: SentenceEmbedder, fake: FakeModel) -> None:
    texts = [f"{number}" for number in range(20 * BATCH)]
    vectors = await sentences.embed(texts)
    assert vectors.shape == (len(texts), 2)
    assert sum(len(call) for call in fake.calls) == len(texts)
    assert len(fake.calls) <= 3


async def test_callers_at_the_same_time_share_a_call(
    sentences: SentenceEmbedder, fake: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slowly they come: they fill a batch, which then waits no longer.
    monkeypatch.setattr(sentences._batcher, "_window", 60.0)
    await asyncio.gather(*[sentences.embed([f"text {number}"]) for number in range(embeddings.CALLS)])
    assert len(fake.calls) == 1


async def test_no_texts_have_no_embeddings(sentences: SentenceEmbedder) -> None:
    assert (await sentences.embed([])).shape == (0, 2)
    assert sentences.dimensions == 2


async def test_a_folder_that_is_no_model_is_an_error(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    with pytest.raises(ModelError, match="not a usable embedding model") as caught:
        await SentenceEmbedder(tmp_path, name="x").embed(["a"])
    assert caught.value.where == str(tmp_path)


class MemoryCache:
    """A persistent cache that does not persist."""

    def __init__(self) -> None:
        self.kept: dict[str, Vectors] = {}
        self.asked: list[int] = []

    def get(self, hashes: Sequence[str]) -> Mapping[str, Vectors]:
        self.asked.append(len(hashes))
        return {name: self.kept[name] for name in hashes if name in self.kept}

    def put(self, vectors: Mapping[str, Vectors]) -> None:
        self.kept.update(vectors)


class Counting(HashingEmbedder):
    """Counts what it is asked to embed."""

    def __init__(self) -> None:
        super().__init__(16)
        self.embedded: list[str] = []

    async def embed(self, texts: Sequence[str]) -> Vectors:
        self.embedded.extend(texts)
        return await super().embed(texts)


async def test_a_known_text_is_not_embedded_again() -> None:
    inner, cache = Counting(), MemoryCache()
    embedder = CachedEmbedder(inner, cache)
    first = await embedder.embed(["a", "b", "a"])
    again = await embedder.embed(["b", "a"])
    assert inner.embedded == ["a", "b"]
    assert np.array_equal(again, first[[1, 0]])
    assert cache.asked == [2], "what is in memory is not looked up"


async def test_the_cache_outlives_the_embedder() -> None:
    cache = MemoryCache()
    first = await CachedEmbedder(Counting(), cache).embed(["a", "b"])
    later = Counting()
    again = await CachedEmbedder(later, cache).embed(["b", "c"])
    assert later.embedded == ["c"]
    assert np.array_equal(again[0], first[1])


async def test_memory_forgets_what_was_unused_for_longest() -> None:
    inner = Counting()
    embedder = CachedEmbedder(inner, held=2)
    for text in ("a", "b", "a", "c", "a", "b"):
        await embedder.embed([text])
    assert inner.embedded == ["a", "b", "c", "b"]


async def test_more_texts_at_once_than_memory_holds_are_all_embedded() -> None:
    embedder = CachedEmbedder(Counting(), held=2)
    texts = [f"text {number}" for number in range(10)]
    assert np.array_equal(await embedder.embed(texts), await HashingEmbedder(16).embed(texts))


async def test_a_cached_embedder_passes_its_names_on() -> None:
    embedder = CachedEmbedder(HashingEmbedder(16))
    assert (embedder.name, embedder.dimensions) == ("scripted:hashing", 16)
    assert (await embedder.embed([])).shape == (0, 16)


@given(st.lists(st.text(max_size=30), max_size=5))
def test_hashed_embeddings_are_unit_rows_that_depend_on_their_text_alone(texts: list[str]) -> None:
    rows = asyncio.run(HashingEmbedder(32).embed(texts))
    assert rows.shape == (len(texts), 32)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    for text, row in zip(texts, rows, strict=True):
        assert np.array_equal(asyncio.run(HashingEmbedder(32).embed([text]))[0], row)


async def test_hashed_embeddings_are_the_same_on_every_machine() -> None:
    row = (await HashingEmbedder(8).embed(["lack of time"]))[0]
    assert row.tolist() == pytest.approx([0.7559, -0.189, 0.189, 0.189, 0, 0, -0.5669, 0], abs=1e-4)


async def test_texts_that_share_words_are_alike() -> None:
    time, more_time, cake = await HashingEmbedder().embed(["lack of time", "Lacking time", "chocolate cake"])
    assert time @ more_time > time @ cake + 0.2


@pytest.mark.embedded
async def test_real_embeddings_know_what_is_alike() -> None:
    pull("minilm-l6", report=print)
    embedder = SentenceEmbedder(catalogue.model_path("minilm-l6"), name="embedded:minilm-l6")
    texts = ["lack of time", "being too busy", "chocolate cake"]
    rows = await embedder.embed(texts)
    assert rows.shape == (3, 384)
    assert embedder.dimensions == 384
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.2
    alone = np.concatenate([await embedder.embed([text]) for text in texts])
    assert np.abs(alone - rows).max() < 1e-5
    embedder.close()
