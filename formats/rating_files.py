"""Ratings as a table: units and raters, one rating a row or one rater a column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

from intercoder.core.errors import InputError
from intercoder.formats.delimited import Cells, read_cells

Rating: TypeAlias = "int | float | str | None"

LONG = (("unit", "segment_id", "segment", "item"), ("rater", "coder"), ("value", "rating", "code", "label"))
"""Column names by which a table with one rating a row is known."""


class Ratings(NamedTuple):
    """Units x raters; None where a rater did not rate a unit."""

    units: tuple[str, ...]
    raters: tuple[str, ...]
    rows: list[list[Rating]]


def read_ratings(path: Path, unit: str = "", rater: str = "", value: str = "") -> Ratings:
    """Read ratings from a csv or tsv file.

    With columns for rater and value, each row is one rating. Otherwise each row is a unit and each column a rater;
    `unit` then names the column of the units' names, if there is one. Cells that all are numbers become numbers.

    Args:
        path: The file.
        unit: Column of the units; by default one of the usual names.
        rater: Column of the raters; likewise.
        value: Column of the ratings; likewise.

    Raises:
        InputError: A column is missing, a rating stands twice or is not finite, a number is written in two ways
            among words, or there are fewer than two raters.
    """
    cells = read_cells(path)
    for name in filter(None, (unit, rater, value)):
        if name not in cells.columns:
            raise InputError(
                f"has no column {name!r}. Its columns are: {', '.join(cells.columns)}.",
                where=str(path),
                remedy="Choose from them; capital and small letters count.",
            )
    _refuse_not_finite(cells, path)
    usual = [next((name for name in names if name in cells.columns), "") for names in LONG]
    chosen = [given or found for given, found in zip((unit, rater, value), usual, strict=True)]
    ratings = _long(cells, chosen, path) if chosen[1] and chosen[2] else _wide(cells, chosen[0], path)
    if len(ratings.raters) < 2:
        raise InputError(
            f"has one rater: {', '.join(ratings.raters) or 'none'}.",
            where=str(path),
            remedy="Agreement needs two: a column each, or columns `unit`, `rater` and `value`.",
        )
    return ratings


def _refuse_not_finite(cells: Cells, path: Path) -> None:
    for number, row in enumerate(cells.rows, 1):
        for name, cell in zip(cells.columns, row, strict=True):
            if cell is not None and _is_number(cell) and not math.isfinite(float(cell)):
                raise InputError(
                    f"{cell!r} is no rating.",
                    where=f"{path}:row {number}, column {name}",
                    remedy="Leave the cell empty where a rating is missing.",
                )


def _long(cells: Cells, chosen: list[str], path: Path) -> Ratings:
    if not chosen[0]:
        raise InputError(
            f"which column names the unit? Its columns are: {', '.join(cells.columns)}.",
            where=str(path),
            remedy="Say it with --unit NAME.",
        )
    unit, rater, value = (cells.columns.index(name) for name in chosen)
    units: dict[str, dict[str, str | None]] = {}
    raters: dict[str, None] = {}
    for number, row in enumerate(cells.rows, 1):
        name, who = row[unit], row[rater]
        if name is None or who is None:
            column = chosen[0] if name is None else chosen[1]
            raise InputError("is blank.", where=f"{path}:row {number}, column {column}")
        if who in units.setdefault(name, {}):
            raise InputError(
                f"{who!r} has rated unit {name!r} before.",
                where=f"{path}:row {number}",
                remedy="Keep one rating a unit and rater; for several codes a unit see `--help`.",
            )
        units[name][who] = row[value]
        raters[who] = None
    rows = [[said.get(who) for who in raters] for said in units.values()]
    return Ratings(tuple(units), tuple(raters), _typed(rows, path))


def _wide(cells: Cells, unit: str, path: Path) -> Ratings:
    at = cells.columns.index(unit) if unit else -1
    raters = tuple(name for place, name in enumerate(cells.columns) if place != at)
    rows = [[cell for place, cell in enumerate(row) if place != at] for row in cells.rows]
    names = tuple((row[at] or "") if unit else str(number) for number, row in enumerate(cells.rows, 1))
    return Ratings(names, raters, _typed(rows, path))


def _typed(rows: list[list[str | None]], path: Path) -> list[list[Rating]]:
    """All ratings as whole numbers, else as numbers, else as they are: never some so and some otherwise.

    Raises:
        InputError: Some are numbers and some are not, and a number is written in two ways.
    """
    for kind in (int, float):
        try:
            return [[None if cell is None else kind(cell) for cell in row] for row in rows]
        except ValueError:
            continue
    _refuse_two_spellings(rows, path)
    return [[*row] for row in rows]


def like(categories: Sequence[str], rows: Sequence[Sequence[Rating]]) -> list[int | float | str]:
    """Categories that a person listed, as numbers where the ratings are."""
    kinds = {type(cell) for row in rows for cell in row if cell is not None}
    names = [category.strip() for category in categories]
    if len(kinds) != 1 or str in kinds or not all(map(_is_number, names)):
        return [*names]
    return [int(name) if kinds == {int} and _is_whole(name) else float(name) for name in names]


def _is_whole(text: str) -> bool:
    return text.lstrip("+-").isdecimal()


def _refuse_two_spellings(rows: list[list[str | None]], path: Path) -> None:
    spelled: dict[float, str] = {}
    for cell in (cell for row in rows for cell in row if cell is not None):
        try:
            first = spelled.setdefault(float(cell), cell)
        except ValueError:
            continue
        if first != cell:
            odd = next(one for row in rows for one in row if one is not None and not _is_number(one))
            raise InputError(
                f"{first!r} and {cell!r} are one number written in two ways, and {odd!r} is none.",
                where=str(path),
                remedy="Write ratings in one way, and leave the cell empty where there is none.",
            )


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
