"""Calibration on recorded labels: 15 models x 3 rubric types x 3 runs beside three people, no model asked.

800 answers of students to 20 items; three people and every model said of each whether it is right (Frohn, Burleigh
& Chen 2025, CC BY 4.0). Each item is a code with criteria of its own, 40 segments each. The first run of a model is
calibrated against the people, item by item and over all items; the second is the repeat test of the first. Labels
other than 0 and 1 are missing and are counted. The baseline is people's agreement with each other.

    python benchmarks/khan_replay.py [--data FOLDER] [--out FILE.md]

Effects of the rubric type are means over models and items; their intervals resample items, which are what differs
most, so they hold for these models and for items like these.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1]))

from intercoder.core.decisions import Value
from intercoder.core.deductive_settings import Calibration
from intercoder.evals.calibration import CodeCalibration, calibrate_code
from intercoder.evals.interval import Estimate
from intercoder.evals.randomness import RepeatTest, repeat_test

DATA = Path(__file__).parents[2] / "shared" / "data" / "khan_saq"
RUBRICS = ("Empty", "Criteria Only", "Full")
RUNS = ("llm_1", "llm_2", "llm_3")
VERDICTS = ("ready", "revise", "not shown")
SAID: dict[str, Value] = {"0": "no", "1": "yes"}
RESAMPLES = 10_000

Labels: TypeAlias = dict[str, Value | None]
"""Response -> answer, None where there is none."""
Table: TypeAlias = list[list[str]]


class Cell(NamedTuple):
    """One model with one rubric type."""

    model: str
    rubric: str


class Recorded(NamedTuple):
    """What people and models said, by response."""

    items: dict[str, list[str]]
    """Item -> its responses."""
    people: dict[str, Labels]
    runs: dict[Cell, list[Labels]]


class Replayed(NamedTuple):
    """What calibration says of one cell."""

    by_item: dict[str, CodeCalibration]
    together: CodeCalibration
    """All responses as one code."""
    repeat: RepeatTest
    missing: int
    """Labels of all runs that are neither 0 nor 1."""


def read(folder: Path = DATA) -> Recorded:
    """Read the tables of people and models."""
    items: dict[str, list[str]] = {}
    people: dict[str, Labels] = {f"human_{number}": {} for number in (1, 2, 3)}
    for row in _rows(folder / "responses.csv"):
        items.setdefault(row["item"], []).append(row["response_id"])
        for person, labels in people.items():
            labels[row["response_id"]] = SAID.get(row[person])
    runs: dict[Cell, list[Labels]] = {}
    for row in _rows(folder / "llm_labels.csv"):
        cell = runs.setdefault(Cell(row["model_name"], row["rubric_type"]), [{} for _ in RUNS])
        for labels, run in zip(cell, RUNS, strict=True):
            labels[row["response_id"]] = SAID.get(row[run])
    items = dict(sorted(items.items(), key=lambda item: int(item[0])))
    order = sorted(runs, key=lambda cell: (cell.model, RUBRICS.index(cell.rubric)))
    return Recorded(items, people, {cell: runs[cell] for cell in order})


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def replay(recorded: Recorded, cell: Cell, settings: Calibration | None = None) -> Replayed:
    """Calibrate a cell's first run, and test it against the second."""
    first, second, *_ = runs = recorded.runs[cell]
    everything = [response for responses in recorded.items.values() for response in responses]
    return Replayed(
        by_item={
            item: calibrated(recorded, first, responses, settings) for item, responses in recorded.items.items()
        },
        together=calibrated(recorded, first, everything, settings),
        repeat=repeat_test(
            [first.get(response) for response in everything],
            [second.get(response) for response in everything],
            categories=("no", "yes"),
        ),
        missing=sum(labels.get(response) is None for labels in runs for response in everything),
    )


def calibrated(
    recorded: Recorded, model: Labels, responses: Sequence[str], settings: Calibration | None = None
) -> CodeCalibration:
    """One run beside the people on some of the responses."""
    people = {name: [labels[response] for response in responses] for name, labels in recorded.people.items()}
    return calibrate_code(people, [model.get(response) for response in responses], settings=settings)


def people_by_item(found: dict[Cell, Replayed]) -> Table:
    """People with each other; models with people, as range over models with the full rubric."""
    any_cell = next(iter(found.values()))
    lines = [
        ["item", "human-human AC1", "human-human positive", "positives", "human-model AC1, Full", "ready", "revise"]
    ]
    for item, calibration in any_cell.by_item.items():
        full = [replayed.by_item[item] for cell, replayed in found.items() if cell.rubric == "Full"]
        values = [one.human_model.ac1.value for one in full]
        verdicts = Counter(one.verdict for one in full)
        lines.append(
            [
                item,
                shown(calibration.human_human.ac1),
                shown(calibration.human_human.positive),
                str(calibration.positives),
                f"{min(values):.2f} to {max(values):.2f}" if values else "-",
                str(verdicts["ready"]),
                str(verdicts["revise"]),
            ]
        )
    return lines


