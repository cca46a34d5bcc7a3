"""The panes of Revisions: the queue, the revision under its cursor with what it rests on, and the codebook."""

from __future__ import annotations

import asyncio
from typing import Any

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import OptionList, Static

from intercoder.core.errors import IntercoderError
from intercoder.graphs.codebook.draft_words import confirmed_by_others
from intercoder.graphs.codebook.drafting import Queued, Review, by_codes, open_per_code, review_state
from intercoder.tui.screens.base import StudyScreen
from intercoder.tui.screens.revision_keys import refusal
from intercoder.tui.text import shown
from intercoder.tui.widgets.book_tree import BookTree
from intercoder.tui.widgets.revision_queue import RevisionQueue
from intercoder.tui.widgets.revision_view import RevisionView

ACTIONS = ("approve", "edit", "reject", "skip", "undo", "confirm", "code", "open", "findings")
"""What does not apply always."""


class RevisionList(StudyScreen):
    """The three panes; a subclass has the keys with which a person answers, and says how the panes lie."""

    AUTO_FOCUS = "#queue"

    def __init__(self) -> None:
        super().__init__()
        self.state = Review()
        self._written = 0
        """Counts what was done here: a look that began before is stale."""
        self.everything = False
        """Whether what was answered or dropped is listed too."""
        self.wanted = 0
        """The revision to go to once it is there."""
        self._due = self._looking = False
        """Whether the study is to be looked at (again), and whether that is under way."""
        self._shown = 0
        """The revision that is shown."""
        self._possible: tuple[bool | None, ...] = ()
        """Which keys apply, as the footer has it."""

    def body(self) -> ComposeResult:
        """Three columns."""
        with Horizontal():
            with Vertical(id="left", classes="pane"):
                yield RevisionQueue(id="queue")
            yield RevisionView(id="middle", classes="pane")
            yield Static(id="nothing", classes="pane", markup=False)
            with Vertical(id="right", classes="pane") as right:
                right.border_title = "Codebook"
                yield BookTree(id="tree")

    def load(self) -> None:
        """Look at the study again, beside whatever is done here."""
        self._due = True
        if not self._looking:
            self._look()

    def show(self, **what: Any) -> None:
        """Go to a revision, `number=3`, whatever became of it."""
        self.wanted = int(what.get("number", 0))
        self.fill()

    @work(group="look")
    async def _look(self) -> None:
        self._looking = True
        try:
            while self._due:
                self._due, written = False, self._written
                state = await asyncio.to_thread(review_state, self.folder)
                if written == self._written:
                    self._take(state)
                else:
                    self._due = True
        except IntercoderError as error:
            self.review.failed(error)
        finally:
            self._looking = False

    def _take(self, state: Review) -> None:
        for one in confirmed_by_others(self.state.queue, state.queue, self.review.by):
            self.review.tell(f"Your draft on revision {one.number} was confirmed by {one.confirmed_by}.")
        self.state = state
        self.fill()

    def fill(self) -> None:
        """Show the queue; the cursor's revision is shown anew because drafts and decisions may be others."""
        known = {one.recorded.number: one for one in self.state.queue}
        if self.wanted in known and known[self.wanted].recorded.status != "waiting":
            self.everything = True
        groups = by_codes(self.state.queue, everything=self.everything)
        queue = self.query_one(RevisionQueue)
        queue.show_groups(groups, self.review.by, self.review.clock())
        if self.wanted and queue.go_to(self.wanted):
            self.wanted = 0
        waiting = [one for one in self.state.queue if one.recorded.status == "waiting"]
        left = self.query_one("#left")
        left.border_title = "All revisions" if self.everything else "Revisions that wait"
        left.border_subtitle = f"{sum(one.open for one in waiting)} of {len(waiting)} open" if waiting else ""
        self.set_class(not groups, "-empty")
        if not groups:
            self.query_one("#nothing", Static).update(self._nothing())
        self._show_current()

    def _nothing(self) -> Content:
        """What to do where nothing waits."""
        if self.state.pending:
            return shown(
                f"Every revision has its answer.\n\nc: let {self.state.pending} go on.\nf: see what became of them."
            )
        command = f"intercoder run codevelop {self.folder.argument}"
        seen = "\nf: see what became of earlier ones." if self.state.queue else ""
        return shown(
            "No revision waits.\n\nRevisions are proposed by a development round: the codebook is tried on a "
            f"sample and a reviser says what would make it clearer.\n\nF6: start one, or type `{command}`.{seen}"
        )

    @property
    def current(self) -> Queued | None:
        """The revision under the cursor."""
        number = self.query_one(RevisionQueue).number
        return next((one for one in self.state.queue if one.recorded.number == number), None)

    @on(OptionList.OptionHighlighted, "#queue")
    def _moved(self) -> None:
        if self.query_one(RevisionQueue).number != self._shown:
            self._show_current()

    def _show_current(self) -> None:
        possible = tuple(self.check_action(name, ()) for name in ACTIONS)
        if possible != self._possible:
            self._possible = possible
            self.refresh_bindings()
        queued = self.current
        self._shown = queued.recorded.number if queued else 0
        if queued is None:
            return
        book, revision = self.state.book, queued.recorded.revision
        labels = {code.id: code.label for code in book.codes}
        self.query_one(RevisionView).show(queued, labels, self.review.by, self.review.clock())
        marked = [code.id for code in revision.before or revision.after]
        self.query_one(BookTree).show_book(book, open_per_code(self.state.queue), marked)
        self.query_one("#right").border_title = f"Codebook, version {book.version}"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey what does not apply to the revision under the cursor."""
        if action == "scroll_text":
            return not isinstance(self.focused, BookTree)
        if action not in ACTIONS:
            return True
        queued = self.current if self.is_mounted else None
        return not refusal(action, self.state, queued, self.review.by) or None

    def go_on_from(self, queued: Queued) -> None:
        """To the next that is open, unless the person went elsewhere while a dialog was there."""
        queue = self.query_one(RevisionQueue)
        if queue.number == queued.recorded.number:
            self.wanted = queue.next_open()
        self.done_here()

    def done_here(self) -> None:
        """Look at once, so that the next key finds what this one did."""
        self._written += 1
        state = self.attempt(review_state, self.folder)
        if state is not None:
            self._take(state)
