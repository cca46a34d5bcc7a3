"""What a report tells of a study's classifiers and grids: sentences, tables and figures of each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from intercoder.core.classifier_results import Evaluation, Grid, Head, PartSizes
from intercoder.core.shown import counted, listed
from intercoder.evals.classifiers.human_ceiling import human_ceiling_notes
from intercoder.evals.classifiers.uneven_draws import uneven_notes
from intercoder.evals.report.classifiers.cascade_figure import cascade_figure
from intercoder.evals.report.classifiers.classifier_figures import (
    reliability_figure,
    systems_figure,
    value_and_bounds,
)
from intercoder.evals.report.classifiers.grid_figures import share_figures
from intercoder.evals.report.classifiers.grid_words import seed_words
from intercoder.evals.report.classifiers.spread_figure import spread_figure
from intercoder.evals.report.figures import Cell, Figure
from intercoder.stores.classifiers.classifier_folders import WorkedGrid

ANSWERS: dict[Head, str] = {
    "yes_no": "whether a code applies",
    "one_of_k": "which of the codes, which exclude one another, applies",
    "multi_label": "of each code whether it applies",
}
CODE_COLUMNS = (
    "code", "system", "given by people", "F1", "95% interval", "kappa", "95% interval", "AC1", "95% interval",
)  # fmt: skip
PROBLEM_COLUMNS = ("share", "size", "temperature", "filter", "seed", "problem")
SHOWN_CODES = 5
"""Codes that a sentence names."""


class ClassifierPart(NamedTuple):
    """All that is shown of one classifier."""

    anchor: str
    title: str
    paragraphs: tuple[str, ...]
    figures: tuple[Figure, ...]
    code_rows: tuple[tuple[Cell, ...], ...]


class GridPart(NamedTuple):
    """All that is shown of one grid."""

    anchor: str
    title: str
    paragraphs: tuple[str, ...]
    figures: tuple[Figure, ...]
    problems: tuple[tuple[Cell, ...], ...]
    """Cells that failed."""


class Classifiers(NamedTuple):
    """The section."""

    classifiers: tuple[ClassifierPart, ...]
    grids: tuple[GridPart, ...]

    @property
    def figures(self) -> list[Figure]:
        """All figures of the section."""
        parts: tuple[ClassifierPart | GridPart, ...] = (*self.classifiers, *self.grids)
        return [figure for part in parts for figure in part.figures]


def classifier_section(evaluations: Sequence[Evaluation], grids: Sequence[WorkedGrid]) -> Classifiers:
    """Everything that is told of classifiers and grids, in their order."""
    return Classifiers(
        tuple(_classifier(one, place) for place, one in enumerate(evaluations)),
        tuple(_grid(one, place) for place, one in enumerate(grids)),
    )


def _classifier(found: Evaluation, place: int) -> ClassifierPart:
    return ClassifierPart(
        anchor=f"classifier-{place}",
        title=f"classifier:{found.classifier}",
        paragraphs=tuple(_told(found)),
        figures=(systems_figure(found, place), reliability_figure(found, place), cascade_figure(found, place)),
        code_rows=tuple(_code_rows(found)),
    )


def _told(found: Evaluation) -> Iterator[str]:
    yield (
        f"It tells {ANSWERS[found.head]} ({_named([one.label for one in found.codes])}). It learnt from "
        f"{counted(found.human, 'segment')} that people coded and {counted(found.synthetic, 'written segment')}. "
        f"{_split(found.parts)}"
    )
    if math.isfinite(found.truncated) and found.truncated:
        longer = "it read them in windows" if found.overlap >= 0 else "their ends were cut off"
        yield f"{found.truncated:.1%} of the coded segments are longer than it reads at once; {longer}."
    yield from found.notes


def _split(parts: PartSizes) -> str:
    left_out = (
        f" {counted(parts.undecided, 'decision')} on which people were unsure or evenly divided are not learnt."
    )
    return (
        f"People's codes were split by {parts.by}: {parts.training:,} segments to learn from, "
        f"{parts.development:,} to choose with, and {parts.held_out:,} held out, which figures are of."
        f"{left_out if parts.undecided else ''}"
    )


def _named(labels: Sequence[str]) -> str:
    if len(labels) <= SHOWN_CODES:
        return listed(labels)
    return f"{', '.join(labels[:SHOWN_CODES])} and {len(labels) - SHOWN_CODES} more"


def _code_rows(found: Evaluation) -> Iterator[tuple[Cell, ...]]:
    """Each code, system by system; of a single code that is the figure's own table."""
    for place, code in enumerate(found.codes if len(found.codes) > 1 else ()):
        for one in found.systems:
            if place < len(one.codes):
                figures = one.codes[place]
                measured = (
                    part for value in (figures.f1, figures.kappa, figures.ac1) for part in value_and_bounds(value)
                )
                yield code.label, one.name, figures.positives, *measured


def _grid(found: WorkedGrid, place: int) -> GridPart:
    failed = [cell for cell in found.cells if cell.problem]
    return GridPart(
        anchor=f"grid-{place}",
        title=f"Grid {found.grid.name}",
        paragraphs=(
            *_grid_told(found.grid, len(found.cells), len(failed)),
            *seed_words(found.cells),
        ),
        figures=(*share_figures(found, place), spread_figure(found, place)),
        problems=tuple(
            (
                f"{cell.settings.share:.0%}",
                cell.settings.total,
                "" if math.isnan(cell.settings.temperature) else f"{cell.settings.temperature:g}",
                cell.settings.filter,
                cell.settings.seed,
                cell.problem,
            )
            for cell in failed
        ),
    )


def _grid_told(grid: Grid, worked: int, failed: int) -> Iterator[str]:
    writer = f", written by {grid.synthesizer}" if grid.synthesizer else ""
    yield (
        f"Classifiers of {grid.encoder} that tell {ANSWERS[grid.head]} "
        f"({_named([one.label for one in grid.codes])}), trained on people's segments and such as a model "
        f"wrote{writer}. {_split(grid.parts)}"
    )
    yield (
        "All cells were measured on the same held-out segments: the best of many looks better than it is, and so "
        "does a classifier that is distilled with its settings and measured there again."
    )
    yield from (*uneven_notes(grid.parts), *grid.notes, *human_ceiling_notes(grid.systems))
    left = len(grid.cells) - worked
    if left:
        yield f"{worked:,} of {counted(len(grid.cells), 'cell')} are worked; the same command goes on."
    if failed:
        yield f"{counted(failed, 'cell')} failed, and {'is' if failed == 1 else 'are'} listed below."
