"""Tables of numbers: for people, as JSON lines and as CSV. What is undefined says so."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, TypeAlias

import typer

from intercoder.cli.output import print_json, print_table

Cell: TypeAlias = "str | int | float | None"
Line: TypeAlias = Mapping[str, Cell]

CsvOption = Annotated[bool, typer.Option("--csv", help="Print as CSV, for spreadsheets and programs.")]


def print_lines(lines: Iterable[Line], *, json: bool = False, csv: bool = False, title: str = "") -> None:
    """Print lines that all have the same names, as a table unless one of the other forms is asked for.

    Numbers show three places in the table; nan is `undefined` there, null in JSON and blank in CSV.
    """
    rows = list(lines)
    if json:
        for row in rows:
            print_json({name: _defined(cell) for name, cell in row.items()})
    elif csv:
        _print_csv(rows)
    else:
        names = list(rows[0]) if rows else []
        numbers = [name for name in names if any(isinstance(row[name], int | float) for row in rows)]
        print_table(names, ([shown(cell) for cell in row.values()] for row in rows), title=title, right=numbers)


def shown(cell: Cell) -> str:
    """A cell as people read it."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return "undefined" if math.isnan(cell) else f"{cell:.3f}"
    return str(cell)


def interval(low: float, high: float) -> str:
    """The bounds of an interval, `0.12 to 0.48`."""
    return "undefined" if math.isnan(low) or math.isnan(high) else f"{low:.2f} to {high:.2f}"


def _defined(cell: Cell) -> Cell:
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell


def _print_csv(rows: Sequence[Line]) -> None:
    from csv import writer

    from intercoder.formats.csv_lines import CsvLines
    from intercoder.formats.harmless import plain_cell

    out = writer(CsvLines(sys.stdout))
    if rows:
        out.writerow(rows[0])
    for row in rows:
        cells = (_defined(cell) for cell in row.values())
        out.writerow([plain_cell(cell) if isinstance(cell, str) else cell for cell in cells])
