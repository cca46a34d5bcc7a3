"""Dialogs about runs: the options of a new one, its plan before it starts, and texts to be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from intercoder.core.errors import IntercoderError
from intercoder.graphs.new_runs import COMMANDS, Field, Graph, NewRun, fields, wanted
from intercoder.stores.study_folder import StudyFolder
from intercoder.tui.dialogs import Dialog
from intercoder.tui.text import joined, shown


class RunForm(Dialog[NewRun]):
    """The options of a run; what cannot be taken is told while it is typed."""

    DEFAULT_CSS = """
    RunForm .field { height: auto; }
    RunForm .label { width: 14; height: 1; color: $text-muted; }
    RunForm Input { width: 22; height: 1; border: none; padding: 0 1; background: $boost; }
    RunForm Input { border-left: solid $primary 50%; }
    RunForm Input:focus { background: $primary 30%; border: none; border-left: thick $primary; }
    RunForm .explained { width: 1fr; height: auto; padding-left: 1; color: $text-muted; }
    RunForm VerticalScroll { height: auto; max-height: 60vh; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", "Next", show=False),
        Binding("up", "app.focus_previous", "Previous", show=False),
        Binding(
            "ctrl+s,enter", "take", "Plan", tooltip="See what the run would do.", id="form.take", priority=True
        ),
    ]

    def __init__(self, folder: StudyFolder, graph: Graph, by: str) -> None:
        super().__init__(f"New run: {' '.join(COMMANDS[graph])}")
        self._folder, self._graph, self._by = folder, graph, by
        self._fields: Sequence[Field] = fields(folder, graph)

    def body(self) -> ComposeResult:
        """A row for each option, and what is wrong."""
        yield Static(
            "A blank option is as its hint says. Nothing starts before you have seen the plan.",
            classes="hint",
            markup=False,
        )
        with VerticalScroll(can_focus=False):
            for field in self._fields:
                with Horizontal(classes="field"):
                    yield Static(field.label, classes="label", markup=False)
                    yield Input(field.value, id=field.name, select_on_focus=False)
                    yield Static(field.hint, classes="explained", markup=False)
        yield Static("", classes="problem", markup=False)

    @property
    def unsaved(self) -> bool:
        """Whether an option was changed."""
        return any(self._said.get(field.name, field.value) != field.value for field in self._fields)

    @property
    def typed(self) -> str:
        """The options."""
        return "\n".join(f"{name}: {value}" for name, value in self._said.items())

    @on(Input.Changed)
    def check(self) -> None:
        """Say at once what is wrong."""
        self._read()

    def action_take(self) -> None:
        """Take the options, if nothing is wrong with them."""
        asked = self._read()
        if asked is not None:
            self.dismiss(asked)

    @property
    def _said(self) -> dict[str, str]:
        return {one.id or "": one.value for one in self.query(Input)}

    def _read(self) -> NewRun | None:
        try:
            asked, problem = wanted(self._folder, self._graph, self._said, self._by), Content("")
        except IntercoderError as error:
            asked, problem = None, shown(str(error))
        self.query_one(".problem", Static).update(problem)
        return asked


class PlanDialog(Dialog[bool]):
    """What a run would do, before it does it."""

    DEFAULT_CSS = """
    PlanDialog VerticalScroll { height: auto; max-height: 65vh; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "yes", "Start", tooltip="Start the run as a process of its own.", id="plan.start"),
        Binding("n", "cancel", "Leave it", tooltip="Start nothing.", id="plan.leave"),
    ]

    def __init__(self, title: str, text: Content, *, startable: bool) -> None:
        super().__init__(title)
        self._text, self._startable = text, startable

    def body(self) -> ComposeResult:
        """The plan, and the question."""
        with VerticalScroll():
            yield Static(self._text, markup=False)
        asked = "Start it? It goes on when you leave this program." if self._startable else "It would not start."
        yield Static(joined("\n", Content.styled(asked, "bold")), markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What would not start cannot be started."""
        return None if action == "yes" and not self._startable else True

    def action_yes(self) -> None:
        """Start it."""
        self.dismiss(True)


class Reading(Dialog[None]):
    """A text to be read, from its beginning or at its end."""

    DEFAULT_CSS = """
    Reading > Vertical { width: 96%; max-width: 160; }
    Reading VerticalScroll { height: auto; max-height: 75vh; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "cancel", "Close", tooltip="Go back.", id="reading.close"),
    ]

    def __init__(self, title: str, text: Content, *, at_end: bool = False) -> None:
        super().__init__(title)
        self._text, self._at_end = text, at_end

    def body(self) -> ComposeResult:
        """The text."""
        with VerticalScroll():
            yield Static(self._text, markup=False)

    def on_mount(self) -> None:
        """Go to the end, if that is what matters."""
        if self._at_end:
            self.query_one(VerticalScroll).scroll_end(animate=False)
