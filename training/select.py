"""Which coders to keep: candidates code what people coded, and those nearest to people stay (seed 000, 4.1)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel

from intercoder.agents.coder import Coder
from intercoder.core.record import Record
from intercoder.core.study import CoderSettings, Study
from intercoder.evals.quality import Embed
from intercoder.training.candidates import Adaptation, Candidate
from intercoder.training.development_items import FEW, DevelopmentItem
from intercoder.training.ranking import Standing, standings
from intercoder.training.scoring import Scored, score
from intercoder.training.trying import Asking, Tried, try_out

KEPT = 3
"""The seed's ensemble has three coders."""

Event = dict[str, Any]
Listener = Callable[[Event], None]


class Ranked(Record):
    """A candidate with all that is shown of it. nan where undefined."""

    candidate: Candidate
    standing: Standing
    composite: float
    """On fixed scales, 0 to 1."""
    words: float
    """Mean number of a label's words."""
    unique: int
    """Distinct labels, case and white space aside."""
    empty: int
    """Items that it found nothing to code on."""
    failures: int
    """Items without a usable answer."""
    seconds: float
    """A question that was asked now; nan where all answers were in the log."""
    tokens: float
    """An item, read and written."""

    @property
    def weighted(self) -> CoderSettings:
        """The coder with its mean cosine to people's labels, not below 0, as its weight; 1 where undefined."""
        cosine = self.standing.means["cosine"]
        weight = 1.0 if math.isnan(cosine) else round(max(cosine, 0.0), 3)
        return self.candidate.coder.model_copy(update={"weight": weight})

    @property
    def adaptation(self) -> Adaptation:
        """How the model was adapted to coding."""
        return self.candidate.adaptation


class Selection(Record):
    """Candidates, best first."""

    ranked: tuple[Ranked, ...]
    k: int
    items: int
    notes: tuple[str, ...]
    """What a person should know about it."""

    @property
    def coders(self) -> tuple[CoderSettings, ...]:
        """Those to keep; each weighs, for weighted moderation, as much as its labels are like people's."""
        return tuple(one.weighted for one in self.ranked[: self.k])


async def select_coders(
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


def rank(
    candidates: Sequence[Candidate],
    items: Sequence[DevelopmentItem],
    tried: Mapping[str, Tried],
    k: int = KEPT,
    *,
    embed: Embed | None,
    encoder: Path | None,
    wordnet: Any = None,
    seed: int = 0,
) -> Selection:
    """Hold what candidates said against people's codes.

    Args:
        candidates: The candidates; where ranks tie the earlier one stays.
        items: What they coded.
        tried: What they said.
        k: How many to keep.
        embed: See `scoring.score`.
        encoder: See `scoring.score`.
        wordnet: See `scoring.score`.
        seed: Of the bootstrap.

    Raises:
        InputError: k is less than 1.
    """
    scored = score(
        {one.name: tried[one.name].labels for one in candidates},
        [item.references for item in items],
        embed=embed,
        encoder=encoder,
        wordnet=wordnet,
    )
    by_name = {one.name: one for one in candidates}
    ranked = tuple(
        _ranked(by_name[one.name], one, scored, tried[one.name]) for one in standings(scored, k, seed=seed)
    )
    return Selection(ranked=ranked, k=k, items=len(items), notes=(*scored.notes, *_notes(ranked, k, len(items))))


def _ranked(candidate: Candidate, standing: Standing, scored: Scored, tried: Tried) -> Ranked:
    name = candidate.name
    said = [" ".join(label.casefold().split()) for label in tried.labels if label]
    return Ranked(
        candidate=candidate,
        standing=standing,
        composite=scored.absolute(name),
        words=scored.words[name],
        unique=len(set(said)),
        empty=tried.empty,
        failures=len(tried.failures),
        seconds=tried.seconds / tried.asked if tried.asked else math.nan,
        tokens=tried.tokens / len(tried.labels),
    )


def _notes(ranked: Sequence[Ranked], k: int, items: int) -> list[str]:
    notes = []
    if items < FEW:
        notes.append(f"With {items} items the order is mostly chance: have people code {FEW} or more.")
    if len(ranked) < k:
        notes.append(f"There are only {len(ranked)} candidates to keep {k} of.")
    silent = [one.candidate.name for one in ranked[:k] if one.empty + one.failures == items]
    if silent:
        notes.append(f"Among those kept, these coded nothing at all: {', '.join(silent)}.")
    return notes
