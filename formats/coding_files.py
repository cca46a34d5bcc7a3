"""People's codings as a table: which coder gave which code to which passage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from intercoder.core.coding.codings import CodedPassage
from intercoder.core.errors import InputError
from intercoder.formats.delimited import read_cells

_LABELS = ("code", "label")
_COLUMNS = "`coder`, `code`, and either `segment_id` or `document` (with `start` and `end` for a passage)"


def read_codings(path: Path) -> list[CodedPassage]:
    """Read a csv or tsv file with a code a row: `coder`, `code` (or `label`), and where it was given.

    A passage is named by `segment_id`, or by `document` with `start` and `end` (code points, end exclusive);
    `document` alone means the whole document. A blank code says that the coder found nothing to code there.

    Raises:
        InputError: A column is missing, or a row lacks its coder, its place or a number; row and column are named.
    """
    cells = read_cells(path)
    label = next((name for name in _LABELS if name in cells.columns), "")
    if "coder" not in cells.columns or not label or not {"segment_id", "document"} & set(cells.columns):
        raise InputError(
            f"is no table of codings. Its columns are: {', '.join(cells.columns)}.",
            where=str(path),
            remedy=f"It needs the columns {_COLUMNS}.",
        )
    return [
        _passage(_getter(cells.columns, row), label, f"{path}:row {number}")
        for number, row in enumerate(cells.rows, 1)
    ]


def _getter(columns: Sequence[str], row: Sequence[str | None]) -> Callable[[str], str]:
    values = dict(zip(columns, row, strict=True))
    return lambda name: values.get(name) or ""


def _passage(cell: Callable[[str], str], label: str, where: str) -> CodedPassage:
    if not cell("coder"):
        raise InputError("the coder is missing.", where=where, remedy="Fill the column `coder`.")
    if not cell("segment_id") and not cell("document"):
        raise InputError("the place is missing.", where=where, remedy="Fill `segment_id` or `document`.")
    start, end = _offset(cell("start"), "start", where), _offset(cell("end"), "end", where)
    if (start is None) != (end is None) or (start is not None and end is not None and start >= end):
        raise InputError(
            "`start` and `end` do not make a passage.",
            where=where,
            remedy="Give both, start before end, or neither.",
        )
    return CodedPassage(
        coder=cell("coder").strip(),
        label=" ".join(cell(label).split()),
        document=cell("document"),
        start=start,
        end=end,
        segment_id=cell("segment_id"),
    )


def _offset(text: str, column: str, where: str) -> int | None:
    if not text:
        return None
    if not text.strip().isdecimal():
        raise InputError(f"`{column}` is {text!r}, which is no whole number.", where=where)
    return int(text)
