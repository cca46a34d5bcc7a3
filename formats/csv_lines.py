"""CSV rows that end in a line feed and still quote every line end inside a cell."""

from __future__ import annotations

from typing import TextIO

_END = "\r\n"


class CsvLines:
    """What `csv.writer` writes to, its dialect left as it is, in place of a file.

    The writer quotes cells that hold a part of its own line end, and no others: told to end rows in a line feed,
    it would leave a bare carriage return unquoted, which readers take for the end of the row.

    Args:
        out: The file, opened with `newline=""`.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, row: str) -> int:
        """Write a row as the writer gives it, with its end."""
        return self._out.write(f"{row.removesuffix(_END)}\n")
