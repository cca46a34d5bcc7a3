"""The form on which people rate labels, and its guidelines."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from intercoder.core.errors import InputError
from intercoder.formats.csv_lines import CsvLines
from intercoder.formats.delimited import read_cells
from intercoder.formats.harmless import plain_cell

COLUMNS = ("item", "text", "label", "rating")
SCALE = range(1, 6)

GUIDELINES = """\
# Rating codes

Each line of the form shows a passage and a code: a short label that is meant to say what the passage is about. Give
each code a whole number from 1 to 5 in the column `rating`. Who gave a code, a person or a program, is not shown.

Ask three things together:

- **Relevance.** Does the code say what matters in this passage, and nothing that is not in it?
- **Clarity.** Would a colleague who has not read the passage understand it?
- **Conciseness.** Is it as short as it can be without losing the point?

| rating | meaning |
|---|---|
| 5 | I would use this code as it stands. |
| 4 | Right, but the wording could be better. |
| 3 | Partly right: something is missing, too much, or vague. |
| 2 | Touches the passage but misses its point. |
| 1 | Wrong, or it says nothing. |

Read the passage before its codes. Rate each code on its own; several may deserve the same number. Leave a line
blank if you cannot judge it. Do not change the column `item`, and do not talk to other raters before all are done.
"""


def write_form(items: Iterable[tuple[str, str, str]], out: TextIO) -> int:
    """Write a form as CSV: item, text, label, and a blank rating. Returns the number of lines."""
    writer = csv.writer(CsvLines(out))
    writer.writerow(COLUMNS)
    count = 0
    for item, text, label in items:
        writer.writerow([item, plain_cell(text), plain_cell(label), ""])
        count += 1
    return count


def read_form(path: Path) -> dict[str, float]:
    """Read a form that a person filled in: item -> rating; lines left blank are left out.

    Raises:
        InputError: A column is missing, a rating is not a whole number from 1 to 5, or an item stands twice.
    """
    cells = read_cells(path)
    missing = [name for name in ("item", "rating") if name not in cells.columns]
    if missing:
        raise InputError(
            f"has no column {missing[0]!r}. Its columns are: {', '.join(cells.columns)}.",
            where=str(path),
            remedy="Use a form that `intercoder rating-form` wrote.",
        )
    item, rating = cells.columns.index("item"), cells.columns.index("rating")
    found: dict[str, float] = {}
    for number, row in enumerate(cells.rows, 1):
        name, given = row[item] or "", row[rating]
        if given is None:
            continue
        if not given.strip().isdecimal() or int(given) not in SCALE:
            raise InputError(
                f"the rating is {given!r}.", where=f"{path}:row {number}", remedy="Give a whole number from 1 to 5."
            )
        if name in found:
            raise InputError(f"item {name!r} stands twice.", where=f"{path}:row {number}")
        found[name] = float(given)
    return found
