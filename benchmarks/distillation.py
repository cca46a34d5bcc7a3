"""Distillation on real coded texts: single classifiers and a grid, beside the language model and people (seed 001).

    python benchmarks/distillation.py [--sets khan,immigration,stance] [--texts N] [--items N] [--no-grid]
        [--settings FILE.toml] [--set KEY=VALUE ...] [--model REFERENCE] [--reader REFERENCE]
        [--work FOLDER] [--out FOLDER]

Makes a study of each set (`distillation_studies.py`), distills one classifier of it and works two grids: share,
size and temperature without the filter, and the filter (`grid.filters`) at the share and temperature of the single
classifier. What is written, asked and trained is kept in the studies, so that a benchmark that was killed goes on,
and a table costs nothing. A set with another size, or model, is another study; a grid with other settings stands in
the place of the one before it and takes over its cells, so give each its own `--out`. Numbers of a distillation and
of the grids are those of `intercoder distill`: `--set grid.seeds=[0,1]`, `--set total=400`. Writes
`results/distillation.md` and `.json`, after each cell of a grid, too.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic_core import to_json

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.distillation_studies import DATA, TextSet, immigration, khan, stance, study_of, subset
from benchmarks.distillation_tables import evaluation_lines, grid_lines
from benchmarks.ensemble_asking import CACHE
from benchmarks.reporting import RESULTS
from intercoder.core.agent_settings import DEFAULT_MODEL
from intercoder.core.classifier_results import Evaluation
from intercoder.core.errors import IntercoderError
from intercoder.core.study import Study
from intercoder.stores.classifiers.classifier_folders import GRIDS, WorkedGrid, beside_grids, read_grid
from intercoder.training.distillation.distillation_settings import DistillationSettings, GridSettings, read_settings
from intercoder.training.distillation.distilling import distill
from intercoder.training.distillation.grid import run_grid
from intercoder.training.distillation.material import prepare

SETS: Mapping[str, Callable[[Path, int], TextSet]] = {
    "khan": khan,
    "immigration": lambda folder, _: immigration(folder),
    "stance": lambda folder, _: stance(folder),
}
FEWEST = {"stance": 5}
"""Segments of each answer that are asked for; few sentences are neutral about immigration."""
STUDY = """
question = {question}
[coding]
context_before = 0
[[coders]]
name = "coder"
model = {model}
[[deductive.coders]]
name = "reader"
model = {reader}
"""
ONE, SHARES, FILTER = "distilled", "shares", "filter"
"""How the name of the single classifier begins, and names of the grids in a study."""


class Outcome(NamedTuple):
    """What is known of one set."""

    texts: TextSet
    evaluation: Evaluation | None = None
    grids: tuple[WorkedGrid, ...] = ()
    problem: str = ""


def work(texts: TextSet, place: Path, given: argparse.Namespace, tell: Callable[[Outcome], None]) -> Outcome:
    """Work one set; tell what is known whenever there is more."""
    quoted = {"question": json.dumps(texts.question), "model": json.dumps(given.model)}
    quoted["reader"] = json.dumps(reader_of(given))
    folder = study_of(place, texts, STUDY.format(**quoted))
    found = Outcome(texts)
    try:
        settings = settings_of(texts, given)
        material = prepare(folder, (), settings)
        made = distill(material, name_of(settings), listen=progress(texts.name))
        found = found._replace(evaluation=made.evaluation)
        tell(found)
        for name, crossed in grids_of(settings, folder.study).items() if given.grid else ():
            others = found.grids
            crossing = material.with_settings(settings.model_copy(update={"grid": crossed}))
            for worked in run_grid(crossing, name, listen=progress(texts.name)):
                print(f"{texts.name}: {name}, cell {worked.done} of {worked.total}", flush=True)
                grids = (*others, read_grid(folder.path / GRIDS / name))
                found = found._replace(grids=grids, evaluation=beside_grids(made.evaluation, folder.path))
                tell(found)
    except IntercoderError as error:
        found = found._replace(problem=str(error))
    finally:
        folder.close()
    tell(found)
    return found


def settings_of(texts: TextSet, given: argparse.Namespace) -> DistillationSettings:
    """Settings of a distillation, with what the set needs of its own."""
    own = [f"fewest={FEWEST[texts.name]}"] if texts.name in FEWEST else []
    return read_settings(given.settings, [*own, *given.set])


def grids_of(settings: DistillationSettings, study: Study) -> dict[str, GridSettings]:
    """What is crossed in each grid. The filter, which asks a model about each text several times, has its own."""
    temperature = settings.temperature
    if temperature is None:
        temperature = study.synthesizer.sampling.temperature
    crossed = settings.grid
    totals = (settings.total,) if settings.total else crossed.totals
    one = {"shares": (settings.share,), "totals": totals, "temperatures": (temperature,)}
    return {SHARES: crossed.model_copy(update={"filters": (0,)}), FILTER: crossed.model_copy(update=one)}


def name_of(settings: DistillationSettings) -> str:
    """The single classifier's name: those of other sizes stand beside it."""
    return f"{ONE}-{settings.total}" if settings.total else ONE


