"""`train lora --grid`: many adapters, one table."""

from __future__ import annotations

import math
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intercoder.cli.coding.progress import LINE_EVERY
from intercoder.cli.frames import Line, print_lines, shown
from intercoder.cli.training.lora_progress import beginning
from intercoder.cli.training.selecting import INTERRUPTED, EndingChoice
from intercoder.core.shown import counted, shown_safely

if TYPE_CHECKING:
    from intercoder.training.grid import Result
    from intercoder.training.grid_settings import Grid
    from intercoder.training.settings import LoraSettings

GridOption = Annotated[
    Path | None, typer.Option("--grid", metavar="FILE.toml", help="Train a grid: bases, prompts, endings crossed.")
]
BasesOption = Annotated[
    str, typer.Option("--bases", metavar="A,B", help="Train a grid with these bases; a comma between two.")
]
PromptsOption = Annotated[str, typer.Option(help="Of a grid: prompt variants, `a,b` or `all`.")]
EndingsOption = Annotated[EndingChoice, typer.Option(help="Of a grid: how the instructions end.")]


def named_grid(
    file: Path | None, bases: str, prompts: str, endings: EndingChoice, shots: int, settings: LoraSettings
) -> Grid:
    """The grid that options name: a file, or bases and what they are crossed with.

    Raises:
        SettingsError: The file cannot be read, or is not a grid.
        InputError: Both are named.
    """
    from intercoder.core.errors import InputError
    from intercoder.training.grid_settings import Grid, read_grid

    if file is not None and bases:
        raise InputError("a grid's file names its bases itself.", where="--bases", remedy="Give one of the two.")
    if file is not None:
        return read_grid(file, settings)
    return Grid(
        bases=_split(bases),
        prompts="all" if prompts == "all" else _split(prompts),
        endings=endings.value,
        shots=shots,
        settings=settings,
    )


def train_grid(
    path: Path, grid: Grid, *, question: str, out: Path | None, new: bool, json: bool, csv: bool
) -> None:
    """Train and measure all cells, print the table, and exit with 1 if a cell failed."""
    from intercoder.cli.measuring.evaluating import encoder_folder
    from intercoder.prompts.templates import names
    from intercoder.training.grid import cells, in_order, run_grid
    from intercoder.training.grid_cells import GridCells
    from intercoder.training.selection_source import open_source

    source = open_source(path, question=question, model=grid.bases[0])
    place = out or (path if source.folder else Path()) / "adapters"
    encoder = encoder_folder(source.study.embedding.model)
    prompts = names("coder", source.prompts) if grid.prompts == "all" else grid.prompts
    sampling = source.study.coders[0].sampling
    coders = cells(grid.bases, prompts, grid.crossed_endings, shots=grid.shots, sampling=sampling)
    tell = _Teller()
    work = GridCells(source, grid.settings, encoder=encoder, new=new, listen=tell)
    results: list[Result] = []
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for result in run_grid(coders, work, place, new=new, listen=tell):
            results.append(result)
            _say(_word(result))
    except KeyboardInterrupt:
        again = "run the same command again without --new" if new else "run the same command again"
        _say(f"Stopped. What is done is kept: {again} to go on.")
        sys.exit(INTERRUPTED)
    ordered = in_order(results, coders)
    lines = [_line(one) if json or csv else _row(one) for one in ordered]
    print_lines(lines, json=json, csv=csv, title=f"Held out: {len(work.items)} items")
    failed = [one for one in ordered if one.problem]
    if encoder is None:
        _say("BERTScore is undefined without an encoder: `intercoder models pull minilm-l6` brings one.")
    if failed:
        _say(f"{len(failed)} of {len(ordered)} cells failed; run the same command again to try only those.")
        sys.exit(1)


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


class _Teller:
    """Says how cells go, a line now and then."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, event: dict[str, Any]) -> None:
        done = f"{event.get('done', 0):,} of {event.get('total', 0):,}"
        now = time.monotonic()
        if event["kind"] == "cell":
            _say(f"{event['name']}: cell {event['done'] + 1} of {event['total']}")
        elif event["kind"] == "begin" and "training" in event:
            _say(f"  {beginning(event)}")
        elif event["kind"] == "begin":
            _say(f"  coding {counted(event['total'], 'held-out item')}")
        elif event["kind"] == "measured":
            _say(f"  step {done}: held-out loss {event['loss']:.3f}")
        elif event["kind"] in ("step", "progress") and now - self._last >= LINE_EVERY:
            self._last = now
            _say(f"  step {done}: loss {event['loss']:.3f}" if "loss" in event else f"  {done} items coded")


def _say(text: str) -> None:
    print(shown_safely(text), file=sys.stderr, flush=True)


def _word(one: Result) -> str:
    if one.problem:
        return f"  failed: {one.problem}"
    assert one.measured is not None
    before = ", from before" if one.kept else ""
    return f"  BERTScore F1 {shown(one.measured.f1)}, ROUGE-1 {shown(one.measured.rouge1)}{before}"


_MEANS = {"P": "precision", "R": "recall", "F1": "f1"}
_ROUGES = ("rouge1", "rouge2", "rougeL")


def _row(one: Result) -> Line:
    """A line as in the seed's table 7, for people: means with standard deviations."""
    found = one.measured
    figures = {
        name: _with_spread(getattr(found, field), getattr(found, f"{field}_std")) if found else ""
        for name, field in _MEANS.items()
    }
    rouges = {f"ROUGE-{name[5:]}": getattr(found, name) if found else None for name in _ROUGES}
    said = {"empty": found.empty, "failed": found.failures} if found else {"empty": None, "failed": None}
    return {**_named(one), **figures, **rouges, **said, "problem": one.problem}


def _with_spread(mean: float, deviation: float) -> str:
    return shown(mean) if math.isnan(deviation) else f"{shown(mean)} ± {deviation:.3f}"


def _line(one: Result) -> Line:
    """The same for programs."""
    fields = [*(part for field in _MEANS.values() for part in (field, f"{field}_std")), *_ROUGES]
    figures = {name: getattr(one.measured, name) if one.measured else None for name in fields}
    counts = {
        name: getattr(one.measured, name) if one.measured else None for name in ("items", "empty", "failures")
    }
    return {**_named(one), **figures, **counts, "adapter": str(one.adapter), "problem": one.problem}


def _named(one: Result) -> Line:
    return {"prompt": one.coder.prompt, "ending": one.coder.ending, "base": one.coder.model}
