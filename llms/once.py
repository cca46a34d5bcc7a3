"""Things that are slow to make, made once and shared by all who ask meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Once(Generic[Key, Value]):
    """Makes each value once, in one thread of its own. A failure is told to all who wait, and not kept.

    Args:
        make: Makes the value of a key.
        name: Name of the thread.
        kept: Most values held; the one unused for longest gives way.
    """

    def __init__(self, make: Callable[[Key], Value], *, name: str, kept: int = 64) -> None:
        self._make = make
        self._kept = kept
        self._values: OrderedDict[Key, Future[Value]] = OrderedDict()
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    def get(self, key: Key) -> Value:
        """The key's value, made now if need be. Raises what making it raises."""
        return self._future(key).result()

    async def get_async(self, key: Key) -> Value:
        """As `get`, without keeping the event loop waiting."""
        future = self._future(key)
        if future.done():
            return future.result()
        # Shielded: the cancellation of one who waits must not reach the others.
        return await asyncio.shield(asyncio.wrap_future(future))

    def _future(self, key: Key) -> Future[Value]:
        with self._lock:
            known = self._values.get(key)
            if known is None or (known.done() and known.exception() is not None):
                known = self._values[key] = self._thread.submit(self._make, key)
            self._values.move_to_end(key)
            if len(self._values) > self._kept:
                self._values.popitem(last=False)
        return known
