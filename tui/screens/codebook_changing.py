"""How a change of the codebook is made on the screen: checked, shown with what hangs on it, confirmed, done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from threading import Lock
from typing import TypeVar

from textual import work
from textual.content import Content

from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.codebook_checks import check_book
from intercoder.core.codebooks.codebook_words import in_words
from intercoder.core.errors import IntercoderError
from intercoder.core.revising.applying import apply
from intercoder.core.revisions import Revision
from intercoder.core.shown import counted
from intercoder.formats.revision_fields import FormField
from intercoder.graphs.codebook.codebook_acts import ChangedMeanwhile, carry_out, touched, touched_words
from intercoder.graphs.codebook.codebook_edits import CodebookChange
from intercoder.graphs.codebook.codebook_export import write_codebook
from intercoder.graphs.codebook.codebook_history import VersionLine
from intercoder.tui.code_details import change_rows
from intercoder.tui.dialogs import AskYes
from intercoder.tui.screens.base import StudyScreen
from intercoder.tui.screens.form import Form, Texts
from intercoder.tui.text import joined, shown
from intercoder.tui.threads import show_from_thread
from intercoder.tui.widgets.code_tree import CodeTree
from intercoder.tui.widgets.hanging import Row, hanging

Found = TypeVar("Found")
Make = Callable[[Codebook], Sequence[Revision]]
"""Makes the revisions of an act, for a version."""
WIDE = 82
"""Cells of a difference in a question."""
LINES = 14
"""Lines of a difference in a question; more would leave no room for the question."""


class CodebookChanging(StudyScreen):
    """A screen that shows a version, and makes the next one of it."""

    def __init__(self) -> None:
        super().__init__()
        self._acting = asyncio.Lock()
        self._behind = False
        """Whether codebook.yaml does not say yet what the newest version says."""
        self._exporting = Lock()

    @property
    def book(self) -> Codebook:
        """The version on the screen."""
        raise NotImplementedError

    @property
    def versions(self) -> Sequence[VersionLine]:
        """Its history."""
        raise NotImplementedError

    @property
    def code_tree(self) -> CodeTree:
        """The codes."""
        return self.query_one(CodeTree)

    @property
    def code(self) -> Code | None:
        """The code under the cursor."""
        return self.code_tree.code

    async def catch_up(self) -> None:
        """Show the newest version before anything else is done."""
        raise NotImplementedError

    async def in_form(
        self,
        title: str,
        parts: Sequence[Sequence[FormField]],
        make: Callable[[Codebook, Texts], Sequence[Revision]],
        *,
        ask: str = "",
        further: Callable[[int], Sequence[FormField]] | None = None,
        hint: str = "",
    ) -> None:
        """A form whose texts become a change of the version that is on the screen now.

        It stays open, with all that was typed, until that is done. Once the person was told that somebody was
        first, they change what stands now.
        """
        seen = self.book

        async def do(texts: Texts) -> bool:
            nonlocal seen
            try:
                return await self._carry_out(lambda book: make(book, texts), ask, seen)
            except ChangedMeanwhile:
                seen = self.book
                raise

        def check(texts: Texts) -> None:
            check_change(seen, make(seen, texts))

        await self.app.push_screen_wait(Form(title, parts, check, do, further=further, hint=hint))

    async def do(self, make: Make, ask: str = "", *, seen: Codebook | None = None, lightly: bool = False) -> bool:
        """Make a change; an error is shown.

        Args:
            make: Makes its revisions.
            ask: The question to be asked before; empty for none.
            seen: The version that the person saw when they began; by default the one on the screen.
            lightly: Ask only where decisions hang on it.
        """
        try:
            return await self._carry_out(make, ask, seen, lightly=lightly)
        except IntercoderError as error:
            self.review.failed(error)
            return False

    async def _carry_out(
        self, make: Make, ask: str, seen: Codebook | None = None, *, lightly: bool = False
    ) -> bool:
        """Make a change of the version that the person saw, once they know what hangs on it.

        Raises:
            IntercoderError: It cannot be done, or somebody was first; then the screen shows the newest version.
        """
        async with self._acting:
            seen = seen or self.book
            revisions = make(seen)
            if not revisions:
                return True
            if ask:
                words = touched_words(await asyncio.to_thread(touched, self.folder, seen, revisions))
                rows = change_rows(in_words(revisions, {code.id: code.label for code in seen.codes}))
                if (words or not lightly) and not await self.agrees(ask, rows, words):
                    return False
            try:
                change = await asyncio.to_thread(carry_out, self.folder, seen, revisions, self.review.by)
            except IntercoderError:
                await self.catch_up()
                raise
            await self._told(change, seen)
            return True

    async def done(self, function: Callable[[], CodebookChange]) -> None:
        """Do what makes a new version by itself; an error is shown."""
        async with self._acting:
            seen = self.book
            change = await self.asked(function)
            if change is not None:
                await self._told(change, seen)
            else:
                await self.catch_up()

    async def asked(self, function: Callable[[], Found]) -> Found | None:
        """What a function of the study gives; None and a message if it cannot."""
        try:
            return await asyncio.to_thread(function)
        except IntercoderError as error:
            self.review.failed(error)
            return None

    async def _told(self, change: CodebookChange, before: Codebook) -> None:
        await self.catch_up()
        new = [code.id for code in change.after.codes if before.code(code.id) is None]
        if new and before.codes:
            self.code_tree.go_to_code(new[0])
        for note in change.notes:
            self.review.tell(note)
        self._behind = True
        self._export()

    @work(thread=True, group="export")
    def _export(self) -> None:
        """Let codebook.yaml say what the newest version says; for a long codebook that takes seconds."""
        with self._exporting:
            if not self._behind:
                return
            self._behind = False
            if note := write_codebook(self.folder).note:
                show_from_thread(self, self.review.tell, note)

    async def agrees(self, title: str, rows: Sequence[Row], words: Sequence[str]) -> bool:
        """Show a change and what hangs on it, and ask."""
        lines = hanging(rows, min(WIDE, max(self.size.width - 16, 30))).split("\n", allow_blank=True)
        more = [Content.styled(f"… {counted(len(lines) - LINES, 'more line')}", "$text-muted")]
        text = Content("\n").join(lines if len(lines) <= LINES + 1 else [*lines[:LINES], *more])
        told = [joined(Content.styled("! ", "bold $warning"), shown(one)) for one in words]
        parts = [text, *([Content("\n").join(told)] if told else [])]
        answer: bool | None = await self.app.push_screen_wait(AskYes(title, Content("\n\n").join(parts)))
        return bool(answer)


def check_change(book: Codebook, revisions: Sequence[Revision]) -> None:
    """Refuse a change after which the book could not be coded with."""
    check_book(apply(book, revisions), book)
