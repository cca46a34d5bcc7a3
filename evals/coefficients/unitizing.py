"""Krippendorff's alpha for unitizing: agreement on where units begin and end along a continuum."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from intercoder.evals.interval import Floats, quotient


class Section(NamedTuple):
    """A stretch of one rater's continuum: a unit or the gap between two."""

    start: int
    end: int
    unit: bool

    @property
    def length(self) -> int:
        """In characters."""
        return self.end - self.start


Sections: TypeAlias = dict[int, list[list[Section]]]
"""One code: number of a text -> each rater's sections of it; texts that nobody marked are left out."""


class UnitizingAlpha:
    """Alpha for unitizing, from sums over texts so that texts can be resampled.

    Observed and expected disagreement are Krippendorff's (2004, eq. 3 to 5), summed over codes.
    """

    def __init__(self, codes: Sequence[Sections], sizes: Floats, raters: int) -> None:
        self._sizes = sizes
        self._raters = raters
        self._codes = [_Sums(code, sizes, raters) for code in codes]

    def value(self, drawn: Floats) -> Floats:
        """Alpha when texts are counted as drawn, shape (draws, texts); shape (draws,), nan where undefined."""
        length = drawn @ self._sizes
        raters = self._raters
        observed, expected = np.zeros(len(drawn)), np.zeros(len(drawn))
        for code in self._codes:
            units, cubes, squares, apart = (drawn @ code.sums).T
            observed += apart / (raters * (raters - 1) * length**2)
            placed = (units - 1) / 3 * cubes + code.in_gaps(drawn)
            possible = raters * length * (raters * length - 1) - squares
            expected += np.where(units > 0, 2 / length * placed / possible, 0.0)
        alpha: Floats = 1 - quotient(observed, expected)
        return alpha


class _Sums:
    """Sums over texts for one code."""

    def __init__(self, code: Sections, sizes: Floats, raters: int) -> None:
        self.sums = np.zeros((len(sizes), 4))
        """Per text: units, their 2l^3 - 3l^2 + l, their l(l - 1), and observed disagreement."""
        lengths = sorted({s.length for own in code.values() for row in own for s in row if s.unit})
        self._lengths = np.array(lengths, np.float64)
        room = np.maximum(sizes[:, None] - self._lengths + 1, 0)
        self._places = raters * room
        """Where a unit of each length fits into the gaps of each text; shape (texts, lengths)."""
        self._units = np.zeros((len(sizes), len(lengths)))
        for text, rows in code.items():
            sections = [section for row in rows for section in row]
            units = np.array([s.length for s in sections if s.unit], np.float64)
            gaps = np.array([s.length for s in sections if not s.unit], np.float64)
            self._units[text] = (units[:, None] == self._lengths).sum(axis=0)
            self._places[text] = np.maximum(gaps[:, None] - self._lengths + 1, 0).sum(axis=0)
            cubes = (2 * units**3 - 3 * units**2 + units).sum()
            self.sums[text] = len(units), cubes, (units * (units - 1)).sum(), _apart(rows)

    def in_gaps(self, drawn: Floats) -> Floats:
        """Sum over units and gaps of l^2 times the places for the unit in the gap; shape (draws,)."""
        total: Floats = ((drawn @ self._units) * (drawn @ self._places) * self._lengths**2).sum(axis=1)
        return total


def _apart(raters: Sequence[Sequence[Section]]) -> float:
    """Observed disagreement of one text, over ordered pairs of raters."""
    pairs = itertools.permutations(raters, 2)
    return float(sum(_difference(a, b) for one, other in pairs for a in one for b in other))


def _difference(a: Section, b: Section) -> int:
    """Squared difference of two sections: of the ends of units that overlap, or of a unit lost in a gap."""
    if a.unit and b.unit:
        meets = a.start < b.end and b.start < a.end
        return (a.start - b.start) ** 2 + (a.end - b.end) ** 2 if meets else 0
    if a.unit != b.unit:
        unit, gap = (a, b) if a.unit else (b, a)
        return unit.length**2 if gap.start <= unit.start and unit.end <= gap.end else 0
    return 0
