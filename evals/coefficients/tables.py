"""Tables as people give them: rows of units, columns of raters, in lists, arrays or frames."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from intercoder.core.errors import InputError

_PANDAS_MARKS = {"NAType", "NaTType"}


class Table(NamedTuple):
    """Cells as they were given, with what rows and columns are called in messages."""

    cells: Sequence[Sequence[Any]]
    rows: Sequence[str]
    columns: Sequence[str]
    nan_is_missing: bool
    """Arrays and frames have no other mark; in lists None is the mark and nan an accident."""

    def place(self, row: int, column: int) -> str:
        """Where a cell is, for a message."""
        return f"ratings, {self.rows[row]}, {self.columns[column]}"


def read_table(ratings: Any) -> Table:
    """Rows and columns of whatever was given, and their names: a frame's own, else numbers from 1.

    Raises:
        InputError: It is not a table, it is empty, two columns have one name, or a row is longer or shorter than
            the first.
    """
    if hasattr(ratings, "columns") and hasattr(ratings, "itertuples"):
        cells = list(ratings.itertuples(index=False, name=None))
        rows = [f"row {label!r}" for label in ratings.index.tolist()]
        columns = [str(name) for name in ratings.columns.tolist()]
        if len(set(columns)) < len(columns):
            twice = next(name for name in columns if columns.count(name) > 1)
            raise InputError(f"two columns are called {twice!r}.", where="ratings", remedy="Name them apart.")
        return _filled(Table(cells, rows, columns, True))
    is_array = isinstance(ratings, np.ndarray)
    lines = ratings.tolist() if is_array else ratings
    if isinstance(lines, str | bytes) or not isinstance(lines, Iterable):
        raise _not_a_table()
    cells = []
    for line in lines:
        if isinstance(line, str | bytes) or not isinstance(line, Iterable):
            raise _not_a_table()
        cells.append(tuple(line))
    width = len(cells[0]) if cells else 0
    rows = [f"row {number}" for number in range(1, len(cells) + 1)]
    return _filled(Table(cells, rows, [f"rater {number}" for number in range(1, width + 1)], is_array))


def _filled(table: Table) -> Table:
    if not table.cells or not table.columns:
        raise InputError("there are no ratings.", where="ratings", remedy="Give rows of units, columns of raters.")
    for name, line in zip(table.rows, table.cells, strict=True):
        if len(line) != len(table.columns):
            raise InputError(
                f"it has {len(line)} cells, the first row has {len(table.columns)}.",
                where=f"ratings, {name}",
                remedy="Give every row one cell a rater, None where a rater did not rate the unit.",
            )
    return table


def _not_a_table() -> InputError:
    return InputError(
        "they are not a table.", where="ratings", remedy="Give rows of units, each a list with one cell a rater."
    )


def is_missing(cell: Any, table: Table, place: str) -> bool:
    """Whether a cell says that the rater did not rate the unit.

    Raises:
        InputError: The cell is blank, or nan in a list.
    """
    if cell is None or type(cell).__name__ in _PANDAS_MARKS:
        return True
    if isinstance(cell, float | np.floating) and math.isnan(cell):
        if table.nan_is_missing:
            return True
        raise InputError("the cell is nan.", where=place, remedy="Write None for a missing rating.")
    if isinstance(cell, str) and not cell.strip():
        raise InputError(
            "the cell is blank.",
            where=place,
            remedy="Write None for a missing rating; name a category such as 'none' if blank is an answer.",
        )
    return False