def by_cell(found: dict[Cell, Replayed]) -> Table:
    """Each model and rubric type: over all responses, verdicts over items, the repeat test."""
    lines = [
        [
            "model",
            "rubric",
            "AC1",
            "positive",
            "D AC1",
            "D positive",
            "verdict",
            "ready / revise / not shown of items",
            "repeat kappa",
            "repeat",
            "missing",
        ]
    ]
    for cell, replayed in found.items():
        whole = replayed.together
        verdicts = Counter(one.verdict for one in replayed.by_item.values())
        lines.append(
            [
                cell.model,
                cell.rubric,
                shown(whole.human_model.ac1),
                shown(whole.human_model.positive),
                shown(whole.difference_ac1),
                shown(whole.difference_positive),
                whole.verdict,
                " / ".join(str(verdicts[verdict]) for verdict in VERDICTS),
                shown(replayed.repeat.kappa),
                replayed.repeat.verdict,
                str(replayed.missing),
            ]
        )
    return lines


def by_item(found: dict[Cell, Replayed]) -> Table:
    """Each item, model and rubric type: both agreements and the verdict."""
    lines = [
        [
            "item",
            "model",
            "rubric",
            "human-model AC1",
            "human-model positive",
            "D AC1",
            "D positive",
            "positives",
            "verdict",
        ]
    ]
    for cell, replayed in found.items():
        for item, one in replayed.by_item.items():
            both = (one.human_model.ac1, one.human_model.positive, one.difference_ac1, one.difference_positive)
            lines.append([item, cell.model, cell.rubric, *map(shown, both), str(one.positives), one.verdict])
    return lines


def by_rubric(found: dict[Cell, Replayed]) -> Table:
    """Means over models and items for each rubric type, and what the type changes."""
    lines = [["rubric", "mean AC1", "mean positive", *VERDICTS]]
    for rubric in RUBRICS:
        verdicts = Counter(
            one.verdict
            for cell, replayed in found.items()
            if cell.rubric == rubric
            for one in replayed.by_item.values()
        )
        means = [values(found, rubric, positive).mean() for positive in (False, True)]
        lines.append([rubric, *(f"{mean:.3f}" for mean in means), *(str(verdicts[one]) for one in VERDICTS)])
    for low, high in (("Empty", "Criteria Only"), ("Criteria Only", "Full"), ("Empty", "Full")):
        changes = [
            effect(values(found, high, positive) - values(found, low, positive)) for positive in (False, True)
        ]
        lines.append([f"{high} less {low}", *changes, "", "", ""])
    return lines


def values(found: dict[Cell, Replayed], rubric: str, positive: bool) -> npt.NDArray[np.float64]:
    """Human-model agreement by model and item; shape (models, items)."""
    return np.array(
        [
            [
                (one.human_model.positive if positive else one.human_model.ac1).value
                for one in replayed.by_item.values()
            ]
            for cell, replayed in found.items()
            if cell.rubric == rubric
        ]
    )


def effect(differences: npt.NDArray[np.float64], seed: int = 0) -> str:
    """Mean over models and items, with an interval over resampled items."""
    items = differences.mean(axis=0)
    drawn = np.random.default_rng(seed).integers(0, len(items), (RESAMPLES, len(items)))
    low, high = np.percentile(items[drawn].mean(axis=1), [2.5, 97.5])
    return f"{items.mean():+.3f} ({low:+.3f} to {high:+.3f})"


def shown(estimate: Estimate) -> str:
    """Value and interval."""
    if estimate.value != estimate.value:
        return "undefined"
    return f"{estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})"


def markdown(title: str, table: Table) -> Iterable[str]:
    """Lines of a table with a heading."""
    yield from (f"## {title}", "")
    for place, line in enumerate(table):
        yield f"| {' | '.join(cell.replace('|', '/') for cell in line)} |"
        if place == 0:
            yield "|" + "---|" * len(line)
    yield ""


def main() -> None:
    """Replay everything and print what it says."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--data", type=Path, default=DATA, help="folder with responses.csv and llm_labels.csv")
    arguments.add_argument("--out", type=Path, help="write all tables here, each item with each model too")
    given = arguments.parse_args()
    if not (given.data / "llm_labels.csv").is_file():
        sys.exit(f"The recorded labels are not here: {given.data}")
    recorded = read(given.data)
    found = {cell: replay(recorded, cell) for cell in recorded.runs}
    tables = {
        "What the rubric type does": by_rubric(found),
        "Items": people_by_item(found),
        "Models and rubric types, all items together": by_cell(found),
    }
    lines = [line for title, table in tables.items() for line in markdown(title, table)]
    print("\n".join(lines))
    if given.out:
        lines += markdown("Every item with every model and rubric type", by_item(found))
        given.out.write_text("\n".join(["# Calibration on recorded labels", "", *lines]), encoding="utf-8")
        print(given.out)


if __name__ == "__main__":
    main()
