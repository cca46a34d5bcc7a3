"""A segment's text in which words are marked as a quote: by keys, or with the mouse.

Its keys have priority, and who is told of a mark is called: so the keys of a quote and those of the codes act in
the order in which they are pressed, however fast they come.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment as Cells
from textual import events
from textual.binding import Binding, BindingType
from textual.containers import ScrollableContainer
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from intercoder.tui.laid_text import LaidText, Placed


class QuoteText(Widget, can_focus=True):
    """The text; while it has the focus, keys move a cursor in it and stretch a selection.

    Offsets are code points of the text as it is, whatever of it is shown escaped.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "quote-text--cursor",
        "quote-text--selected",
        "quote-text--marked",
        "quote-text--quoted",
    }
    DEFAULT_CSS = """
    QuoteText {
        height: auto; width: 1fr;
        & > .quote-text--cursor { text-style: reverse; }
        & > .quote-text--selected { background: $primary; color: $background; text-style: bold; }
        & > .quote-text--marked { background: $accent; color: $background; text-style: bold underline; }
        & > .quote-text--quoted { text-style: underline; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "take",
            "Take the quote",
            tooltip="Keep the selected words as the quote.",
            id="quote.take",
            priority=True,
        ),
        Binding(
            "space",
            "hold",
            "Select from here",
            tooltip="Select from here to where you go.",
            id="quote.hold",
            priority=True,
        ),
        Binding(
            "w", "go('next_word')", "Next word", tooltip="Go to the next word.", id="quote.next_word", priority=True
        ),
        Binding(
            "b",
            "go('last_word')",
            "Word before",
            tooltip="Go to the word before.",
            id="quote.last_word",
            priority=True,
        ),
        Binding(
            "e",
            "go('word_end')",
            "Word end",
            tooltip="Go to the end of the word.",
            id="quote.word_end",
            priority=True,
        ),
        Binding("a", "all", "All", tooltip="Select the whole segment.", id="quote.all", priority=True),
        Binding(
            "escape,tab,shift+tab",
            "leave",
            "Back",
            tooltip="Go back to the codes.",
            id="quote.leave",
            priority=True,
        ),
        *(
            Binding(f"{shift}{key}", f"go('{to}', {bool(shift)})", show=False, priority=True)
            for shift in ("", "shift+")
            for key, to in (
                ("left", "left"),
                ("right", "right"),
                ("up", "up"),
                ("down", "down"),
                ("home", "line_start"),
                ("end", "line_end"),
                ("ctrl+left", "last_word"),
                ("ctrl+right", "next_word"),
            )
        ),
        Binding("W", "go('next_word', True)", show=False, priority=True),
        Binding("B", "go('last_word', True)", show=False, priority=True),
        Binding("E", "go('word_end', True)", show=False, priority=True),
    ]

    def __init__(
        self, taken: Callable[[int, int], object], left: Callable[[], object], *, id: str | None = None
    ) -> None:
        """A text with nothing in it.

        Args:
            taken: Called when words were marked: with their code points, the end not included; both are equal
                where there are none.
            left: Called when the person went away without marking anything.
            id: Its id in the document tree.
        """
        super().__init__(id=id)
        self._taken, self._left = taken, left
        self.text = ""
        self.marked: tuple[int, int] | None = None
        """The words that are marked; code points."""
        self.quoted: Sequence[tuple[int, int]] = ()
        """Quotes that answers rest on."""
        self._laid = LaidText("", 1)
        self._at = 0
        self._from: int | None = None
        self._holding = False
        self._dragging = False

    def set_text(self, text: str, quoted: Sequence[tuple[int, int]] = ()) -> None:
        """Show another text, or the same with other quotes; the cursor stays where the text does."""
        if text != self.text:
            self.text = text
            self._at, self._from, self._holding, self.marked = 0, None, False, None
            self._lay(self._laid.width)
            self.refresh(layout=True)
        self.quoted = tuple(quoted)
        self.refresh()

    def mark(self, marked: tuple[int, int] | None) -> None:
        """Mark words, or none."""
        self.marked = marked
        self.refresh()

    @property
    def selected(self) -> tuple[int, int]:
        """The selected code points; equal where nothing is selected."""
        if self._from is None:
            return self._laid.offset(self._at), self._laid.offset(self._at)
        first, last = sorted((self._from, self._at))
        return self._laid.offset(first), self._laid.offset(last)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """All there is."""
        return container.width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the text has at this width."""
        self._lay(width)
        return len(self._laid.lines)

    def render_line(self, y: int) -> Strip:
        """A line of the text."""
        width = self.size.width
        if width != self._laid.width:
            self._lay(width)
        if y >= len(self._laid.lines):
            return Strip.blank(width, self.rich_style)
        cells: list[Cells] = []
        x = 0
        for placed in self._laid.lines[y]:
            piece = self._laid.pieces[placed.piece]
            cell = self._cell(placed, x)
            if cell is not None:
                cells.append(cell)
                x += cell.cell_length
            elif piece.cells:
                break
        if self.has_focus and self._at == len(self._laid.pieces) and y == len(self._laid.lines) - 1 and x < width:
            cells.append(Cells(" ", self.get_component_rich_style("quote-text--cursor")))
        return Strip(cells).adjust_cell_length(width, self.rich_style)

    def _cell(self, placed: Placed, x: int) -> Cells | None:
        """A piece as it is shown; a line end only where it is seen."""
        piece = self._laid.pieces[placed.piece]
        start, end = self.selected
        style = self.rich_style
        if any(first <= piece.start < last for first, last in self.quoted):
            style += self.get_component_rich_style("quote-text--quoted", partial=True)
        if self.marked is not None and self.marked[0] <= piece.start < self.marked[1]:
            style += self.get_component_rich_style("quote-text--marked", partial=True)
        selected = start <= piece.start < end and (self.has_focus or self._dragging)
        if selected:
            style += self.get_component_rich_style("quote-text--selected", partial=True)
        here = self.has_focus and placed.piece == self._at
        if here:
            style += self.get_component_rich_style("quote-text--cursor", partial=True)
        shown = piece.shown or (" " if here or selected else "")
        room = self.size.width - x
        if shown.isspace():
            shown = shown[:room]
        return Cells(shown, style) if shown and piece.cells <= room else None

    def _lay(self, width: int) -> None:
        if (self._laid.text, self._laid.width) != (self.text, max(width, 1)):
            at, start = self._laid.offset(self._at), self._from
            held = None if start is None else self._laid.offset(start)
            same = self._laid.text == self.text
            self._laid = LaidText(self.text, width)
            if same:
                self._at = self._laid.piece_at(at)
                self._from = None if held is None else self._laid.piece_at(held)

    def begin(self) -> None:
        """Take the keys, with the cursor where the last mark began."""
        self._from, self._holding = None, False
        if self.marked is not None:
            self._at = self._laid.piece_at(self.marked[0])
        self.screen.set_focus(self)

    def on_focus(self) -> None:
        """Bring the cursor into view."""
        self._show()

    def on_blur(self) -> None:
        """What was not taken is not selected any more; not where the keys are back here already."""
        if not self._dragging and self.screen.focused is not self:
            self._from, self._holding = None, False
        self.refresh()

    def action_go(self, to: str, select: bool = False) -> None:
        """Move the cursor, and the selection with it."""
        if select and self._from is None:
            self._from = self._at
        elif not select and not self._holding:
            self._from = None
        self._at = max(0, min(self._target(to), len(self._laid.pieces)))
        self._show()

    def action_hold(self) -> None:
        """Select from here on, or stop doing so."""
        self._holding = not self._holding
        self._from = self._at if self._holding else None
        self.refresh()

    def action_all(self) -> None:
        """Select everything."""
        self._from, self._at, self._holding = 0, len(self._laid.pieces), True
        self._show()

    def action_take(self) -> None:
        """Take what is selected; without a selection, the word under the cursor."""
        start, end = self.selected
        if start == end:
            first, last = self._laid.word_around(self._at)
            start, end = self._laid.offset(first), self._laid.offset(last)
        self._from, self._holding = None, False
        self._tell(start, end)

    def action_leave(self) -> None:
        """Select nothing and go."""
        self._from, self._holding = None, False
        self._left()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin to select."""
        offset = event.get_content_offset_capture(self)
        self._at = self._laid.hit(offset.x, offset.y)
        self._from, self._dragging = self._at, True
        self.capture_mouse()
        event.stop()
        self.refresh()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Select up to here."""
        if self._dragging:
            offset = event.get_content_offset_capture(self)
            index = self._laid.hit(offset.x, offset.y)
            forward = self._from is not None and index >= self._from
            self._at = min(index + 1, len(self._laid.pieces)) if forward else index
            self.refresh()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Mark what is selected."""
        if not self._dragging:
            return
        self._dragging = False
        self.release_mouse()
        event.stop()
        start, end = self.selected
        self._from = None
        if end > start:
            self._tell(start, end)
        else:
            self.refresh()

    def on_click(self, event: events.Click) -> None:
        """A second click marks the word."""
        if event.chain == 2:
            offset = event.get_content_offset_capture(self)
            first, last = self._laid.word_around(self._laid.hit(offset.x, offset.y))
            self._tell(self._laid.offset(first), self._laid.offset(last))

    def _tell(self, start: int, end: int) -> None:
        """Tell which words were marked, without white space around them."""
        words = self.text[start:end]
        start += len(words) - len(words.lstrip())
        self._taken(start, start + len(words.strip()))

    def _target(self, to: str) -> int:
        laid, at = self._laid, self._at
        if to in ("left", "right"):
            return at - 1 if to == "left" else at + 1
        if to in ("next_word", "last_word", "word_end"):
            found: int = getattr(laid, to)(at)
            return found
        x, y = laid.place(at)
        if to in ("up", "down"):
            other = y - 1 if to == "up" else y + 1
            return at if not 0 <= other < len(laid.lines) else laid.hit(x, other)
        return laid.hit(0, y) if to == "line_start" else laid.hit(laid.width, y)

    def _show(self) -> None:
        """Draw anew, and bring the cursor into view."""
        self.refresh()
        x, y = self._laid.place(self._at)
        if isinstance(self.parent, ScrollableContainer):
            region = Region(x, y, 1, 1).translate(self.virtual_region.offset)
            self.parent.scroll_to_region(region, animate=False, x_axis=False)
