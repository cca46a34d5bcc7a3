"""Having one candidate code the development items: through the answer log, so that nothing is asked twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from intercoder.agents.asking import NoAnswer
from intercoder.agents.coder import Coder
from intercoder.agents.session import Session, Slots, Tally
from intercoder.core.protocols import AnswerLog, LoggedAnswer
from intercoder.core.record import Record
from intercoder.core.study import Price
from intercoder.training.development_items import DevelopmentItem

RUN = "select"
"""The run under which answers of candidates are kept."""


@dataclass(frozen=True)
class Asking:
    """What all candidates share while they are asked."""

    log: AnswerLog
    slots: Slots
    round: int = 1
    """Questions that failed in an earlier round are asked again; those of this round are not."""
    prices: Mapping[str, Price] = field(default_factory=dict)


class Tried(Record):
    """What a candidate said."""

    labels: tuple[str, ...]
    """For each item the first label; empty where there is none: nothing to code, or no usable answer."""
    failures: tuple[str, ...]
    """One message for each question without a usable answer."""
    tokens: int
    """Read and written, also by answers that were in the log."""
    asked: int
    """Questions that were not in the log."""
    seconds: float
    """That those took, all together."""

    @property
    def empty(self) -> int:
        """Items that it had nothing to code on."""
        return sum(not label for label in self.labels) - len(self.failures)


class CountedLog:
    """An answer log that counts the tokens of all that goes through it."""

    def __init__(self, log: AnswerLog) -> None:
        self.tokens = 0
        self._log = log

    async def find(self, key: str) -> LoggedAnswer | None:
        """See `core.protocols.AnswerLog`."""
        known = await self._log.find(key)
        if known is not None:
            self._count(known)
        return known

    async def put(self, answer: LoggedAnswer) -> None:
        """See `core.protocols.AnswerLog`."""
        self._count(answer)
        await self._log.put(answer)

    def _count(self, answer: LoggedAnswer) -> None:
        self.tokens += answer.input_tokens + answer.output_tokens


async def try_out(
    coder: Coder,
    items: Sequence[DevelopmentItem],
    asking: Asking,
    heard: Callable[[Tally, bool], None] = lambda tally, failed: None,
) -> Tried:
    """Have a coder code all items, at most as many at once as there are slots.

    Args:
        coder: The candidate.
        items: The items.
        asking: What all candidates share.
        heard: Called after each item with what was asked so far, and whether the item failed.

    Raises:
        EndpointStopped: The endpoint answers nobody; what was answered is in the log.
    """
    log = CountedLog(asking.log)
    session = Session(
        log,
        asking.slots,
        run=RUN,
        round=asking.round,
        prices=asking.prices,
        go_on="run the same command again",
    )
    gate = asyncio.Semaphore(asking.slots.size)
    failures: list[str] = []
    began = time.monotonic()

    async def first_label(item: DevelopmentItem) -> str:
        async with gate:
            try:
                answer = await coder.code(item.segment, session)
            except NoAnswer as missing:
                failures.append(missing.failure.message)
                heard(session.tally, True)
                return ""
        heard(session.tally, False)
        return answer.suggestions[0].label if answer.suggestions else ""

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(first_label(item)) for item in items]
    except BaseExceptionGroup as failed:
        # The first error tells what happened; the rest are its echoes.
        raise failed.exceptions[0] from None
    return Tried(
        labels=tuple(task.result() for task in tasks),
        failures=tuple(failures),
        tokens=log.tokens,
        asked=session.tally.calls,
        seconds=time.monotonic() - began,
    )
