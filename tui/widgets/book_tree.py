"""The codebook beside a revision: read only, with the codes it is about marked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from textual.content import Content

from intercoder.core.codebook import Code, Codebook
from intercoder.tui.text import joined, line
from intercoder.tui.widgets.hanging import MUTED, Row
from intercoder.tui.widgets.hanging_list import HangingList, Item

LABEL = 120
"""Characters of a code's label."""


class BookTree(HangingList):
    """Codes in the order of the book, each below its parent."""

    def show_book(self, book: Codebook, waiting: Mapping[str, int], marked: Collection[str]) -> None:
        """Show a book.

        Args:
            book: The latest version.
            waiting: Code id -> revisions that wait about it.
            marked: Codes to mark; the cursor comes to the first of them.
        """
        items: list[Item] = [
            (code.id, [_row(code, depth, waiting.get(code.id, 0), marked=code.id in marked)])
            for code, depth in _nested(book)
        ]
        self.show_items(items, next((code_id for code_id, _ in items if code_id in marked), ""))


def _nested(book: Codebook, parent: str = "", depth: int = 0) -> Iterator[tuple[Code, int]]:
    known = {code.id for code in book.codes}
    for code in book.codes:
        if code.parent == parent or (not parent and code.parent not in known):
            yield code, depth
            yield from _nested(book, code.id, depth + 1)


def _row(code: Code, depth: int, waiting: int, *, marked: bool) -> Row:
    sign = Content.styled("▸ ", "bold $primary") if marked else Content("  ")
    label = line(code.label, LABEL, "bold $primary" if marked else "")
    told = Content.styled(f" ({waiting})", MUTED) if waiting else ""
    return joined(sign, "  " * depth), joined(label, told)
