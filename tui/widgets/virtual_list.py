"""A list of any length: only the rows on the screen are fetched and drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from rich.segment import Segment
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from intercoder.core.errors import IntercoderError
from intercoder.tui.text import line as shown_line

if TYPE_CHECKING:
    from textual import events
    from textual.style import Style

Line: TypeAlias = Content | Text
"""What a row shows. It must be safe to show; a plain str is refused because a terminal or markup could read it."""
Rows: TypeAlias = Callable[[int, int], Sequence[Line]]
"""Gives the rows `start` to `stop` (exclusive); fewer where there are no more."""

PAGE = 40
"""Rows that are fetched at once."""
PAGES = 48
"""Pages that are kept."""
SIGNS = ("▌ ", "│ ", "  ")
"""Before a row: the cursor of a list that has the focus, of one that has not, any other row."""
GUTTER = 2
"""Cells before a row's text."""


class VirtualList(ScrollView, can_focus=True):
    """Rows of one height with a cursor; `set_source` says how many there are and where they come from."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, tooltip="Go to the row above."),
        Binding("down,j", "move(1)", "Down", show=False, tooltip="Go to the row below."),
        Binding("pageup", "page(-1)", "Page up", show=False, tooltip="Go up by what the list shows at once."),
        Binding("pagedown", "page(1)", "Page down", show=False, tooltip="Go down by what the list shows at once."),
        Binding("home", "first", "First", show=False, tooltip="Go to the first row."),
        Binding("end", "last", "Last", show=False, tooltip="Go to the last row."),
        Binding("enter", "choose", "Open", show=False, tooltip="Open the row under the cursor."),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"virtual-list--row", "virtual-list--cursor"}
    DEFAULT_CSS = """
    VirtualList {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        & > .virtual-list--cursor { background: $boost; }
        &:focus > .virtual-list--cursor { background: $primary 30%; text-style: bold; }
        &:ansi > .virtual-list--cursor { text-style: bold; }
    }
    """

    cursor: reactive[int] = reactive(-1, repaint=False)
    """Index of the row under the cursor; -1 in an empty list."""

    class Highlighted(Message):
        """The cursor went to another row, or to a row of another source."""

        def __init__(self, virtual_list: VirtualList, index: int) -> None:
            super().__init__()
            self.virtual_list = virtual_list
            self.index = index

        @property
        def control(self) -> VirtualList:
            """The list it happened in."""
            return self.virtual_list

    class Chosen(Highlighted):
        """A row was opened with enter or with the mouse."""

    def __init__(
        self,
        *,
        row_height: int = 1,
        empty: Content | None = None,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """A list without rows.

        Args:
            row_height: Lines of every row.
            empty: What is shown where there are no rows.
            name: The widget's name.
            id: Its id in the document tree.
            classes: Its CSS classes.
        """
        super().__init__(name=name, id=id, classes=classes)
        self.row_height = row_height
        self.empty = empty or Content("")
        self._count = 0
        self._rows: Rows = _none
        self._laid_out_for = 0
        self._pages: LRUCache[int, Sequence[Line]] = LRUCache(PAGES)
        self._strips: LRUCache[tuple[int, int, int, Style], Strip] = LRUCache(512)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self._count

    def set_source(self, count: int, rows: Rows, *, cursor: int = 0) -> None:
        """Show other rows.

        Args:
            count: How many there are.
            rows: Gives some of them.
            cursor: The row to be under the cursor; the nearest one if there is none such.
        """
        self._rows = rows
        self._resize(count)
        place = self._valid(cursor)
        if place == self.cursor:
            self._show_cursor()
            self._tell(place)
        self.cursor = place

    def refresh_rows(self, count: int | None = None) -> None:
        """Fetch the rows again, because they changed; the cursor and the place on the screen stay.

        Args:
            count: How many there are now, where that changed too.
        """
        self._resize(self._count if count is None else count)
        self.cursor = self._valid(self.cursor)

    def go_to(self, index: int) -> None:
        """Put the cursor on a row, with rows around it in view."""
        self.cursor = self._valid(index)
        visible = max(self.scrollable_content_region.height // self.row_height, 1)
        self.scroll_to(y=max(self.cursor - visible // 2, 0) * self.row_height, animate=False)

    def _resize(self, count: int) -> None:
        self._count = count
        self._pages.clear()
        self._strips.clear()
        self.virtual_size = Size(0, max(count * self.row_height, 1))
        self.refresh()

    def _valid(self, index: int) -> int:
        return max(min(index, self._count - 1), 0) if self._count else -1

    def validate_cursor(self, index: int) -> int:
        """Keep the cursor within the rows."""
        return self._valid(index)

    def watch_cursor(self, before: int, after: int) -> None:
        """Draw the two rows anew and tell."""
        for index in (before, after):
            if index >= 0:
                self.refresh_lines(index * self.row_height, self.row_height)
        self._show_cursor()
        self._tell(after)

    def _show_cursor(self) -> None:
        if self.cursor >= 0 and self.is_attached:
            region = Region(0, self.cursor * self.row_height, 1, self.row_height)
            self.scroll_to_region(region, animate=False, x_axis=False)

    def _tell(self, index: int) -> None:
        if index >= 0:
            self.post_message(self.Highlighted(self, index))

    def on_resize(self, event: events.Resize) -> None:
        """Lines are cut at the width, and rows may be made for it."""
        if event.size.width != self._laid_out_for:
            self._laid_out_for = event.size.width
            self._pages.clear()
            self._strips.clear()
            self.refresh()
        self._show_cursor()

    def notify_style_update(self) -> None:
        """Another theme, or focus came or went."""
        super().notify_style_update()
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        """A line of the screen."""
        index, part = divmod(self.scroll_offset.y + y, self.row_height)
        width = self.scrollable_content_region.width
        is_cursor = index == self.cursor and index < self._count
        style = self.get_visual_style("virtual-list--cursor" if is_cursor else "virtual-list--row")
        if index >= self._count:
            line = self.empty if self._count == 0 and y == 0 else Content("")
            return self._strip(line, SIGNS[2], width, style)
        sign = SIGNS[2 if not is_cursor else 0 if self.has_focus else 1]
        key = (index * self.row_height + part, width, SIGNS.index(sign), style)
        strip = self._strips.get(key)
        if strip is None:
            strip = self._strips[key] = self._strip(self._line(index, part), sign, width, style)
        return strip

    def _strip(self, line: Content, sign: str, width: int, style: Style) -> Strip:
        text = line.truncate(max(width - GUTTER, 0), ellipsis=True).expand_tabs(1)
        segments = [
            Segment(sign, style.rich_style),
            *(Segment(piece, (style + own).rich_style) for piece, own in text.render(style, end="")),
        ]
        return Strip(segments).adjust_cell_length(width, style.rich_style)

    def _line(self, index: int, part: int) -> Content:
        page, offset = divmod(index, PAGE)
        rows = self._pages.get(page)
        if rows is None:
            self._laid_out_for = self.size.width
            start = page * PAGE
            rows = self._pages[page] = self._fetched(start, min(start + PAGE, self._count))
        if offset >= len(rows):
            return Content("")
        row = rows[offset]
        lines = (Content.from_rich_text(row) if isinstance(row, Text) else row).split("\n", allow_blank=True)
        return lines[part] if part < len(lines) else Content("")

    def _fetched(self, start: int, stop: int) -> Sequence[Line]:
        try:
            return self._rows(start, stop)
        except IntercoderError as error:  # drawing must not fail: the next look may find rows again
            return [shown_line(f"{error.message} {error.remedy}")]

    def action_move(self, by: int) -> None:
        """Go up or down by rows."""
        self.cursor = self._valid(self.cursor + by)

    def action_page(self, direction: int) -> None:
        """Go up or down by what is in view."""
        visible = max(self.scrollable_content_region.height // self.row_height - 1, 1)
        self.action_move(direction * visible)

    def action_first(self) -> None:
        """Go to the first row."""
        self.cursor = self._valid(0)

    def action_last(self) -> None:
        """Go to the last row."""
        self.cursor = self._valid(self._count - 1)

    def action_choose(self) -> None:
        """Open the row under the cursor."""
        if self.cursor >= 0:
            self.post_message(self.Chosen(self, self.cursor))

    def on_click(self, event: events.Click) -> None:
        """Go to the row under the mouse; a second click opens it."""
        index = (self.scroll_offset.y + event.get_content_offset_capture(self).y) // self.row_height
        if index >= self._count:
            return
        self.cursor = index
        if event.chain == 2:
            self.action_choose()


def _none(_start: int, _stop: int) -> Sequence[Line]:
    return []
