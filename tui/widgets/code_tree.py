"""The codebook as a tree: counts beside the codes, groups that fold, a filter, and marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from intercoder.core.codebook import Code, Codebook
from intercoder.stores.codebooks.carried_codes import Carried
from intercoder.tui.code_marks import code_marks
from intercoder.tui.text import joined, line
from intercoder.tui.widgets.virtual_list import GUTTER, VirtualList

INDENT = 2
LABEL = 200
"""Characters of a label at most."""
OPEN, FOLDED, MARKED = "▾", "▸", "✓"
EARLIER = "*"
"""After a count of which some were coded by another wording."""


class TreeRow(NamedTuple):
    """A code that is shown."""

    code: Code
    depth: int
    members: bool
    """Whether other codes are part of it."""


class CodeTree(VirtualList):
    """Codes in the order of the book, each below its group. Cursor, folds and marks stay with the codes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Segments", tooltip="Open the segments that have the code.", id="tree.open"),
        Binding("left", "fold", "Fold", show=False, tooltip="Fold a group, or go to the group of a code."),
        Binding("right", "unfold", "Unfold", show=False, tooltip="Unfold a group."),
    ]

    class Dragged(Message):
        """A code was dragged onto another one."""

        def __init__(self, code_id: str, onto: str) -> None:
            super().__init__()
            self.code_id = code_id
            self.onto = onto

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.book = Codebook(version=0)
        self._counts: Mapping[str, Carried] = {}
        self._signs: Mapping[str, Content] = {}
        self._folded: set[str] = set()
        self._marked: dict[str, None] = {}
        self._filter = ""
        self._shown: Sequence[TreeRow] = ()
        self._grabbed = ""

    @property
    def code(self) -> Code | None:
        """The code under the cursor."""
        return self._shown[self.cursor].code if 0 <= self.cursor < len(self._shown) else None

    @property
    def marked(self) -> tuple[str, ...]:
        """Ids of the codes that were marked, the first one first."""
        return tuple(self._marked)

    def show_book(self, book: Codebook, counts: Mapping[str, Carried]) -> None:
        """Show a version and how many segments have each code; the cursor stays on its code, or where it was."""
        self.book, self._counts, self._signs = book, counts, code_marks(book)
        known = {code.id for code in book.codes}
        self._folded &= known
        self._marked = {one: None for one in self._marked if one in known}
        self._lay_out()

    def go_to_code(self, code_id: str) -> None:
        """Put the cursor on a code, with its groups unfolded."""
        code = self.book.code(code_id)
        while code is not None and code.parent:
            self._folded.discard(code.parent)
            code = self.book.code(code.parent)
        self._lay_out(code_id)
        if self.code is not None and self.code.id == code_id:
            self.go_to(self.cursor)

    def narrow(self, text: str) -> None:
        """Show only codes whose label holds the text, with their groups; all where it is blank."""
        self._filter = " ".join(text.casefold().split())
        self._lay_out()

    def mark(self) -> None:
        """Mark the code under the cursor, or take its mark away."""
        if self.code is not None:
            if self.code.id in self._marked:
                del self._marked[self.code.id]
            else:
                self._marked[self.code.id] = None
            self.refresh_rows()

    def unmark_all(self) -> None:
        """Take all marks away."""
        self._marked.clear()
        self.refresh_rows()

    def action_fold(self) -> None:
        """Fold the group, or go to the group of the code."""
        row = self._shown[self.cursor] if self.code else None
        if row is not None and row.members and row.code.id not in self._folded:
            self._folded.add(row.code.id)
            self._lay_out()
        elif row is not None and row.code.parent:
            self._lay_out(row.code.parent)

    def action_unfold(self) -> None:
        """Unfold the group."""
        if self.code is not None:
            self._folded.discard(self.code.id)
            self._lay_out()

    def on_resize(self, event: events.Resize) -> None:
        """Counts stand at the right edge."""
        super().on_resize(event)
        self.refresh_rows()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of a code; on the sign of a group, fold or unfold it."""
        self._grabbed = ""
        row = self._row_at(event)
        if row is None:
            return
        self._grabbed = row.code.id
        x = event.get_content_offset_capture(self).x - GUTTER - row.depth * INDENT
        if row.members and 0 <= x < INDENT:
            self._grabbed = ""
            self._folded ^= {row.code.id}
            self._lay_out()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let a code go on another one."""
        row, grabbed = self._row_at(event), self._grabbed
        self._grabbed = ""
        if row is not None and grabbed and row.code.id != grabbed:
            self.post_message(self.Dragged(grabbed, row.code.id))

    def _row_at(self, event: events.MouseEvent) -> TreeRow | None:
        index = self.scroll_offset.y + event.get_content_offset_capture(self).y
        return self._shown[index] if 0 <= index < len(self._shown) else None

    def _lay_out(self, at: str = "") -> None:
        """Find the rows anew; the cursor goes to a code, or stays on its own."""
        before = at or (self.code.id if self.code else "")
        self._shown = list(self._rows_shown())
        places = {row.code.id: place for place, row in enumerate(self._shown)}
        cursor = places.get(before, max(self.cursor, 0))
        self.set_source(len(self._shown), self._lines, cursor=cursor)

    def _rows_shown(self) -> Sequence[TreeRow]:
        known = {code.id for code in self.book.codes}
        members: dict[str, list[Code]] = {}
        for code in self.book.codes:
            members.setdefault(code.parent if code.parent in known else "", []).append(code)
        kept = self._kept()
        found: list[TreeRow] = []
        waiting = [(code, 0) for code in reversed(members.get("", []))]
        while waiting:
            code, depth = waiting.pop()
            if code.id not in kept:
                continue
            found.append(TreeRow(code, depth, code.id in members))
            if code.id not in self._folded or self._filter:
                waiting += [(member, depth + 1) for member in reversed(members.get(code.id, []))]
        return found

    def _kept(self) -> set[str]:
        """Ids of the codes that the filter lets through, and of their groups."""
        codes = {code.id: code for code in self.book.codes}
        kept: set[str] = set()
        for code in self.book.codes:
            if self._filter in " ".join(code.label.casefold().split()):
                at: Code | None = code
                while at is not None and at.id not in kept:
                    kept.add(at.id)
                    at = codes.get(at.parent)
        return kept

    def _lines(self, start: int, stop: int) -> list[Content]:
        width = max(self.scrollable_content_region.width - GUTTER, 10)
        return [self._line_of(row, width) for row in self._shown[start:stop]]

    def _line_of(self, row: TreeRow, width: int) -> Content:
        code = row.code
        fold = (FOLDED if code.id in self._folded and not self._filter else OPEN) if row.members else " "
        marked = code.id in self._marked
        sign = Content.styled(MARKED, "bold $accent") if marked else self._signs.get(code.id, Content(" "))
        carried = self._counts.get(code.id)
        mark = EARLIER if any(one.earlier for one in self._counts.values()) else ""
        count = "" if carried is None else f"{carried.segments:,}{mark if carried.earlier else ' ' * len(mark)}"
        lead = joined(" " * (INDENT * row.depth), Content.styled(f"{fold} ", "$text-muted"), sign, " ")
        style = "bold $accent" if marked else "bold" if row.members else ""
        room = width - cell_len(lead.plain) - len(count) - (1 if count else 0)
        label = line(code.label, LABEL, style).truncate(max(room, 1), ellipsis=True, pad=True)
        return joined(lead, label, Content.styled(f" {count}", "$text-muted") if count else "")
