"""One revision: what it changes word by word, why, what it rests on, and what approving it bears on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.geometry import Region
from textual.widgets import OptionList, Static

from intercoder.core.ages import age
from intercoder.core.errors import IntercoderError
from intercoder.core.revising.evidence_words import origin
from intercoder.core.revising.inline_changes import inline_changes
from intercoder.core.revising.revision_words import told
from intercoder.core.shown import counted
from intercoder.graphs.codebook.drafting import Queued
from intercoder.graphs.codebook.revision_views import Details, revision_details
from intercoder.tui.text import joined, line, shown
from intercoder.tui.widgets.evidence_list import EvidenceList
from intercoder.tui.widgets.hanging import MUTED, Row
from intercoder.tui.widgets.word_diff import WordDiff, diff_rows

if TYPE_CHECKING:
    from intercoder.tui.app import ReviewApp

NOTHING = Content("")
PATIENCE = 0.15
"""Seconds that the evidence of another revision may stay until that of this one is read."""
MORE = "ctrl+↓ more"
"""Where the text goes on below."""
LONG = 300
"""Characters of a note or a reason on one line."""


class RevisionView(Vertical):
    """What a person looks at before they answer; evidence and cost are read in a thread."""

    DEFAULT_CSS = """
    RevisionView #head { height: auto; }
    RevisionView #text { height: 1fr; margin-top: 1; scrollbar-size-vertical: 1; }
    RevisionView #rests { height: auto; margin-top: 1; }
    RevisionView EvidenceList { height: auto; max-height: 100000; }
    RevisionView #cost { height: auto; padding: 0 1; background: $boost; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._shown = 0
        """The revision whose evidence is on the screen."""
        self._number = 0
        """The revision that is to be shown."""
        self._texts: dict[str, Content] = {}

    def compose(self) -> ComposeResult:
        """From what changes to what it costs."""
        yield Static(id="head", markup=False)
        with VerticalScroll(id="text", can_focus=False):
            yield WordDiff(id="diff")
            yield Static(id="rests", classes="heading", markup=False)
            yield EvidenceList(id="evidence")
        yield Static(id="cost", markup=False)

    def on_mount(self) -> None:
        """Say below the text that there is more of it."""
        for what in ("scroll_y", "virtual_size", "size"):
            self.watch(self.pane, what, self._tell_more)

    @property
    def pane(self) -> VerticalScroll:
        """All that is scrolled."""
        return self.query_one("#text", VerticalScroll)

    def scroll_text(self, lines: int, *, pages: int = 0) -> None:
        """Scroll the text down, or up, by so many lines and by so many times what is shown at once."""
        height = max(self.pane.scrollable_content_region.height - 1, 1)
        self.pane.scroll_relative(y=lines + pages * height, animate=False)

    def _tell_more(self) -> None:
        more = self.pane.max_scroll_y > self.pane.scroll_offset.y
        self.border_subtitle = MORE if more else ""

    @on(OptionList.OptionHighlighted, "#evidence")
    def _keep_in_view(self) -> None:
        """The passage under the cursor; the list itself is never scrolled."""
        evidence = self.query_one(EvidenceList)
        if evidence.has_focus:
            first, height = evidence.marked
            region = Region(0, evidence.virtual_region.y + first, self.pane.size.width, height)
            self.pane.scroll_to_region(region, animate=False)

    @property
    def segment(self) -> str:
        """Id of the passage under the cursor, else of the first; empty where there is none."""
        return self.query_one(EvidenceList).segment if self._shown == self._number else ""

    def show(self, queued: Queued, labels: Mapping[str, str], by: str, now: str) -> None:
        """Show a revision; of the same one again the cursor stays where it is.

        Args:
            queued: The revision.
            labels: Code id -> label, for parents.
            by: Who looks.
            now: Present time.
        """
        if self._number != queued.recorded.number:
            self._number = queued.recorded.number
            self.pane.scroll_home(animate=False)
            self.border_title = f"Revision {self._number}"
            self.set_timer(PATIENCE, self._clear)
        self._put("#head", head_of(queued, by, now))
        self.query_one(WordDiff).set_rows(change_rows(queued, labels))
        self._read(queued)

    @work(exclusive=True, group="details")
    async def _read(self, queued: Queued) -> None:
        app = cast("ReviewApp", self.app)
        waits = queued.recorded.status == "waiting"
        try:
            details = await asyncio.to_thread(revision_details, app.folder, queued.drafted, cost=waits)
        except IntercoderError as error:
            app.failed(error)
        else:
            self._show_details(queued.recorded.number, details)

    def _clear(self) -> None:
        """Take away what belongs to another revision, where it takes long to read this one's."""
        if self._shown != self._number:
            self._put("#cost", NOTHING)
            self._put("#rests", NOTHING)
            self.query_one(EvidenceList).show_excerpts(())

    def _put(self, selector: str, text: Content) -> None:
        """Show a text; the same again costs nothing."""
        if not text.is_same(self._texts.get(selector, NOTHING)):
            self._texts[selector] = text
            self.query_one(selector, Static).update(text)

    def _show_details(self, number: int, details: Details) -> None:
        self._shown = number
        passages = counted(len(details.excerpts), "passage")
        title = f"It rests on {passages}" if details.excerpts else "It names no passage"
        self._put("#rests", Content(title))
        self.query_one(EvidenceList).show_excerpts(details.excerpts)
        self._put("#cost", Content(f"If approved: {details.cost}." if details.cost else ""))


def head_of(queued: Queued, by: str, now: str) -> Content:
    """What is said to a revision so far: when it was proposed, the draft, or what became of it."""
    one = queued.drafted
    if queued.recorded.status != "waiting":
        return line(told(one), LONG, MUTED)
    since = Content.styled(f"proposed {age(one.created_at, now)} ago", MUTED)
    if one.answer is None:
        return joined(Content.styled("waits", "bold $text-warning"), ", ", since)
    note = joined(": ", line(one.answer.note, LONG)) if one.answer.note else ""
    who = "you" if one.answer.by == by else line(one.answer.by, 40)
    said = joined(
        Content.styled(f"{one.answer.answer} (draft)", "bold $text-primary"), " by ", who, note, ", ", since
    )
    problem = joined("\n", line(f"! {queued.problem}", LONG, "bold $text-error")) if queued.problem else ""
    return joined(said, problem)


def change_rows(queued: Queued, labels: Mapping[str, str]) -> Sequence[Row]:
    """What a revision changes, as edited and as proposed; then why, and where it comes from."""
    one = queued.drafted
    rows = list(diff_rows(inline_changes(one.settled, labels)))
    if one.status == "edited":
        rows = [_caption("As edited"), *rows, (NOTHING, NOTHING), _caption("As proposed")]
        rows += diff_rows(inline_changes(one.revision, labels))
    rows.append((NOTHING, NOTHING))
    if one.revision.rationale:
        rows.append((Content.styled("Why   ", MUTED), shown(one.revision.rationale)))
    rows.append((Content.styled("From  ", MUTED), line(origin(one.revision), LONG, MUTED)))
    return rows


def _caption(text: str) -> Row:
    return NOTHING, Content.styled(text, f"italic {MUTED}")
