"""The readers of file formats, by the ending of the file's name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from intercoder.core.documents import Document
from intercoder.core.errors import InputError
from intercoder.formats.delimited import Delimited
from intercoder.formats.files import check_exists, told
from intercoder.formats.json_lines import JsonLines
from intercoder.formats.markdown import Markdown
from intercoder.formats.options import ReadOptions, ReadReport
from intercoder.formats.plain_text import PlainText

__all__ = ["ReadOptions", "ReadReport", "Reader", "read_documents", "reader_for", "register"]


class Reader(Protocol):
    """Reads one format. Write a class with these two members and `register` it to add another."""

    extensions: tuple[str, ...]
    """Endings of file names, small letters with the dot: `(".csv", ".tsv")`."""

    def read(self, path: Path, options: ReadOptions, report: ReadReport) -> Iterator[Document]:
        """Yield the file's documents in order, named after `path.name`; may raise on the way.

        Raises:
            InputError: The file cannot be read as asked; says where and what to do.
        """


_BUILT_IN: tuple[Reader, ...] = (PlainText(), Markdown(), Delimited(), JsonLines())
_readers = {ending: reader for reader in _BUILT_IN for ending in reader.extensions}


def register(reader: Reader) -> None:
    """Make a reader known for its endings. A later one takes the place of an earlier one."""
    _readers.update(dict.fromkeys(reader.extensions, reader))


def reader_for(path: Path) -> Reader:
    """The reader for a file, by the ending of its name in small or capital letters.

    Raises:
        InputError: None is known for this ending; those known are listed.
    """
    reader = _readers.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(sorted(ending.removeprefix(".") for ending in _readers))
        raise InputError(
            f"files ending in {path.suffix!r} cannot be read." if path.suffix else "the name has no ending.",
            where=str(path),
            remedy=f"Known endings: {known}. Convert docx, xlsx or pdf first: save or export them as one of these.",
        )
    return reader


def read_documents(
    path: Path, options: ReadOptions, name: str | None = None, *, report: ReadReport | None = None
) -> Iterator[Document]:
    """Read the documents of a file, a document at a time.

    Args:
        path: The file; the ending of its name tells the format.
        options: Columns and encoding.
        name: What documents say they come from; the file's name where it is None. Documents of two files
            should not have the same.
        report: Filled with what should be told about the file; complete when the iterator is exhausted.

    Yields:
        Documents in the file's order: one for txt and md, one for each row that has text for tables.

    Raises:
        InputError: Anything that is wrong with the file, also after some documents are out: who stores them
            stores all or none.
    """
    with told(path):
        check_exists(path)
    reader = reader_for(path)
    for document in reader.read(path, options, report if report is not None else ReadReport()):
        if name is None or name == document.source:
            yield document
        else:
            renamed = f"{name}#{document.key}" if document.key else name
            yield document.model_copy(update={"source": name, "name": renamed})
