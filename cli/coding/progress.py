"""Showing a run's progress: a bar in a terminal, log lines elsewhere, JSON lines for programs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from intercoder.cli.output import console, print_json
from intercoder.core.shown import counted, one_line

Event = dict[str, Any]
Listener = Callable[[Event], None]

LINE_EVERY = 10.0
"""Seconds between log lines where there is no terminal."""


def listener(*, json: bool) -> AbstractContextManager[Listener]:
    """A listener for a run's events, fit for where the output goes."""
    return fitting(json=json, bar=_bar, lines=_lines)


@contextmanager
def fitting(
    *, json: bool, bar: Callable[[], AbstractContextManager[Listener]], lines: Callable[[], Listener]
) -> Iterator[Listener]:
    """Of three ways to show events the one that fits: JSON lines if wanted, a bar in a terminal, else log lines."""
    if json:
        yield print_json
    elif sys.stderr.isatty():
        with bar() as listen:
            yield listen
    else:
        yield lines()


@contextmanager
def _bar() -> Iterator[Listener]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[detail]}"),
        TimeRemainingColumn(compact=True),
    )
    screen = console(error=True)
    with Progress(*columns, console=screen, transient=True) as progress:
        task = progress.add_task("", total=None, detail="")
        start = Start()

        def listen(event: Event) -> None:
            if event["kind"] == "begin":
                start.mark(event)
                progress.update(
                    task,
                    description=event["run"],
                    total=event["total"],
                    completed=event["done"],
                    detail="loading models",
                )
            elif event["kind"] == "note":
                progress.console.print(event["text"])
            elif event["kind"] == "step":
                progress.console.print(step_line(event))
            elif event["kind"] in ROUND_LINES:
                progress.console.print(ROUND_LINES[event["kind"]](event))
            elif event["kind"] == "code":
                progress.console.print(f"  + {one_line(event['label'])}", style="dim")
            elif event["kind"] == "progress":
                shown = ("asked", "to_ask") if event.get("to_ask") else ("done", "total")
                done, total = (event[name] for name in shown)
                progress.update(task, completed=done, total=total, detail=_detail(event, start))

        yield listen


def _lines() -> Listener:
    start = Start()
    last = time.monotonic()

    def listen(event: Event) -> None:
        nonlocal last
        if event["kind"] == "begin":
            start.mark(event)
            say(f"{event['run']}: {_beginning(event)}")
        elif event["kind"] == "note":
            say(event["text"])
        elif event["kind"] in ROUND_LINES:
            say(f"{event['run']}: {ROUND_LINES[event['kind']](event)}")
        elif event["kind"] == "step":
            start.mark({"done": 0})
            say(f"{event['run']}: {step_line(event)}")
        elif event["kind"] == "progress":
            now = time.monotonic()
            if now - last >= LINE_EVERY or event["done"] == event["total"]:
                last = now
                say(f"{event['run']}: {_detail(event, start)}")

    return listen


class Start:
    """Where and when a run's present process began, for its rate."""

    def __init__(self) -> None:
        self.done = 0
        self.time = time.monotonic()

    def mark(self, event: Event) -> None:
        """Take the beginning from a run's first event."""
        self.done, self.time = event["done"], time.monotonic()

    def rate(self, event: Event) -> float:
        """Answers a second since then; what is counted, where answers are not."""
        done = event["calls"] + event["recalled"] if "recalled" in event else event["done"] - self.done
        return float(done) / max(time.monotonic() - self.time, 1e-9)


def _beginning(event: Event) -> str:
    if event["unit"] == "step":
        return f"going on after step {event['done']}" if event["done"] else "labels into concepts"
    before = f", {event['done']:,} of them settled before" if event["done"] else ""
    return f"{counted(event['total'], event['unit'])}{before}"


def step_line(event: Event) -> str:
    """One step of a merge in a sentence."""
    did = {"union": "spelling", "define": "defining", "merge": "definitions"}[event["step_kind"]]
    what = "labels" if event["stage"] == 2 else did
    merged = f", {event['merged']:,} merged" if event["step_kind"] != "define" else ""
    return f"stage {event['stage']}, {what}: {counted(event['concepts'], 'concept')}{merged}"


def _round_line(event: Event) -> str:
    codes = counted(event["codes"], "code")
    return f"round {event['round']} with codebook version {event['version']}: {codes} to be coded again"


def _reviser_line(event: Event) -> str:
    return f"round {event['round']}: the reviser looks at {counted(event['codes'], 'code')}"


ROUND_LINES: dict[str, Callable[[Event], str]] = {"round": _round_line, "reviser": _reviser_line}


def say(text: str) -> None:
    """A line beside the command's own output."""
    print(text, file=sys.stderr, flush=True)


def _detail(event: Event, start: Start) -> str:
    tokens = event["input_tokens"] + event["output_tokens"]
    found = [counted(event[f"{noun}s"], noun) for noun in ("code", "concept", "theme") if f"{noun}s" in event]
    asked = [f"{event['asked']:,}/{event['to_ask']:,} answers"] if event.get("to_ask") else []
    settled = f"{event['done']:,}/{event['total']:,}{' settled' if asked else ''}"
    parts = [*asked, settled, f"{start.rate(event):.1f}/s", *found, f"{_short(tokens)} tokens"]
    if event["cost"]:
        parts.append(f"cost {event['cost']:.4f}")
    if event["failures"]:
        parts.append(f"{event['failures']} failed")
    return " · ".join(parts)


def _short(number: int) -> str:
    return f"{number / 1000:.0f}k" if number >= 10_000 else str(number)
