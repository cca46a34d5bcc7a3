"""Which coders to keep: candidates code what people coded, and those nearest to people stay (seed 000, 4.1)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from intercoder.core.agent_settings import CoderSettings
from intercoder.core.record import Record
from intercoder.evals.quality import Embed
from intercoder.training.candidates import Adaptation, Candidate
from intercoder.training.development_items import FEW, DevelopmentItem
from intercoder.training.ranking import Standing, standings
from intercoder.training.scoring import Scored, score
from intercoder.training.trying import Tried

KEPT = 3
"""The seed's ensemble has three coders."""


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
