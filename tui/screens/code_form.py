"""A form with fields about codes: what is typed is checked at once, and stays until it is taken or given up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, Static

from intercoder.core.errors import IntercoderError
from intercoder.formats.revision_fields import FormField
from intercoder.tui.dialogs import AskYes
from intercoder.tui.screens.revision_form import PAUSE, FieldBox
from intercoder.tui.text import line, shown

Texts = Mapping[str, str]
"""Key of a field -> what stands in it."""


class CodeForm(ModalScreen[bool]):
    """Answers True once what was typed is done, False if it was given up.

    Args:
        title: What it is for.
        fields: The fields.
        check: Raises an IntercoderError for what cannot be taken; its `where` is the field's key, if it is one's.
        do: Does what was typed; False if the person thought better of it. An IntercoderError is shown in the form.
        further: Gives the fields of a further part, counted from 0; None where there are no parts.
        hint: A sentence above the fields.
    """

    DEFAULT_CSS = """
    CodeForm { align: center middle; background: $background 60%; }
    CodeForm > Vertical {
        width: 95%; max-width: 100; height: auto; max-height: 95%;
        background: $surface; border: round $primary; border-title-style: bold; padding: 0 1;
    }
    CodeForm #fields { height: auto; max-height: 100%; scrollbar-gutter: stable; }
    CodeForm .hint { color: $text-muted; height: auto; margin-bottom: 1; }
    CodeForm #wrong { height: auto; color: $error; dock: bottom; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save", tooltip="Do it.", id="code_form.save", priority=True),
        Binding("ctrl+n", "further", "Add a part", tooltip="Add a part.", id="code_form.part", priority=True),
        Binding("escape", "leave", "Cancel", tooltip="Leave it; asks if anything changed.", id="code_form.leave"),
    ]

    def __init__(
        self,
        title: str,
        fields: Sequence[FormField],
        check: Callable[[Texts], object],
        do: Callable[[Texts], Awaitable[bool]],
        *,
        further: Callable[[int], Sequence[FormField]] | None = None,
        hint: str = "",
    ) -> None:
        super().__init__()
        self._title, self._fields, self._check, self._do = title, fields, check, do
        self._further, self._hint = further, hint
        self._parts = 0

    def compose(self) -> ComposeResult:
        """Hint, fields, what is wrong."""
        with Vertical() as box:
            box.border_title = line(self._title, 80)
            with VerticalScroll(id="fields", can_focus=False):
                if self._hint:
                    yield Static(shown(self._hint), classes="hint", markup=False)
                for field in self._fields:
                    yield FieldBox(field)
                if self._further is not None:
                    for _ in range(2):
                        yield from self._part()
            yield Static("", id="wrong", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin in the first field."""
        self._began = self.texts
        self.query("FieldBox Input, FieldBox TextArea").first().focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Parts are added only where there are parts."""
        return self._further is not None if action == "further" else True

    @property
    def texts(self) -> dict[str, str]:
        """What stands in the fields."""
        return {box.field.key: box.text for box in self.query(FieldBox)}

    def on_input_changed(self) -> None:
        """Check what was typed."""
        self._check_soon()

    def on_text_area_changed(self) -> None:
        """Check what was typed."""
        self._check_soon()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes to the next field."""
        self.focus_next()

    def action_further(self) -> None:
        """Add the fields of a further part."""
        boxes = self._part()
        self.query_one("#fields").mount_all(boxes)
        self.call_after_refresh(lambda: boxes[0].query_one(Input).focus())

    @work(group="save", exclusive=True)
    async def action_save(self) -> None:
        """Do it; what cannot be done is told, and the form stays."""
        try:
            self._check(self.texts)
            done = await self._do(self.texts)
        except IntercoderError as error:
            self._tell(error)
            self.app.bell()
            for box in self.query(FieldBox):
                if box.field.key == error.where:
                    box.query("Input, TextArea").first().focus()
        else:
            if done:
                self.dismiss(True)

    @work
    async def action_leave(self) -> None:
        """Give it up."""
        question = "What you typed here would be lost. Leave all the same?"
        leaves: bool | None = True
        if self.texts != self._began:
            leaves = await self.app.push_screen_wait(AskYes("Leave the form", question))
        if leaves:
            self.dismiss(False)

    def _part(self) -> list[FieldBox]:
        fields = self._further(self._parts) if self._further else ()
        self._parts += 1
        return [FieldBox(field) for field in fields]

    @work(exclusive=True, group="check")
    async def _check_soon(self) -> None:
        await asyncio.sleep(PAUSE)
        try:
            self._check(self.texts)
        except IntercoderError as error:
            self._tell(error)
        else:
            self._tell(None)

    def _tell(self, error: IntercoderError | None) -> None:
        """Mark the field that is wrong, and say below all what is, for the field may be out of view."""
        boxes = {box.field.key: box for box in self.query(FieldBox)}
        for key, box in boxes.items():
            box.set_class(error is not None and error.where == key, "-wrong")
        told = ""
        if error is not None:
            place = f"{boxes[error.where].field.name}: " if error.where in boxes else ""
            told = f"! {place}{error.message} {error.remedy}"
        for below in self.query("#wrong").results(Static):  # none where the form was left meanwhile
            below.update(shown(told))
