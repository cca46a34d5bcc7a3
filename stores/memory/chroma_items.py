"""How items lie in a Chroma collection: one layout for the LangGraph store and for the code memory.

An item's id spells its namespace and key as a JSON list, so that both can be read back from it. Metadata hold
each part of the namespace under a name of its own (a prefix is then an equality filter) and the value with
its times as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from intercoder.stores.memory.chroma_client import explained, place

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.collection_configuration import HNSWConfiguration
    from chromadb.api.models.Collection import Collection

Namespace: TypeAlias = tuple[str, ...]
Metadata: TypeAlias = Mapping[str, Any]
"""What Chroma keeps beside a vector: strings, numbers and truth values by name."""

INDEX: HNSWConfiguration = {
    "space": "ip",
    "max_neighbors": 16,
    "ef_construction": 100,
    "ef_search": 100,
    "sync_threshold": 5000,
}
"""Chroma's search index. Inner product, because all vectors have unit length, where it is the cosine; in
Chroma's cosine space vectors come back with other last bits, and similarities would depend on what was saved."""


class StoredItem(NamedTuple):
    """An item as it is kept."""

    namespace: Namespace
    key: str
    value: dict[str, Any]
    created: datetime
    updated: datetime
    indexed: bool = True
    """Whether its vector means something."""

    @property
    def id(self) -> str:
        """Id in the collection."""
        return item_id(self.namespace, self.key)

    @property
    def metadata(self) -> Metadata:
        """Where and what it is, for Chroma."""
        body = {
            "value": self.value,
            "created": self.created.isoformat(),
            "updated": self.updated.isoformat(),
            "indexed": self.indexed,
        }
        parts = {f"_ns{depth}": part for depth, part in enumerate(self.namespace)}
        return {**parts, "_item": json.dumps(body, ensure_ascii=False)}


def item_id(namespace: Namespace, key: str) -> str:
    """Id of an item in its collection."""
    return json.dumps([*namespace, key], ensure_ascii=False)


def split_id(id_: str) -> tuple[Namespace, str]:
    """Namespace and key of an item's id."""
    *namespace, key = json.loads(id_)
    return tuple(namespace), key


def read_item(id_: str, metadata: Metadata) -> StoredItem:
    """The item that an id and its metadata describe."""
    namespace, key = split_id(id_)
    body = json.loads(metadata["_item"])
    return StoredItem(
        namespace,
        key,
        body["value"],
        datetime.fromisoformat(body["created"]),
        datetime.fromisoformat(body["updated"]),
        body["indexed"],
    )


def now() -> datetime:
    """The time that is written to items."""
    return datetime.now(UTC)


def prefix_filter(namespace: Namespace) -> dict[str, Any] | None:
    """Chroma's filter for items whose namespace begins so."""
    conditions: list[dict[str, Any]] = [{f"_ns{depth}": part} for depth, part in enumerate(namespace)]
    if len(conditions) > 1:
        return {"$and": conditions}
    return conditions[0] if conditions else None


def open_collection(client: Client, name: str, metadata: Metadata) -> Collection:
    """The collection of that name, made with that metadata if it is not there.

    Args:
        client: Where it is.
        name: 3 to 512 characters.
        metadata: Kept only if the collection is made now: an existing one keeps its own.

    Raises:
        StudyError: Chroma cannot be used.
    """
    with explained(place(client)):
        return client.get_or_create_collection(
            name,
            metadata=dict(metadata) or None,
            configuration={"hnsw": INDEX},
            embedding_function=None,
        )


def pieces(client: Client, length: int) -> Iterator[slice]:
    """Slices of a sequence that Chroma takes at once."""
    step = client.get_max_batch_size()
    for start in range(0, length, step):
        yield slice(start, start + step)
