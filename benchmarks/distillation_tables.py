"""Tables of the distillation benchmark, as Markdown: systems, the cascade, and grids."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from intercoder.core.classifier_results import Bounded, Evaluation, SystemFigures
from intercoder.core.shown import counted
from intercoder.evals.classifiers.grid_means import MEASURES, CellMeans, cell_means, spreads
from intercoder.evals.report.classifiers.cascade_figure import chosen_told
from intercoder.evals.report.classifiers.grid_words import grid_words
from intercoder.evals.report.figures import told
from intercoder.stores.classifiers.classifier_folders import WorkedGrid

Row = Sequence[str]


def evaluation_lines(found: Evaluation) -> Iterator[str]:
    """A single distillation: what it learnt from, all systems on held-out segments, reliability and the cascade."""
    parts = found.parts
    yield (
        f"Learnt from {counted(found.human, 'segment')} that people coded and {found.synthetic:,} written ones; "
        f"split by {parts.by}: {parts.training:,} to learn from, {parts.development:,} to choose with, "
        f"{parts.held_out:,} held out. {parts.undecided:,} decisions of people were undecided."
    )
    yield ""
    head = ("system", "macro-F1", "kappa", "AC1", "agreement", "decisions", "learnt from", "written")
    yield from table(head, [_system_row(one) for one in found.systems])
    for name, one in (("as it stands", found.reliability), ("before its temperature was fitted", found.unscaled)):
        if one is not None:
            yield f"Expected calibration error {name}: {told(one.error)}, temperature {one.temperature:.2f}."
            yield ""
    if found.curve is not None:
        yield chosen_told(found.curve)
        yield ""
        yield from table(
            ("sent", "agreement", "kappa", "seconds for 1,000"),
            [
                (f"{one.sent:.0%}", told(one.agreement), told(one.kappa), _seconds(one.seconds))
                for one in found.curve.points
            ],
        )
    for note in found.notes:
        yield f"- {note}"
    yield ""


def _seconds(seconds: float) -> str:
    return f"{seconds:,.1f}" if math.isfinite(seconds) else "not measured"


def _system_row(one: SystemFigures) -> Row:
    decided = f"{one.decisions:,}" if one.decisions == one.asked else f"{one.decisions:,} of {one.asked:,}"
    figures = (told(value) for value in (one.macro_f1, one.kappa, one.ac1, one.agreement))
    return one.name, *figures, decided, f"{one.trained_on:,}", f"{one.synthetic:,}"


def grid_lines(found: WorkedGrid) -> Iterator[str]:
    """A grid: means over seeds, and what it says on the seed's two questions."""
    failed = [one for one in found.cells if one.problem]
    yield f"{len(found.cells):,} of {counted(len(found.grid.cells), 'cell')} worked, {len(failed):,} failed."
    yield ""
    means = cell_means(found.cells)
    head = ("size", "share", "temperature", "filter", "system", "macro-F1", "kappa", "AC1", "seeds")
    yield from table(head, [_mean_row(one) for one in means])
    if found.grid.systems:
        yield "The same for all cells:"
        yield ""
        yield from table(
            ("system", "macro-F1", "kappa", "AC1"),
            [(one.name, told(one.macro_f1), told(one.kappa), told(one.ac1)) for one in found.grid.systems],
        )
    for one in spreads(found.cells, MEASURES["macro-F1"]):
        yield f"- Temperature {one.temperature:g}: standard deviation of macro-F1 {_fine(one.deviation)}."
    for words in grid_words(found.cells):
        yield f"- {words}"
    for cell in failed:
        yield f"- Failed: {cell.settings.model_dump_json()}: {' '.join(cell.problem.split())}"
    yield ""


def _mean_row(one: CellMeans) -> Row:
    settings = one.settings
    temperature = f"{settings.temperature:g}" if math.isfinite(settings.temperature) else ""
    figures = (told(value) for value in (one.macro_f1, one.kappa, one.ac1))
    filtered = str(settings.filter) if settings.filter else ""
    return f"{settings.total:,}", f"{settings.share:.0%}", temperature, filtered, one.name, *figures, str(one.seeds)


def _fine(one: Bounded) -> str:
    return f"{one.value:.3f} ({one.low:.3f} to {one.high:.3f}, {one.n} degrees of freedom)"


def table(head: Row, rows: Iterable[Row]) -> Iterator[str]:
    """Lines of a table, and an empty one."""
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(' '.join(cell.split()).replace('|', '/') for cell in row)} |"
    yield ""
