"""Having all candidates code the development items, one candidate after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel

from intercoder.agents.coder import Coder
from intercoder.agents.session import Slots
from intercoder.core.study import Study
from intercoder.llms.privacy import no_tracing
from intercoder.stores.answer_log import SqlAnswerLog
from intercoder.training.candidates import Candidate
from intercoder.training.development_items import DevelopmentItem
from intercoder.training.selection_source import Source
from intercoder.training.trying import Asking, Tried, try_out

Event = dict[str, Any]
Listener = Callable[[Event], None]


def ask_all(
    source: Source, asked: Sequence[Candidate], items: Sequence[DevelopmentItem], *, round_: int, listen: Listener
) -> dict[str, Tried]:
    """Have all candidates code the items; what was answered before is not asked again.

    Raises:
        ModelError, SettingsError: A candidate's model or prompt cannot be used.
        EndpointStopped: An endpoint answers nobody.
    """
    study = source.study

    async def work() -> dict[str, Tried]:
        log = SqlAnswerLog(source.engine, study.id)
        asking = Asking(log, Slots(study.limits.concurrency), round_, study.prices)
        try:
            with no_tracing(study.privacy):
                return await try_all(study, asked, items, asking, prompts=source.prompts, listen=listen)
        finally:
            await log.close()

    return asyncio.run(work())


async def try_all(
    study: Study,
    candidates: Sequence[Candidate],
    items: Sequence[DevelopmentItem],
    asking: Asking,
    *,
    models: Mapping[str, BaseChatModel] | None = None,
    prompts: Path | None = None,
    listen: Listener = lambda event: None,
) -> dict[str, Tried]:
    """Have all candidates code the items, one candidate after the other, so that times can be compared.

    Args:
        study: The question and how hard models are driven.
        candidates: The candidates; all are put together before the first is asked.
        items: The items.
        asking: Log and slots.
        models: Chat models to use in place of those that references name.
        prompts: The study's own prompts folder.
        listen: Called with events of kinds `begin` and `progress`.

    Returns:
        Name -> what it said.

    Raises:
        ModelError, SettingsError: A candidate's model or prompt cannot be used.
        EndpointStopped: An endpoint answers nobody.
    """
    given = models or {}
    coders = [
        Coder.of_study(study, one.coder, model=given.get(one.coder.model), prompts=prompts) for one in candidates
    ]
    progress = _Progress(len(coders) * len(items), listen)
    return {coder.name: await _tried(coder, items, asking, progress) for coder in coders}


async def _tried(coder: Coder, items: Sequence[DevelopmentItem], asking: Asking, progress: _Progress) -> Tried:
    progress.next(coder.name)
    return await try_out(coder, items, asking, progress.heard)


class _Progress:
    """Tells how many questions are answered, of all candidates together."""

    def __init__(self, total: int, listen: Listener) -> None:
        self._total, self._listen = total, listen
        self._done = self._failures = 0
        self._before = self._now = (0, 0, 0, 0, 0.0)
        listen({"kind": "begin", "run": "select", "round": 1, "done": 0, "total": total, "unit": "question"})

    def next(self, name: str) -> None:
        self._before, self._now = self._now, self._now
        self._listen({"kind": "note", "text": f"select: {name}"})

    def heard(self, tally: Any, failed: bool) -> None:
        self._done += 1
        self._failures += failed
        spent = (tally.calls, tally.recalled, tally.input_tokens, tally.output_tokens, tally.cost)
        self._now = tuple(a + b for a, b in zip(self._before, spent, strict=True))
        calls, recalled, read, written, cost = self._now
        self._listen(
            {
                "kind": "progress",
                "run": "select",
                "done": self._done,
                "total": self._total,
                "calls": calls,
                "recalled": recalled,
                "input_tokens": read,
                "output_tokens": written,
                "cost": cost,
                "failures": self._failures,
            }
        )
