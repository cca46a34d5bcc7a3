"""Which coders `ensemble.py` asks about which texts, and the systems that are made of their answers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

from benchmarks.ensemble_asking import coder
from benchmarks.ensemble_measures import Embed
from benchmarks.ensemble_systems import Said, adaptive, dynamic, heard, in_hindsight, labels_of, refined, ruled
from benchmarks.ensemble_texts import Item
from intercoder.core.agent_settings import CoderSettings
from intercoder.core.decisions import Answer, Settlement
from intercoder.training.card import read_card

SMALL, LARGE = "embedded:qwen2.5-coder-0.5b", "embedded:qwen2.5-coder-1.5b"
VARIANTS = (
    "expert_angle",
    "informal_request",
    "explicit_instruction",
    "impersonalization",
    "simplified_task",
    "detailed_explanation",
)
TRIO = 3
"""The first three variants are the ensemble of a new study."""
SAMPLES = 3
"""How often the cheapest coder is asked (methods: dynamic ensemble selection)."""
ADAPTERS = "adapters"
HINDSIGHT = "in hindsight"
TAUS = (0.5, 0.6, 0.7, 0.8)

Answers: TypeAlias = Mapping[str, Answer | None]


class Team(NamedTuple):
    """The coders of one set of texts, by what they are for."""

    variants: tuple[CoderSettings, ...]
    samples: tuple[CoderSettings, ...]
    """One coder asked several times; the first is the first of `variants`."""
    others: tuple[CoderSettings, ...]
    """Fewer or no worked examples, the other ending."""
    adapted: tuple[CoderSettings, ...] = ()
    """The small model with an adapter, each asked as it was trained."""

    @property
    def everyone(self) -> tuple[CoderSettings, ...]:
        """All, each once."""
        return tuple(
            {one.name: one for one in (*self.variants, *self.samples, *self.others, *self.adapted)}.values()
        )


def team(*, shots: Iterable[int] = (0,), endings: bool = False, adapters: Sequence[Path] = ()) -> Team:
    """The small model's coders.

    Variants draw with different seeds: with one seed for all, six prompts gave nearly the same labels.
    """
    others = [coder(SMALL, VARIANTS[0], shots=number) for number in shots]
    if endings:
        others.append(coder(SMALL, VARIANTS[0], ending="line_break"))
    return Team(
        tuple(coder(SMALL, prompt, seed=place if place < TRIO else 0) for place, prompt in enumerate(VARIANTS)),
        tuple(coder(SMALL, VARIANTS[0], seed=10 * place) for place in range(SAMPLES)),
        tuple(others),
        _adapted(adapters),
    )


def _adapted(adapters: Sequence[Path]) -> tuple[CoderSettings, ...]:
    """A coder for each adapter; a single adapter is asked as often as a single prompt is."""
    folders = list(adapters) * SAMPLES if len(adapters) == 1 else adapters
    return tuple(_adapted_coder(folder, seed=10 * place) for place, folder in enumerate(folders))


def _adapted_coder(folder: Path, seed: int) -> CoderSettings:
    card = read_card(folder)
    if card is None:
        raise SystemExit(f"{folder} has no card that says which prompt it was trained on.")
    return coder(f"{SMALL}#{folder}", card.prompt, shots=card.shots, ending=card.ending, seed=seed)


def large_team() -> tuple[CoderSettings, ...]:
    """The larger model's coder, asked as often as the small one's."""
    return tuple(coder(LARGE, VARIANTS[0], seed=10 * place) for place in range(SAMPLES))


class Heard(NamedTuple):
    """All answers about some texts."""

    items: tuple[Item, ...]
    coders: dict[str, Answers]
    """By the coder's name."""
    moderated: Mapping[str, Settlement | None]
    """What a model settled, given the trio's answers; empty where none was asked."""


