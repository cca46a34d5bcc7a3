"""Revisions: what is proposed for the codebook, with what it rests on and what it costs; and people's answers."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import ClassVar

from textual import events, on, work
from textual.binding import Binding, BindingType
from textual.widgets import OptionList

from intercoder.core.errors import IntercoderError
from intercoder.graphs.codebook.answering import AnswerKind
from intercoder.graphs.codebook.draft_words import outcome, summary, waiting_drafts
from intercoder.graphs.codebook.drafting import (
    Queued,
    check_draft,
    confirm_drafts,
    draft_answer,
    undo_draft,
)
from intercoder.graphs.codebook.revision_views import development_pages
from intercoder.graphs.detached import Started, start
from intercoder.stores.study_folder import StudyFolder
from intercoder.tui.dialogs import AskText
from intercoder.tui.screens.code_findings import FindingsDialog
from intercoder.tui.screens.revision_confirm import ConfirmDialog
from intercoder.tui.screens.revision_edit import edit_form
from intercoder.tui.screens.revision_keys import refusal
from intercoder.tui.screens.revision_list import ACTIONS, RevisionList
from intercoder.tui.widgets.book_tree import BookTree
from intercoder.tui.widgets.evidence_list import EvidenceList
from intercoder.tui.widgets.revision_queue import RevisionQueue
from intercoder.tui.widgets.revision_view import RevisionView


class RevisionsScreen(RevisionList):
    """A queue on the left, the revision under its cursor in the middle, the codebook on the right."""

    NAME = "revisions"
    TITLE = "Revisions"
    HELP = """
What the reviser proposes for the codebook. Answers are drafts until you confirm them with c: only then are they
recorded, and once nothing waits any more the round goes on. Drafts are kept when you quit. Of two people the answer
of the first stands. What others drafted stays theirs to confirm, unless you choose to give all.

