"""Help: what a screen is for, and every key that applies, each with a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget

from intercoder.tui.commands import KeyCommand, commands_of
from intercoder.tui.places import PLACES
from intercoder.tui.text import joined
from intercoder.tui.widgets.hanging import HangingText, Row

if TYPE_CHECKING:
    from intercoder.tui.screens.base import StudyScreen

NOTHING = Content("")
KEY = 9
"""Cells of a key."""


class HelpScreen(ModalScreen[None]):
    """A scrollable page over the screen that it explains."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > VerticalScroll {
        width: 90%; max-width: 100; height: 90%; background: $surface; border: round $primary;
        border-title-style: bold; padding: 0 2; scrollbar-size-vertical: 1;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,q,question_mark", "dismiss", "Close", tooltip="Close the help."),
    ]

    def __init__(self, about: StudyScreen) -> None:
        super().__init__()
        self._about = about

    def compose(self) -> ComposeResult:
        """The page."""
        with VerticalScroll() as page:
            page.border_title = next(place.title for place in PLACES if place.name == self._about.NAME)
            page.border_subtitle = "escape closes"
            yield HangingText(list(self._rows()))

    def _rows(self) -> Iterator[Row]:
        for paragraph in self._about.HELP.strip().split("\n\n") if self._about.HELP else ():
            yield from ((NOTHING, Content(" ".join(paragraph.split()))), (NOTHING, NOTHING))
        nodes = self._about.focused.ancestors_with_self if self._about.focused is not None else ()
        here = [
            key
            for node in nodes
            if isinstance(node, Widget) and node is not self._about
            for key in commands_of(node)
        ]
        for title, keys in (
            ("Keys where you are", here),
            ("Keys of this screen", list(commands_of(self._about))),
            ("Keys everywhere", list(commands_of(self._about.app))),
        ):
            if keys:
                yield NOTHING, Content.styled(title, "bold")
                yield from map(_row, keys)
                yield NOTHING, NOTHING


def _row(command: KeyCommand) -> Row:
    key = Content.styled(f"{command.key:>{KEY}}  ", "bold $accent")
    return key, joined(Content.styled(f"{command.name}: ", "bold"), command.help)
