"""Answers of coders and moderators for `ensemble.py`: each question is asked once, ever.

Answers are kept in a log beside the models, under the hash of all that determines a question. What is measured is
computed from that log alone, so a benchmark that was killed goes on where it was, and a table costs no calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import platformdirs

from benchmarks.ensemble_texts import Item
from intercoder.agents.asking import NoAnswer
from intercoder.agents.coder import Coder
from intercoder.agents.means import Means
from intercoder.agents.moderator import Moderator
from intercoder.agents.session import Session, Slots
from intercoder.core.agent_settings import CoderSettings, Ending, ModeratorSettings, Sampling
from intercoder.core.decisions import Answer, Settlement
from intercoder.core.protocols import Embedder
from intercoder.stores.answer_log import SqlAnswerLog
from intercoder.stores.database import connect

CACHE = platformdirs.user_cache_path("intercoder", appauthor=False) / "benchmarks"
IN_FLIGHT = 24
"""A batch of the embedded model: what is under way then begins alike, for the most part."""
SEED = Sampling(temperature=0.7, top_p=0.7)
"""The seed's sampling (seed 000, appendix E)."""

Answers: TypeAlias = Mapping[str, Answer | None]
"""Segment id -> a coder's answer; None where there is no usable one."""


class Study(NamedTuple):
    """What all questions about one set of texts share."""

    name: str
    question: str
    items: Sequence[Item]
    prompts: Path | None = None
    """A folder with prompts in place of the bundled ones."""

    def means(self, model: str) -> Means:
        """What a model is asked with."""
        secret = f"ensemble {self.name}"
        return Means(reference=model, question=self.question, secret=secret, prompts=self.prompts)


def coder(
    model: str,
    prompt: str,
    *,
    shots: int = 4,
    ending: Ending = "full_stop",
    sampling: Sampling = SEED,
    seed: int = 0,
) -> CoderSettings:
    """A coder whose name says all that distinguishes it."""
    reference, _, adapter = model.partition("#")
    tuned = f"+{Path(adapter).name}" if adapter else ""
    line = "-line" if ending == "line_break" else ""
    name = f"{reference.partition(':')[2]}{tuned}:{prompt}-{shots}{line}-t{sampling.temperature:g}-{seed}"
    return CoderSettings(
        name=name[-64:].lstrip("/"),
        model=model,
        prompt=prompt,
        shots=shots,
        ending=ending,
        sampling=sampling,
        seed=seed,
    )


class Asking:
    """An open log and what is asked with it.

    Args:
        folder: Where the log is; made if there is none.
    """

    def __init__(self, folder: Path = CACHE) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._log = SqlAnswerLog(connect(f"sqlite:///{folder / 'ensemble.db'}", create=True), "ensemble")
        self.session = Session(log=self._log, slots=Slots(IN_FLIGHT), run="ensemble")

    async def coders(self, study: Study, coders: Iterable[CoderSettings]) -> dict[str, dict[str, Answer | None]]:
        """Coder's name -> its answers; asked where the log has none."""
        given = {settings.name: self._coder(study, settings) for settings in coders}
        found = await asyncio.gather(*(self._of_coder(one, study.items) for one in given.values()))
        return dict(zip(given, found, strict=True))

    def _coder(self, study: Study, settings: CoderSettings) -> Coder:
        return Coder(settings, study.means(settings.model))

    async def _of_coder(self, asked: Coder, items: Sequence[Item]) -> dict[str, Answer | None]:
        async def one(item: Item) -> Answer | None:
            try:
                return await asked.code(item.segment, self.session)
            except NoAnswer:
                return None

        answers = await asyncio.gather(*map(one, items))
        return {item.segment.id: answer for item, answer in zip(items, answers, strict=True)}

    async def moderator(
        self, study: Study, settings: ModeratorSettings, answers: Sequence[Answers], embeddings: Embedder
    ) -> dict[str, Settlement | None]:
        """Segment id -> what a moderator settles, given these coders' answers; None where it fails."""
        settles = Moderator(settings, embeddings, study.means(settings.model))

        async def one(item: Item) -> Settlement | None:
            said = [answer for of_coder in answers if (answer := of_coder[item.segment.id]) is not None]
            try:
                return await settles.settle(item.segment, said, self.session)
            except NoAnswer:
                return None

        settled = await asyncio.gather(*map(one, study.items))
        return {item.segment.id: settlement for item, settlement in zip(study.items, settled, strict=True)}
