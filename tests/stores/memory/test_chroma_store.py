import asyncio
import hashlib
import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from chromadb.api.client import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langgraph.store.base import (
    GetOp,
    InvalidNamespaceError,
    Item,
    ListNamespacesOp,
    MatchCondition,
    Op,
    PutOp,
    Result,
    SearchItem,
    SearchOp,
)
from langgraph.store.memory import InMemoryStore

from intercoder.core.protocols import Vectors
from intercoder.stores.memory.chroma_client import open_folder
from intercoder.stores.memory.chroma_store import ChromaStore

Make = Callable[..., ChromaStore]
_names = (f"store-{number}" for number in itertools.count())


def embed(texts: list[str]) -> Vectors:
    """Different texts, different directions."""
    seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") for text in texts]
    rows = np.stack([np.random.default_rng(seed).standard_normal(16) for seed in seeds])
    scaled: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return scaled


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    client = open_folder(tmp_path_factory.mktemp("chroma"))
    yield client
    client.close()


@pytest.fixture
def make(client: Client) -> Make:
    """Makes a store in a collection of its own."""
    return lambda **given: ChromaStore(client, given.pop("embed", embed), name=next(_names), **given)


_parts = st.sampled_from(["a", "b", "ä \"'"])
_namespaces = st.lists(_parts, min_size=1, max_size=3).map(tuple)
_keys = st.sampled_from(["1", "2", "x/y"])
_values = st.none() | st.fixed_dictionaries(
    {"n": st.integers(0, 3), "text": _parts, "deep": st.fixed_dictionaries({"m": st.integers(0, 1)})}
)
_filters = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "n": st.integers(0, 3) | st.fixed_dictionaries({"$gte": st.integers(0, 3), "$lt": st.integers(1, 4)}),
        "text": _parts | st.fixed_dictionaries({"$ne": _parts}),
        "deep": st.fixed_dictionaries({"m": st.integers(0, 1)}),
    },
)
_conditions = st.builds(
    MatchCondition,
    match_type=st.sampled_from(["prefix", "suffix"]),
    path=st.lists(_parts | st.just("*"), min_size=1, max_size=3).map(tuple),
)
_operations = st.one_of(
    st.builds(
        # No two items are alike: LangGraph's store cannot put two of the same text at once.
        lambda namespace, key, value: PutOp(
            namespace, key, value and {**value, "own": [*namespace, key]}, False if key == "2" else None
        ),
        _namespaces,
        _keys,
        _values,
    ),
    st.builds(GetOp, namespace=_namespaces, key=_keys),
    st.builds(
        SearchOp,
        namespace_prefix=st.lists(_parts, max_size=2).map(tuple),
        filter=_filters,
        query=st.none() | st.just("q"),
        limit=st.just(50),
        offset=st.just(0),
    ),
    st.builds(
        ListNamespacesOp,
        match_conditions=st.none() | st.lists(_conditions, max_size=2).map(tuple),
        max_depth=st.none() | st.integers(1, 3),
        limit=st.integers(1, 5),
        offset=st.integers(0, 2),
    ),
)


def plain(result: Result) -> Any:
    """A result without times, and without the order where LangGraph promises none."""
    if isinstance(result, Item):
        return (result.namespace, result.key, result.value)
    if not isinstance(result, list) or not all(isinstance(item, SearchItem) for item in result):
        return result
    items = [item for item in result if isinstance(item, SearchItem)]
    scores = [round(item.score, 5) if item.score is not None else None for item in items]
    return scores, sorted(repr(plain_item(item)) for item in items)


def plain_item(item: SearchItem) -> Any:
    return (item.namespace, item.key, item.value, item.score is None)


def namespaces_of(store: InMemoryStore, op: ListNamespacesOp) -> Result:
    """What LangGraph's store would list had nothing ever been deleted or looked for in vain."""
    fresh = InMemoryStore()
    for item in store.search((), limit=1000):
        fresh.put(item.namespace, item.key, item.value)
    return fresh.batch([op])[0]


