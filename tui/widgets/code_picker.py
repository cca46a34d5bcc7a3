"""The field in which a person types part of a code's label; signs are keys while nothing is typed."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

SIGNS = frozenset(" \"'+-/<>?*") | frozenset("123456789")
"""What no label needs to begin with when it is looked for: while nothing is typed these are keys."""


class CodePicker(Input, inherit_bindings=False):
    """Letters narrow the list of codes. Arrows and enter are the screen's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("backspace", "delete_left", "Delete", show=False),
        Binding("ctrl+w", "delete_left_word", "Delete word", show=False),
        Binding("home,ctrl+a", "home", "Begin", show=False),
        Binding("end", "end", "End", show=False),
        Binding("ctrl+v", "paste", "Paste", show=False),
    ]
    DEFAULT_CSS = """
    CodePicker { height: 1; border: none; padding: 0; background: $boost; }
    CodePicker:focus { border: none; }
    """

    def __init__(self, id: str | None = None) -> None:
        super().__init__(placeholder="type part of a code's name", id=id, compact=True, select_on_focus=False)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Leave signs to the screen's keys while nothing is typed."""
        if not self.value and character in SIGNS:
            return False
        return super().check_consume_key(key, character)
