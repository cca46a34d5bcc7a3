"""What all tables have in common: which column is the text, rows that have an id, documents made of rows."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from intercoder.core.documents import Document
from intercoder.core.errors import InputError
from intercoder.core.record import AttributeValue, Record
from intercoder.formats.options import ReadOptions, ReadReport


class Columns(Record):
    """The columns that have a part, by their names in the file."""

    text: str
    id: str | None = None
    context: tuple[str, ...] = ()


class Row(NamedTuple):
    """One record of a table."""

    number: int
    """From 1, the header not counted."""
    values: Mapping[str, AttributeValue]


def choose_columns(available: Sequence[str], options: ReadOptions, path: Path) -> Columns:
    """Match the person's choice of columns with those there are.

    Without a choice the text is the one column called `text`, in small or capital letters.

    Raises:
        InputError: A column is missing, or the text column is not told; the columns there are are listed.
    """
    listed = ", ".join(available)
    wanted = [options.text_column, options.id_column, *options.context_columns]
    missing = [column for column in wanted if column is not None and column not in available]
    if missing:
        raise InputError(
            f"has no column {missing[0]!r}. Its columns are: {listed}.",
            where=str(path),
            remedy="Choose from them; capital and small letters count.",
        )
    if options.text_column is None:
        plausible = [column for column in available if column.casefold() == "text"]
        if len(plausible) != 1:
            raise InputError(
                f"which column holds the text? Its columns are: {listed}.",
                where=str(path),
                remedy="Say it with --text-column NAME.",
            )
    text = options.text_column or plausible[0]
    return Columns(text=text, id=options.id_column, context=options.context_columns)


def read_rows(
    rows: Callable[[], Iterator[Row]], columns: Columns, path: Path, report: ReadReport
) -> Iterator[Document]:
    """Make a document of every row that has text.

    Args:
        rows: Reads the table from its beginning, each time it is called.
        columns: The columns that have a part.
        path: The table's file.
        report: Where the number of skipped rows goes.

    Yields:
        Documents with the id column's value, or the row's number, as key, and all other columns than the
        text as attributes.

    Raises:
        InputError: An id is missing, of the wrong type or stands twice (known before the first document is
            out), or no row has text.
    """
    if columns.id is not None:
        _refuse_repeated_ids(rows, columns, path)
    empty = read = 0
    for row in rows():
        text = _text(row, columns)
        if text is None:
            empty += 1
            continue
        read += 1
        yield _document(row, text, columns, path)
    report.skipped = empty
    if not read:
        raise InputError(
            f"no row has a text in the column {columns.text!r}.",
            where=str(path),
            remedy="Check the file, or choose another column with --text-column NAME.",
        )
    if empty:
        report.note(f"skipped {empty:,} row{'' if empty == 1 else 's'} with an empty {columns.text!r}.")


def _text(row: Row, columns: Columns) -> str | None:
    """The row's text as it stands; None where it is empty or white space."""
    text = row.values.get(columns.text)
    return text if isinstance(text, str) and text.strip() else None


def _document(row: Row, text: str, columns: Columns, path: Path) -> Document:
    key = _row_id(row, columns.id, path) if columns.id is not None else str(row.number)
    return Document(
        name=f"{path.name}#{key}",
        source=path.name,
        key=key,
        text=text,
        attributes={name: value for name, value in row.values.items() if name != columns.text},
        context=_context(row, columns.context),
    )


def _context(row: Row, names: Sequence[str]) -> str:
    """The context columns that are not empty, labelled with their names where there are several."""
    values = [(name, row.values.get(name)) for name in names]
    label = len(names) > 1
    return "\n".join(f"{name}: {value}" if label else f"{value}" for name, value in values if value is not None)


def _row_id(row: Row, column: str, path: Path) -> str:
    value = row.values.get(column)
    place = f"{path}:row {row.number}:{column}"
    if isinstance(value, bool) or not isinstance(value, str | int | None):
        raise InputError(
            f"the id is {value!r}; an id is text or a whole number.",
            where=place,
            remedy="Choose another id column.",
        )
    key = str(value).strip() if value is not None else ""
    if not key:
        raise InputError(
            "the id is missing.",
            where=place,
            remedy="Fill it in, or leave --id-column out: rows are then numbered.",
        )
    return key


def _refuse_repeated_ids(rows: Callable[[], Iterator[Row]], columns: Columns, path: Path) -> None:
    """Find an id that stands twice, holding 8 bytes a row: hashes first, ids only where hashes collide."""
    import numpy as np

    def ids() -> Iterator[tuple[int, str]]:
        assert columns.id is not None
        for row in rows():
            if _text(row, columns) is not None:
                yield row.number, _row_id(row, columns.id, path)

    hashes, counts = np.unique(np.array(array("q", (hash(key) for _, key in ids()))), return_counts=True)
    suspects = set(hashes[counts > 1].tolist())
    if not suspects:
        return
    first: dict[str, int] = {}
    for number, key in ids():
        if hash(key) not in suspects:
            continue
        if key in first:
            raise InputError(
                f"the id {key!r} stands in row {first[key]} and again in row {number}.",
                where=f"{path}:row {number}:{columns.id}",
                remedy="Give every row an id of its own, or leave --id-column out: rows are then numbered.",
            )
        first[key] = number
