"""Which character separates the fields of a table: a comma, a semicolon or a tab."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from itertools import islice

DELIMITERS = (",", ";", "\t")
SAMPLE_ROWS = 100


def find_delimiter(lines: Sequence[str], wanted: Iterable[str] = ()) -> str:
    """Choose the delimiter under which the first rows look most like a table.

    Each is tried: best is the one whose header holds all wanted columns, then the one with the greatest share
    of rows as wide as a header of at least two columns, then the one with the most columns.

    Args:
        lines: The file's first lines, line ends kept; the last row may be cut.
        wanted: Columns that the person named.
    """
    return max(DELIMITERS, key=lambda delimiter: _score(lines, delimiter, set(wanted)))


def _score(lines: Sequence[str], delimiter: str, wanted: set[str]) -> tuple[bool, float, int]:
    rows: list[list[str]] = []
    try:
        for row in islice(csv.reader(lines, delimiter=delimiter), SAMPLE_ROWS):
            rows.append(row)
    except csv.Error:
        pass
    rows = [row for row in rows if row]
    if not rows:
        return False, 0.0, 0
    header, body = rows[0], rows[1:-1] or rows[1:]
    names = {name.strip() for name in header}
    even = sum(len(row) == len(header) for row in body) / len(body) if body else 1.0
    return bool(wanted) and wanted <= names, even if len(header) > 1 else 0.0, len(header)
