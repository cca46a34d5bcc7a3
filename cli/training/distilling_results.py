"""What came of a distillation or a grid, as people read it, as JSON lines and as CSV."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from intercoder.cli.frames import Line, interval, print_lines, shown
from intercoder.cli.output import print_json, typed
from intercoder.core.shown import counted, shown_safely

if TYPE_CHECKING:
    from intercoder.core.classifier_results import Bounded, CascadeCurve, GridCell, SystemFigures
    from intercoder.training.distillation.distilling import Distilled
    from intercoder.training.distillation.grid import Worked
    from intercoder.training.distillation.material import Material


def print_distilled(material: Material, made: Distilled, *, json: bool, csv: bool) -> None:
    """The classifier, and everybody's figures on the held-out part."""
    if json:
        told = {"classifier": str(made.folder), "known": made.known, "asked_anew": made.asked_anew}
        card = made.card.model_dump(mode="json", exclude={"data"})
        print_json(
            {"kind": "distilled", **told, "card": card, "evaluation": made.evaluation.model_dump(mode="json")}
        )
        return
    systems = made.evaluation.systems
    if csv:
        print_lines([_line(one) for one in systems], csv=True)
        return
    if made.known:
        done = "only the language model and the bound were looked at" if made.asked_anew else "nothing was done"
        print(f"It was distilled before from the same, in the same way; {done}.")
    for line in _sentences(material, made):
        print(shown_safely(line))
    held_out = made.evaluation.parts.held_out
    print_lines([_row(one) for one in systems], title=f"On {counted(held_out, 'held-out segment')}")
    if len(made.evaluation.codes) > 1:
        print_lines(_codes(systems[0]), title=f"{made.card.name}, by code")
    for note in made.evaluation.notes:
        print(shown_safely(f"Note: {note}"))
    if made.evaluation.synthetic:
        study = material.folder.argument
        print(f"Read what was written: intercoder export {study} written.csv --to csv --synthetic")


def print_use(material: Material, name: str) -> None:
    """Lines for study.toml."""
    from intercoder.cli.training.classifier_use import unlearnt_codes
    from intercoder.training.deductive_tables import coder_with, deductive_tables
    from intercoder.training.distillation.asking import language_model

    folder = material.folder
    ways = [True] if not unlearnt_codes(material) else []
    ways += [False] if language_model(folder.study) is not None else []
    if not ways:
        print("No coder of the study asks a language model, which would decide about the codes it does not know.")
        return
    print(
        f"To code with it, in place of [[deductive.coders]] of {typed(folder.path / 'study.toml')} (--use does it):"
    )
    for alone in ways:
        print("\nalone:" if alone else "\nthe language model where it is not confident:")
        tables = deductive_tables([coder_with(folder.study, name, alone=alone)], folder.path)
        print("\n".join(f"  {line}".rstrip() for line in tables.strip().splitlines()))


def print_cell(one: Worked, *, json: bool) -> None:
    """A line beside the command's output when a cell is done."""
    if json:
        print_json({"kind": "worked", "kept": one.kept, "done": one.done, "total": one.total, "cell": _dumped(one)})
        return
    cell = one.cell
    if cell.problem:
        told = f"  failed: {cell.problem}"
    else:
        figures = cell.systems[0]
        before = ", from before" if one.kept else ""
        told = f"  macro-F1 {shown(figures.macro_f1.value)}, kappa {shown(figures.kappa.value)}{before}"
    print(shown_safely(told), file=sys.stderr, flush=True)


def print_grid(material: Material, name: str, worked: Sequence[Worked], *, json: bool, csv: bool) -> int:
    """The table of a grid: means over seeds. Returns how many cells, and systems beside them, failed."""
    from intercoder.evals.classifiers.human_ceiling import human_ceiling_notes
    from intercoder.evals.classifiers.uneven_draws import uneven_notes
    from intercoder.evals.report.classifiers.grid_words import grid_words
    from intercoder.stores.classifiers.classifier_folders import GRIDS, read_grid

    folder = material.folder.path / GRIDS / name
    found = read_grid(folder)
    systems = found.grid.systems
    words = list(grid_words(found.cells))
    notes = (*uneven_notes(found.grid.parts), *found.grid.notes, *human_ceiling_notes(systems))
    if csv:
        shared = [{**_NOWHERE, **_line(one), "problem": ""} for one in systems]
        print_lines([*(line for one in worked for line in _cell_lines(one)), *shared], csv=True)
    elif json:
        told = {"systems": [one.model_dump(mode="json") for one in systems], "words": words, "notes": list(notes)}
        print_json({"kind": "grid", "grid": str(folder), **told})
    else:
        _print_means(found.cells, material)
        print_lines([_row(one) for one in systems], title="The same for all cells")
        for one in words:
            print(one)
        for note in notes:
            print(f"Note: {note}")
        print(f"{typed(folder)}: kept there; `intercoder report` draws it.")
    failed = sum(bool(one.cell.problem) for one in worked)
    beside = len(found.grid.problems)
    again = "run the same command again to try only those."
    if failed:
        print(f"{failed} of {len(worked)} cells failed; {again}", file=sys.stderr)
    if beside:
        print(f"{counted(beside, 'system')} beside the cells failed; {again}", file=sys.stderr)
    return failed + beside


