"""Plain text: one document a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from intercoder.core.documents import Document
from intercoder.formats.decoding import find_text
from intercoder.formats.files import empty
from intercoder.formats.options import ReadOptions, ReadReport


class PlainText:
    """Reads a file as one document, its text as it stands."""

    extensions: tuple[str, ...] = (".txt",)

    def read(self, path: Path, options: ReadOptions, report: ReadReport) -> Iterator[Document]:
        """Yield the file's one document. Its key is empty.

        Raises:
            InputError: The file cannot be read as text, or holds nothing but white space.
        """
        with find_text(path, options.encoding, report).open() as stream:
            text = stream.read()
        if not text.strip():
            raise empty(path)
        yield Document(name=path.name, source=path.name, text=text)
