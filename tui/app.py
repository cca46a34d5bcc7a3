"""The app: which study, who reviews it, seven screens, and one look twice a second at what others wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, TypeVar, cast

from textual import events, work
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.worker import WorkerFailed

from intercoder.core.errors import IntercoderError
from intercoder.stores.changes import Changes
from intercoder.stores.codebooks.waiting import count_waiting
from intercoder.stores.database import now
from intercoder.stores.lease import lease_holder
from intercoder.stores.study_folder import StudyFolder
from intercoder.tui.commands import KeyCommands
from intercoder.tui.dialogs import AskLeave, Dialog
from intercoder.tui.places import PLACES, build, load
from intercoder.tui.preferences import Preferences, read_preferences, write_preferences
from intercoder.tui.screens.base import StudyScreen
from intercoder.tui.screens.help import HelpScreen
from intercoder.tui.screens.too_small import TooSmall, fits
from intercoder.tui.text import shown
from intercoder.tui.theme import THEMES
from intercoder.tui.widgets.study_bar import StudyBar

Kind = TypeVar("Kind")
LOOK = 0.5
"""Seconds between looks at what others wrote."""
WARM = 1.0
"""Seconds after which the other screens are imported: the first one comes first."""


class ReviewApp(App[None]):
    """The terminal UI over a study.

    Args:
        folder: The study.
        by: Who reviews: the author of everything they do here.
        clock: Present time, UTC, ISO 8601.
        start: The screen to begin with; by default the revisions where one waits, else the corpus.
        preferences: File with the person's preferences; None for the usual ones.
    """

    TITLE = "intercoder"
    CSS_PATH = "review.tcss"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = App.COMMANDS | {KeyCommands}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", "Help", tooltip="Show what this screen is for and all its keys.", id="app.help"),
        *(
            Binding(
                place.key,
                f"go('{place.name}')",
                place.title,
                show=False,
                tooltip=place.tooltip,
                id=f"app.{place.name}",
            )
            for place in PLACES
        ),
        Binding("ctrl+p", "command_palette", "Commands", tooltip="Find any command by its name.", id="app.palette"),
        Binding(
            "ctrl+t",
            "change_theme",
            "Theme",
            show=False,
            tooltip="Change between the dark and the light theme.",
            id="app.theme",
        ),
        Binding(
            "ctrl+q",
            "quit",
            "Quit",
            tooltip="Leave. All answers are kept; runs go on.",
            id="app.quit",
            priority=True,
        ),
    ]

    def __init__(
        self,
        folder: StudyFolder,
        *,
        by: str,
        clock: Callable[[], str] = now,
        start: str = "",
        preferences: Path | None = None,
    ) -> None:
        super().__init__()
        self.folder = folder
        self.by = by
        self.clock = clock
        self.running = ""
        """The run at work; empty if none is."""
        self.waiting = 0
        """Revisions that wait for a person."""
        self.unblinded: set[str] = set()
        """Samples of which the person chose, for this sitting, to see what others said before they are done."""
        self.asked_blind: set[str] = set()
        """Samples about which they were asked that."""
        self.rescued: tuple[tuple[str, str], ...] = ()
        """What was typed and not kept when the app failed, if it did."""
        self._start = start
        self._preferences = preferences
        self._changes = Changes(folder.engine)
        for place in PLACES:
            self.add_mode(place.name, partial(build, place))
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = read_preferences(preferences).theme

    def on_mount(self) -> None:
        """Open the first screen and begin to look."""
        self._learn()
        self.switch_mode(self._start or ("revisions" if self.waiting else "corpus"))
        self.set_interval(LOOK, self.look)
        self.set_timer(WARM, self._warm)

    @work(thread=True, group="warm")
    def _warm(self) -> None:
        """Import the other screens while the person reads the first one."""
        for place in PLACES:
            load(place)

    def on_unmount(self) -> None:
        """Let go of the database."""
        self._changes.close()

    def on_resize(self, event: events.Resize) -> None:
        """Say so where the terminal is too small."""
        if not fits(event.size) and not any(isinstance(screen, TooSmall) for screen in self.screen_stack):
            self.push_screen(TooSmall())

    def look(self) -> None:
        """See whether anybody wrote to the study, and let the screens know."""
        try:
            changed = self._changes.any()
            self._learn(everything=changed)
        except IntercoderError as error:
            self.failed(error)
            return
        if changed:
            for screen in self._screens(StudyScreen):
                screen.study_changed()

    def go(self, place: str, **what: Any) -> None:
        """Show a screen, at what is named (see `StudyScreen.show`)."""
        self.switch_mode(place)
        if what:
            screen = cast(StudyScreen, self._screen_stacks[place][0])
            screen.call_after_refresh(screen.show, **what)

    def failed(self, error: IntercoderError) -> None:
        """Show an error that is meant for people: what is wrong, where, and what to do."""
        place = f"{error.where}: " if error.where else ""
        text = f"{place}{error.message}" + (f"\n→ {error.remedy}" if error.remedy else "")
        self.notify(shown(text).plain, title="Not done", severity="error", timeout=12, markup=False)

    def tell(self, text: str) -> None:
        """Show a short message."""
        self.notify(shown(text).plain, markup=False)

    def action_go(self, place: str) -> None:
        """Show a screen."""
        self.go(place)

    def action_help(self) -> None:
        """Show all keys."""
        if isinstance(self.screen, StudyScreen):
            self.push_screen(HelpScreen(self.screen))

    def action_change_theme(self) -> None:
        """Change between dark and light."""
        names = [theme.name for theme in THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]
        write_preferences(self._preferences, Preferences(theme=self.theme))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Leave out Textual's own: what there is to do stands in the keys."""
        return ()

    async def action_quit(self) -> None:
        """Leave; ask first where something was typed that is not kept."""
        if not any(screen.unsaved for screen in self._screens(Dialog)):
            self.exit()
        elif not isinstance(self.screen, AskLeave):
            self.push_screen(AskLeave(), lambda agreed: self.exit() if agreed else None)

    @property
    def typed(self) -> tuple[tuple[str, str], ...]:
        """What was typed in dialogs that are open: what each is about, and the text."""
        return tuple((screen.about, screen.typed) for screen in self._screens(Dialog) if screen.unsaved)

    async def run_action(self, *args: Any, **named: Any) -> bool:
        """Show an error that an action ends with, if it is meant for people."""
        try:
            return await super().run_action(*args, **named)
        except IntercoderError as error:
            self.failed(error)
            return True

    def _handle_exception(self, error: Exception) -> None:
        """Show a worker's error that is meant for people; keep what was typed where any other ends the app."""
        cause = error.error if isinstance(error, WorkerFailed) else error
        if isinstance(error, WorkerFailed) and isinstance(cause, IntercoderError):
            self.failed(cause)
        elif self.is_running or not isinstance(cause, NoMatches):  # widgets go while the app is being left
            self.rescued = self.rescued or self.typed
            super()._handle_exception(error)

    def _screens(self, kind: type[Kind]) -> list[Kind]:
        """All screens and dialogs of a kind that are open."""
        return [one for stack in self._screen_stacks.values() for one in stack if isinstance(one, kind)]

    def _learn(self, *, everything: bool = True) -> None:
        """Learn what is at work, and after a change what waits."""
        before = (self.running, self.waiting)
        self.running = lease_holder(self.folder.engine, self.folder.study.id) or ""
        if everything:
            self.waiting = count_waiting(self.folder.engine, self.folder.study.id)
        if before != (self.running, self.waiting):
            for screen in self._screens(StudyScreen):
                for bar in screen.query(StudyBar):
                    bar.tell()