def systems(found: Heard, team: Team, embed: Embed) -> dict[str, list[str]]:
    """System -> its label for each text, in the order of the table."""
    items = found.items
    rows = {
        one.name: labels_of(found.coders[one.name], items) for one in (*team.variants, *team.others, *team.adapted)
    }
    trio = _heard(found, team.variants[:TRIO], embed)
    teams = {
        "three prompts": trio,
        "six prompts": _heard(found, team.variants, embed),
        "one prompt, three times": _heard(found, team.samples, embed),
    }
    if len(team.adapted) > 1:
        teams[ADAPTERS] = _heard(found, team.adapted, embed)
    for name, said in teams.items():
        rows[f"{name}: medoid, g = 0"] = ruled(said, g=0)
        rows[f"{name}: medoid, g = 1"] = ruled(said)
        rows[f"{name}: {HINDSIGHT}"] = in_hindsight(said, items, embed)
    rows["three prompts: majority"] = ruled(trio, kind="majority")
    if found.moderated:
        rows["three prompts: model as moderator"] = [_settled(found.moderated[item.segment.id]) for item in items]
    return rows | _refined(rows["three prompts: medoid, g = 1"], trio, items, embed)


def _heard(found: Heard, coders: Sequence[CoderSettings], embed: Embed) -> list[Said]:
    return heard({one.name: found.coders[one.name] for one in coders}, found.items, embed)


def _settled(settlement: Settlement | None) -> str:
    return settlement.choices[0].suggestion.label if settlement and settlement.choices else ""


def _refined(
    labels: Sequence[str], said: Sequence[Said], items: Sequence[Item], embed: Embed
) -> dict[str, list[str]]:
    rows = {f"the same, refined at {tau}": refined(labels, [tau] * len(labels), embed) for tau in TAUS}
    rows["the same, refined at an adaptive tau"] = refined(labels, adaptive(said, items), embed)
    return rows


def chance(items: Sequence[Item]) -> list[str]:
    """The first code of the text after the next: what a label reaches that has nothing to do with its text."""
    return [items[(place + 2) % len(items)].references[0] for place in range(len(items))]


def pairs(team: Team) -> list[tuple[str, str]]:
    """Systems that are set against each other, text by text."""
    one = team.variants[0].name
    trio = "three prompts: medoid, g = 1"
    found = [(trio, coder.name) for coder in team.variants[:TRIO]]
    found += [(f"{name}: medoid, g = 1", one) for name in ("six prompts", "one prompt, three times")]
    found += [("six prompts: medoid, g = 1", trio), (trio, "three prompts: medoid, g = 0")]
    found += [("three prompts: model as moderator", trio), (f"three prompts: {HINDSIGHT}", trio)]
    found += [(f"the same, refined at {tau}", trio) for tau in (*TAUS, "an adaptive tau")]
    found += [(one, coder.name) for coder in team.others]
    found += [(coder.name, one) for coder in team.adapted]
    if len(team.adapted) > 1:
        found += [(f"{ADAPTERS}: medoid, g = 1", name) for name in (team.adapted[0].name, trio)]
    return found


class Point(NamedTuple):
    """Dynamic selection at one setting."""

    name: str
    calls: float
    """Answers asked for, for each text."""
    labels: list[str]


def curve(found: Heard, team: Team, embed: Embed) -> list[Point]:
    """From one coder alone, asked three times, over dynamic selection to everyone always."""
    few, everyone = (_heard(found, coders, embed) for coders in (team.samples, team.variants))
    asks, others = len(team.samples), len(team.variants) - 1
    points = [Point("one coder alone", asks, ruled(few))]
    for near in (-math.inf, 0.4):
        for tau in (0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
            labels, unsure = dynamic(few, everyone, tau, asked=asks, near=near)
            name = f"tau {tau}" + (f", nothing known below {near}" if near > 0 else "")
            points.append(Point(name, asks + others * sum(unsure) / len(unsure), labels))
    return [*points, Point("everyone always", 1 + others, ruled(everyone))]
