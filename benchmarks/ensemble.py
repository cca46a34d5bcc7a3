"""The seed's experiment on small models: coders, ensembles, refinement, dynamic selection (seed 000, 4 to 6).

    python benchmarks/ensemble.py [--data FOLDER] [--adapters FOLDER] [--large N] [--judge FOLDER] [--texts N]

Texts that people coded (`ensemble_texts.py`); results are of the parts kept aside, which nothing was tuned on. Each
question is asked once: answers are logged beside the models, and a run that was killed goes on. `--adapters` holds
LoRA adapters of the small model, one folder each, which are asked as they were trained. `--large` asks the
larger model about so many texts of the first set. `--judge` is an embedding that no system chose with. Writes
`results/ensemble.md`, `.json`, and the seed's figures as `ensemble-SET.html`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.ensemble_asking import CACHE, Asking, Study
from benchmarks.ensemble_figures import figures_page
from benchmarks.ensemble_measures import Judges, estimates, measure
from benchmarks.ensemble_plan import (
    HINDSIGHT,
    LARGE,
    SMALL,
    TRIO,
    Heard,
    Team,
    chance,
    curve,
    large_team,
    pairs,
    systems,
    team,
)
from benchmarks.ensemble_systems import heard, labels_of, ruled
from benchmarks.ensemble_tables import curve_table, differences, plain, quality_table
from benchmarks.ensemble_texts import DATA, TextSet, text_sets
from benchmarks.ensemble_vectors import at_once, cached
from benchmarks.reporting import RESULTS
from intercoder.core.agent_settings import ModeratorSettings
from intercoder.llms.fetching.catalogue import model_path

MODERATOR = ModeratorSettings(name="model", kind="llm", model=SMALL, shots=1)
FIRST = "games"
"""The set on which more ways of asking are tried."""


class Outcome(NamedTuple):
    """What was found about one set."""

    name: str
    lines: list[str]
    numbers: dict[str, Any]
    page: str


async def ask(asking: Asking, texts: TextSet, given: argparse.Namespace) -> tuple[Heard, Team]:
    """Everything that is asked about one set."""
    items = texts.part(given.part)[: given.texts or None]
    first = texts.name == FIRST
    members = team(shots=(0, 1, 2, 5) if first else (0,), endings=first, adapters=adapters(given.adapters))
    study = Study(texts.name, texts.question, items)
    coders = await asking.coders(study, members.everyone)
    trio = [coders[one.name] for one in members.variants[:TRIO]]
    settled = await asking.moderator(study, MODERATOR, trio, cached(CACHE))
    if first and given.large:
        coders |= await asking.coders(study._replace(items=items[: given.large]), large_team())
    return Heard(items, coders, settled), members


def adapters(folder: Path | None) -> list[Path]:
    """The adapters in a folder."""
    return sorted(path.parent for path in folder.glob("*/adapter_config.json")) if folder else []


def outcome(texts: TextSet, found: Heard, members: Team, judges: Judges) -> Outcome:
    """Measure all systems of one set."""
    made = {"another text's human code": chance(found.items)} | systems(found, members, judges.embed)
    sample = measure(made, [item.references for item in found.items], judges)
    figures = estimates(sample)
    lines = [f"## {texts.name}: {len(found.items)} texts, {sample.unique} different human codes", ""]
    lines += [*quality_table(sample, figures), *differences(sample, pairs(members))]
    steps = curve(found, members, judges.embed)
    lines += [*curve_table(steps, [item.references for item in found.items], judges)]
    lines += _large(found, members, judges)
    # Figures look at texts that every system gave a label to: one that gives none would leave nothing to draw.
    shown = {name: labels for name, labels in made.items() if any(labels) and not name.endswith(HINDSIGHT)}
    page = figures_page(texts, found.items, shown, "three prompts: medoid, g = 1", judges.embed)
    return Outcome(texts.name, lines, plain(figures), page)


def _large(found: Heard, members: Team, judges: Judges) -> Iterator[str]:
    """The larger model beside the small one, on the texts that it was asked about."""
    asked = large_team()
    known = found.coders.get(asked[0].name)
    if known is None:
        return
    items = tuple(item for item in found.items if item.segment.id in known)
    said = heard({one.name: found.coders[one.name] for one in asked}, items, judges.embed)
    made = {
        "0.5B, one coder": labels_of(found.coders[members.variants[0].name], items),
        "1.5B, one coder": labels_of(known, items),
        "1.5B, one prompt, three times: medoid, g = 1": ruled(said),
    }
    sample = measure(made, [item.references for item in items], judges)
    yield from (f"The larger model, on the first {len(items)} of these texts:", "")
    yield from quality_table(sample, estimates(sample))


def judges(folder: Path | None) -> Judges:
    """What compares labels with references."""
    judge = at_once(cached(CACHE, f"hf:{folder}")) if folder else None
    return Judges(at_once(cached(CACHE)), judge, model_path("minilm-l6"))


def write(outcomes: list[Outcome], given: argparse.Namespace) -> None:
    """Write the tables, the numbers and the figures."""
    folder: Path = given.out
    folder.mkdir(parents=True, exist_ok=True)
    head = [
        "# Ensembles on small models",
        "",
        f"Small: `{SMALL}`; large: `{LARGE}`. 95% intervals in brackets.",
        "",
    ]
    lines = [*head, *(line for one in outcomes for line in one.lines)]
    (folder / "ensemble.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    numbers = {one.name: one.numbers for one in outcomes}
    (folder / "ensemble.json").write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    for one in outcomes:
        (folder / f"ensemble-{one.name}.html").write_text(one.page, encoding="utf-8")
    print("\n".join(lines))


def main() -> None:
    """Ask what was not asked before, measure, and write."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--data", type=Path, default=DATA, help="folder with the three sets of texts")
    arguments.add_argument("--part", choices=("held_out", "tuning"), default="held_out")
    arguments.add_argument("--texts", type=int, default=0, help="ask about so many texts of each set only")
    arguments.add_argument("--adapters", type=Path, help="folder with LoRA adapters of the small model")
    arguments.add_argument("--large", type=int, default=0, help="texts that the larger model is asked about")
    arguments.add_argument("--judge", type=Path, help="folder of a second embedding model")
    arguments.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    given = arguments.parse_args()
    if not given.data.is_dir():
        sys.exit(f"The texts are not here: {given.data}")
    sets = text_sets(given.data)
    found = asyncio.run(asked(sets, given))
    compare = judges(given.judge)
    write([outcome(one, *heard_of, compare) for one, heard_of in zip(sets, found, strict=True)], given)


async def asked(sets: tuple[TextSet, ...], given: argparse.Namespace) -> list[tuple[Heard, Team]]:
    """Everything that is asked, one set after the other: what begins alike is read once while it is in memory."""
    asking = Asking()
    return [await ask(asking, texts, given) for texts in sets]


if __name__ == "__main__":
    main()
