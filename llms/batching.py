"""Gathering concurrent requests into batches for work that is cheaper by the dozen.

Many coroutines, on any number of event loops, ask; one thread answers. Nothing here knows about models.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future, InvalidStateError
from functools import partial
from typing import Generic, TypeVar

Question = TypeVar("Question")
Reply = TypeVar("Reply")

_LONGEST_WAIT = 20
"""A batch that is still growing waits at most this many windows."""


_ANY = object()


class BatcherClosed(RuntimeError):
    """The batcher was closed before it answered."""


class Ticket(Generic[Question, Reply]):
    """One request on its way through a batch."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self._future: Future[Reply] = Future()

    @property
    def wanted(self) -> bool:
        """False once it is answered or nobody waits for the answer any more; further work is wasted."""
        return not self._future.done()

    def answer(self, reply: Reply) -> None:
        """Hand the reply to whoever waits. The first one counts."""
        try:
            self._future.set_result(reply)
        except InvalidStateError:
            return

    def fail(self, error: BaseException) -> None:
        """Raise the error where the reply is awaited."""
        try:
            self._future.set_exception(error)
        except InvalidStateError:
            return


class Batch(Generic[Question, Reply]):
    """What a batch function works on.

    Args:
        tickets: The requests it begins with.
        more: Takes up to a number of fitting requests that wait now.
    """

    def __init__(
        self,
        tickets: Sequence[Ticket[Question, Reply]],
        more: Callable[[int], list[Ticket[Question, Reply]]],
    ) -> None:
        self.tickets = list(tickets)
        self._more = more

    def more(self, count: int) -> list[Ticket[Question, Reply]]:
        """Up to `count` further requests of the same key that wait already; they join `tickets`."""
        new = self._more(count) if count > 0 else []
        self.tickets.extend(new)
        return new


class MicroBatcher(Generic[Question, Reply]):
    """Runs a blocking batch function in one thread over requests from many coroutines.

    A batch is begun by the request that has waited longest and filled with others of the same key. It starts
    when it is full, or when nothing new has come for a window's time.

    Args:
        run: The batch function. It answers or fails its tickets, at any time until it returns, and may take
            more of them meanwhile; what it raises reaches all its tickets that have no reply yet.
        size: Most requests a batch begins with.
        window: Seconds without a new request after which an unfilled batch starts.
        capacity: Most requests that wait; those beyond it wait before they are queued.
        key: Requests share a batch only if their keys are equal.
        likeness: Where more requests wait than a batch takes, those most like its first one are taken
            (higher is more alike), the older ones among equals.
        name: Name of the thread.
    """

    def __init__(
        self,
        run: Callable[[Batch[Question, Reply]], None],
        *,
        size: int,
        window: float = 0.005,
        capacity: int = 1024,
        key: Callable[[Question], Hashable] = lambda question: None,
        likeness: Callable[[Question, Question], float] | None = None,
        name: str = "batcher",
    ) -> None:
        self.size = size
        self._run = run
        self._window = window
        self._capacity = capacity
        self._key = key
        self._likeness = likeness
        self._name = name
        self._changed = threading.Condition()
        self._waiting: list[Ticket[Question, Reply]] = []
        self._admissions: deque[Future[None]] = deque()
        self._closed = False
        self._quiet_since = 0.0
        self._thread: threading.Thread | None = None

    async def ask(self, question: Question) -> Reply:
        """The reply to one request. Cancelling the wait is harmless to the others of the batch.

        Raises:
            BatcherClosed: The batcher was closed before the request was answered.
        """
        ticket: Ticket[Question, Reply] = Ticket(question)
        while (admission := self._enqueue(ticket)) is not None:
            try:
                await asyncio.wrap_future(admission)
            except asyncio.CancelledError:
                self._admit()  # The place that this one may have been given is another's now.
                raise
        return await asyncio.wrap_future(ticket._future)

    def ask_blocking(self, question: Question) -> Reply:
        """As `ask`, for a caller without an event loop."""
        ticket: Ticket[Question, Reply] = Ticket(question)
        while (admission := self._enqueue(ticket)) is not None:
            admission.result()
        return ticket._future.result()

    def close(self, timeout: float | None = None) -> None:
        """Refuse new requests, fail those that wait, and wait for the batch that runs.

        Args:
            timeout: Most seconds to wait for it; None waits until it is done.
        """
        with self._changed:
            self._closed = True
            left, self._waiting = self._waiting, []
            self._changed.notify_all()
        for ticket in left:
            ticket.fail(BatcherClosed("The batcher was closed."))
        self._admit()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def _enqueue(self, ticket: Ticket[Question, Reply]) -> Future[None] | None:
        """Queue the ticket, or return what to wait for before trying again."""
        with self._changed:
            if self._closed:
                raise BatcherClosed("The batcher is closed.")
            if len(self._waiting) >= self._capacity:
                admission: Future[None] = Future()
                self._admissions.append(admission)
                return admission
            self._waiting.append(ticket)
            self._quiet_since = time.monotonic()
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return None

    def _serve(self) -> None:
        while self._wait():
            tickets = self._take(self.size)
            if not tickets:
                continue
            key = self._key(tickets[0].question)
            batch = Batch(tickets, partial(self._take, key=key))
            try:
                self._run(batch)
                missing: BaseException = RuntimeError("The batch function gave no reply.")
            except BaseException as error:
                missing = error
            for ticket in batch.tickets:
                ticket.fail(missing)
            # Whoever got a reply is about to ask the next question: let the next batch wait for it.
            self._quiet_since = time.monotonic()
            del tickets, batch, missing

    def _wait(self) -> bool:
        """Wait until a batch should start; False when there will be none any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            latest = time.monotonic() + _LONGEST_WAIT * self._window
            while len(self._waiting) < self.size and not self._closed:
                left = min(self._quiet_since + self._window, latest) - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            return not self._closed

    def _take(self, count: int, key: Hashable = _ANY) -> list[Ticket[Question, Reply]]:
        """The request that has waited longest, if it is of that key, and others of its key."""
        with self._changed:
            wanted = [ticket for ticket in self._waiting if ticket.wanted]
            chosen = self._choose(wanted, count, key) if wanted else []
            taken = set(map(id, chosen))
            self._waiting = [ticket for ticket in wanted if id(ticket) not in taken]
        self._admit()
        return chosen

    def _admit(self) -> None:
        """Tell those who wait to be queued that there are places, or that the batcher is closed."""
        with self._changed:
            room = len(self._admissions) if self._closed else self._capacity - len(self._waiting)
            while room > 0 and self._admissions:
                try:
                    self._admissions.popleft().set_result(None)
                    room -= 1
                except InvalidStateError:
                    continue  # Cancelled meanwhile.

    def _choose(
        self, wanted: Sequence[Ticket[Question, Reply]], count: int, key: Hashable
    ) -> list[Ticket[Question, Reply]]:
        first = wanted[0]
        if key is _ANY:
            key = self._key(first.question)
        elif self._key(first.question) != key:
            return []
        fitting = [ticket for ticket in wanted[1:] if self._key(ticket.question) == key]
        if self._likeness is not None and len(fitting) >= count:
            likeness = self._likeness
            fitting.sort(key=lambda ticket: -likeness(first.question, ticket.question))
        return [first, *fitting[: count - 1]]
