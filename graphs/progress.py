"""Telling how a run over segments goes: as answers come in, and whenever a batch is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from intercoder.agents.session import Session
from intercoder.core.protocols import Run

EVENTS = 200
"""Progress is told about so many times in a run as answers come in."""


class Progress:
    """Sends `progress` events of one wave.

    Args:
        run: The run as the wave begins.
        session: The run's session; its tally counts calls.
        send: LangGraph's stream writer.
        questions: Questions about one segment, if every agent with a model is asked once.
        counts: What is counted beside segments, such as codes.
    """

    def __init__(
        self, run: Run, session: Session, send: Callable[[Any], None], questions: int, **counts: int
    ) -> None:
        self.done = run.position
        self.counts = counts
        self._run = run
        self._tally = session.tally
        self._send = send
        self._questions = questions
        self._asked = run.position * questions
        self._to_ask = run.total * questions
        session.tally.heard = self._heard

    def wrote(self, stop: int, **more: int) -> None:
        """Everything up to segment `stop` is written; add to the counts."""
        self.done = stop
        self._asked = max(self._asked, stop * self._questions)
        for name, number in more.items():
            self.counts[name] = self.counts.get(name, 0) + number

    def tell(self) -> None:
        """Send where the run stands."""
        tally = self._tally
        self._send(
            {
                "kind": "progress",
                "run": self._run.id,
                "done": self.done,
                "total": self._run.total,
                "asked": min(self._asked, self._to_ask),
                "to_ask": self._to_ask,
                **self.counts,
                "calls": tally.calls,
                "recalled": tally.recalled,
                "input_tokens": tally.input_tokens,
                "output_tokens": tally.output_tokens,
                "cost": tally.cost,
            }
        )

    def _heard(self) -> None:
        self._asked += 1
        if self._asked % max(1, self._to_ask // EVENTS) == 0:
            self.tell()
