"""Showing a run's progress: a bar in a terminal, log lines elsewhere, JSON lines for programs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from intercoder.cli.output import console, one_line, print_json

if TYPE_CHECKING:
    from intercoder.core.protocols import Run

Event = dict[str, Any]
Listener = Callable[[Event], None]

LINE_EVERY = 10.0
"""Seconds between log lines where there is no terminal."""


@contextmanager
def listener(run: Run, *, json: bool) -> Iterator[Listener]:
    """A listener for a run's events, fit for where the output goes."""
    if json:
        yield print_json
    elif sys.stderr.isatty():
        with _bar(run) as listen:
            yield listen
    else:
        yield _lines(run)


@contextmanager
def _bar(run: Run) -> Iterator[Listener]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[detail]}"),
        TimeRemainingColumn(compact=True),
    )
    screen = console(error=True)
    with Progress(*columns, console=screen, transient=True) as progress:
        task = progress.add_task(run.id, total=run.total, completed=run.position, detail="loading the models")
        began = time.monotonic()

        def listen(event: Event) -> None:
            if event["kind"] == "note":
                progress.console.print(event["text"])
            elif event["kind"] == "code":
                progress.console.print(f"  + {one_line(event['label'])}", style="dim")
            elif event["kind"] == "progress":
                detail = _detail(event, event["done"] - run.position, time.monotonic() - began)
                progress.update(task, completed=event["done"], detail=detail)

        yield listen


def _lines(run: Run) -> Listener:
    began = last = time.monotonic()
    print(f"{run.id}: {run.total} segments, from {run.position}", file=sys.stderr, flush=True)

    def listen(event: Event) -> None:
        nonlocal last
        if event["kind"] == "note":
            print(event["text"], file=sys.stderr, flush=True)
        elif event["kind"] == "progress":
            now = time.monotonic()
            if now - last < LINE_EVERY and event["done"] < event["total"]:
                return
            last = now
            detail = _detail(event, event["done"] - run.position, now - began)
            print(f"{run.id}: {event['done']}/{event['total']} {detail}", file=sys.stderr, flush=True)

    return listen


def _detail(event: Event, done: int, seconds: float) -> str:
    rate = done / seconds if seconds > 0 else 0.0
    tokens = event["input_tokens"] + event["output_tokens"]
    parts = [f"{rate:.1f}/s", f"{event['codes']} codes", f"{_short(tokens)} tokens"]
    if event["cost"]:
        parts.append(f"cost {event['cost']:.4f}")
    if event["failures"]:
        parts.append(f"{event['failures']} failed")
    return " · ".join(parts)


def _short(number: int) -> str:
    return f"{number / 1000:.0f}k" if number >= 10_000 else str(number)
