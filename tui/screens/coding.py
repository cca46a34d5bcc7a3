"""Coding: a person codes segments, one after the other, and sees nobody else's answers before they are done."""

from __future__ import annotations

from functools import cache
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from intercoder.tui.screens.coding_asking import CodingAsking
from intercoder.tui.widgets.code_picker import CodePicker
from intercoder.tui.widgets.quote_text import QuoteText
from intercoder.tui.widgets.virtual_list import VirtualList

_EMPTY = frozenset(
    {
        "finish",
        "give_or_take",
        "take_away",
        "recent",
        "previous",
        "skip",
        "next_open",
        "search",
        "help",
        "mark_sign",
    }
)
"""Actions of keys that are text where something is typed."""


def _key(
    keys: str, action: str, description: str, tooltip: str, *, shows: str = "", id: str = "", show: bool = True
) -> Binding:
    name = id or action.partition("(")[0]
    return Binding(
        keys,
        action,
        description,
        tooltip=tooltip,
        id=f"coding.{name}",
        key_display=shows or None,
        show=show,
        priority=True,
    )


class CodingScreen(CodingAsking):
    """The page with its keys: which there are, when they apply, and those that only move about."""

    NAME = "coding"
    TITLE = "Coding"
    HELP = (
        "Read the segment and type part of a code's name: the best match is marked, enter gives it. Enter with "
        "nothing typed says that you are done: every code you did not give gets a no, and the next segment comes. "
        "Letters are always text; while nothing is typed, digits, signs and arrows are keys. Everything is saved "
        "at once and can be undone. What models and others said shows once you are done, unless the study says "
        "otherwise ([human] blind)."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        _key("enter", "give_typed", "Give", "Give the code that is marked in the list."),
        _key(
            "enter",
            "finish",
            "Done, next",
            "Be done: codes without an answer get a no, and the next open segment comes.",
        ),
        _key(
            "space",
            "give_or_take",
            "Give or take",
            "Give the marked code, with the marked quote if there is one; or take it away.",
        ),
        _key("tab", "mark", "Quote", "Mark words of the segment; they go with the code you give next."),
        _key("quotation_mark", "mark_sign", "Quote", "Mark words of the segment.", show=False),
        _key("ctrl+u", "unsure", "Unsure", "Be unsure about the marked code; or which one to choose."),
        _key("ctrl+z", "undo", "Undo", "Take back what you did last, on whatever segment it was."),
        _key("ctrl+y,ctrl+r", "redo", "Redo", "Do again what you took back last.", shows="^y"),
        _key("plus,ctrl+n", "new_code", "New code", "Make a code and give it.", shows="^n"),
        _key("right", "skip", "Next", "Leave this segment as it is and go to the next.", shows="→"),
        _key("left", "previous", "Back", "Go to the segment before.", shows="←"),
        _key("greater_than_sign,ctrl+g", "next_open", "Next open", "Go to the next segment not done.", shows="^g"),
        _key("ctrl+o", "memo", "Memo", "Note something about the segment."),
        _key("ctrl+e", "reason", "Why", "Note why you gave the marked code."),
        _key("minus,delete", "take_away", "Take away", "Take your answer about the marked code away.", shows="-"),
        _key("slash", "search", "Search", "Find segments of the sample by their words.", shows="/"),
        _key("ctrl+s", "work", "Sample", "Choose what to code: a sample, all segments, or a new sample."),
        _key("left", "edit('cursor_left')", "Left", "Go left in what is typed.", id="edit_left", show=False),
        _key("right", "edit('cursor_right')", "Right", "Go right in what is typed.", id="edit_right", show=False),
        _key("delete", "edit('delete_right')", "Delete", "Delete what follows.", id="edit_delete", show=False),
        _key("escape", "clear", "Clear", "Forget what is typed, or the marked quote.", show=False),
        _key("question_mark", "help", "Help", "Show all keys.", show=False),
        *(
            _key(
                str(digit),
                f"recent({digit})",
                f"Code {digit}",
                f"Give the code with the digit {digit}.",
                id=f"recent_{digit}",
                show=False,
            )
            for digit in range(1, 10)
        ),
        _key("up", "move(-1)", "Code above", "Mark the code above.", id="up", show=False),
        _key("down", "move(1)", "Code below", "Mark the code below.", id="down", show=False),
        _key("pageup", "scroll_text(-1)", "Scroll up", "Scroll the text up.", id="scroll_up", show=False),
        _key("pagedown", "scroll_text(1)", "Scroll down", "Scroll the text down.", id="scroll_down", show=False),
    ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that are text where something is typed, or that belong to the text while words are marked."""
        if action not in _actions():
            return super().check_action(action, parameters)
        if not self.is_mounted or not self.query(CodePicker) or isinstance(self.focused, QuoteText):
            return False
        typed = bool(self.query_one(CodePicker).value)
        if action in ("give_typed", "edit"):
            return typed
        if typed and action in _EMPTY:
            return False
        if action == "work":
            return True
        if self.desk.page is None:
            return None
        if action in ("undo", "redo"):
            moves = self.desk.moves
            return True if (moves.last if action == "undo" else moves.next) else None
        return True

    def action_edit(self, action: str) -> None:
        """Change what is typed."""
        getattr(self.query_one(CodePicker), f"action_{action}")()

    def action_mark(self) -> None:
        """Mark words of the segment."""
        self.query_one(QuoteText).begin()

    def action_mark_sign(self) -> None:
        """Mark words of the segment."""
        self.action_mark()

    def action_help(self) -> None:
        """Show all keys."""
        self.review.action_help()

    def action_move(self, by: int) -> None:
        """Mark another code."""
        self.query_one(VirtualList).action_move(by)

    def action_scroll_text(self, by: int) -> None:
        """Scroll the text."""
        pane = self.query_one("#text", VerticalScroll)
        pane.scroll_relative(y=by * max(pane.size.height - 2, 1), animate=False)

    def action_clear(self) -> None:
        """Forget what is typed, or the marked quote."""
        picker = self.query_one(CodePicker)
        if picker.value:
            picker.value = ""
        elif self.marked_quote is not None:
            self.marked_quote = None
            self.back_to_codes()


@cache
def _actions() -> frozenset[str]:
    """Actions of the screen's own keys."""
    return frozenset(one.action.partition("(")[0] for one in CodingScreen.BINDINGS if isinstance(one, Binding))
