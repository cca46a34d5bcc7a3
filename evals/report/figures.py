"""Figures: a Plotly specification, a sentence on how to read it, and the same numbers as a table.

Labels are data. Plotly takes some HTML in texts for markup, so every text that comes from the study goes through
`plain` before it gets into a specification.
"""

from __future__ import annotations

import html
import math
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

PALETTE = ("#3b7dd8", "#d9822b", "#2a9d6f", "#a06bd0", "#d0517f", "#2aa1b3", "#b0972a", "#8a8f98")
"""Colours that can be told apart on white and on black, also by most colour-blind people."""
GREY = "#8a8f98"
LIKE = ((0, "#f3f7fc"), (0.5, "#9cc3ec"), (1, "#154a86"))
"""Colours of heat maps, from little to much; numbers can be read on all of them."""
LONG, SHORT = 42, 20
"""Characters of a label beside a figure, on a wide and on a narrow screen."""


class Interval(Protocol):
    """A statistic with its 95% interval; nan where undefined."""

    @property
    def value(self) -> float:
        """The statistic."""

    @property
    def low(self) -> float:
        """The interval's lower bound."""

    @property
    def high(self) -> float:
        """The interval's upper bound."""


class Link(NamedTuple):
    """A cell that leads to the decisions behind it."""

    text: str
    target: str
    """Anchor, such as `code-3`."""


Cell: TypeAlias = "str | int | float | Link"


class Figure(NamedTuple):
    """One figure of the report."""

    id: str
    title: str
    reading: str
    """One sentence on how to read it."""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    """The numbers shown, for those who cannot see the picture."""
    data: tuple[dict[str, Any], ...] = ()
    """Traces. A point's `customdata` is the anchor that a click leads to."""
    layout: Mapping[str, Any] = {}
    narrow: Mapping[str, Any] = {}
    """Changes of the layout for narrow screens, by dotted name."""
    note: str = ""
    """What it leaves out, and other things to know."""
    undefined: str = ""
    """Why there is nothing to draw; empty where there is."""


def plain(text: str, longest: int = 200) -> str:
    """A text as Plotly may show it: cut, on one line, without invisible characters, and never markup."""
    line = " ".join(text.split())
    line = "".join(mark for mark in line if unicodedata.category(mark) not in ("Cc", "Cf", "Cs", "Co"))
    return html.escape(line if len(line) <= longest else f"{line[: longest - 1]}…", quote=False)


def category_axis(labels: Sequence[str], **more: Any) -> dict[str, Any]:
    """An axis of labels at 0, 1, 2, ...: equal or numeric labels stay apart."""
    return {
        "tickvals": list(range(len(labels))),
        "ticktext": [plain(label, LONG) for label in labels],
        "automargin": True,
        "zeroline": False,
        "showgrid": False,
        **more,
    }


def narrow_ticks(*axes: str, labels: Sequence[str]) -> dict[str, Any]:
    """The same labels, shorter, for narrow screens."""
    return {f"{axis}.ticktext": [plain(label, SHORT) for label in labels] for axis in axes}


def number(value: float) -> float | None:
    """A number as JSON has it: 4 places, None for undefined."""
    return round(value, 4) + 0.0 if math.isfinite(value) else None


def error_bars(estimates: Sequence[Interval], **more: Any) -> dict[str, Any]:
    """Plotly's error bars of 95% intervals; none where an interval is undefined."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [_reach(one.high - one.value) for one in estimates],
        "arrayminus": [_reach(one.value - one.low) for one in estimates],
        "thickness": 1.4,
        "width": 0,
        **more,
    }


def _reach(distance: float) -> float:
    return number(max(distance, 0.0)) or 0.0 if math.isfinite(distance) else 0.0


def spread(count: int, width: float = 0.5) -> Iterator[float]:
    """Offsets of so many series round a place, from the first down."""
    for place in range(count):
        yield 0.0 if count == 1 else width / 2 - place * width / (count - 1)


def bounds(estimate: Interval) -> str:
    """An interval in words."""
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return "undefined"
    return f"{estimate.low:.2f} to {estimate.high:.2f}"


def told(estimate: Interval) -> str:
    """A statistic with its interval, in words."""
    return f"{estimate.value:.2f} ({bounds(estimate)})" if math.isfinite(estimate.value) else "undefined"
