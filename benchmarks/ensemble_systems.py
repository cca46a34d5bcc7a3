"""Systems made of stored answers: coders, ensembles, refinement, dynamic selection. No model is asked here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from benchmarks.ensemble_measures import Embed, likeness
from benchmarks.ensemble_texts import Item
from intercoder.agents.dynamic_selection import Sampled, needs
from intercoder.agents.moderation_rules import Candidate, choose
from intercoder.core.agent_settings import ModerationKind
from intercoder.core.codebook import Code, found_code
from intercoder.core.coding.refinement import LabelToPlace, adaptive_tau, refine
from intercoder.core.decisions import Answer, Suggestion
from intercoder.stores.memory.exact_memory import ExactCodeMemory

Answers: TypeAlias = Mapping[str, Answer | None]
"""Segment id -> a coder's answer; None where there is no usable one."""


class Said(NamedTuple):
    """What coders suggest for one text, and what moderation looks at."""

    coders: tuple[str, ...]
    suggestions: tuple[Suggestion, ...]
    vectors: npt.NDArray[np.float32]
    """Shape (suggestions, d), unit length."""
    text: npt.NDArray[np.float32]
    """Shape (d,)."""
    silent: int
    """Coders who answered and gave no code."""


def suggestion(answer: Answer | None) -> Suggestion | None:
    """The code that an answer gives."""
    return answer.suggestions[0] if answer and answer.suggestions else None


def labels_of(answers: Answers, items: Sequence[Item]) -> list[str]:
    """A coder's label for each text, empty where it gave none."""
    given = [suggestion(answers[item.segment.id]) for item in items]
    return [one.label if one else "" for one in given]


def heard(coders: Mapping[str, Answers], items: Sequence[Item], embed: Embed) -> list[Said]:
    """What these coders said of each text."""
    rows = []
    for item in items:
        answered = {name: answers[item.segment.id] for name, answers in coders.items()}
        given = {name: one for name, answer in answered.items() if (one := suggestion(answer))}
        vectors = embed([*(one.label for one in given.values()), item.segment.text])
        silent = sum(answer is not None and not answer.suggestions for answer in answered.values())
        rows.append(Said(tuple(given), tuple(given.values()), vectors[:-1], vectors[-1], silent))
    return rows


def grounded(said: Said) -> list[int]:
    """Places of the suggestions whose quote stands in the text, if any does."""
    found = [place for place, one in enumerate(said.suggestions) if one.quote.verified]
    return found or list(range(len(said.suggestions)))


def ruled(said: Sequence[Said], *, kind: ModerationKind = "medoid", g: float = 1.0, tau: float = 0.7) -> list[str]:
    """The label that a rule settles on for each text; empty where most coders gave none."""
    return [_ruled(one, kind, g, tau) for one in said]


def _ruled(said: Said, kind: ModerationKind, g: float, tau: float) -> str:
    if said.silent >= len(said.suggestions):
        return ""
    places = grounded(said)
    candidates = [Candidate(coder=said.coders[place], label=said.suggestions[place].label) for place in places]
    chosen = choose(
        candidates, said.vectors[places], said.text, kind=kind, groundedness=g, tau=tau, weights={}, max_codes=1
    )
    return candidates[chosen[0]].label


def in_hindsight(said: Sequence[Said], items: Sequence[Item], embed: Embed) -> list[str]:
    """The suggestion nearest to a reference: what no moderator can know."""
    found = []
    for one, item in zip(said, items, strict=True):
        labels = [suggested.label for suggested in one.suggestions]
        scores = likeness(labels, [item.references] * len(labels), embed) if labels else []
        found.append(labels[int(np.argmax(scores))] if labels else "")
    return found


def refined(labels: Sequence[str], taus: Sequence[float], embed: Embed) -> list[str]:
    """Each label's code, when like labels are merged in the order of the texts (seed 000, section 4.2)."""
    at = [place for place, label in enumerate(labels) if label]
    named = [labels[place] for place in at]
    to_place = [
        LabelToPlace(
            label=label, threshold=taus[place], founds=Code(id=found_code("run", str(place), label), label=label)
        )
        for place, label in zip(at, named, strict=True)
    ]
    placed = refine(to_place, embed(named), ExactCodeMemory())
    codes = dict(zip(at, (placement.label for placement in placed), strict=True))
    return [codes.get(place, "") for place in range(len(labels))]


def adaptive(said: Sequence[Said], items: Sequence[Item]) -> list[float]:
    """Tau of each text by its length and the coders' likeness (seed 000, section 7.4)."""
    lengths = [len(item.segment.text) for item in items]
    taus = []
    for one, length in zip(said, lengths, strict=True):
        quantile = sum(other < length for other in lengths) / len(lengths)
        number = len(one.vectors)
        pairs = (one.vectors @ one.vectors.T)[np.triu_indices(number, 1)]
        taus.append(adaptive_tau(quantile, float(pairs.mean()) if number > 1 else None))
    return taus


def dynamic(
    few: Sequence[Said], everyone: Sequence[Said], tau: float, *, asked: int, near: float
) -> tuple[list[str], list[bool]]:
    """Ask one coder first, and the others only where it is not sure, as `[ensemble] dynamic = true` does.

    Args:
        few: What the first coder said, in all of its answers.
        everyone: What all coders said, in one answer each.
        tau: Cosine from which two labels mean the same.
        asked: How often the first coder is asked.
        near: Cosine below which the nearest known label is too far.

    Returns:
        A label for each text, and whether the others were asked about it.
    """
    sampled = [
        Sampled(one.vectors, range(len(one.vectors)), asked, len(one.suggestions) + one.silent) for one in few
    ]
    unsure = [bool(need) for need in needs(sampled, tau=tau, near=near)]
    said = [all_ if need else one for one, all_, need in zip(few, everyone, unsure, strict=True)]
    return ruled(said), unsure
