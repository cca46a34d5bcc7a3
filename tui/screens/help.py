"""Help: what a screen is for, and every key that applies, each with a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Static

from intercoder.tui.commands import KeyCommand, commands_of

if TYPE_CHECKING:
    from intercoder.tui.screens.base import StudyScreen


class HelpScreen(ModalScreen[None]):
    """A scrollable page over the screen that it explains."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > VerticalScroll {
        width: 90%; max-width: 100; height: 90%; background: $surface; border: round $primary; padding: 1 2;
    }
    HelpScreen Static { height: auto; }
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
            page.border_title = self._about.TITLE
            page.border_subtitle = "escape closes"
            yield Static(self._text(), markup=False)

    def _text(self) -> Content:
        return Content("\n").join(self._lines())

    def _lines(self) -> Iterator[Content]:
        for paragraph in self._about.HELP.strip().split("\n\n") if self._about.HELP else ():
            yield Content(" ".join(paragraph.split()))
            yield Content("")
        nodes = self._about.focused.ancestors_with_self if self._about.focused is not None else [self._about]
        here = [command for node in nodes if isinstance(node, Widget) for command in _of_widget(node)]
        for title, keys in (
            ("Keys where you are", here),
            ("Keys of this screen", list(commands_of(self._about))),
            ("Keys everywhere", list(commands_of(self._about.app))),
        ):
            if keys:
                yield Content.styled(title, "bold")
                yield from map(_line, keys)
                yield Content("")


def _of_widget(node: Widget) -> Iterator[KeyCommand]:
    """The keys that a part of the screen has for itself."""
    return iter(()) if isinstance(node, Screen) else commands_of(node)


def _line(command: KeyCommand) -> Content:
    return Content.assemble((f"{command.key:>12}  ", "bold $accent"), f"{command.name}: {command.help}")
