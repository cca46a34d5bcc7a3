"""What a study's folders hold of its classifiers: evaluations and grids, read for whoever shows them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, TypeVar

from pydantic import ValidationError

from intercoder.core.classifier_results import Evaluation, Grid, GridCell
from intercoder.core.classifiers import CLASSIFIERS
from intercoder.core.errors import StudyError
from intercoder.core.record import Record

GRIDS = "grids"
"""Folder of a study in which each grid has one."""
EVALUATION = "evaluation.json"
GRID = "grid.json"
CELLS = "grid.jsonl"

R = TypeVar("R", bound=Record)


class WorkedGrid(NamedTuple):
    """A grid and as many of its cells as are worked, in its own order."""

    grid: Grid
    cells: tuple[GridCell, ...]


def read_evaluations(directory: Path) -> tuple[Evaluation, ...]:
    """The evaluations of a study's classifiers, by name, with what `beside_grids` notes.

    Args:
        directory: The study's.

    Raises:
        StudyError: A file cannot be read as an evaluation.
    """
    found = [_record(path, Evaluation) for path in _finished(directory / CLASSIFIERS, EVALUATION)]
    return tuple(beside_grids(one, directory) for one in found)


def beside_grids(found: Evaluation, directory: Path) -> Evaluation:
    """An evaluation with a note for each of the study's grids that was measured on the same segments.

    Args:
        found: The evaluation; a note that it has already is not added.
        directory: The study's.

    Raises:
        StudyError: A file cannot be read as a grid.
    """
    notes = (_beside(one, found) for one in grids_of(directory))
    return found.model_copy(update={"notes": tuple(dict.fromkeys((*found.notes, *filter(None, notes))))})


def grids_of(directory: Path) -> list[Grid]:
    """What a study's grids are about, by name.

    Args:
        directory: The study's.

    Raises:
        StudyError: A file cannot be read as a grid.
    """
    return [_record(path, Grid) for path in _finished(directory / GRIDS, GRID)]


def _beside(grid: Grid, found: Evaluation) -> str:
    """What is to be said where both were measured on a code and on segments in common; else nothing."""
    codes = {one.code_id for one in grid.codes} & {one.code_id for one in found.codes}
    segments, shared = found.parts.measured_on, set(grid.parts.measured_on) & set(found.parts.measured_on)
    if not codes or not shared:
        return ""
    which = "the same" if len(shared) == len(segments) else f"{len(shared):,} of the {len(segments):,}"
    return (
        f"The grid `{grid.name}` was measured on {which} held-out segments: figures of settings that were chosen "
        "by it are too good. What people code from then on can tell."
    )


def read_grids(directory: Path) -> tuple[WorkedGrid, ...]:
    """The grids of a study, by name.

    Args:
        directory: The study's.

    Raises:
        StudyError: A file cannot be read as a grid or its cells.
    """
    return tuple(read_grid(path.parent) for path in _finished(directory / GRIDS, GRID))


def read_grid(folder: Path) -> WorkedGrid:
    """One grid. Of cells with the same key the last counts; a last line that was cut off is left out.

    Raises:
        StudyError: A file cannot be read.
    """
    grid = _record(folder / GRID, Grid)
    worked = {cell.key: cell for cell in read_lines(folder / CELLS, GridCell)}
    return WorkedGrid(grid, tuple(worked[key] for key in grid.keys if key in worked))


def read_lines(path: Path, kind: type[R]) -> list[R]:
    """The records of a file of lines, such as a grid's cells in the order in which they were worked.

    A line without its end, which a killed process leaves, is no line; without the file there is none.

    Raises:
        StudyError: A whole line is no such record.
    """
    if not path.is_file():
        return []
    lines = path.read_bytes().split(b"\n")[:-1]
    remedy = "Delete this line, and run the same command again."
    return [_parsed(line, kind, f"{path}, line {number}", remedy) for number, line in enumerate(lines, 1)]


def _finished(folder: Path, name: str) -> list[Path]:
    """Files of a name, one folder down; folders that begin with a dot are work in progress."""
    return [path for path in sorted(folder.glob(f"*/{name}")) if not path.parent.name.startswith(".")]


def _record(path: Path, kind: type[R]) -> R:
    return _parsed(path.read_bytes(), kind, str(path))


def _parsed(text: bytes, kind: type[R], where: str, remedy: str = "Delete it, and distill again.") -> R:
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise StudyError(
            f"this is no {kind.__name__}: {f'{field}: ' if field else ''}{first['msg']}.",
            where=where,
            remedy=remedy,
        ) from error
