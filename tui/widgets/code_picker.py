"""The field in which a person types part of a code's label; signs are keys while nothing is typed.

What is typed changes the field at once, where the app takes a key up, as priority bindings act there, too. A field
otherwise learns of its text by a message of its own, and a key that acts on the text could overtake it.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import Input

SIGNS = frozenset(" \"'+-/<>?*") | frozenset("123456789")
"""What no label needs to begin with when it is looked for: while nothing is typed these are keys."""


class CodePicker(Input, inherit_bindings=False):
    """Letters narrow the list of codes. Arrows and enter are the screen's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("backspace", "delete_left", "Delete", show=False, priority=True),
        Binding("ctrl+w", "delete_left_word", "Delete word", show=False, priority=True),
        Binding("home,ctrl+a", "home", "Begin", show=False, priority=True),
        Binding("end", "end", "End", show=False, priority=True),
        Binding("ctrl+v", "paste", "Paste", show=False, priority=True),
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

    def _forward_event(self, event: events.Event) -> None:
        """Take text at once; all else goes its usual way."""
        if isinstance(event, events.Key) and event.is_printable and event.character:
            if self.check_consume_key(event.key, event.character):
                self._restart_blink()
                self.replace(event.character, *self.selection)
        elif isinstance(event, events.Paste):
            self._insert(event.text)
        else:
            super()._forward_event(event)

    def action_paste(self) -> None:
        """Insert what was copied."""
        self._insert(self.app.clipboard)

    def _insert(self, text: str) -> None:
        """Insert text; its lines become one, and none of them is an enter."""
        self.replace(" ".join(text.split()), *self.selection)
