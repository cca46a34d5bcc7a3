"""Confirming a round: one's own drafts, or where others drafted answers as well, those of all."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from intercoder.tui.dialogs import Dialog
from intercoder.tui.text import shown


class ConfirmDialog(Dialog[bool]):
    """Asks whose drafts are given: False for the person's own, True for those of all.

    Args:
        text: Who drafted what, and what each choice does.
        mine: Whether the person has drafts of their own, or there is nothing but to go on.
        all_: Whether others have drafts.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "give(False)", "Yes", tooltip="Give your own drafts.", id="confirm.mine"),
        Binding(
            "a", "give(True)", "All", tooltip="Give also what others drafted, in their names.", id="confirm.all"
        ),
        Binding("n", "cancel", "No", tooltip="Leave all as drafts.", id="dialog.no"),
    ]

    def __init__(self, text: str, *, mine: bool, all_: bool) -> None:
        super().__init__("Confirm the round")
        self._text = shown(text)
        self._offered = {False: mine, True: all_}

    def body(self) -> ComposeResult:
        """Who drafted what."""
        yield Static(self._text, markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what there is."""
        return self._offered[bool(parameters[0])] if action == "give" else True

    def action_give(self, everyone: bool) -> None:
        """Go on."""
        self.dismiss(everyone)
