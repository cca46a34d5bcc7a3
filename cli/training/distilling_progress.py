"""Showing how a distillation goes: lines now and then, or JSON lines for programs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from intercoder.cli.coding.progress import LINE_EVERY, Event, Listener, say
from intercoder.cli.output import print_json
from intercoder.core.classifier_results import CellSettings
from intercoder.core.shown import counted, shown_safely

OFTEN = ("synthesis", "asked", "step", "measured")
"""Events of which a line is printed now and then only, and the last of a kind."""


@contextmanager
def listener(*, json: bool) -> Iterator[Listener]:
    """A listener for a distillation's events, fit for where the output goes."""
    yield _print if json else _lines()


def _print(event: Event) -> None:
    settings = event.get("settings")
    told = settings.model_dump(mode="json") if isinstance(settings, CellSettings) else None
    print_json(event if told is None else {**event, "settings": told})


def _lines() -> Listener:
    last = time.monotonic()

    def listen(event: Event) -> None:
        nonlocal last
        line = LINES.get(event["kind"])
        now = time.monotonic()
        ended = event.get("done", event.get("kept")) == event.get("total", event.get("wanted"))
        if line is None or (event["kind"] in OFTEN and not ended and now - last < LINE_EVERY):
            return
        last = now
        say(shown_safely(line(event)))

    return listen


def _stage(event: Event) -> str:
    total = event.get("total", 0)
    match event["stage"]:
        case "writing":
            return f"writing {counted(total, 'segment')} at temperature {event['temperature']:g}"
        case "filter":
            return f"{event['name']} codes {counted(total, 'written segment')} again"
        case "asking":
            return f"{event['name']} decides about what nobody learns from: {counted(total, 'question')}"
        case "training":
            return f"training ({event['name']}): {counted(total, 'segment')}"
        case _:
            return f"{event['stage']} on held-out segments"


def _synthesis(event: Event) -> str:
    dropped = ", ".join(f"{count} {why.replace('_', ' ')}" for why, count in event["dropped"].items() if count)
    return f"  {event['kept']:,} of {event['wanted']:,} written{f'; dropped: {dropped}' if dropped else ''}"


def _asked(event: Event) -> str:
    time = f", time {event['time']} of {event['times']}" if "time" in event else ""
    return f"  {event['done']:,} of {event['total']:,} answered{time}"


def _step(event: Event) -> str:
    what = "development loss" if event["kind"] == "measured" else "loss"
    return f"  step {event['done']:,} of {event['total']:,}: {what} {event['loss']:.4f}"


def _begin(event: Event) -> str:
    after = f", going on after step {event['done']:,}" if event["done"] else ""
    return f"  {counted(event['total'], 'step')} at most{after}"


def _cell(event: Event) -> str:
    return f"cell {event['done'] + 1} of {event['total']}: {cell_name(event['settings'])}"


def _failed(event: Event) -> str:
    return f"  {event['name']} left out: {event['problem']}"


def cell_name(settings: CellSettings) -> str:
    """A cell in a few words."""
    written = math.isfinite(settings.temperature)
    way = f", temperature {settings.temperature:g}" if written else ""
    filtered = f", filter {settings.filter}" if settings.filter else ""
    return f"{settings.total:,} segments, {settings.share:.0%} written{way}{filtered}, seed {settings.seed}"


LINES: dict[str, Callable[[Event], str]] = {
    "stage": _stage,
    "synthesis": _synthesis,
    "asked": _asked,
    "begin": _begin,
    "step": _step,
    "measured": _step,
    "cell": _cell,
    "failed": _failed,
}
