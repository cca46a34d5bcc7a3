"""A LangGraph `BaseStore` on Chroma: items by namespace and key, found by filter or by likeness."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from langgraph.store.base import (
    BaseStore,
    GetOp,
    Item,
    ListNamespacesOp,
    Op,
    PutOp,
    Result,
    SearchItem,
    SearchOp,
    get_text_at_path,
    validate_op_namespace,
)

from intercoder.core.protocols import Vectors
from intercoder.stores.memory.chroma_client import explained, place
from intercoder.stores.memory.chroma_filters import matches, passes
from intercoder.stores.memory.chroma_items import (
    Namespace,
    StoredItem,
    item_id,
    now,
    open_collection,
    pieces,
    prefix_filter,
    read_item,
    split_id,
)

if TYPE_CHECKING:
    from chromadb.api.client import Client

WHOLE = "$"
"""The path that stands for a whole value."""


class ChromaStore(BaseStore):
    """Long-term memory for LangGraph applications, on a Chroma collection.

    As LangGraph asks: reads of a batch see the state before it, the last write of a key wins, a value of None
    deletes. An item has one embedding; where several texts are indexed it is that of all of them, a line
    each. Items without one are found by a query only after all others, without a score.

    Example:
        ```python
        store = ChromaStore(chromadb.EphemeralClient(), embed)
        store.put(("notes", "anna"), "1", {"text": "Likes short codes"})
        store.search(("notes",), query="brevity")
        ```
    """

    supports_ttl = False

    def __init__(
        self,
        client: Client,
        embed: Callable[[list[str]], Vectors],
        *,
        name: str = "intercoder-store",
        fields: Sequence[str] = (WHOLE,),
    ) -> None:
        """Open the collection, or make it.

        Args:
            client: A Chroma client.
            embed: Embeddings of texts, shape (texts, dimensions). It is called in a thread by `abatch`.
            name: The collection's name, 3 to 512 characters.
            fields: Paths of the texts to index where a put does not say; by default the whole value as JSON.

        Raises:
            StudyError: Chroma cannot be used.
        """
        self._client = client
        self._embed_texts = embed
        self._fields = list(fields)
        self._place = place(client)
        self._collection = open_collection(client, name, {})
        self._writing = threading.Lock()

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Carry out operations; results in their order.

        Raises:
            InvalidNamespaceError: A namespace has an empty part or one with a period.
            StudyError: Chroma cannot be used.
        """
        asked = list(ops)
        for op in asked:
            validate_op_namespace(op)
        puts = {(op.namespace, op.key): op for op in asked if isinstance(op, PutOp)}
        with explained(self._place):
            results = [self._read(op) for op in asked]
            if puts:
                with self._writing:
                    self._write(list(puts.values()))
        return results

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Carry out operations in a thread; see `batch`."""
        return await asyncio.to_thread(self.batch, list(ops))

    def _read(self, op: Op) -> Result:
        match op:
            case GetOp():
                found = self._stored([item_id(op.namespace, op.key)])
                return _item(found[0]) if found else None
            case SearchOp():
                return self._search(op) if op.query is None else self._search_like(op, op.query)
            case ListNamespacesOp():
                return self._namespaces(op)
            case PutOp():
                return None
        raise ValueError(f"not an operation of a store: {op!r}")

    def _stored(self, ids: list[str]) -> list[StoredItem]:
        found: list[StoredItem] = []
        for piece in pieces(self._client, len(ids)):
            page = self._collection.get(ids=ids[piece], include=["metadatas"])
            found += map(read_item, page["ids"], page["metadatas"] or [])
        return found

    # Searching

    def _under(self, namespace: Namespace, filter_: Mapping[str, Any] | None) -> list[StoredItem]:
        """All items of a prefix that pass a filter, by namespace and then in the order of their making."""
        page = self._collection.get(where=prefix_filter(namespace), include=["metadatas"])
        items = map(read_item, page["ids"], page["metadatas"] or [])
        passing = [item for item in items if passes(item.value, filter_)]
        return sorted(passing, key=lambda item: (item.namespace, item.created, item.key))

    def _search(self, op: SearchOp) -> list[SearchItem]:
        items = self._under(op.namespace_prefix, op.filter)
        return [_search_item(item, None) for item in items[op.offset : op.offset + op.limit]]

    def _search_like(self, op: SearchOp, query: str) -> list[SearchItem]:
        """The most similar items first. More are asked of Chroma until enough of them pass the filter."""
        vector = self._embed([query])
        total = self._collection.count()
        wanted = op.offset + op.limit
        asked, found = 2 * wanted, list[tuple[StoredItem, float]]()
        while total:
            asked = min(asked, total)
            found = self._nearest(vector, asked, op)
            if len(found) >= wanted or asked == total:
                break
            asked *= 4
        scored = [_search_item(item, 1 - distance) for item, distance in found[op.offset : wanted]]
        if len(scored) < op.limit:
            rest = [item for item in self._under(op.namespace_prefix, op.filter) if not item.indexed]
            scored += [_search_item(item, None) for item in rest[: op.limit - len(scored)]]
        return scored

    def _nearest(self, vector: Vectors, number: int, op: SearchOp) -> list[tuple[StoredItem, float]]:
        page = self._collection.query(
            query_embeddings=vector,
            n_results=number,
            where=prefix_filter(op.namespace_prefix),
            include=["metadatas", "distances"],
        )
        items = map(read_item, page["ids"][0], (page["metadatas"] or [[]])[0])
        pairs = zip(items, (page["distances"] or [[]])[0], strict=True)
        return [(item, far) for item, far in pairs if item.indexed and passes(item.value, op.filter)]

    def _namespaces(self, op: ListNamespacesOp) -> list[tuple[str, ...]]:
        known = {split_id(id_)[0] for id_ in self._collection.get(include=[])["ids"]}
        matching = {name for name in known if all(matches(name, test) for test in op.match_conditions or ())}
        cut = sorted({name[: op.max_depth] for name in matching})
        return cut[op.offset : op.offset + op.limit]

    # Writing

    def _write(self, puts: Sequence[PutOp]) -> None:
        gone = [item_id(op.namespace, op.key) for op in puts if op.value is None]
        for piece in pieces(self._client, len(gone)):
            self._collection.delete(ids=gone[piece])
        kept = [op for op in puts if op.value is not None]
        if not kept:
            return
        texts = [self._text(op) for op in kept]
        vectors = self._embed([text or "" for text in texts])
        made = {item.id: item.created for item in self._stored([item_id(op.namespace, op.key) for op in kept])}
        moment = now()
        items = []
        for op, text in zip(kept, texts, strict=True):
            created = made.get(item_id(op.namespace, op.key), moment)
            value = dict(op.value or {})
            items.append(StoredItem(op.namespace, op.key, value, created, moment, text is not None))
        for piece in pieces(self._client, len(items)):
            self._collection.upsert(
                ids=[item.id for item in items[piece]],
                embeddings=vectors[piece],
                metadatas=[item.metadata for item in items[piece]],
            )

    def _text(self, op: PutOp) -> str | None:
        """What is embedded of a value: None where it is not to be found by likeness."""
        if op.index is False:
            return None
        paths = self._fields if op.index is None else op.index
        texts = [text for path in paths for text in get_text_at_path(op.value, path)]
        return "\n".join(texts) or None

    def _embed(self, texts: list[str]) -> Vectors:
        vectors = np.asarray(self._embed_texts(texts), np.float32)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return (vectors / np.where(norms > 0, norms, 1)).astype(np.float32)


def _item(item: StoredItem) -> Item:
    return Item(
        value=item.value,
        key=item.key,
        namespace=item.namespace,
        created_at=item.created,
        updated_at=item.updated,
    )


def _search_item(item: StoredItem, score: float | None) -> SearchItem:
    return SearchItem(item.namespace, item.key, item.value, item.created, item.updated, score)
