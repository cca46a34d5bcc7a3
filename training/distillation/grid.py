"""A grid of distillations: share, total, temperature, filter and seed crossed (seed 001), cell by cell."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from intercoder.core.classifier_results import CellSettings, Grid, GridCell, SystemFigures
from intercoder.core.errors import EndpointStopped, IntercoderError, StudyBusy
from intercoder.core.identity import digest
from intercoder.llms import torch_environment
from intercoder.stores.classifiers.classifier_folders import GRIDS
from intercoder.training.distillation import measuring
from intercoder.training.distillation.adapter_notes import adapter_notes
from intercoder.training.distillation.asking import Listener, asked
from intercoder.training.distillation.checks import check_models
from intercoder.training.distillation.composing import compose
from intercoder.training.distillation.distilling import ask_model
from intercoder.training.distillation.grid_cells import WORK, GridCells, GridFolder, cells_of
from intercoder.training.distillation.keys import coder_key, people_key
from intercoder.training.distillation.material import Material, keep_places
from intercoder.training.distillation.measuring import Learnt
from intercoder.training.distillation.training_sets import train


class Worked(NamedTuple):
    """A cell that was worked or found, and how far the grid is."""

    cell: GridCell
    kept: bool
    """Whether it was there from an earlier call."""
    done: int
    total: int


def run_grid(
    material: Material, name: str, *, new: bool = False, listen: Listener = lambda event: None
) -> Iterator[Worked]:
    """Work all cells; what is finished is kept, what was stopped goes on, and one that fails stops no other.

    Args:
        material: What people decided, in parts, and the settings with what is crossed.
        name: Of the grid.
        new: Work finished cells too, those of other grids as well. What was written is kept.
        listen: Told how it goes.

    Yields:
        Each cell as it is done.

    Raises:
        StudyBusy: Another process works on this grid.
        ModelError: A model cannot be used here.
        InputError: Cells filter, and the study has no language model to ask.
    """
    torch_environment.prepare()
    check_models(material, grid=True)
    folder = material.folder.path / GRIDS / name
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise StudyBusy(
            "this grid is being worked by another process.",
            where=str(folder),
            remedy="Wait for it, or choose another `--name`.",
        ) from None
    try:
        yield from _run(material, folder, new=new, listen=listen)
    finally:
        lock.release()


def grid_of(material: Material, name: str, cells: GridCells) -> Grid:
    """What a grid is about."""
    study, settings = material.folder.study, cells_of(material)
    return Grid(
        name=name,
        head=material.data.head,
        codes=measuring.measured_codes(material),
        parts=measuring.part_sizes(material),
        encoder=material.settings.encoder,
        synthesizer=study.writer_model(study.synthesizer),
        cells=settings,
        keys=tuple(map(cells.key, settings)),
        notes=tuple(
            adapter_notes(
                material,
                writes=any(not math.isnan(one.temperature) for one in settings),
                filters=any(one.filter for one in settings),
            )
        ),
    )


def _run(material: Material, folder: Path, *, new: bool, listen: Listener) -> Iterator[Worked]:
    keep_places(material)
    kept = GridFolder(folder)
    if new:
        kept.forget()
    cells = GridCells(material, folder, listen)
    grid = grid_of(material, folder.name, cells)
    kept.write(grid)
    elsewhere = {} if new else kept.elsewhere()
    systems, problems = _systems(material, kept, {} if new else kept.systems_elsewhere(), listen)
    kept.write(grid.model_copy(update={"systems": tuple(systems), "problems": tuple(problems)}))
    worked = kept.worked()
    for place, (settings, key) in enumerate(zip(grid.cells, grid.keys, strict=True), 1):
        if key in elsewhere and key not in worked:
            worked[key] = elsewhere[key]
            kept.add(worked[key])
        if key in worked:
            cells.clear(settings)
            yield Worked(worked[key], kept=True, done=place, total=len(grid.cells))
            continue
        listen({"kind": "cell", "done": place - 1, "total": len(grid.cells), "settings": settings})
        cell = _cell(cells, settings, key)
        kept.add(cell)
        if not cell.problem:
            cells.clear(settings)
        yield Worked(cell, kept=False, done=place, total=len(grid.cells))


def _cell(cells: GridCells, settings: CellSettings, key: str) -> GridCell:
    try:
        return cells.work(settings)
    except EndpointStopped:
        raise  # it would answer no other cell either
    except IntercoderError as error:
        return GridCell(settings=settings, key=key, problem=str(error))
    except Exception as error:  # whatever it was, the other cells go on
        return GridCell(settings=settings, key=key, problem=f"{type(error).__name__}: {error}")


def _systems(
    material: Material, kept: GridFolder, elsewhere: Mapping[str, SystemFigures], listen: Listener
) -> tuple[list[SystemFigures], list[str]]:
    """Systems that do not differ between cells: all of people's segments, the language model, people.

    Returns:
        Those that were measured, and what is wrong with others.
    """
    known = kept.systems()
    base, shown = people_key(material), [one.segment.context for one in material.parts.held_out]
    work = kept.folder / WORK / base[:12]
    made: dict[str, Callable[[], SystemFigures | None]] = {
        "human_all": partial(_human_all, material, work / kept.folder.name, listen),
        "model": partial(_model, material, listen),
        "people": lambda: measuring.people_figures(material, measuring.asked_of(material)),
    }
    found, problems = [], []
    for name, make in made.items():
        key = digest(base, name, *((coder_key(material), shown) if name == "model" else ()))[:32]
        try:
            figures = known.get(key) or elsewhere.get(key) or make()
        except EndpointStopped:
            raise
        except IntercoderError as error:
            listen({"kind": "failed", "name": name, "problem": str(error)})
            problems.append(f"{name}: {error}")
            continue
        if figures is None:
            continue
        if key not in known:
            kept.add_system(key, figures)
        found.append(figures)
    if not problems:
        shutil.rmtree(work, ignore_errors=True)
    return found, problems


def _human_all(material: Material, folder: Path, listen: Listener) -> SystemFigures:
    training = material.parts.training
    learnt = Learnt(
        "human_all",
        f"all {len(training):,} of people's",
        compose(training, (), material.codes, material.data.head),
    )
    listen({"kind": "stage", "stage": "training", "name": learnt.name, "total": len(training)})
    train(material, learnt.set, folder, listen)
    predicted = measuring.predict(folder, material)
    return measuring.learnt_figures(material, learnt, predicted.held_out, measuring.asked_of(material))


def _model(material: Material, listen: Listener) -> SystemFigures | None:
    said = asked(material.folder, lambda asking: ask_model(material, asking, listen, development=False))
    return measuring.model_figures(material, said, measuring.asked_of(material)) if said else None
