"""What a person does to the segment on the screen, at once: give codes, take them away, be done, go on, undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from intercoder.core.codebook import Code
from intercoder.core.coding.hand_coding import Move
from intercoder.core.shown import one_line
from intercoder.tui.screens.coding_page import CodingPage, makes_one
from intercoder.tui.widgets.code_picker import CodePicker


class CodingActs(CodingPage):
    """The acts that ask nothing; the page shows at once what came of each."""

    def action_give_typed(self) -> None:
        """Give the best match."""
        code = self.marked_code
        if code is None:
            typed = self.query_one(CodePicker).value
            self.review.tell(f"No code matches; {makes_one(typed).plain}")
            return
        if self.give(code):
            self.query_one(CodePicker).value = ""

    def action_give_or_take(self) -> None:
        """Give the marked code; where it is given and no quote is marked, take it away."""
        code, mine = self.marked_code, self.desk.mine
        if code is None or mine is None:
            return
        if mine.values.get(code.id) == "yes" and self.marked_quote is None:
            self._do(self.desk.take_away, code.id)
        else:
            self.give(code)

    def on_virtual_list_chosen(self) -> None:
        """A double click gives the code."""
        self.action_give_or_take()

    def action_recent(self, digit: int) -> None:
        """Give the code with a digit."""
        places = self.desk.recent.places
        code = self.desk.book.code(places[digit - 1]) if digit <= len(places) else None
        if code is not None:
            self.give(code)

    def action_unsure(self) -> None:
        """Be unsure."""
        code = self.marked_code
        if code is not None:
            self.give(code, "unsure")

    def action_take_away(self) -> None:
        """Take the answer away."""
        code = self.marked_code
        if code is not None:
            self._do(self.desk.take_away, code.id)

    def action_finish(self) -> None:
        """Be done, and go on."""
        if self._do(self.desk.finish) is None:
            return
        place = self.desk.open_from(self.desk.place + 1)
        if place is None:
            self.fill()
            self.review.tell("All segments are done.")
        else:
            self.go_to(place)

    def action_skip(self) -> None:
        """Go to the next segment."""
        if self.desk.place + 1 < len(self.desk.segment_ids):
            self.go_to(self.desk.place + 1)
        else:
            self.review.tell("This is the last segment.")

    def action_previous(self) -> None:
        """Go to the segment before."""
        if self.desk.place:
            self.go_to(self.desk.place - 1)
        else:
            self.review.tell("This is the first segment.")

    def action_next_open(self) -> None:
        """Go to the next segment that is not done."""
        place = self.desk.open_from(self.desk.place + 1)
        if place is None:
            self.review.tell("All segments are done.")
        else:
            self.go_to(place)

    def action_undo(self) -> None:
        """Take the last move back."""
        self._repeat(self.desk.undo, "Taken back")

    def action_redo(self) -> None:
        """Do it again."""
        self._repeat(self.desk.redo, "Done again")

    def give(self, code: Code, value: Literal["yes", "no", "unsure"] = "yes") -> bool:
        """Give a code, with the marked quote if there is one; whether that could be done."""
        about = "" if value == "unsure" and self.desk.book.exclusive else code.id
        move = self._do(lambda: self.desk.give(about, value, mark=self.marked_quote))
        if move is None:
            return False
        self.marked_quote = None
        self.fill()
        self.point_to(code.id)
        return True

    def _do(self, function: Callable[..., Move], *args: Any) -> Move | None:
        move = self.attempt(function, *args)
        if move is not None:
            self.fill()
        return move

    def _repeat(self, function: Callable[[], Move | None], words: str) -> None:
        here = self.desk.place
        move = self.attempt(function)
        self.marked_quote = None
        self.fill(top=self.desk.place != here)
        if move is not None:
            place = f" on segment {self.desk.place + 1}" if self.desk.place != here else ""
            self.review.tell(f"{words}{place}: {one_line(move.words, 80)}")
