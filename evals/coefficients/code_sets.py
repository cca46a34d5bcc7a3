"""Codings: rows of units, columns of raters, each cell a set of codes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from intercoder.core.errors import InputError
from intercoder.evals.coefficients.ratings import MISSING
from intercoder.evals.coefficients.tables import is_missing, read_table

Coding: TypeAlias = frozenset[str] | None
"""What one rater said of one unit; None if they did not see it, empty if they coded nothing."""


class Codings(NamedTuple):
    """A clean table of sets of codes."""

    cells: list[list[Coding]]
    """Rows of units, columns of raters."""
    codes: tuple[str, ...]
    raters: tuple[str, ...]

    def applied(self) -> npt.NDArray[np.int8]:
        """1 where a rater applied a code, 0 where not, -1 where they did not see the unit.

        Returns:
            Shape (codes, units, raters).
        """
        numbers = {code: number for number, code in enumerate(self.codes)}
        table = np.zeros((len(self.codes), len(self.cells), len(self.raters)), np.int8)
        for unit, row in enumerate(self.cells):
            for rater, cell in enumerate(row):
                if cell is None:
                    table[:, unit, rater] = MISSING
                else:
                    table[[numbers[code] for code in cell], unit, rater] = 1
        return table


def read_codings(codings: Any, codes: Sequence[str] | None = None) -> Codings:
    """Read rows of units whose cells are sets of codes.

    Raises:
        InputError: Naming the cell that is not a set of codes or has an unknown code; or there is a single
            rater, or no unit that two saw.
    """
    table = read_table(codings)
    if len(table.columns) < 2:
        raise InputError("there is a single rater.", where="codings", remedy="Agreement needs two columns.")
    if isinstance(codes, str):
        raise InputError("one text is not a list of codes.", where="codes", remedy="Give a list.")
    known = frozenset(codes) if codes is not None else None
    cells: list[list[Coding]] = []
    for row, line in enumerate(table.cells):
        places = [table.place(row, column) for column in range(len(line))]
        cells.append(
            [
                None if is_missing(cell, table, place) else _codes_of(cell, place, known)
                for cell, place in zip(line, places, strict=True)
            ]
        )
    if not any(sum(cell is not None for cell in row) >= 2 for row in cells):
        raise InputError(
            "no unit was seen by two raters.", where="codings", remedy="Let raters code some of the same units."
        )
    used = {code for row in cells for cell in row for code in cell or ()}
    return Codings(cells, tuple(codes) if codes is not None else tuple(sorted(used)), tuple(table.columns))


def _codes_of(cell: Any, place: str, known: frozenset[str] | None) -> Coding:
    if isinstance(cell, str) or not isinstance(cell, Iterable):
        raise InputError(
            f"{cell!r} is not a set of codes.",
            where=place,
            remedy="Give a list of codes, empty where nothing applied, None where the unit was not seen.",
        )
    found = frozenset(cell)
    for code in found:
        if not isinstance(code, str) or not code.strip():
            raise InputError(f"{code!r} is not a code.", where=place, remedy="Codes are texts that are not blank.")
        if known is not None and code not in known:
            raise InputError(f"{code!r} is not one of the codes.", where=place, remedy="Correct or declare it.")
    return found