def progress(name: str) -> Callable[[Mapping[str, Any]], None]:
    """Tells stages, and steps seldom."""
    last = [0.0]

    def listen(event: Mapping[str, Any]) -> None:
        now = time.monotonic()
        if event.get("kind") in ("stage", "cell", "failed") or now - last[0] > 30:
            last[0] = now
            told = ", ".join(f"{key} {value}" for key, value in event.items() if value != "")
            print(f"{name}: {told}", flush=True)

    return listen


def write(outcomes: Mapping[str, Outcome], given: argparse.Namespace) -> None:
    """Write tables and numbers."""
    folder: Path = given.out
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        "# Distillation",
        "",
        f"Synthesizer: `{given.model}`; language model and filter: `{reader_of(given)}`. 95% intervals in "
        "brackets: over held-out segments, in grids over seeds. All is measured on segments that people coded and "
        "nothing learnt from.",
        "",
        *(line for one in outcomes.values() for line in _lines(one)),
    ]
    _replace(folder / "distillation.md", "\n".join(lines) + "\n")
    numbers = {name: _numbers(one) for name, one in outcomes.items()}
    _replace(folder / "distillation.json", to_json(numbers, indent=1, inf_nan_mode="null").decode() + "\n")


def _lines(one: Outcome) -> Iterator[str]:
    texts = one.texts
    people = len({said.coder for said in texts.said})
    yield f"## {texts.name}: {len(texts.texts):,} texts, {len(texts.codes)} codes, {people} people"
    yield ""
    if one.problem:
        yield f"Stopped: {' '.join(one.problem.split())}"
        yield ""
    if one.evaluation:
        yield from evaluation_lines(one.evaluation)
    for grid in one.grids:
        yield from (f"### Grid: {grid.grid.name}", "")
        yield from grid_lines(grid)


def _numbers(one: Outcome) -> dict[str, Any]:
    return {
        "texts": len(one.texts.texts),
        "problem": one.problem,
        "evaluation": one.evaluation,
        "grids": [{"grid": grid.grid, "cells": grid.cells} for grid in one.grids],
    }


def _replace(file: Path, text: str) -> None:
    """Write a file whole or not at all."""
    new = file.with_name(f".{file.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(file)


def place_of(texts: TextSet, given: argparse.Namespace) -> Path:
    """Where the study of a set is kept."""
    models = dict.fromkeys((given.model, reader_of(given)))
    words = ["".join(sign if sign.isalnum() or sign in "-." else "-" for sign in name)[-40:] for name in models]
    return given.work / "-".join((texts.name, str(len(texts.codes)), str(len(texts.texts)), *words))


def reader_of(given: argparse.Namespace) -> str:
    """The model that codes: filters what is written, and is compared with."""
    return str(given.reader or given.model)


def main(words: list[str] | None = None) -> int:
    """Work the sets and write what they say."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--sets", default=",".join(SETS), help="which, separated by commas")
    arguments.add_argument("--texts", type=int, default=0, help="so many texts of each set only")
    arguments.add_argument("--items", type=int, default=0, help="so many items of khan only")
    arguments.add_argument("--settings", type=Path, help="numbers of a distillation, as `intercoder distill` reads")
    arguments.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="one of them")
    arguments.add_argument("--no-grid", dest="grid", action="store_false", help="single classifiers only, no grids")
    arguments.add_argument("--model", default=DEFAULT_MODEL, help="writes segments")
    arguments.add_argument("--reader", help="filters them, and is compared with; by default the same model")
    arguments.add_argument("--data", type=Path, default=DATA, help="folder with the texts")
    arguments.add_argument("--work", type=Path, default=CACHE / "distillation", help="folder for the studies")
    arguments.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    given = arguments.parse_args(words)
    if not (given.data / "khan_saq").is_dir():
        sys.exit(f"The texts are not here: {given.data}")
    outcomes: dict[str, Outcome] = {}

    def tell(outcome: Outcome) -> None:
        outcomes[outcome.texts.name] = outcome
        write(outcomes, given)

    for name in given.sets.split(","):
        texts = subset(SETS[name](given.data, given.items), given.texts)
        work(texts, place_of(texts, given), given, tell)
    print((given.out / "distillation.md").read_text(encoding="utf-8"))
    return int(any(one.problem for one in outcomes.values()))


if __name__ == "__main__":
    sys.exit(main())
