"""Choosing a colour: by name, by digits, or none."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from intercoder.core.colours import NAMED, read_colour
from intercoder.core.errors import InputError
from intercoder.tui.dialogs import Dialog
from intercoder.tui.text import joined, shown

NONE = "none"


class ColourDialog(Dialog[str]):
    """Answers with `#rrggbb`, or with nothing (an empty text) for no colour of its own."""

    DEFAULT_CSS = """
    ColourDialog > Vertical { max-width: 50; }
    ColourDialog OptionList { height: auto; max-height: 12; border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("enter", "take", "Choose", tooltip="Take the colour.", id="dialog.choose", priority=True),
    ]

    def __init__(self, label: str, colour: str) -> None:
        super().__init__(f"Colour of {label}")
        self._colour = colour

    def body(self) -> ComposeResult:
        """A field, the names, and what is wrong."""
        yield Input(placeholder="a name, or digits such as #3584e4")
        yield OptionList()
        yield Static("", classes="problem", markup=False)

    def on_mount(self) -> None:
        """Show all, the present one marked."""
        self._narrow("")
        places = [*NAMED.values()]
        here = places.index(self._colour) if self._colour in places else len(places)
        self.query_one(OptionList).highlighted = here

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show the names that match, or the colour of the digits."""
        self._narrow(event.value)

    def on_option_list_option_selected(self) -> None:
        """A click chooses."""
        self.action_take()

    def action_move(self, by: int) -> None:
        """Move the mark."""
        choices = self.query_one(OptionList)
        if choices.option_count:
            choices.highlighted = ((choices.highlighted or 0) + by) % choices.option_count

    def action_take(self) -> None:
        """Take the marked one."""
        choices = self.query_one(OptionList)
        if choices.highlighted is not None:
            self.dismiss(choices.get_option_at_index(choices.highlighted).id or "")

    def _narrow(self, typed: str) -> None:
        typed = typed.strip().casefold()
        options = [
            Option(joined(Content.styled("██ ", colour), f"{name:<8} {colour}"), id=colour)
            for name, colour in NAMED.items()
            if typed in name
        ]
        options += [Option(Content(f"   {NONE}     it gets one by itself"), id="")] if typed in NONE else []
        problem = ""
        if not options:
            try:
                colour = read_colour(typed)
                options = [Option(joined(Content.styled("██ ", colour), colour), id=colour)]
            except InputError as error:
                problem = f"{error.message} Write it as #3584e4."
        choices = self.query_one(OptionList)
        choices.set_options(options)
        choices.highlighted = 0 if options else None
        self.query_one(".problem", Static).update(shown(problem))
