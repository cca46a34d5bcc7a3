"""Which of several servers of one model a request goes to: the least busy one that answers.

A server in trouble is left alone for a while, longer each time, and then tried with a single request. One that
answered, but badly or too late, is still asked where nobody else is left; one that cannot be reached is not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

FIRST_REST = 0.5
"""Seconds that a server in trouble is left alone; doubled each time it is in trouble again."""
LONGEST_REST = 30.0


@dataclass(eq=False)
class Server:
    """One server as its requests went so far."""

    url: str
    """Base address, without a final slash."""
    in_flight: int = 0
    troubles: int = 0
    """Requests in a row that ended badly, of those sent after the one before was known."""
    away: bool = False
    """Whether it could not be reached the last time."""
    tried: bool = False
    """Whether a request is on its way to find out whether it is back."""
    rests_until: float = 0.0
    age: int = 0
    """Counts its troubles and never goes back: what was sent before the last one says nothing of now."""
    error: Exception | None = None
    """The last error of one that was not reached, or did not answer in time."""


class Turn:
    """One request's turn at a server; must be ended."""

    def __init__(self, server: Server, ended: Callable[[], None], *, tries: bool) -> None:
        self.server = server
        self._age = server.age
        self._tries = tries
        self._ended = ended
        server.in_flight += 1
        server.tried |= tries

    @property
    def counts(self) -> bool:
        """Whether how it ends says something of the server as it is now."""
        return self._age == self.server.age

    def end(self) -> None:
        """The request came to an end, or was given up."""
        self.server.in_flight -= 1
        if self._tries and self.counts:
            self.server.tried = False
        self._ended()


@dataclass
class Servers:
    """The servers of one model, and who may be asked next. Not for several threads at once."""

    urls: Sequence[str]
    """Base addresses; of two servers that are equally busy the earlier is asked."""
    changed: Callable[[], None] = lambda: None
    """Called whenever a turn ends."""
    clock: Callable[[], float] = time.monotonic
    """Seconds."""
    all: list[Server] = field(init=False)

    def __post_init__(self) -> None:
        self.all = [Server(url) for url in self.urls]

    def take(self, but: Sequence[Server] = ()) -> Turn | None:
        """A turn at the server with the fewest requests in flight; None where those left are not there.

        Args:
            but: Servers that this request has tried.
        """
        left = [server for server in self.all if server not in but]
        free = [server for server in left if self._free(server)]
        asked = free or [server for server in left if not server.away]
        if not asked:
            return None
        server = min(asked, key=lambda one: one.in_flight)
        return Turn(server, self.changed, tries=bool(free) and server.troubles > 0)

    def well(self, turn: Turn) -> None:
        """The server answered."""
        if turn.counts:
            turn.server.troubles = 0
            turn.server.away = False
            turn.server.tried = False

    def trouble(self, turn: Turn, *, error: Exception | None = None, away: bool = False, rest: float = 0.0) -> None:
        """The server answered badly, too late or not at all.

        Args:
            turn: The request's turn.
            error: What the request ended with, where there was no answer.
            away: Whether the server cannot be reached, or broke off.
            rest: Seconds that it asked to be left alone; 0 where it did not say.
        """
        if not turn.counts:
            return
        server = turn.server
        wait = rest or FIRST_REST * 2.0 ** min(server.troubles, 16)
        server.rests_until = self.clock() + min(wait, LONGEST_REST)
        server.troubles += 1
        server.age += 1
        server.away, server.tried, server.error = away, False, error

    def until_rested(self, servers: Iterable[Server]) -> float | None:
        """Seconds until the first of these has rested that nobody is trying; None where all are being tried."""
        rests = [server.rests_until for server in servers if not server.tried]
        return max(0.0, min(rests) - self.clock()) if rests else None

    def _free(self, server: Server) -> bool:
        return not server.troubles or (not server.tried and self.clock() >= server.rests_until)
