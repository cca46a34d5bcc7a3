"""The versions of the codebook: who made each, when, what changed; any two compared; and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from intercoder.graphs.codebook.codebook_history import VersionLine, compared
from intercoder.stores.study_folder import StudyFolder
from intercoder.tui.code_details import change_rows
from intercoder.tui.dialogs import Dialog
from intercoder.tui.text import joined, line
from intercoder.tui.threads import show_from_thread
from intercoder.tui.widgets.hanging import MUTED, HangingText
from intercoder.tui.widgets.virtual_list import VirtualList


def version_line(one: VersionLine, *, brief: bool = False, sign: str = " ") -> Content:
    """A version on one line."""
    when = one.when[5:] if brief else one.when
    return joined(
        Content.styled(f"{sign} {one.version:>3} ", "bold"),
        Content.styled(f"{when}  ", MUTED),
        line(one.by, 16),
        "  ",
        line(one.changed, 200),
    )


class HistoryDialog(Dialog[int]):
    """Answers with the version to go back to.

    Args:
        folder: The study.
        versions: Its versions, oldest first.
    """

    DEFAULT_CSS = """
    HistoryDialog > Vertical { max-width: 130; height: 90%; }
    HistoryDialog VirtualList { height: 2fr; min-height: 4; }
    HistoryDialog #between { height: 1; color: $primary; text-style: bold; margin-top: 1; }
    HistoryDialog VerticalScroll { height: 3fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,h", "cancel", "Close", tooltip="Close the history.", id="history.close"),
        Binding("space", "from", "Compare from", tooltip="Compare others with this version.", id="history.from"),
        Binding("g", "back", "Go back to it", tooltip="Make a new version that equals it.", id="history.back"),
    ]

    def __init__(self, folder: StudyFolder, versions: Sequence[VersionLine]) -> None:
        super().__init__("History of the codebook")
        self._folder = folder
        self._versions = list(reversed(versions))
        self._from = 0

    def body(self) -> ComposeResult:
        """The versions, and what changed."""
        yield VirtualList(id="versions")
        yield Static(id="between", markup=False)
        with VerticalScroll():
            yield HangingText(id="changes")

    def on_mount(self) -> None:
        """Begin with the newest."""
        versions = self.query_one(VirtualList)
        versions.set_source(len(self._versions), self._rows)
        versions.styles.max_height = len(self._versions) + 1
        versions.focus()

    def on_virtual_list_highlighted(self) -> None:
        """Show what the version changed."""
        self._compare()

    def action_from(self) -> None:
        """Compare from this version on; once more for each with the one before it."""
        here = self._here.version
        self._from = 0 if self._from == here else here
        self.query_one(VirtualList).refresh_rows()
        self._compare()

    def action_back(self) -> None:
        """Go back to it."""
        if self._here is self._versions[0]:
            self.notify("This is the newest version.")
        else:
            self.dismiss(self._here.version)

    @property
    def _here(self) -> VersionLine:
        return self._versions[max(self.query_one(VirtualList).cursor, 0)]

    def _rows(self, start: int, stop: int) -> list[Content]:
        return [
            version_line(one, sign="◂" if one.version == self._from else " ") for one in self._versions[start:stop]
        ]

    @work(thread=True, exclusive=True, group="compare")
    def _compare(self) -> None:
        here = self._here.version
        place = next(at for at, one in enumerate(self._versions) if one.version == here)
        before = self._versions[place + 1].version if place + 1 < len(self._versions) else 0
        first, second = (self._from or before, here) if self._from != here else (before, here)
        rows = change_rows(compared(self._folder, first, second))
        show_from_thread(self, self._show, first, second, rows)

    def _show(self, first: int, second: int, rows: list[tuple[Content, Content]]) -> None:
        told = f"From version {first} to {second}" if first else f"Version {second}, the first"
        self.query_one("#between", Static).update(Content(told))
        self.query_one("#changes", HangingText).set_rows(rows or [(Content(""), Content("No difference."))])
        self.query_one(VerticalScroll).scroll_home(animate=False)
