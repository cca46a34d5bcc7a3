"""A form: what is typed is checked while it is typed, and stays until it is done or given up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from intercoder.core.errors import IntercoderError
from intercoder.formats.revision_fields import FormField
from intercoder.tui.dialogs import Dialog
from intercoder.tui.text import shown
from intercoder.tui.widgets.field_box import FieldBox

PAUSE = 0.15
"""Seconds without a keystroke after which what was typed is checked."""
Texts = Mapping[str, str]
"""Key of a field -> what stands in it."""


class Form(Dialog[bool]):
    """Answers True once what was typed is done, None if it was given up.

    Args:
        title: What it is for.
        parts: The fields, part by part.
        check: Raises an IntercoderError for what cannot be taken; its `where` is the field's key, if it is one's.
            Called in a thread.
        do: Does what was typed; False if the person thought better of it. An IntercoderError is shown in the form.
        last: Fields below those of all parts.
        further: Gives the fields of a further part, counted from 0; None where no more can be added.
        hint: A sentence above the fields.
    """

    DEFAULT_CSS = """
    Form > Vertical { width: 95%; max-width: 110; max-height: 95%; }
    Form #fields { height: auto; scrollbar-gutter: stable; scrollbar-size-vertical: 1; }
    Form .hint { margin-bottom: 1; }
    Form .part { color: $primary; text-style: bold; }
    Form #wrong { color: $error; dock: bottom; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save", tooltip="Take what was typed.", id="form.save"),
        Binding("ctrl+n", "further", "Add a part", tooltip="Add a part.", id="form.part"),
    ]

    def __init__(
        self,
        title: str,
        parts: Sequence[Sequence[FormField]],
        check: Callable[[Texts], object],
        do: Callable[[Texts], Awaitable[bool]],
        *,
        last: Sequence[FormField] = (),
        further: Callable[[int], Sequence[FormField]] | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(title)
        self._parts, self._last, self._further, self._hint = list(parts), last, further, hint
        self._check, self._do = check, do

    def body(self) -> ComposeResult:
        """Hint, fields, what is wrong."""
        with VerticalScroll(id="fields", can_focus=False):
            if self._hint:
                yield Static(shown(self._hint), classes="hint", markup=False)
            for place, fields in enumerate(self._parts):
                yield from self._part(place, fields)
            for field in self._last:
                yield FieldBox(field)
        yield Static("", id="wrong", markup=False)

    def on_mount(self) -> None:
        """Begin in the first field; what stands there already is checked."""
        self._boxes[0].entry.focus(scroll_visible=False)
        if any(box.text for box in self._boxes):
            self._check_soon()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Parts are added only where there can be more."""
        return self._further is not None if action == "further" else True

    @property
    def _boxes(self) -> list[FieldBox]:
        return list(self.query(FieldBox))

    @property
    def texts(self) -> dict[str, str]:
        """What stands in the fields."""
        return {box.field.key: box.text for box in self._boxes}

    @property
    def unsaved(self) -> bool:
        """Whether a field was changed."""
        return bool(self._changed)

    @property
    def typed(self) -> str:
        """What was changed, field by field."""
        return "\n".join(f"{box.field.name}: {box.text}" for box in self._changed)

    @property
    def _changed(self) -> list[FieldBox]:
        return [box for box in self._boxes if box.text != box.field.text]

    def on_input_changed(self) -> None:
        """Check what was typed."""
        self._check_soon()

    def on_text_area_changed(self) -> None:
        """Check what was typed."""
        self._check_soon()

    def on_input_submitted(self) -> None:
        """Enter goes to the next field."""
        self.focus_next()

    async def action_further(self) -> None:
        """Add the fields of a further part."""
        if self._further is None:
            return
        fields = self._further(len(self._parts))
        self._parts.append(fields)
        widgets = list(self._part(len(self._parts) - 1, fields))
        below = self._boxes[-len(self._last)] if self._last else None
        await self.query_one("#fields").mount_all(widgets, before=below)
        next(one for one in widgets if isinstance(one, FieldBox)).entry.focus()

    @work(group="save", exclusive=True)
    async def action_save(self) -> None:
        """Do it; what cannot be done is told, and the form stays."""
        self.workers.cancel_group(self, "check")
        try:
            self._check(self.texts)
            done = await self._do(self.texts)
        except IntercoderError as error:
            self._tell(error)
            self.app.bell()
            for box in self._boxes:
                if box.field.key == error.where:
                    box.entry.focus()
        else:
            if done:
                self.dismiss(True)

    def _part(self, place: int, fields: Sequence[FormField]) -> Iterator[Static | FieldBox]:
        """The fields of a part, below a heading where there are or can be several."""
        if len(self._parts) > 1 or self._further is not None:
            yield Static(Content(f"Part {place + 1}"), classes="part", markup=False)
        for field in fields:
            yield FieldBox(field)

    @work(exclusive=True, group="check")
    async def _check_soon(self) -> None:
        """Check once the person pauses."""
        await asyncio.sleep(PAUSE)
        try:
            await asyncio.to_thread(self._check, self.texts)
        except IntercoderError as error:
            self._tell(error)
        else:
            self._tell(None)

    def _tell(self, error: IntercoderError | None) -> None:
        """Say what is wrong beside its field, and below all, for the field may be out of view."""
        place = ""
        for box in self._boxes:
            here = error is not None and error.where == box.field.key
            box.tell(error.message if here and error is not None else "")
            place = f"{box.field.name}: " if here else place
        told = f"! {place}{error.message} {error.remedy}".rstrip() if error is not None else ""
        for below in self.query("#wrong").results(Static):  # none where the form was left meanwhile
            below.update(shown(told))
