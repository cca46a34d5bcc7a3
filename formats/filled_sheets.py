"""Coding sheets and tables of codings as they come back, not yet matched with the study."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from intercoder.core.codebooks.code_names import folded
from intercoder.core.coding.given_answers import Place
from intercoder.core.errors import InputError
from intercoder.core.record import Record
from intercoder.formats.coding_sheets import CODE, OWN
from intercoder.formats.sheet_cells import read_table

PLACES = ("segment_id", "document", "id")
"""Columns by which a row may name its segment."""
VALUE = "value"


class FilledCell(Record):
    """What somebody wrote about a code."""

    column: str
    code: str
    """The code as it is called there: the column's name, or what stands in the column `code`."""
    written: str
    """Empty where the cell is blank."""


class FilledRow(Record):
    """One row of a sheet; fields are empty where the sheet has no such column, or nothing in it."""

    number: int
    """From 1, the header not counted."""
    place: Place
    coder: str = ""
    sample: str = ""
    version: str = ""
    study_id: str = ""
    text: str = ""
    memo: str = ""
    cells: tuple[FilledCell, ...]

    @property
    def where(self) -> str:
        """The row, for messages."""
        return f"row {self.number} ({self.place.segment_id or self.place.key or self.place.document})"


class FilledSheet(Record):
    """A whole sheet."""

    path: Path
    rows: tuple[FilledRow, ...]
    code_columns: tuple[str, ...]
    """Columns that are named after codes; none where each row names its code."""
    has_values: bool
    """Whether rows that name their code also have a value."""


def read_sheet(path: Path) -> FilledSheet:
    """Read a csv, tsv or xlsx file with a column a code, or with a code a row in the column `code`.

    A segment is named by `segment_id`, by `document`, or by `id`: the key of a row in an imported table.

    Raises:
        InputError: The file cannot be read, has no column that names segments, or a row names none.
    """
    cells = read_table(path)
    own = {folded(column): column for column in cells.columns if folded(column) in OWN}
    if not set(PLACES) & set(own):
        raise InputError(
            f"has no column that names segments. Its columns are: {', '.join(cells.columns)}.",
            where=str(path),
            remedy="Give one: `segment_id`, `document`, or `id` for the row key of an imported table.",
        )
    codes = () if CODE in own else tuple(column for column in cells.columns if folded(column) not in OWN)
    rows = [
        _row(number, _getter(cells.columns, own, row), codes, own)
        for number, row in enumerate(cells.rows, 1)
        if any(row)
    ]
    nameless = [row.number for row in rows if row.place == Place()]
    if nameless:
        raise InputError(
            "names no segment.",
            where=f"{path}:row {nameless[0]}",
            remedy=f"Fill {' or '.join(f'`{name}`' for name in PLACES if name in own)}.",
        )
    if CODE in own:
        _refuse_strangers(path, cells.columns)
    return FilledSheet(path=path, rows=tuple(rows), code_columns=codes, has_values=VALUE in own)


def _getter(columns: Sequence[str], own: dict[str, str], row: Sequence[str | None]) -> Callable[[str], str]:
    values = dict(zip(columns, row, strict=True))
    return lambda name: values.get(own.get(name, name)) or ""


def _row(number: int, cell: Callable[[str], str], codes: Sequence[str], own: dict[str, str]) -> FilledRow:
    if CODE in own:
        written = cell(VALUE) if VALUE in own else cell(CODE) and "yes"
        filled = [FilledCell(column=CODE, code=cell(CODE).strip(), written=written.strip())]
    else:
        filled = [FilledCell(column=code, code=code, written=cell(code).strip()) for code in codes]
    named = cell("segment_id").strip()
    return FilledRow(
        number=number,
        place=Place(named) if named else Place("", cell("document").strip(), cell("id").strip()),
        coder=" ".join(cell("coder").split()),
        sample=cell("sample").strip(),
        version=cell("codebook_version").strip(),
        study_id=cell("study").strip(),
        text=cell("text"),
        memo=cell("memo").strip(),
        cells=tuple(filled),
    )


def _refuse_strangers(path: Path, columns: Sequence[str]) -> None:
    strange = [column for column in columns if folded(column) not in OWN]
    if strange:
        raise InputError(
            f"has a column {strange[0]!r}, which means nothing where each row names its code.",
            where=str(path),
            remedy=f"Take it out. Columns may be: {', '.join(sorted(OWN))}.",
        )
