"""Choosing a colour: by name, by digits, or none."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets.option_list import Option

from intercoder.core.codebooks.colours import NAMED, read_colour
from intercoder.core.errors import InputError
from intercoder.tui.dialogs import Pick
from intercoder.tui.text import joined

NONE = "none"


class ColourDialog(Pick[str]):
    """Answers with `#rrggbb`, or with nothing (an empty text) for no colour of its own.

    Args:
        label: The code's label.
        colour: Its present colour, which is marked first; empty for none.
    """

    DEFAULT_CSS = """
    ColourDialog > Vertical { max-width: 50; }
    """
    PLACEHOLDER = "a name, or digits such as #3584e4"

    def __init__(self, label: str, colour: str) -> None:
        places = list(NAMED.values())
        super().__init__(f"Colour of {label}", places.index(colour) if colour in places else len(places))

    def options(self, typed: str) -> Sequence[Option]:
        """The names that match, or the colour of the digits."""
        typed = typed.casefold()
        named = [_option(colour, f"{name:<8} {colour}") for name, colour in NAMED.items() if typed in name]
        none = [Option(Content(f"   {NONE}     it gets one by itself"), id="")] if typed in NONE else []
        if named or none:
            return [*named, *none]
        try:
            return [_option(read_colour(typed), read_colour(typed))]
        except InputError as error:
            raise InputError(error.message, remedy="Write it as #3584e4.") from None

    def meaning(self, option_id: str) -> str:
        """The colour itself."""
        return option_id


def _option(colour: str, told: str) -> Option:
    return Option(joined(Content.styled("██ ", colour), told), id=colour)
