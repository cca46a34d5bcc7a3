"""Tables as text: csv and tsv. One document a row."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from intercoder.core.documents import Document
from intercoder.core.errors import InputError
from intercoder.core.record import AttributeValue
from intercoder.formats.decoding import TextFile, find_text
from intercoder.formats.delimiters import find_delimiter
from intercoder.formats.files import check_exists, told
from intercoder.formats.options import ReadOptions, ReadReport
from intercoder.formats.table import Row, choose_columns, read_rows

FIELD_LIMIT = 1 << 25
"""Code points one field may have; more means a quotation mark that is never closed."""
SNIFFED = 1 << 18
"""Code points, about, of whole lines from which the delimiter is found."""

ColumnType: TypeAlias = Literal["int", "float", "str"]
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,14}")


class Delimited:
    """Reads csv and tsv files: RFC 4180 quoting, comma, semicolon or tab."""

    extensions: tuple[str, ...] = (".csv", ".tsv")

    def read(self, path: Path, options: ReadOptions, report: ReadReport) -> Iterator[Document]:
        """Yield a document for every row with text, holding one row at a time.

        The file is read several times: to decode it, to find the columns' types, to compare ids, and last for
        the documents. So all that is wrong with its form is known before the first document is out.

        Raises:
            InputError: See `find_text`, `choose_columns` and `read_rows`; also a header with repeated
                names, a row with too many or too few fields, or quotation marks that do not match.
        """
        file = find_text(path, options.encoding, report)
        table = _Table(file, options)
        columns = choose_columns(table.header, options, path)
        table.find_types({columns.text, columns.id})
        yield from read_rows(table.rows, columns, path, report)


class Cells(NamedTuple):
    """A whole table as text: column names, and rows of cells as wide as those; None where a cell is blank."""

    columns: tuple[str, ...]
    rows: list[tuple[str | None, ...]]


def read_cells(path: Path, encoding: str | None = None) -> Cells:
    """Read a csv or tsv file for which every column may matter, such as ratings or people's codings.

    Raises:
        InputError: As `Delimited.read`.
    """
    with told(path):
        check_exists(path)
        table = _Table(find_text(path, encoding, ReadReport()), ReadOptions())
        table.find_types(set(table.header))
        rows = (tuple(row.values.values()) for row in table.rows())
        return Cells(table.header, [tuple(None if cell is None else str(cell) for cell in row) for row in rows])


class _Table:
    """A delimited file, its header read."""

    def __init__(self, file: TextFile, options: ReadOptions) -> None:
        self._file = file
        wanted = [options.text_column, options.id_column, *options.context_columns]
        self._delimiter = "\t" if file.path.suffix.lower() == ".tsv" else _delimiter(file, wanted)
        self._types: Sequence[ColumnType] = ()
        header = next(self._records(), (0, []))[1]
        self.header = checked_header(header, file.path)

    def find_types(self, text_columns: set[str | None]) -> None:
        """Read the table once to find the type of each column; the given ones stay text."""
        types: list[ColumnType] = ["str" if name in text_columns else "int" for name in self.header]
        count = 0
        for _, fields in self._body():
            count += 1
            for index, value in enumerate(fields):
                if types[index] != "str" and value.strip():
                    types[index] = _widened(types[index], value)
        if not count:
            raise InputError(
                "has a header but no rows.", where=str(self._file.path), remedy="Check that it was saved."
            )
        self._types = types

    def rows(self) -> Iterator[Row]:
        """Read the table from its beginning, values typed."""
        for number, fields in self._body():
            typed = map(_typed, fields, self._types)
            yield Row(number, dict(zip(self.header, typed, strict=True)))

    def _body(self) -> Iterator[tuple[int, list[str]]]:
        """Rows that are not blank, numbered from 1, all as wide as the header."""
        width = len(self.header)
        for number, (line, fields) in enumerate(islice(self._records(), 1, None), 1):
            if len(fields) != width:
                raise InputError(
                    f"has {len(fields)} fields where the header has {width} (line {line} of the file).",
                    where=f"{self._file.path}:row {number}",
                    remedy="Put fields that hold the delimiter or a line end in quotation marks.",
                )
            yield number, fields

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """All records with the line on which each begins; blank lines are none."""
        csv.field_size_limit(FIELD_LIMIT)
        with self._file.open() as stream:
            reader = csv.reader(stream, delimiter=self._delimiter, strict=True)
            number, line = 0, 1
            while True:
                try:
                    fields = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    raise self._malformed(error, number, line) from error
                if fields:
                    yield line, fields
                    number += 1
                line = reader.line_num + 1

    def _malformed(self, error: csv.Error, number: int, line: int) -> InputError:
        closed = "unexpected end of data" not in str(error) and "field larger" not in str(error)
        what = "a quotation mark stands inside a quoted field" if closed else "a quoted field is never closed"
        return InputError(
            f"{what} (the row begins on line {line} of the file).",
            where=f"{self._file.path}:row {number}" if number else f"{self._file.path}:header",
            remedy='Write a quotation mark inside a quoted field twice: "".',
        )


def _delimiter(file: TextFile, wanted: Sequence[str | None]) -> str:
    with file.open() as stream:
        return find_delimiter(stream.readlines(SNIFFED), [name for name in wanted if name])


def checked_header(fields: Sequence[str], path: Path) -> tuple[str, ...]:
    """Column names without surrounding white space; one without a name is called after its place, `column 1`.

    Raises:
        InputError: There is none, or one stands twice.
    """
    where = f"{path}:header"
    if not any(field.strip() for field in fields):
        raise InputError("has no header.", where=where, remedy="Name the columns in the first line.")
    names = tuple(field.strip() or f"column {position}" for position, field in enumerate(fields, 1))
    for position, name in enumerate(names):
        if name in names[:position]:
            raise InputError(
                f"two columns are called {name!r}.", where=where, remedy="Give each a name of its own."
            )
    return names


def _widened(kind: ColumnType, value: str) -> ColumnType:
    """The narrowest type that holds the column so far and this value, each written as Python writes it."""
    if _WHOLE.fullmatch(value):
        return kind
    return "float" if _is_float(value) else "str"


def _is_float(value: str) -> bool:
    try:
        number = float(value)
    except ValueError:
        return False
    return math.isfinite(number) and repr(number) == value


def _typed(value: str, kind: ColumnType) -> AttributeValue:
    if not value.strip():
        return None
    if kind == "int":
        return int(value)
    return float(value) if kind == "float" else value
