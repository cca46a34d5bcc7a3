"""One segment whole: where it stands, what was decided about it, and what people noted."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from intercoder.tui.widgets.hanging import HangingText, Row


class SegmentView(VerticalScroll, can_focus=True):
    """Paragraphs that scroll."""

    DEFAULT_CSS = "SegmentView { height: 1fr; scrollbar-size-vertical: 1; }"

    def compose(self) -> ComposeResult:
        """One text."""
        yield HangingText()

    def tell(self, rows: Sequence[Row], *, again: bool = False) -> None:
        """Show a segment from its beginning, or the same one where it was scrolled to."""
        self.query_one(HangingText).set_rows(rows)
        if not again:
            self.scroll_home(animate=False)
