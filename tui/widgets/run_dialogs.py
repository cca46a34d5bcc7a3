"""Dialogs about runs: the options of a new one, its plan before it starts, and texts to be read."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from intercoder.core.errors import IntercoderError
from intercoder.graphs.merging.merge_jobs import MergePlan
from intercoder.graphs.new_run_plans import gives_up, goes_on_with, plan_run
from intercoder.graphs.new_runs import COMMANDS, Field, Graph, NewRun, fields, told_in_form, wanted
from intercoder.graphs.planning import Plan
from intercoder.stores.study_folder import StudyFolder
from intercoder.tui.dialogs import Choose, Dialog
from intercoder.tui.text import joined, shown


class Planned(NamedTuple):
    """A run that somebody wants, and what it would do."""

    asked: NewRun
    plan: Plan | MergePlan
    going: str
    """The run that would be gone on with; empty for a new one."""
    given_up: int
    """How many revisions that wait would be asked about no more."""


class RunForm(Dialog[Planned]):
    """The options of a run; what cannot be taken is told beside its field, and the form stays open."""

    DEFAULT_CSS = """
    RunForm .field { height: auto; }
    RunForm .label { width: 14; height: 1; color: $text-muted; }
    RunForm Input { width: 22; height: 1; border: none; padding: 0 1; background: $boost; }
    RunForm Input { border-left: solid $primary 50%; }
    RunForm Input:focus { background: $primary 30%; border: none; border-left: thick $primary; }
    RunForm .explained { width: 1fr; height: auto; padding-left: 1; color: $text-muted; }
    RunForm .explained.-wrong { color: $error; }
    RunForm VerticalScroll { height: auto; max-height: 60vh; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", "Next", show=False),
        Binding("up", "app.focus_previous", "Previous", show=False),
        Binding("ctrl+s", "take", "Plan", tooltip="See what the run would do; enter does it, too.", id="form.take"),
        Binding("ctrl+o", "choose", "Choose", tooltip="Choose one of those that there are.", id="form.choose"),
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
                    yield Static(
                        Content(field.hint), id=f"{field.name}-explained", classes="explained", markup=False
                    )
        yield Static("", classes="problem", markup=False)

    @property
    def unsaved(self) -> bool:
        """Whether an option was changed."""
        return any(self._said.get(field.name, field.value) != field.value for field in self._fields)

    @property
    def typed(self) -> str:
        """The options."""
        return "\n".join(f"{name}: {value}" for name, value in self._said.items())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is something to choose only in some fields."""
        return bool(self._choices) if action == "choose" else True

    @on(Input.Submitted)
    def submitted(self) -> None:
        """Enter shows the plan."""
        self.action_take()

    @on(Input.Changed)
    def check(self) -> None:
        """Say at once what is wrong."""
        self._read()

    @on(events.DescendantFocus)
    def another_field(self) -> None:
        """What can be chosen depends on the field."""
        self.refresh_bindings()

    @property
    def _choices(self) -> tuple[str, ...]:
        focused = self.focused.id if self.focused is not None else None
        return next((field.choices for field in self._fields if field.name == focused), ())

    @work(group="choose", exclusive=True)
    async def action_choose(self) -> None:
        """Choose what the field shall hold."""
        choices, entry = self._choices, self.focused
        if choices and isinstance(entry, Input):
            place = await self.app.push_screen_wait(Choose(f"Which {entry.id}?", [(one, "") for one in choices]))
            if place is not None:
                entry.value = choices[place]

    @work(group="take", exclusive=True)
    async def action_take(self) -> None:
        """Plan the run, if nothing is wrong with its options."""
        asked = self._read()
        if asked is None:
            return
        try:
            planned = await asyncio.to_thread(_planned, self._folder, asked)
        except IntercoderError as error:
            self._tell(error)
        else:
            self.dismiss(planned)

    @property
    def _said(self) -> dict[str, str]:
        return {one.id or "": one.value for one in self.query(Input)}

    def _read(self) -> NewRun | None:
        try:
            asked = wanted(self._folder, self._graph, self._said, self._by)
        except IntercoderError as error:
            self._tell(error)
            return None
        self._tell(None)
        return asked

    def _tell(self, error: IntercoderError | None) -> None:
        """Tell an error beside its field, or below all where it is about none; tell no other any more."""
        name, text = told_in_form(self._folder, self._graph, error) if error is not None else ("", "")
        for field in self._fields:
            beside = self.query_one(f"#{field.name}-explained", Static)
            wrong = field.name == name
            beside.set_class(wrong, "-wrong")
            beside.update(joined("✗ ", shown(text)) if wrong else Content(field.hint))
        self.query_one(".problem", Static).update(joined("✗ ", shown(text)) if text and not name else Content(""))


def _planned(folder: StudyFolder, asked: NewRun) -> Planned:
    return Planned(asked, plan_run(folder, asked), goes_on_with(folder, asked), gives_up(folder, asked))


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
