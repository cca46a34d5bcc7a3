"""What a person is asked on the screen of coding: memos, reasons, new codes, words to search, what to code."""

from __future__ import annotations

from functools import partial

from textual import work

from intercoder.core.codebooks.codebook_checks import folded
from intercoder.core.errors import InputError
from intercoder.core.shown import counted, one_line
from intercoder.graphs.codebook.new_codes import add_code
from intercoder.stores.corpus.drawn_samples import find_or_draw
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.people.coding_work import Work, segments_with, works
from intercoder.tui import coding_view as view
from intercoder.tui.dialogs import AskText, Choose
from intercoder.tui.screens.coding_acting import CodingActs
from intercoder.tui.screens.sample_asking import ask_sample
from intercoder.tui.widgets.code_picker import CodePicker

FOUND = 100
"""Segments that a search lists at most."""


class CodingAsking(CodingActs):
    """The acts that open a dialog first."""

    @work
    async def action_memo(self) -> None:
        """Ask for the memo."""
        mine = self.desk.mine
        if mine is None:
            return
        hint = "About this segment; leave it blank to take it away."
        await self.app.push_screen_wait(AskText("Memo", hint, mine.memo, lines=6, do=self.desk.note))
        self.fill()

    @work
    async def action_reason(self) -> None:
        """Ask why the marked code was given."""
        code, mine = self.marked_code, self.desk.mine
        decision = mine.decision(code.id) if mine and code else None
        if code is None or mine is None or decision is None:
            self.review.tell("Give the code first.")
            return
        title = f"Why {decision.value}: {one_line(code.label, 50)}"
        give = partial(self.desk.give, code.id, decision.value or "yes")
        await self.app.push_screen_wait(
            AskText(title, "", decision.reason, lines=6, do=lambda text: give(reason=text))
        )
        self.fill()

    @work
    async def action_new_code(self) -> None:
        """Ask for a label and a definition; make the code and give it."""
        typed = self.query_one(CodePicker).value
        taken = {folded(code.label) for code in self.desk.book.codes}
        label = await self.app.push_screen_wait(
            AskText(
                "New code",
                "Its name, as short as can be. It goes into the codebook at once, with you as its author.",
                typed.strip(),
                needed=True,
                check=lambda text: _free(text, taken),
            )
        )
        if not label:
            return
        definition = await self.app.push_screen_wait(
            AskText(f"Definition of {one_line(label, 40)}", "When does it apply? May be left blank.", lines=6)
        )
        if definition is None:
            return
        made = self.attempt(add_code, self.folder, label, definition, self.review.by)
        if made is None:
            return
        book, code = made
        self.query_one(CodePicker).value = ""
        self.desk.use_book(book)
        self.list_codes()
        self.give(code)
        self.review.tell(f"{code.label} is in codebook version {book.version}.")

    @work
    async def action_search(self) -> None:
        """Ask for words, list the segments in which they stand, go to the chosen one."""
        words = await self.app.push_screen_wait(AskText("Search", "Words of a segment.", needed=True))
        if not words:
            return
        desk, folder = self.desk, self.folder
        found: list[tuple[str, str]] = []
        for one in segments_with(folder.engine, folder.study.id, desk.segment_ids, words):
            found.append(one)
            if len(found) == FOUND:
                break
        if not found:
            self.review.tell("No segment has these words.")
            return
        places = {segment_id: place for place, segment_id in enumerate(desk.segment_ids)}
        options = [(f"{places[one] + 1}", text) for one, text in found]
        title = counted(len(found), "segment") + (" and more" if len(found) == FOUND else "")
        chosen = await self.app.push_screen_wait(Choose(title, options))
        if chosen is not None:
            self.go_to(places[found[chosen][0]])

    @work
    async def action_work(self) -> None:
        """Ask what to code."""
        found = self.attempt(works, self.folder.engine, self.folder.study.id)
        if not found:
            return
        options = [
            (view.work_name(one.sample, one.unit), view.work_size(one.size, one.population)) for one in found
        ]
        options.append(("Draw a new sample", "named, at random, for everybody who codes"))
        here = next((place for place, one in enumerate(found) if one == self.desk.work), 0)
        chosen = await self.app.push_screen_wait(Choose("What do you code?", options, here))
        if chosen is None:
            return
        if chosen < len(found):
            self.open_work(found[chosen])
        else:
            await self._draw()

    async def _draw(self) -> None:
        unit = self.desk.work.unit if self.desk.work else None
        asked = await ask_sample(self.app, self.folder, Scope(unit=unit))
        if asked is None:
            return
        drawn = self.attempt(find_or_draw, self.folder, asked.name, asked.scope, enriched=False)
        if drawn is None:
            return
        kept, new = drawn
        if not new:
            self.review.tell("A sample of that name was there already; it is opened.")
        self.open_work(Work(kept.name, kept.unit, kept.size, kept.population))


def _free(label: str, taken: set[str]) -> None:
    if folded(label) in taken:
        raise InputError("there is a code of that name already.", remedy="Give it another name.")