Signs: ○ waits, ✓ approve, ~ edit, ✗ reject. In a text, [-words-] go and {+words+} come; + and - stand before
what comes or goes as a whole, ~ before what is reworded.
"""
    DEFAULT_CSS = """
    RevisionsScreen > Horizontal { height: 1fr; }
    RevisionsScreen #left { width: 36; }
    RevisionsScreen #middle { width: 1fr; }
    RevisionsScreen #right { width: 30; }
    RevisionsScreen .pane { border-title-color: $foreground; }
    RevisionsScreen #nothing { width: 1fr; height: 1fr; padding: 1 2; display: none; }
    RevisionsScreen.-empty #nothing { display: block; }
    RevisionsScreen.-empty #middle { display: none; }
    RevisionsScreen.-narrow #left { width: 27; padding: 0; }
    RevisionsScreen.-narrow #right { display: none; width: 27; padding: 0; }
    RevisionsScreen.-narrow #text, RevisionsScreen.-narrow #rests { margin-top: 0; }
    RevisionsScreen.-narrow.-tree #right { display: block; }
    RevisionsScreen.-narrow.-tree #left { display: none; }
    RevisionsScreen.-normal.-no-tree #right, RevisionsScreen.-wide.-no-tree #right { display: none; }
    RevisionsScreen.-wide #left { width: 44; }
    RevisionsScreen.-wide #right { width: 46; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "a", "approve", "Approve", tooltip="Take it as proposed, and go to the next.", id="revisions.approve"
        ),
        Binding("e", "edit", "Edit", tooltip="Take it in other words.", id="revisions.edit"),
        Binding("r", "reject", "Reject", tooltip="Leave the codebook as it is; asks why.", id="revisions.reject"),
        Binding("s", "skip", "Skip", tooltip="Go to the next that waits.", id="revisions.skip"),
        Binding("u,ctrl+z", "undo", "Undo", tooltip="Take back the draft that you made last.", id="revisions.undo"),
        Binding("c", "confirm", "Confirm", tooltip="Give the drafted answers and go on.", id="revisions.confirm"),
        Binding("n", "code(1)", "Next code", show=False, tooltip="Go to the next code.", id="revisions.next"),
        Binding(
            "p", "code(-1)", "Previous code", show=False, tooltip="Go to the code before.", id="revisions.previous"
        ),
        Binding("o", "open", "Open", tooltip="Show the passage in the corpus.", id="revisions.open"),
        Binding(
            "i",
            "findings",
            "Findings",
            tooltip="Show what the round found out about the code.",
            id="revisions.findings",
        ),
        Binding(
            "f",
            "everything",
            "All",
            tooltip="List also what was answered or dropped, or only what waits.",
            id="revisions.everything",
        ),
        Binding(
            "t", "tree", "Codebook", show=False, tooltip="Show or hide the codebook beside it.", id="revisions.tree"
        ),
        *(
            Binding(
                key,
                f"scroll_text({lines}, {pages})",
                f"Text {way}",
                show=False,
                priority=True,
                tooltip=f"Scroll what the revision changes, why, and its passages {way} by {much}.",
                id=f"revisions.{name}",
            )
            for key, name, lines, pages, way, much in (
                ("ctrl+down", "lines_down", 3, 0, "down", "some lines"),
                ("ctrl+up", "lines_up", -3, 0, "up", "some lines"),
                ("pagedown", "page_down", 0, 1, "down", "what is shown"),
                ("pageup", "page_up", 0, -1, "up", "what is shown"),
            )
        ),
        Binding("escape", "back", "Back", show=False, tooltip="Go back to the queue.", id="revisions.back"),
    ]

    def on_key(self, event: events.Key) -> None:
        """Say why a key that is greyed does nothing."""
        active = self.active_bindings.get(event.key)
        if active is not None and active.node is self and active.binding.action.partition("(")[0] in ACTIONS:
            why = refusal(active.binding.action.partition("(")[0], self.state, self.current, self.review.by)
            if why:
                self.review.tell(why)

    def action_approve(self) -> None:
        """Draft an approval."""
        queued = self.current
        if queued is not None:
            self._draft(queued, "approve")

    @work(group="dialog")
    async def action_edit(self) -> None:
        """Let the person put it in other words."""
        queued = self.current
        if queued is None:
            return
        form = edit_form(self.folder, queued, self.review.by, self.review.clock)
        if await self.app.push_screen_wait(form):
            self.go_on_from(queued)

    @work(group="dialog")
    async def action_reject(self) -> None:
        """Ask why, and draft a rejection."""
        queued = self.current
        if queued is None:
            return
        number, by = queued.recorded.number, self.review.by
        before = queued.draft.answer.note if queued.draft and queued.draft.answer.by == by else ""
        # Whether it can be rejected at all is said before anything is typed; the note that is checked is any.
        if self.attempt(check_draft, self.folder, number, "reject", by=by, note=before or "-") is None:
            self.done_here()
            return

        def reject(note: str) -> None:
            draft_answer(self.folder, number, "reject", by=by, at=self.review.clock(), note=note)

        title = f"Reject revision {number}"
        hint = "Why? The report shows it, and the reviser's same proposal is not shown again."
        note = await self.app.push_screen_wait(AskText(title, hint, before, needed=True, do=reject))
        if note is None:
            self.done_here()
        else:
            self.go_on_from(queued)

    def action_skip(self) -> None:
        """Go to the next that waits."""
        queue = self.query_one(RevisionQueue)
        number = queue.next_open()
        if number:
            queue.go_to(number)
        else:
            self.review.tell("No other revision is open.")

    def action_undo(self) -> None:
        """Take back the person's last draft, and go there."""
        taken = self.attempt(undo_draft, self.folder, self.review.by)
        if taken is not None:
            self.wanted = taken.number
            self.done_here()
            self.review.tell(f"Revision {taken.number} is open again.")

    def action_code(self, by: int) -> None:
        """Go to another code."""
        queue = self.query_one(RevisionQueue)
        queue.go_to(queue.neighbour(by))

    def action_open(self) -> None:
        """Show the passage under the cursor in the corpus."""
        segment = self.query_one(RevisionView).segment
        if segment:
            self.review.go("corpus", segment=segment)
        else:
            self.review.tell("It names no passage.")

    @on(OptionList.OptionSelected, "#evidence")
    def _passage_chosen(self) -> None:
        self.action_open()

    @on(OptionList.OptionSelected, "#queue")
    def _revision_chosen(self) -> None:
        self.query_one(EvidenceList).focus()

    @on(OptionList.OptionSelected, "#tree")
    def _code_chosen(self) -> None:
        self.review.go("codebook", code=self.query_one(BookTree).key)

    def action_scroll_text(self, lines: int, pages: int) -> None:
        """Scroll the revision; the cursor stays in the queue."""
        self.query_one(RevisionView).scroll_text(lines, pages=pages)

    def action_everything(self) -> None:
        """List all, or only what waits."""
        self.everything = not self.everything
        self.fill()

    def action_tree(self) -> None:
        """Show or hide the codebook; in a narrow terminal it takes the queue's place."""
        self.toggle_class("-tree" if self.has_class("-narrow") else "-no-tree")

    def action_back(self) -> None:
        """Go back to the queue."""
        self.remove_class("-tree")
        self.query_one(RevisionQueue).focus()

    @work(group="dialog")
    async def action_findings(self) -> None:
        """Show what the round found out about the code."""
        queued = self.current
        codes = [code.id for code in queued.recorded.revision.before] if queued else []
        known = [code_id for code_id in codes if self.state.book.code(code_id)]
        try:
            pages = await asyncio.to_thread(development_pages, self.folder, known)
        except IntercoderError as error:
            self.review.failed(error)
            return
        await self.app.push_screen_wait(FindingsDialog(pages))

    @work(group="dialog")
    async def action_confirm(self) -> None:
        """Give the drafted answers, and let the round go on where nothing waits any more."""
        drafts = waiting_drafts(self.state.queue)
        own = self.review.by in drafts
        question = summary(self.state.queue, self.review.by) if drafts else f"Let {self.state.pending} go on?"
        ask = ConfirmDialog(question, mine=own or not drafts, all_=bool(set(drafts) - {self.review.by}))
        everyone = await self.app.push_screen_wait(ask)
        if everyone is None:
            return
        # Also the drafts on what others answered meanwhile, which are taken away.
        runs = [
            one.recorded.revision.run
            for one in self.state.queue
            if one.draft is not None and (everyone or one.draft.answer.by == self.review.by)
        ]
        try:
            for run in dict.fromkeys(runs):
                confirm = partial(confirm_drafts, self.folder, run, by=self.review.by, everyone=everyone)
                self.review.tell(outcome(await asyncio.to_thread(confirm)))
            self.done_here()
            if self.state.pending:
                started = await asyncio.to_thread(go_on, self.folder)
                self.review.tell(f"{started.run or self.state.pending} goes on; F6 shows how far it is.")
        except IntercoderError as error:
            self.review.failed(error)
        self.done_here()

    def _draft(self, queued: Queued, answer: AnswerKind) -> None:
        """Draft an answer and go on; where somebody else was first, that is shown at once."""
        by, at = self.review.by, self.review.clock()
        if self.attempt(draft_answer, self.folder, queued.recorded.number, answer, by=by, at=at):
            self.go_on_from(queued)
        else:
            self.done_here()


def go_on(folder: StudyFolder) -> Started:
    """Let the development run go on, as a process of its own."""
    return start(folder, ["run", "codevelop"])
