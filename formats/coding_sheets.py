"""Blind coding sheets: segments with a blank for every code, for people who see no one else's answers."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import IO

from intercoder.core.codebook import Code, Codebook, CodeExample
from intercoder.core.codebooks.code_names import MARK, CodeNames, folded, marked_column
from intercoder.core.documents import Segment
from intercoder.core.errors import StudyError
from intercoder.core.record import Record
from intercoder.formats.harmless import plain_cell
from intercoder.formats.sheet_cells import writable
from intercoder.formats.sheet_xlsx import XlsxSheet, write_xlsx

SHOWN = ("segment_id", "document", "context", "speaker", "text")
"""Columns before those to be filled in."""
MEMO = "memo"
ORIGIN = ("coder", "sample", "codebook_version", "study")
"""Columns after them, by which a sheet is known when it comes back."""
CODE = "code"
"""The one column to be filled in of an exclusive book; in tables with a code a row, the code."""
OWN = frozenset({*SHOWN, MEMO, *ORIGIN, CODE, "value", "id"})
"""Columns that are no codes."""
CODEBOOK_COLUMNS = ("label", "definition", "include", "exclude", "examples", "no examples")


class SheetOrigin(Record):
    """Whose sheet it is, and what it was made from."""

    coder: str
    sample: str
    study_id: str


def sheet_codes(book: Codebook) -> tuple[Code, ...]:
    """The codes that people are asked for: those that no pattern finds.

    Raises:
        StudyError: There is none.
    """
    codes = tuple(code for code in book.leaves if code.kind != "pattern")
    if not codes:
        raise StudyError(
            f"codebook version {book.version} has no code that people give.",
            remedy="Add one to codebook.yaml and import it: `intercoder codebook import STUDY codebook.yaml`.",
        )
    return codes


def code_column(name: str) -> str:
    """The column of a code of that name in a sheet."""
    return marked_column(name, OWN)


def code_of_column(column: str) -> str:
    """The name of the code that a column is for."""
    plain = folded(column)
    return plain.removeprefix(MARK) if plain.startswith(MARK) and plain.removeprefix(MARK) in OWN else column


def write_csv_sheet(book: Codebook, segments: Sequence[Segment], origin: SheetOrigin, out: IO[str]) -> None:
    """Write a sheet as CSV, with a byte order mark so that spreadsheets read it as UTF-8.

    Raises:
        StudyError: The book has no code that people give.
    """
    out.write("\ufeff")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([plain_cell(column) for column in _columns(book)])
    for segment in segments:
        writer.writerow([plain_cell(cell) for cell in _row(book, segment, origin)])


def write_xlsx_sheet(book: Codebook, segments: Sequence[Segment], origin: SheetOrigin, out: IO[bytes]) -> None:
    """Write a sheet as an Excel workbook that offers what may be chosen; the codebook is its second sheet.

    Raises:
        StudyError: The book has no code that people give.
        InputError: A text is longer than a cell can hold.
    """
    columns = _columns(book)
    to_fill = range(len(SHOWN), columns.index(MEMO))
    names = CodeNames(book).shown
    said = [names[code.id] for code in sheet_codes(book)] if book.exclusive else ["yes", "no"]
    sheet = XlsxSheet(
        columns=columns,
        rows=[_row(book, segment, origin) for segment in segments],
        choices=[*said, *(["unsure"] if book.allow_unsure else [])],
        to_fill=to_fill,
        wide=[columns.index("context"), columns.index("text"), columns.index(MEMO)],
        hidden=range(len(columns) - len(ORIGIN), len(columns)),
    )
    entries = [_entry(names[code.id], code) for code in sheet_codes(book)]
    write_xlsx(sheet, [CODEBOOK_COLUMNS, *entries], out)


def _columns(book: Codebook) -> list[str]:
    names = CodeNames(book).shown
    blanks = [CODE] if book.exclusive else [code_column(names[code.id]) for code in sheet_codes(book)]
    return [*SHOWN, *(writable(name) for name in blanks), MEMO, *ORIGIN]


def _row(book: Codebook, segment: Segment, origin: SheetOrigin) -> list[str]:
    shown = (segment.id, segment.document, segment.context, segment.speaker or "", segment.text)
    blanks = [""] * (1 if book.exclusive else len(sheet_codes(book)))
    known = (origin.coder, origin.sample, str(book.version), origin.study_id)
    return [*(writable(cell) for cell in shown), *blanks, "", *known]


def _entry(name: str, code: Code) -> list[str]:
    lists = (code.include, code.exclude, _quotes(code.examples), _quotes(code.negative_examples))
    return [writable(text) for text in (name, code.definition, *("\n".join(lines) for lines in lists))]


def _quotes(examples: Sequence[CodeExample]) -> list[str]:
    return [example.text for example in examples]
