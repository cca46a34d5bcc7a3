"""Ratings: rows of units, columns of raters, read into one array of category numbers or refused with a place."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from intercoder.core.errors import InputError
from intercoder.evals.coefficients.tables import Table, is_missing, read_table

Category: TypeAlias = str | int | float | bool
Codes: TypeAlias = npt.NDArray[np.int64]

MISSING = -1


@dataclass(frozen=True)
class Ratings:
    """A clean table of ratings.

    Attributes:
        codes: Shape (units, raters): position in `categories`, -1 where a rater did not rate the unit.
        categories: In order; those that nobody used count too.
        raters: One name a column.
        declared: Whether the caller gave the categories, and with them their order.
    """

    codes: Codes
    categories: tuple[Category, ...]
    raters: tuple[str, ...]
    declared: bool

    @property
    def numeric(self) -> bool:
        """Whether categories are numbers (true and false being 1 and 0)."""
        return not any(isinstance(category, str) for category in self.categories)

    def of(self, *raters: int) -> Ratings:
        """The same units and categories as seen by some of the raters, given by position."""
        names = tuple(self.raters[rater] for rater in raters)
        return Ratings(self.codes[:, list(raters)], self.categories, names, self.declared)

    def rated(self, at_least: int) -> Codes:
        """Units with at least so many ratings, raters who rated nothing left out; shape (units, raters)."""
        seen = self.codes != MISSING
        rows: Codes = self.codes[seen.sum(axis=1) >= at_least][:, seen.any(axis=0)]
        return rows


def read_ratings(ratings: Any, categories: Iterable[Category] | None = None) -> Ratings:
    """Read a table of ratings.

    Args:
        ratings: Rows of units, columns of raters: lists, a numpy array or a pandas DataFrame. A cell is text, a
            number or true/false; None (in arrays and frames also nan) where the rater did not rate the unit.
        categories: All categories there are, in order. Without it those in the table, sorted.

    Returns:
        At least two raters, and at least one unit that two of them rated.

    Raises:
        InputError: Naming the row and column of a blank, unknown, mixed or unusable cell, or of a ragged row;
            or there is a single rater, or no unit that two rated.
    """
    table = read_table(ratings)
    if len(table.columns) < 2:
        raise InputError(
            "there is a single rater.", where="ratings", remedy="Agreement needs at least two columns."
        )
    cells = [
        [_category(cell, table, row, column) for column, cell in enumerate(line)]
        for row, line in enumerate(table.cells)
    ]
    _refuse_mixed(cells, table)
    known = _declared(categories) if categories is not None else _found(cells)
    codes = _numbered(cells, known, table)
    _refuse_unpaired(codes)
    return Ratings(codes, known, tuple(table.columns), categories is not None)


def _category(cell: Any, table: Table, row: int, column: int) -> Category | None:
    place = table.place(row, column)
    if is_missing(cell, table, place):
        return None
    value = cell.item() if isinstance(cell, np.generic) else cell
    if not isinstance(value, str | int | float):
        raise InputError(
            f"a {type(value).__name__} is not a category.",
            where=place,
            remedy="Categories are text, numbers or true/false; several codes a unit are for per_code.",
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError("the cell is infinite.", where=place, remedy="Give a finite number, or None.")
    return value


def _kind(value: Category) -> str:
    if isinstance(value, bool):
        return "true or false"
    return "text" if isinstance(value, str) else "a number"


def _refuse_mixed(cells: Sequence[Sequence[Category | None]], table: Table) -> None:
    """Refuse 1 beside "1" and True beside 1: they would be split, or merged, without a word."""
    first: tuple[Category, str] | None = None
    for row, line in enumerate(cells):
        for column, value in enumerate(line):
            if value is None:
                continue
            first = first or (value, table.place(row, column))
            if _kind(value) != _kind(first[0]):
                raise InputError(
                    f"{value!r} is {_kind(value)}, but {first[0]!r} ({first[1]}) is {_kind(first[0])}.",
                    where=table.place(row, column),
                    remedy="Write all categories in one type.",
                )


def _declared(categories: Iterable[Category]) -> tuple[Category, ...]:
    if isinstance(categories, str | bytes):
        raise InputError("one text is not a list of categories.", where="categories", remedy="Give a list.")
    known = tuple(item.item() if isinstance(item, np.generic) else item for item in categories)
    bad = [item for item in known if not isinstance(item, str | int | float) or item != item]
    if bad or not known:
        what = f"{bad[0]!r} is not a category" if bad else "there are none"
        raise InputError(f"{what}.", where="categories", remedy="Give text, numbers or true/false.")
    if len({_kind(item) for item in known}) > 1:
        raise InputError(
            f"{', '.join(map(repr, known))} are of mixed types.", where="categories", remedy="Use one type."
        )
    twice = [item for position, item in enumerate(known) if item in known[:position]]
    if twice:
        raise InputError(f"{twice[0]!r} is there twice.", where="categories", remedy="Name each category once.")
    return known


def _found(cells: Sequence[Sequence[Category | None]]) -> tuple[Category, ...]:
    return tuple(sorted({value for line in cells for value in line if value is not None}))


def _numbered(cells: Sequence[Sequence[Category | None]], categories: tuple[Category, ...], table: Table) -> Codes:
    """Positions of all cells in the categories; true and false are found as 1 and 0."""
    numbers: dict[Category | None, int] = {category: number for number, category in enumerate(categories)}
    numbers[None] = MISSING
    codes = np.empty((len(cells), len(table.columns)), np.int64)
    for row, line in enumerate(cells):
        for column, value in enumerate(line):
            number = numbers.get(value)
            if number is None:
                raise _unknown(value, categories, table.place(row, column))
            codes[row, column] = number
    return codes


def _unknown(value: Category | None, categories: tuple[Category, ...], place: str) -> InputError:
    shown = ", ".join(map(repr, categories[:8])) + (", ..." if len(categories) > 8 else "")
    same = next((item for item in categories if str(item) == str(value)), None)
    if same is not None:
        return InputError(
            f"{value!r} is {_kind(value or '')}, but the category {same!r} is {_kind(same)}.",
            where=place,
            remedy="Write ratings and categories in one type.",
        )
    return InputError(
        f"{value!r} is not one of the categories {shown}.", where=place, remedy="Correct it or declare it."
    )


def _refuse_unpaired(codes: Codes) -> None:
    seen = codes != MISSING
    if seen.any(axis=0).sum() < 2:
        raise InputError(
            f"{'a single rater' if seen.any() else 'nobody'} rated anything.",
            where="ratings",
            remedy="Agreement needs the ratings of at least two raters.",
        )
    if seen.sum(axis=1).max() < 2:
        raise InputError(
            "no unit was rated by two raters.", where="ratings", remedy="Let raters rate some of the same units."
        )
