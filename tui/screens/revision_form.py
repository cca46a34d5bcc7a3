"""A revision in other words: a field for each thing that it may change, checked while the person types."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, Static, TextArea

from intercoder.core.codebook import Code
from intercoder.core.errors import InputError, IntercoderError
from intercoder.core.revision_words import subject
from intercoder.formats.revision_fields import FormField, code_fields, form_fields, read_fields
from intercoder.graphs.drafting import Queued, check_draft, draft_answer
from intercoder.stores.study_folder import StudyFolder
from intercoder.tui.dialogs import AskYes
from intercoder.tui.text import joined, line, shown
from intercoder.tui.widgets.hanging import MUTED

PAUSE = 0.15
"""Seconds without a keystroke after which what was typed is checked."""


class FieldBox(Vertical):
    """A field with its name above and what is wrong with it below."""

    DEFAULT_CSS = """
    FieldBox { height: auto; margin-bottom: 1; }
    FieldBox Static { height: auto; }
    FieldBox Static.problem { display: none; }
    FieldBox.-wrong Static.problem { display: block; }
    FieldBox TextArea, FieldBox Input {
        height: auto; min-height: 1; max-height: 10; padding: 0 1; background: $panel 60%;
        border: none; border-left: outer $panel;
    }
    FieldBox TextArea:focus, FieldBox Input:focus { border: none; border-left: outer $primary; }
    FieldBox.-wrong TextArea, FieldBox.-wrong Input { border-left: outer $error; }
    """

    def __init__(self, field: FormField) -> None:
        super().__init__()
        self.field = field

    def compose(self) -> ComposeResult:
        """Name, field, problem."""
        hint = Content.styled(f"  {self.field.hint}", MUTED) if self.field.hint else ""
        yield Static(joined(Content.styled(self.field.name, "bold"), hint), markup=False)
        if self.field.lines == 1:
            yield Input(self.field.text)
        else:
            yield TextArea(self.field.text, show_line_numbers=False, soft_wrap=True)
        yield Static("", classes="problem", markup=False)

    @property
    def text(self) -> str:
        """What stands in the field."""
        for entry in self.query("Input, TextArea"):
            return entry.text if isinstance(entry, TextArea) else entry.value if isinstance(entry, Input) else ""
        return self.field.text

    def tell(self, problem: str) -> None:
        """Say what is wrong, or nothing."""
        for below in self.query(".problem").results(Static):
            below.update(shown(f"! {problem}" if problem else ""))
        self.set_class(bool(problem), "-wrong")


class RevisionForm(ModalScreen[bool | None]):
    """Answers True once the edit is drafted, None if it was given up.

    Args:
        folder: The study.
        queued: The revision; where it was edited before, the form begins with that.
        by: Who edits.
        clock: Present time.
    """

    DEFAULT_CSS = """
    RevisionForm { align: center middle; background: $background 60%; }
    RevisionForm > Vertical {
        width: 95%; max-width: 110; height: 95%;
        background: $surface; border: round $primary; border-title-style: bold; padding: 0 1;
    }
    RevisionForm #fields { height: 1fr; scrollbar-size-vertical: 1; }
    RevisionForm .part { color: $primary; text-style: bold; height: 1; }
    RevisionForm #wrong { height: auto; color: $error; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save draft", tooltip="Keep it as a draft.", id="form.save", priority=True),
        Binding("ctrl+n", "part", "Add a part", tooltip="Add a part to a split.", id="form.part", priority=True),
        Binding("escape", "leave", "Cancel", tooltip="Leave it; asks if anything was changed.", id="form.leave"),
    ]

    def __init__(self, folder: StudyFolder, queued: Queued, by: str, clock: Callable[[], str]) -> None:
        super().__init__()
        self._folder, self._queued, self._by, self._clock = folder, queued, by, clock
        self._revision = queued.recorded.revision
        draft = queued.draft.answer if queued.draft and queued.draft.answer.by == by else None
        self._after: Sequence[Code] = draft.after if draft else ()
        self._note = draft.note if draft and draft.answer == "edit" else ""
        self._parts = 0

    def compose(self) -> ComposeResult:
        """Fields of all codes, then why."""
        with Vertical() as box:
            box.border_title = joined(
                f"Edit revision {self._queued.recorded.number}: ", line(subject(self._queued.recorded), 60)
            )
            with VerticalScroll(id="fields", can_focus=False):
                fields = form_fields(self._revision, self._after)
                yield from self._boxes(fields)
                yield FieldBox(
                    FormField(key="note", name="Note", hint="why, if you like", text=self._note, lines=1)
                )
            yield Static("", id="wrong", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin with the first field."""
        self._began = self._texts()
        first = self.query(FieldBox).first()
        first.query("Input, TextArea").first().focus(scroll_visible=False)
        # The name of the first field stands above what has the focus.
        self.set_timer(PAUSE, partial(self.query_one("#fields").scroll_home, animate=False))
        self._check()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a split takes further parts."""
        return self._revision.kind == "split" if action == "part" else True

    def on_input_changed(self) -> None:
        """Check what was typed."""
        self._check()

    def on_text_area_changed(self) -> None:
        """Check what was typed."""
        self._check()

    async def action_part(self) -> None:
        """Add the fields of a further part."""
        boxes = list(self._boxes(code_fields(self._revision, Code(id="", label=""), self._parts)))
        await self.query_one("#fields").mount_all(boxes, before=self.query(FieldBox).last())
        boxes[1].query_one(Input).focus()

    def action_save(self) -> None:
        """Keep the edit as a draft; what cannot be taken is told, and the form stays."""
        self.workers.cancel_group(self, "check")
        number, note = self._queued.recorded.number, self._texts()["note"]
        try:
            after = self._read()
            if after == self._revision.after:
                raise InputError("nothing was edited.", remedy="Leave with escape, and approve it with a.")
            draft_answer(self._folder, number, "edit", by=self._by, at=self._clock(), note=note, after=after)
        except IntercoderError as error:
            self._tell(error)
            self.app.bell()
        else:
            self._close(True)

    @work(group="dialog")
    async def action_leave(self) -> None:
        """Give it up."""
        question = AskYes("Leave the form", "What you changed here would be lost. Leave all the same?")
        if self._texts() != self._began and not await self.app.push_screen_wait(question):
            return
        self._close(None)

    def _close(self, answer: bool | None) -> None:
        self.workers.cancel_group(self, "check")
        self.dismiss(answer)

    def _boxes(self, fields: Sequence[FormField]) -> Sequence[Static | FieldBox]:
        """The fields with a heading before each of several codes."""
        boxes: list[Static | FieldBox] = []
        several = self._revision.kind == "split"
        for field in fields:
            place = int(field.key.partition(".")[0])
            if place >= self._parts:
                self._parts = place + 1
                if several:
                    boxes.append(Static(f"Part {self._parts}", classes="part", markup=False))
            boxes.append(FieldBox(field))
        return boxes

    def _texts(self) -> dict[str, str]:
        return {box.field.key: box.text for box in self.query(FieldBox)}

    def _read(self) -> tuple[Code, ...]:
        texts = self._texts()
        texts.pop("note")
        return read_fields(self._revision, texts)

    @work(exclusive=True, group="check")
    async def _check(self) -> None:
        """Check as an answer is checked, once the person pauses."""
        await asyncio.sleep(PAUSE)
        try:
            after = self._read()
            await asyncio.to_thread(self._checked, after)
        except IntercoderError as error:
            self._tell(error)
        else:
            self._tell(None)

    def _checked(self, after: tuple[Code, ...]) -> None:
        check_draft(self._folder, self._queued.recorded.number, "edit", by=self._by, after=after)

    def _tell(self, error: IntercoderError | None) -> None:
        """Show a problem beside its field, or where it has none below all."""
        boxes = {box.field.key: box for box in self.query(FieldBox)}
        for key, box in boxes.items():
            box.tell(error.message if error is not None and error.where == key else "")
        beside = error is not None and error.where in boxes
        told = f"! {error.message} {error.remedy}" if error is not None and not beside else ""
        for below_all in self.query("#wrong").results(Static):
            below_all.update(shown(told))
