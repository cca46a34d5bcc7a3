"""Excel workbooks that people fill in: text stays text, choices are offered, formulas never arise."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from intercoder.core.errors import InputError
from intercoder.formats.delimited import Cells, checked_header
from intercoder.formats.files import check_exists, told

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

LONGEST = 32_767
"""Characters that a cell of a workbook can hold."""
UNPACKED = 1 << 28
"""Bytes to which a workbook may unpack: 256 MiB."""
WIDE = 60
"""Width of columns of text, in characters."""

_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_CHOICES = "choices"
_MALFORMED = (AttributeError, IndexError, KeyError, SyntaxError, TypeError, ValueError)
"""What openpyxl raises at XML that is damaged, or no workbook's."""


class XlsxSheet(NamedTuple):
    """A table to be filled in."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    choices: Sequence[str]
    """What may be written into the columns to be filled in."""
    to_fill: Sequence[int]
    """Places of these columns, from 0."""
    wide: Sequence[int] = ()
    """Places of the columns of running text."""
    hidden: Sequence[int] = ()


def write_xlsx(sheet: XlsxSheet, codebook: Sequence[Sequence[str]], out: IO[bytes]) -> None:
    """Write a workbook: the table, the codebook as a second sheet with its header, and the choices, hidden.

    Raises:
        InputError: A text is longer than a cell can hold.
    """
    from openpyxl import Workbook

    book = Workbook()
    coding = book.active
    assert coding is not None
    coding.title = "coding"
    _fill(coding, [sheet.columns, *sheet.rows])
    for place in range(len(sheet.columns)):
        _set_width(coding, place, WIDE if place in sheet.wide else 14, hidden=place in sheet.hidden)
    coding.freeze_panes = "B2"
    offered = book.create_sheet("codebook")
    _fill(offered, codebook)
    for place in range(len(codebook[0])):
        _set_width(offered, place, 24 if place == 0 else 40)
    offered.freeze_panes = "A2"
    choices = book.create_sheet(_CHOICES)
    _fill(choices, [[choice] for choice in sheet.choices])
    choices.sheet_state = "hidden"
    _offer(coding, sheet)
    book.save(out)


def read_xlsx(path: Path) -> Cells:
    """Read the first sheet of a workbook as text; rows that are blank throughout are left out.

    Raises:
        InputError: The file is missing or no workbook, its header is not complete, or it has no rows.
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    with told(path):
        check_exists(path)
        _check_size(path)
    try:
        book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
        first: Any = book.worksheets[0]
        first.reset_dimensions()
        lines = [[_text(cell) for cell in row] for row in first.iter_rows(values_only=True)]
        book.close()
    except (InvalidFileException, zipfile.BadZipFile, *_MALFORMED) as error:
        raise _no_workbook(path) from error
    lines = [line for line in lines if any(line)]
    if not lines:
        raise InputError("the first sheet is empty.", where=str(path), remedy="Put the table on the first sheet.")
    width = max(at + 1 for line in lines for at, cell in enumerate(line) if cell is not None)
    full = [[*line[:width], *[None] * (width - len(line))] for line in lines]
    header = checked_header([cell or "" for cell in full[0]], path)
    if len(full) == 1:
        raise InputError("has a header but no rows.", where=str(path), remedy="Check that it was saved.")
    return Cells(header, [tuple(line) for line in full[1:]])


def _fill(sheet: Worksheet, lines: Iterable[Sequence[str]]) -> None:
    from openpyxl.styles import Alignment, Font

    wrapped, bold = Alignment(wrap_text=True, vertical="top"), Font(bold=True)
    for number, line in enumerate(lines, 1):
        for place, text in enumerate(line, 1):
            cell = sheet.cell(number, place)
            cell.alignment = wrapped
            cell.number_format = "@"
            if number == 1:
                cell.font = bold
            if not text:
                continue
            if len(text) > LONGEST:
                raise InputError(
                    f"a text has {len(text):,} characters; a cell of a workbook holds {LONGEST:,}.",
                    where=f"row {number - 1}",
                    remedy="Write the sheet as csv.",
                )
            cell.value = _ESCAPE.sub("_x005F_", text)
            cell.data_type = "s"  # or a text that begins with = would be a formula
            cell.quotePrefix = text[0] in "=+-@"


def _set_width(sheet: Worksheet, place: int, width: int, *, hidden: bool = False) -> None:
    from openpyxl.utils import get_column_letter

    column = sheet.column_dimensions[get_column_letter(place + 1)]
    column.width, column.hidden = width, hidden


def _offer(sheet: Worksheet, table: XlsxSheet) -> None:
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    offer = DataValidation(
        type="list",
        formula1=f"{_CHOICES}!$A$1:$A${len(table.choices)}",
        allow_blank=True,
        showErrorMessage=True,
        errorTitle="Not a choice",
        error="Choose from the list, or leave the cell blank.",
    )
    sheet.add_data_validation(offer)
    for place in table.to_fill:
        letter = get_column_letter(place + 1)
        offer.add(f"{letter}2:{letter}{len(table.rows) + 1}")


def _check_size(path: Path) -> None:
    """Refuse what is no workbook, or unpacks to more than it may."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile:
        raise _no_workbook(path) from None
    if size > UNPACKED:
        raise InputError(
            f"unpacks to {size:,} bytes; at most {UNPACKED:,} are read.",
            where=str(path),
            remedy="Save the table as csv.",
        )


def _no_workbook(path: Path) -> InputError:
    return InputError(
        "is no Excel workbook that can be read.", where=str(path), remedy="Save it as xlsx again, or as csv."
    )


def _text(value: object) -> str | None:
    """A cell as text; None where it is blank. Whole numbers are written without a point."""
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    return text if text.strip() else None
