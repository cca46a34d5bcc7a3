"""What all questions of one run share: the log, the slots, the tally."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from intercoder.core.errors import EndpointStopped
from intercoder.core.protocols import AnswerLog, LoggedAnswer
from intercoder.core.study import Price

GIVE_UP_AFTER = 25
"""Failed calls in a row, of all coders together, after which the run stops instead of failing everything."""

_TRANSPORT = frozenset({"timeout", "error"})
_REFUSED = frozenset({"refused", "too_long"})
"""Says something about one request (unwelcome, too long), unless every request is refused from the start."""


class LoopSlots(NamedTuple):
    """The bounds of one event loop."""

    calls: asyncio.Semaphore
    """Calls in flight."""
    commits: asyncio.Semaphore
    """Answers that are not durable yet."""


class Slots:
    """The bound on calls in flight, and on answers on their way to the log, of all that share it; per event loop.

    A run that is killed loses at most as many answers as the two together.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._of_loop: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, LoopSlots] = weakref.WeakKeyDictionary()

    def here(self) -> LoopSlots:
        """The bounds of the running loop."""
        loop = asyncio.get_running_loop()
        if loop not in self._of_loop:
            self._of_loop[loop] = LoopSlots(asyncio.Semaphore(self.size), asyncio.Semaphore(self.size))
        return self._of_loop[loop]


@dataclass
class Tally:
    """What a run has asked so far in this process."""

    calls: int = 0
    recalled: int = 0
    """Questions answered from the log."""
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0
    failed_in_a_row: int = 0
    heard: Callable[[], None] = lambda: None
    """Called after each answer, fresh or recalled."""
    nothing_yet: bool = True
    """No call brought an answer so far, nor was one recalled."""


@dataclass(frozen=True)
class Session:
    """A run's shared state while it asks."""

    log: AnswerLog
    slots: Slots
    run: str = ""
    round: int = 1
    prices: Mapping[str, Price] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    go_on: str = "`intercoder resume`, and `intercoder retry` at the end"
    """What a person does to go on once a server that answered nobody is mended."""

    def count(self, answer: LoggedAnswer) -> None:
        """Add a fresh answer to the tally.

        Raises:
            EndpointStopped: Too many calls in a row failed; the last one's error is told.
        """
        tally = self.tally
        tally.calls += 1
        tally.input_tokens += answer.input_tokens
        tally.output_tokens += answer.output_tokens
        tally.cost += answer.cost
        if answer.kind in _TRANSPORT or (answer.kind in _REFUSED and tally.nothing_yet):
            tally.failed_in_a_row += 1
        elif answer.kind not in _REFUSED:
            tally.failed_in_a_row = 0
        tally.heard()
        tally.nothing_yet &= answer.status == "failed"
        if tally.failed_in_a_row >= GIVE_UP_AFTER:
            raise EndpointStopped(
                f"the last {tally.failed_in_a_row} calls failed; the latest: {answer.error}",
                where=answer.model,
                remedy=f"Mend the model's server, then {self.go_on}.",
            )
