"""Cells of tables that people fill in: which file they stand in, and how yes and no are written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, TypeAlias

from intercoder.core.codebooks.code_names import folded
from intercoder.core.errors import InputError
from intercoder.formats.delimited import Cells, read_cells
from intercoder.formats.sheet_xlsx import read_xlsx

Said: TypeAlias = Literal["yes", "no", "unsure"]

_SAID: dict[str, Said] = {
    **dict.fromkeys(("yes", "y", "1", "1.0", "true", "x"), "yes"),
    **dict.fromkeys(("no", "n", "0", "0.0", "false"), "no"),
    "unsure": "unsure",
}
ALLOWED = "yes or no (also y, n, 1, 0, x, true, false)"
"""How yes and no may be written, for messages."""

_PICTURED = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n"}
_PICTURED |= {0x7F: "\u2421", 0xFFFE: "\ufffd", 0xFFFF: "\ufffd"}
_UNCOUNTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u2400-\u2421\ufffd-\uffff]")
"""What a file or a spreadsheet may lose or change of a text: control characters and what stands for them."""
_ESCAPED = re.compile(r"_x005[Ff]_")
_FORMULA = ("'=", "'+", "'-", "'@", "'\t")


def read_table(path: Path) -> Cells:
    """Read a csv, tsv or xlsx file (its first sheet) as text.

    Raises:
        InputError: The file is of another kind, or cannot be read.
    """
    ending = path.suffix.lower()
    if ending == ".xlsx":
        return read_xlsx(path)
    if ending in (".csv", ".tsv"):
        return read_cells(path)
    raise InputError(
        f"files ending in {ending!r} cannot be read here." if ending else "the name has no ending.",
        where=str(path),
        remedy="Save it as csv, tsv or xlsx.",
    )


def said(cell: str) -> Said | None:
    """What a cell says, in any of the ways people write it; None if it says neither."""
    return _SAID.get(folded(cell))


def writable(text: str) -> str:
    """A text as a sheet shows it: control characters, which spreadsheets cannot hold, as their pictures."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_PICTURED)


def comparable(text: str) -> str:
    """A text without what writing it to a sheet and saving that may change: white space, control characters."""
    text = text[1:] if text.startswith(_FORMULA) else text
    return " ".join(_UNCOUNTED.sub("", _ESCAPED.sub("_", text)).split())
