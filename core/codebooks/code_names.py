"""What people call codes in tables: by label or id, in any case and spacing."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Container

from intercoder.core.codebook import Code, Codebook

_FORMULA = ("'=", "'+", "'-", "'@")
"""How a label begins that a spreadsheet was kept from taking for a formula."""

MARK = "code: "
"""Stands before a code's name where a table has another column called so."""


def folded(name: str) -> str:
    """A name as it is compared: small letters, single spaces, without an apostrophe that only spreadsheets need."""
    one_line = " ".join(name.split()).casefold()
    return one_line[1:] if one_line.startswith(_FORMULA) else one_line


def marked_column(name: str, own: Container[str]) -> str:
    """The column of a code of that name: the name, marked where the table has a column of its own called so.

    Args:
        name: The code's name in tables.
        own: The table's other columns, folded.
    """
    return f"{MARK}{name}" if folded(name) in own else name


class CodeNames:
    """Names of the codes of a book that segments are coded for.

    Attributes:
        shown: Code -> its name in tables, by id: the label on one line; with the id where two codes share it.
    """

    def __init__(self, book: Codebook) -> None:
        self.book = book
        lines = {code.id: " ".join(code.label.split()) for code in book.leaves}
        times = Counter(folded(line) for line in lines.values())
        self.shown = {
            code_id: line if times[folded(line)] == 1 else f"{line} [{code_id}]" for code_id, line in lines.items()
        }
        self._codes = {folded(self.shown[code.id]): code for code in book.leaves}
        self._codes |= {folded(code.id): code for code in book.leaves}
        leaves = {code.id for code in book.leaves}
        self._groups = {folded(code.label) for code in book.codes if code.id not in leaves}

    def find(self, name: str) -> Code | None:
        """The code of that label or id; None if there is none, or several share the label."""
        return self._codes.get(folded(name))

    def unknown(self, name: str) -> str:
        """What to say of a name that is no code's: that it names a group, or the nearest name, or all names."""
        wanted = folded(name)
        if wanted in self._groups:
            return "It is a group of codes; only the codes in it are given to segments."
        names = {folded(shown): shown for shown in self.shown.values()}
        close = difflib.get_close_matches(wanted, names, n=1, cutoff=0.6)
        if close:
            return f"Did you mean {names[close[0]]!r}?"
        some = ", ".join(list(names.values())[:_LISTED])
        return f"Codes of version {self.book.version}: {some}{', ...' if len(names) > _LISTED else '.'}"


_LISTED = 20