@given(batches=st.lists(st.lists(_operations, max_size=12), min_size=1, max_size=4))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_answers_as_langgraph_s_own_store(make: Make, batches: list[list[Op]]) -> None:
    own = make()
    known = InMemoryStore(index={"dims": 16, "embed": lambda texts: embed(list(texts)).tolist()})
    for batch in batches:
        listed = {at: namespaces_of(known, op) for at, op in enumerate(batch) if isinstance(op, ListNamespacesOp)}
        wanted = [listed.get(at, result) for at, result in enumerate(known.batch(batch))]
        assert [plain(result) for result in own.batch(batch)] == [plain(result) for result in wanted]


def test_reads_see_the_state_before_the_batch_and_the_last_write_wins(make: Make) -> None:
    store = make()
    store.put(("a",), "k", {"n": 1})
    read, *_ = store.batch([GetOp(("a",), "k"), PutOp(("a",), "k", {"n": 2}), PutOp(("a",), "k", {"n": 3})])
    assert isinstance(read, Item)
    assert read.value == {"n": 1}
    after = store.get(("a",), "k")
    assert after is not None
    assert after.value == {"n": 3}
    assert after.created_at == read.created_at
    assert after.updated_at > read.updated_at
    store.batch([PutOp(("a",), "k", {"n": 4}), PutOp(("a",), "k", None)])
    assert store.get(("a",), "k") is None


def test_a_query_finds_the_most_similar_first_and_the_unindexed_last(make: Make) -> None:
    store = make(fields=["text"])
    store.put(("a",), "other", {"text": "other"})
    store.put(("a",), "hidden", {"text": "busy"}, index=False)
    store.put(("a",), "same", {"text": "busy", "kind": "x"})
    store.put(("b",), "elsewhere", {"text": "busy"})
    found = store.search(("a",), query="busy")
    assert [item.key for item in found] == ["same", "other", "hidden"]
    assert found[0].score == pytest.approx(1, abs=1e-6)
    assert found[2].score is None
    assert [item.key for item in store.search(("a",), query="busy", filter={"kind": "x"})] == ["same"]
    assert [item.key for item in store.search(("a",), query="busy", limit=1, offset=1)] == ["other"]


def test_a_filter_is_answered_from_however_far_away(make: Make) -> None:
    store = make(fields=["text"])
    store.batch([PutOp(("a",), str(at), {"text": f"text {at}", "odd": at % 40 == 1}) for at in range(400)])
    vectors = embed([f"text {at}" for at in range(1, 400, 40)])
    likeness = vectors @ embed(["text 1"])[0]
    nearest = [str(1 + 40 * int(at)) for at in np.argsort(-likeness)]
    found = store.search(("a",), query="text 1", filter={"odd": True}, limit=10)
    assert [item.key for item in found] == nearest
    assert len(store.search(("a",), filter={"odd": True}, limit=500)) == 10


def test_pages_follow_one_another(make: Make) -> None:
    store = make()
    store.batch([PutOp(("a", str(at % 3)), str(at), {"n": at}) for at in range(20)])
    pages = [item.key for start in (0, 8, 16) for item in store.search(("a",), limit=8, offset=start)]
    assert len(set(pages)) == 20


def test_it_does_not_block_the_event_loop(make: Make) -> None:
    turned = threading.Event()

    def slow(texts: list[str]) -> Vectors:
        assert turned.wait(30), "the loop never turned"
        return embed(texts)

    async def use() -> list[str]:
        store = make(embed=slow)
        putting = asyncio.create_task(store.aput(("a",), "k", {"text": "x"}))
        await asyncio.sleep(0)
        turned.set()
        await putting
        return [item.key for item in await store.asearch(("a",), query="x")]

    assert asyncio.run(use()) == ["k"]


def test_vectors_need_not_have_unit_length(make: Make) -> None:
    store = make(embed=lambda texts: 7 * embed(texts), fields=["text"])
    store.put(("a",), "k", {"text": "x"})
    assert store.search(("a",), query="x")[0].score == pytest.approx(1, abs=1e-6)


def test_what_it_cannot_do_is_refused(make: Make) -> None:
    store = make()
    with pytest.raises(InvalidNamespaceError, match="cannot contain periods"):
        store.batch([PutOp(("a.b",), "k", {})])
    with pytest.raises(NotImplementedError, match="TTL is not supported"):
        store.put(("a",), "k", {}, ttl=5)
    store.put(("a",), "k", {"n": 1})
    with pytest.raises(ValueError, match=r"\$near"):
        store.search(("a",), filter={"n": {"$near": 1}})
