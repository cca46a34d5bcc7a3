"""What all screens have: the study's bar above, the keys below, and news of what others write."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, TypeVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from intercoder.core.errors import IntercoderError
from intercoder.tui.widgets.key_line import KeyLine
from intercoder.tui.widgets.study_bar import StudyBar

if TYPE_CHECKING:
    from intercoder.stores.study_folder import StudyFolder
    from intercoder.tui.app import ReviewApp

Given = ParamSpec("Given")
Result = TypeVar("Result")


class StudyScreen(Screen[None]):
    """One of the seven screens.

    A subclass yields its widgets in `body`, fills them in `load`, and goes where others send it in `show`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark", "app.help", "Help", show=False)]
    NAME: ClassVar[str]
    HELP: ClassVar[str] = ""
    """What the screen is for, above its keys in the help."""
    HORIZONTAL_BREAKPOINTS: ClassVar[list[tuple[int, str]]] = [  # type: ignore[misc]
        (0, "-narrow"),
        (100, "-normal"),
        (160, "-wide"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._stale = False

    @property
    def review(self) -> ReviewApp:
        """The app, with the study and who works on it."""
        return cast("ReviewApp", self.app)

    @property
    def folder(self) -> StudyFolder:
        """The study."""
        return self.review.folder

    def compose(self) -> ComposeResult:
        """Bar, body, keys."""
        yield StudyBar()
        yield from self.body()
        yield KeyLine()

    def body(self) -> ComposeResult:
        """The screen's own widgets."""
        raise NotImplementedError

    def load(self) -> None:
        """Fill the widgets from the study; again whenever anybody wrote to it. Keeps cursors and what is typed."""

    def show(self, **what: Any) -> None:
        """Go to what another screen names, such as `segment=ID`."""

    def on_mount(self) -> None:
        """Fill the screen the first time."""
        self.load()

    def on_screen_resume(self, _event: events.ScreenResume) -> None:
        """Catch up with what was written while another screen was shown."""
        for bar in self.query(StudyBar):
            bar.tell()
        if self._stale:
            self.study_changed()

    def study_changed(self) -> None:
        """Somebody wrote to the study."""
        if self.is_current and self.is_mounted:
            self._stale = False
            self.load()
        else:
            self._stale = True

    def attempt(self, function: Callable[Given, Result], *args: Given.args, **named: Given.kwargs) -> Result | None:
        """Call a function of the study; an error that is meant for people is shown, and None returned."""
        try:
            return function(*args, **named)
        except IntercoderError as error:
            self.review.failed(error)
            return None
