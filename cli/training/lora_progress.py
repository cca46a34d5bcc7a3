"""Showing how a training goes: a bar with the loss and the time left, log lines, or JSON lines for programs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from intercoder.cli.coding.progress import LINE_EVERY, Event, Listener, fitting, say
from intercoder.cli.output import console
from intercoder.core.shown import counted


def listener(*, json: bool) -> AbstractContextManager[Listener]:
    """A listener for a training's events, fit for where the output goes."""
    return fitting(json=json, bar=_bar, lines=_lines)


@contextmanager
def _bar() -> Iterator[Listener]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[losses]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console(error=True), transient=True) as progress:
        task = progress.add_task("loading the base", total=None, losses="")
        losses: dict[str, float] = {}

        def listen(event: Event) -> None:
            if event["kind"] == "begin":
                progress.console.print(beginning(event))
                progress.update(task, description=event["name"])
            if "loss" in event:
                losses["held out" if event["kind"] == "measured" else "loss"] = event["loss"]
            shown = ", ".join(f"{name} {loss:.3f}" for name, loss in losses.items())
            progress.update(task, total=event["total"], completed=event["done"], losses=shown)

        yield listen


def _lines() -> Listener:
    last = began = time.monotonic()
    first = 0

    def listen(event: Event) -> None:
        nonlocal last, began, first
        now = time.monotonic()
        if event["kind"] == "begin":
            began, first = now, event["done"]
            say(beginning(event))
        elif event["kind"] == "measured" or now - last >= LINE_EVERY or event["done"] == event["total"]:
            last = now
            what = "held-out loss" if event["kind"] == "measured" else "loss"
            done = event["done"] - first
            left = (event["total"] - event["done"]) * (now - began) / done if done else None
            ahead = f", about {_time(left)} left" if left else ""
            say(f"step {event['done']:,} of {event['total']:,}: {what} {event['loss']:.4f}{ahead}")

    return listen


def beginning(event: Event) -> str:
    """What is learnt from, in a sentence."""
    after = f", going on after step {event['done']:,}" if event["done"] else ""
    held_out = f", {event['held_out']:,} held out" if event["held_out"] else ", none held out"
    steps = counted(event["total"], "step")
    return f"{event['name']}: {counted(event['training'], 'code')} to learn from{held_out}; {steps}{after}"


def _time(seconds: float) -> str:
    return f"{seconds / 60:,.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