def _print_means(cells: Iterable[GridCell], material: Material) -> None:
    from intercoder.evals.classifiers.grid_means import cell_means

    held_out = counted(len(material.parts.held_out), "held-out segment")
    lines: list[Line] = [
        {
            "segments": one.settings.total,
            "written": f"{one.settings.share:.0%}",
            "temperature": None if math.isnan(one.settings.temperature) else f"{one.settings.temperature:g}",
            "filter": one.settings.filter or None,
            "system": one.name,
            "seeds": one.seeds,
            **_bounded("macro-F1", one.macro_f1),
            **_bounded("kappa", one.kappa),
            **_bounded("AC1", one.ac1),
        }
        for one in cell_means(cells)
    ]
    print_lines(lines, title=f"Means over seeds, on {held_out}, with 95% intervals over seeds")


def _sentences(material: Material, made: Distilled) -> Iterator[str]:
    evaluation, card = made.evaluation, made.card
    yield (
        f"{made.folder}: learnt {counted(len(card.codes), 'code')} from {counted(evaluation.human, 'segment')} "
        f"that people coded and {evaluation.synthetic:,} written ones."
    )
    parts = evaluation.parts
    yield (
        f"Kept together by {parts.by}: {parts.training:,} to learn from, {parts.development:,} to choose with, "
        f"{parts.held_out:,} held out."
    )
    if parts.undecided:
        yield f"{counted(parts.undecided, 'decision')} not learnt: people were unsure or evenly divided."
    if evaluation.truncated > 0:
        yield (
            f"{evaluation.truncated:.1%} of the coded segments are longer than the {card.max_length} tokens that "
            "the encoder reads at once: " + _longer(card.overlap)
        )
    if evaluation.curve is not None:
        yield _cascade(evaluation.curve)


def _longer(overlap: int) -> str:
    if overlap >= 0:
        return "they are read in windows."
    return "the rest of them is not read. `--set classifier.windows=true --new` reads them in windows."


def _cascade(curve: CascadeCurve) -> str:
    point = min(curve.points, key=lambda one: abs(one.confidence - curve.chosen))
    how = "reaches" if curve.reached else "comes nearest to, and does not reach,"
    decided = f" on the {point.decided:.0%} that are decided" if point.decided < 1 else ""
    cost = "" if math.isnan(point.cost) else f", {point.cost:.4f} for 1,000 questions"
    agreement = f"{shown(point.agreement.value)} ({interval(point.agreement.low, point.agreement.high)})"
    return (
        f"Cascade: the language model below confidence {curve.chosen:.3f}, which {how} the target {curve.target:g} "
        f"on the development part. Held out: {point.sent:.0%} of questions sent, agreement with what most people "
        f"said {agreement}{decided}{cost}."
    )


def _row(one: SystemFigures) -> Line:
    return {
        "system": one.name,
        "learnt from": one.trained_on or None,
        "written": one.synthetic or None,
        "decisions": one.decisions,
        **_bounded("macro-F1", one.macro_f1),
        **_bounded("kappa", one.kappa),
        **_bounded("AC1", one.ac1),
        **_bounded("agreement", one.agreement),
    }


def _bounded(name: str, figure: Bounded) -> dict[str, str]:
    if math.isnan(figure.low):
        return {name: shown(figure.value)}
    return {name: f"{shown(figure.value)} ({interval(figure.low, figure.high)})"}


def _line(one: SystemFigures) -> Line:
    figures = {"macro_f1": one.macro_f1, "kappa": one.kappa, "ac1": one.ac1, "agreement": one.agreement}
    counts = {"trained_on": one.trained_on, "synthetic": one.synthetic, "decisions": one.decisions}
    return {
        "system": one.system,
        "name": one.name,
        **counts,
        **{
            key: value
            for name, figure in figures.items()
            for key, value in ((name, figure.value), (f"{name}_low", figure.low), (f"{name}_high", figure.high))
        },
    }


def _codes(one: SystemFigures) -> list[Line]:
    return [
        {
            "code": code.label,
            "positives": code.positives,
            **_bounded("F1", code.f1),
            **_bounded("kappa", code.kappa),
            **_bounded("AC1", code.ac1),
        }
        for code in one.codes
    ]


def _dumped(one: Worked) -> dict[str, object]:
    found: dict[str, object] = one.cell.model_dump(mode="json")
    return found


def _cell_lines(one: Worked) -> list[Line]:
    settings = one.cell.settings
    place: Line = {
        "share": settings.share,
        "total": settings.total,
        "temperature": settings.temperature,
        "filter": settings.filter,
        "seed": settings.seed,
        "human": one.cell.human,
    }
    lines: list[Line] = [{**place, **_line(system), "problem": ""} for system in one.cell.systems]
    if lines:
        return lines
    blank = dict.fromkeys(_COLUMNS)
    return [{**place, **blank, "problem": one.cell.problem}]


_NOWHERE: Line = dict.fromkeys(("share", "total", "temperature", "filter", "seed", "human"))
"""In place of a cell's settings: a system that all cells share."""
_FIGURES = ("macro_f1", "kappa", "ac1", "agreement")
_COLUMNS = (
    "system",
    "name",
    "trained_on",
    "synthetic",
    "decisions",
    *(part for name in _FIGURES for part in (name, f"{name}_low", f"{name}_high")),
)
