"""Paragraphs with something before them, such as a name or a sign, wrapped so that nothing stands below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

Row: TypeAlias = tuple[Content, Content]
"""What stands before a paragraph, and the paragraph."""

MUTED = "$foreground 60%"
"""Style of what is of less weight."""
NARROWEST = 16
"""Cells that are left for a paragraph at least."""


def hanging(rows: Sequence[Row], width: int) -> Content:
    """Rows as one text of lines that fit the width, in cells."""
    lines: list[Content] = []
    for lead, text in rows:
        indent = cell_len(lead.plain)
        parts = [
            part
            for line in text.split("\n", allow_blank=True)
            for part in (line.wrap(max(width - indent, NARROWEST)) or [line])
        ]
        for place, part in enumerate(parts or [Content("")]):
            lines.append((lead if place == 0 else Content(" " * indent)) + part.rstrip())
    return Content("\n").join(lines)


def same_rows(some: Sequence[Row], others: Sequence[Row]) -> bool:
    """Whether rows look the same, styles included."""
    return len(some) == len(others) and all(
        one.is_same(other)
        for row, beside in zip(some, others, strict=True)
        for one, other in zip(row, beside, strict=True)
    )


class HangingText(Static):
    """Rows that are laid out again whenever the width changes."""

    DEFAULT_CSS = "HangingText { height: auto; width: 1fr; }"

    def __init__(self, rows: Sequence[Row] = (), *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__("", id=id, classes=classes, markup=False)
        self._rows: Sequence[Row] = rows
        self._laid_out_for = 0

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows; the same ones again cost nothing."""
        if not same_rows(rows, self._rows) or not self._laid_out_for:
            self._rows = rows
            self._lay_out()

    def on_resize(self) -> None:
        """Wrap at the new width."""
        if self.content_size.width != self._laid_out_for:
            self._lay_out()

    def _lay_out(self) -> None:
        self._laid_out_for = self.content_size.width
        self.update(hanging(self._rows, self._laid_out_for) if self._laid_out_for else "")
