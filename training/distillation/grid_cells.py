"""What is done in the cells of a grid of distillations, and where its figures are kept."""

from __future__ import annotations

import math
import shutil
from itertools import product
from pathlib import Path

from intercoder.core.classifier_results import CellSettings, Grid, GridCell, SystemFigures
from intercoder.core.identity import digest
from intercoder.core.record import Record
from intercoder.formats.whole_files import whole_file
from intercoder.stores.classifiers.classifier_folders import CELLS, GRID, read_lines
from intercoder.training.distillation import measuring
from intercoder.training.distillation.asking import Listener, asked
from intercoder.training.distillation.composing import compose, drawn, mix
from intercoder.training.distillation.keys import key_of
from intercoder.training.distillation.material import Material
from intercoder.training.distillation.measuring import Learnt
from intercoder.training.distillation.training_sets import check_set, train
from intercoder.training.distillation.writing import Way, WrittenSet, write_segments

SYSTEMS = "systems.jsonl"
WORK = ".work"
"""Folder of a grid in which a cell is trained; its weights are not kept."""


class KeptSystem(Record):
    """A system that all cells share, measured."""

    key: str
    """Hash of all that determines it."""
    figures: SystemFigures


def cells_of(material: Material) -> tuple[CellSettings, ...]:
    """The cells of a grid: small sets first, so that less has to be written before there is something to see."""
    grid, training = material.settings.grid, len(material.parts.training)
    totals = grid.totals or (training // 2, training, 2 * training)
    found = []
    for total, share, seed in product(dict.fromkeys(totals), dict.fromkeys(grid.shares), dict.fromkeys(grid.seeds)):
        human = round((1 - share) * total)
        if not 0 < human <= training and not grid.totals:
            continue  # of our own sizes only what there are segments for
        written = human < total
        ways = product(grid.temperatures, grid.filters) if written else [(math.nan, 0)]
        found += [
            CellSettings(share=share, total=total, temperature=temperature, filter=filtered, seed=seed)
            for temperature, filtered in dict.fromkeys(ways)
        ]
    return tuple(sorted(found, key=lambda one: (one.total, one.share, one.seed)))


class GridCells:
    """Works cells: writes, trains, measures.

    Args:
        material: What people decided, in parts that are the same for all cells, and the settings that cells share.
        folder: The grid's.
        listen: Told how writing and training go.
    """

    def __init__(self, material: Material, folder: Path, listen: Listener) -> None:
        self._material, self._folder, self._listen = material, folder, listen

    def key(self, settings: CellSettings) -> str:
        """Hash of what determines a cell's figures, but for one thing.

        What is written is compared with what the study held at that time. So the same cells worked in another
        order may leave out other texts as too much alike.
        """
        return digest(key_of(self._of(settings)))[:32]

    def work(self, settings: CellSettings) -> GridCell:
        """Write, train and measure one cell.

        Raises:
            IntercoderError: It cannot be worked.
        """
        material, key = self._of(settings), self.key(settings)
        learnt = self._learnt(material, settings)
        folder = self._folder / WORK / key[:12] / self._folder.name
        train(material, learnt.set, folder, self._listen)
        predicted = measuring.predict(folder, material)
        asked_about = measuring.asked_of(material)
        return GridCell(
            settings=settings,
            key=key,
            human=len(learnt.set.human),
            synthetic=len(learnt.set.synthetic),
            systems=(
                measuring.learnt_figures(material, learnt, predicted.held_out, asked_about),
                measuring.logistic_figures(material, learnt, asked_about._replace(n_boot=0)),
            ),
            calibration_error=measuring.calibration_error(material, predicted),
        )

    def clear(self, settings: CellSettings) -> None:
        """Throw away what a cell that is written down was trained with."""
        shutil.rmtree(self._folder / WORK / self.key(settings)[:12], ignore_errors=True)

    def _learnt(self, material: Material, settings: CellSettings) -> Learnt:
        training = material.parts.training
        numbers = mix(settings.total, settings.share, len(training))
        check_set(material, numbers)
        way = Way(settings.temperature, settings.seed, settings.filter)
        written = (
            asked(
                material.folder,
                lambda asking: write_segments(material, numbers.synthetic, way, asking, self._listen),
            )
            if numbers.synthetic
            else WrittenSet(())
        )
        human = drawn(training, numbers.human, settings.seed)
        return Learnt(
            "classifier", "classifier", compose(human, written.segments, material.codes, material.data.head)
        )

    def _of(self, settings: CellSettings) -> Material:
        """The material with a cell's settings in place of its own."""
        own = {
            "share": settings.share,
            "total": settings.total,
            "temperature": None if math.isnan(settings.temperature) else settings.temperature,
            "filter": settings.filter,
            "seed": settings.seed,
        }
        return self._material.with_settings(self._material.settings.model_copy(update=own))


class GridFolder:
    """A grid's files: cells that are worked are lines, appended one by one.

    Args:
        folder: The grid's.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def worked(self) -> dict[str, GridCell]:
        """Key -> a cell that is worked; those that failed are not, and are worked again."""
        return {cell.key: cell for cell in read_lines(self.folder / CELLS, GridCell) if not cell.problem}

    def elsewhere(self) -> dict[str, GridCell]:
        """Key -> a cell that is worked in another grid of the study: what has its key has its figures."""
        return {key: cell for other in self._others for key, cell in other.worked().items()}

    def add(self, cell: GridCell) -> None:
        """Write a cell down."""
        _append(self.folder / CELLS, cell)

    def systems_elsewhere(self) -> dict[str, SystemFigures]:
        """Key -> a system that the cells of another grid share."""
        return {key: figures for other in self._others for key, figures in other.systems().items()}

    @property
    def _others(self) -> list[GridFolder]:
        folders = sorted({file.parent for file in self.folder.parent.glob(f"*/{GRID}")} - {self.folder})
        return [GridFolder(folder) for folder in folders]

    def systems(self) -> dict[str, SystemFigures]:
        """Key -> a system that all cells share."""
        return {one.key: one.figures for one in read_lines(self.folder / SYSTEMS, KeptSystem)}

    def add_system(self, key: str, figures: SystemFigures) -> None:
        """Write a system down that all cells share."""
        _append(self.folder / SYSTEMS, KeptSystem(key=key, figures=figures))

    def forget(self) -> None:
        """Throw away all that was worked."""
        for name in (CELLS, SYSTEMS):
            (self.folder / name).unlink(missing_ok=True)
        shutil.rmtree(self.folder / WORK, ignore_errors=True)

    def write(self, grid: Grid) -> None:
        """Write down what the grid is about."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with whole_file(self.folder / GRID) as stream:
            stream.write(grid.model_dump_json(indent=1) + "\n")


def _append(file: Path, record: Record) -> None:
    """Add a line; one that was cut off before gives way."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab+") as stream:
        stream.seek(0)
        stream.truncate(stream.read().rfind(b"\n") + 1)
        stream.write(record.model_dump_json().encode() + b"\n")
