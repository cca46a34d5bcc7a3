"""Codebook: the codes as a tree, all about each, and every change a person can make; each can be undone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import Any

from textual import events, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static
from textual.worker import get_current_worker

from intercoder.core.codebook import Codebook
from intercoder.core.errors import IntercoderError
from intercoder.core.shown import counted
from intercoder.graphs.codebook.codebook_history import CodebookView, VersionLine, codebook_view
from intercoder.stores.codebooks.carried_codes import Carried, carried_codes
from intercoder.tui.code_details import code_rows
from intercoder.tui.screens.codebook_acting import CodebookActs
from intercoder.tui.screens.codebook_history import version_line
from intercoder.tui.text import shown
from intercoder.tui.threads import show_from_thread
from intercoder.tui.widgets.code_tree import CodeTree
from intercoder.tui.widgets.hanging import HangingText
from intercoder.tui.widgets.virtual_list import VirtualList

EMPTY = """\
There is no codebook yet.

Press a to write the first code. Or bring one in, on the command line:

    intercoder codebook import {study} FILE

Or let models find codes in the texts: press F6 and start an inductive run."""
ON_ONE_CODE = frozenset(
    {"rename", "define", "drop", "split", "colour", "shift", "deeper", "higher", "move_under", "mark", "segments"}
)
PATIENCE = 10
"""Counts are taken anew at most every so many times as long as taking them lasts."""


class CodebookScreen(CodebookActs):
    """Tree, details, and where there is room the history."""

    NAME = "codebook"
    TITLE = "Codebook"
    HELP = (
        "The codes as a tree, with the number of segments that have each, given by people or models; Corpus finds "
        "as many. A * says that some were coded under another wording. Every change you make is a new version "
        "with you as its author; before it is made you see what it touches, and u undoes it. If somebody else "
        "changes the codebook, you see it at once; where both of you change the same, the first one stands. "
        "With the mouse: drag a code onto another one to move it."
    )
    DEFAULT_CSS = """
    CodebookScreen #columns { height: 1fr; layout: grid; grid-size: 2 1; grid-columns: 9fr 11fr; }
    CodebookScreen .pane { border-title-color: $text-muted; border-subtitle-color: $text-muted; }
    CodebookScreen .pane:focus-within { border-title-color: $primary; }
    CodebookScreen #past { display: none; }
    CodebookScreen.-normal #columns { grid-size: 2 2; grid-columns: 2fr 3fr; grid-rows: 1fr 11; }
    CodebookScreen.-normal #left { row-span: 2; }
    CodebookScreen.-normal #past { display: block; }
    CodebookScreen.-wide #columns { grid-size: 3 1; grid-columns: 3fr 5fr 3fr; }
    CodebookScreen.-wide #past { display: block; }
    CodebookScreen #needle { display: none; height: 1; border: none; padding: 0; background: $boost; }
    CodebookScreen #needle.-on { display: block; }
    CodebookScreen #none { display: none; width: 1fr; height: 1fr; padding: 1 2; }
    CodebookScreen.-empty #none { display: block; }
    CodebookScreen.-empty #columns { display: none; }
    """
    AUTO_FOCUS = "CodeTree"

    def __init__(self) -> None:
        super().__init__()
        self._seen: CodebookView | None = None
        self._counts: dict[str, Carried] | None = None
        self._counted = (0, 0.0, 0.0)
        """Version of the counts, when they were taken, and how long that lasted."""
        self._shown_code = ""
        self._wanted = ""
        """The code to go to once it is there."""

    def body(self) -> ComposeResult:
        """Three columns, and what to do where there is nothing."""
        with Container(id="columns"):
            with Vertical(id="left", classes="pane"):
                yield Input(id="needle", placeholder="part of a label")
                yield CodeTree(id="tree")
            with VerticalScroll(id="right", classes="pane"):
                yield HangingText(id="details")
            with Vertical(id="past", classes="pane") as past:
                past.border_title = "History"
                yield VirtualList(id="versions")
        yield Static("", id="none", markup=False)

    def load(self) -> None:
        """Read the newest version, and how often its codes were given."""
        self._read()

    def show(self, **what: Any) -> None:
        """Go to a code: `code=ID`."""
        self._wanted = str(what.get("code", ""))
        self._go_to_wanted()

    async def catch_up(self) -> None:
        """Show the newest version before anything else is done; counts follow."""
        try:
            self._show_seen(await asyncio.to_thread(codebook_view, self.folder, self._seen))
        except IntercoderError as error:
            self.review.failed(error)
        else:
            self._read()

    @work(thread=True, exclusive=True, group="read")
    def _read(self) -> None:
        seen = codebook_view(self.folder, self._seen)
        show_from_thread(self, self._show_seen, seen)
        self._count(seen.book.version)

    def _count(self, wanted: int) -> None:
        """Count segments, unless that was done a moment ago and takes long."""
        worker = get_current_worker()
        version, when, lasted = self._counted
        began = monotonic()
        if not wanted or (version == wanted and began - when < PATIENCE * lasted):
            return
        counts = carried_codes(self.folder)
        if not worker.is_cancelled:
            self._counted = (wanted, monotonic(), monotonic() - began)
            show_from_thread(self, self._show_counts, counts)

    def _show_seen(self, seen: CodebookView) -> None:
        if self._seen is None or seen.book.version > self._seen.book.version:
            self._seen = seen
            self._fill()

    def _show_counts(self, counts: dict[str, Carried]) -> None:
        if counts != self._counts:
            self._counts = counts
            self._fill()

    def _fill(self) -> None:
        """Show all anew; the cursor stays on its code."""
        seen = self._seen
        if seen is None:
            return
        book, tree = seen.book, self.code_tree
        self.set_class(not book.codes, "-empty")
        self.query_one("#none", Static).update(shown(EMPTY.format(study=self.folder.argument)))
        left = self.query_one("#left")
        left.border_title = f"Version {book.version} · {counted(len(book.codes), 'code')}"
        number = "one code each" if book.exclusive else "any codes each"
        left.border_subtitle = f"{number} · unsure" if book.allow_unsure else number
        tree.show_book(book, self._counts or {})
        versions = self.query_one("#versions", VirtualList)
        versions.set_source(len(seen.versions), self._version_rows)
        self._detail()
        self._go_to_wanted()
        self.refresh_bindings()

    def _version_rows(self, start: int, stop: int) -> list[Content]:
        versions = self.versions[::-1][start:stop]
        return [version_line(one, brief=True) for one in versions]

    def _detail(self) -> None:
        code, seen = self.code, self._seen
        rows = code_rows(seen.book, code, self._counts, seen.origins) if code is not None and seen else []
        self.query_one("#details", HangingText).set_rows(rows)
        if code is not None and code.id != self._shown_code:
            self._shown_code = code.id
            self.query_one("#right", VerticalScroll).scroll_home(animate=False)

    def _go_to_wanted(self) -> None:
        if self._wanted and self.book.code(self._wanted) is not None:
            wanted, self._wanted = self._wanted, ""
            self.action_clear()
            self.code_tree.go_to_code(wanted)

    @property
    def book(self) -> Codebook:
        """The version on the screen; an empty one numbered 0 before there is any."""
        return self._seen.book if self._seen else Codebook(version=0)

    @property
    def versions(self) -> Sequence[VersionLine]:
        """Its history, oldest first."""
        return self._seen.versions if self._seen else ()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey what does not apply now."""
        if not self.is_mounted or self._seen is None:
            return True if action in ("command_palette", "help", "go") else None
        if action in ON_ONE_CODE:
            return True if self.code is not None else None
        if action == "merge":
            return True if len(self.to_merge) > 1 else None
        if action in ("undo", "history"):
            return True if len(self.versions) > (action == "undo") else None
        if action == "settings":
            return True if self.book.codes else None
        return True

    def on_virtual_list_highlighted(self, event: VirtualList.Highlighted) -> None:
        """Show the code under the cursor."""
        if event.control.id == "tree":
            self._detail()
            self.refresh_bindings()

    def on_virtual_list_chosen(self, event: VirtualList.Chosen) -> None:
        """Open the segments of a code, or the history."""
        if event.control.id == "tree":
            self.action_segments()
        else:
            self.action_history()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow the tree while the person types."""
        self.code_tree.narrow(event.value)
        self._detail()
        self.refresh_bindings()

    def on_input_submitted(self) -> None:
        """Enter goes to what was found."""
        self.code_tree.focus()

    def on_key(self, event: events.Key) -> None:
        """Down leads from the filter to the tree."""
        if event.key == "down" and self.query_one("#needle").has_focus:
            self.code_tree.focus()

    def action_segments(self) -> None:
        """Open the segments that have the code."""
        if self.code is not None:
            self.review.go("corpus", code=self.code.id)

    def action_filter(self) -> None:
        """Type what labels shall hold."""
        needle = self.query_one("#needle", Input)
        needle.add_class("-on")
        needle.focus()

    def action_clear(self) -> None:
        """Clear the filter, or else the marks."""
        needle, tree = self.query_one("#needle", Input), self.code_tree
        if needle.has_class("-on"):
            needle.value = ""
            needle.remove_class("-on")
            tree.narrow("")
            tree.focus()
        else:
            tree.unmark_all()
        self.refresh_bindings()

    def action_mark(self) -> None:
        """Mark the code, and go on to the next."""
        tree = self.code_tree
        tree.mark()
        tree.action_move(1)
        self.refresh_bindings()
