"""The two lines above every screen: which study, what is at work, who reviews; and the way to other screens."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from intercoder.tui.places import PLACES, Place
from intercoder.tui.text import joined, line

if TYPE_CHECKING:
    from intercoder.tui.app import ReviewApp

NAME = 30
"""Characters of the study's and the person's name."""
ROOMY = 100
"""Columns from which tabs name their keys in full."""


class StudyBar(Widget):
    """Study and state on the first line, tabs on the second."""

    DEFAULT_CSS = """
    StudyBar { dock: top; height: 2; background: $panel; }
    StudyBar > #state { height: 1; padding: 0 1; }
    StudyBar > #tabs { height: 1; padding-left: 1; }
    StudyBar Tab { width: auto; height: 1; margin-right: 1; color: $text-muted; }
    .-normal StudyBar Tab, .-wide StudyBar Tab { margin-right: 0; padding: 0 1; }
    StudyBar Tab:hover { background: $boost; color: $text; }
    StudyBar Tab.-here { background: $primary; color: $background; text-style: bold; }
    """

    def compose(self) -> ComposeResult:
        """State and tabs."""
        yield Static(id="state", markup=False)
        with Horizontal(id="tabs"):
            for place in PLACES:
                yield Tab(place)

    def on_mount(self) -> None:
        """Mark the tab of this screen."""
        here = getattr(self.screen, "NAME", "")
        for tab in self.query(Tab):
            tab.set_class(tab.place.name == here, "-here")
        self.tell()

    def on_resize(self) -> None:
        """The state fills the line whatever its width; where there is room, tabs name their keys in full."""
        for tab in self.query(Tab):
            tab.tell(short=self.size.width < ROOMY)
        self.tell()

    def tell(self) -> None:
        """Show the study's state as the app knows it."""
        app = cast("ReviewApp", self.app)
        left = joined(Content.styled("intercoder ", "bold"), line(app.folder.path.resolve().name, NAME))
        parts = [f"● {app.running} is running"] if app.running else []
        parts += [f"{app.waiting} to answer"] if app.waiting else []
        right = joined("  ".join([*parts, ""]), line(app.by, NAME))
        room = self.size.width - 2 - cell_len(left.plain) - cell_len(right.plain)
        self.query_one("#state", Static).update(joined(left, " " * max(room, 1), right))


class Tab(Static):
    """The way to one screen."""

    def __init__(self, place: Place) -> None:
        super().__init__(markup=False)
        self.place = place

    def tell(self, *, short: bool) -> None:
        """Show key and title; `f2` is `2` where there is little room."""
        self.update(f"{self.place.key[1:] if short else self.place.key.upper()} {self.place.title}")

    def on_click(self) -> None:
        """Go there."""
        cast("ReviewApp", self.app).go(self.place.name)
