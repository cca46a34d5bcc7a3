"""What is on the screen of coding: the segment with what stands around it, the codes beside it, progress below."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from intercoder.core.codebook import Code
from intercoder.core.coding.hand_coding import asked_codes
from intercoder.core.shown import one_line
from intercoder.stores.people.coding_desk import CodingDesk, Look, Opened
from intercoder.stores.people.coding_work import Work, works
from intercoder.tui import coding_view as view
from intercoder.tui.dialogs import fuzzy
from intercoder.tui.screens.base import StudyScreen
from intercoder.tui.text import joined, line, shown
from intercoder.tui.threads import show_from_thread
from intercoder.tui.widgets.code_picker import CodePicker
from intercoder.tui.widgets.quote_text import QuoteText
from intercoder.tui.widgets.virtual_list import VirtualList


class CodingPage(StudyScreen):
    """The desk on the screen; subclasses act on it, and fill the page anew.

    Attributes:
        marked_quote: Beginning and end of the words that go with the next code, in characters of the segment's
            text; None where none are marked.
    """

    AUTO_FOCUS = "CodePicker"
    DEFAULT_CSS = """
    CodingPage #desk { height: 1fr; }
    CodingPage #text { width: 1fr; height: 1fr; }
    CodingPage #text:focus-within { border: round $primary; }
    CodingPage #codes { width: 34; height: 1fr; }
    CodingPage.-normal #codes { width: 46; }
    CodingPage.-wide #codes { width: 64; }
    CodingPage #text, CodingPage #codes { border-title-color: $text; }
    CodingPage #text, CodingPage #rules { scrollbar-size-vertical: 1; }
    CodingPage #text Static { height: auto; }
    CodingPage #head { margin-bottom: 1; }
    CodingPage #before, CodingPage QuoteText { margin-bottom: 1; }
    CodingPage QuoteText { border-left: outer $primary; padding-left: 1; color: $text; }
    CodingPage QuoteText:focus { border-left: outer $accent; }
    CodingPage #notes, CodingPage #others, CodingPage #after { margin-bottom: 1; }
    CodingPage .-empty { display: none; }
    CodingPage VirtualList { height: 1fr; min-height: 4; }
    CodingPage #rules { height: auto; max-height: 50%; border-top: solid $panel; }
    CodingPage #rules Static { height: auto; }
    CodingPage #progress { height: 1; padding: 0 1; background: $panel; }
    """

    timer: ClassVar[Callable[[], float]] = time.monotonic
    """Measures the pace."""

    def __init__(self) -> None:
        super().__init__()
        self._desk: CodingDesk | None = None
        self._listed: Sequence[Code] = ()
        self.marked_quote: tuple[int, int] | None = None
        self._applying: tuple[object, ...] = ()

    @property
    def desk(self) -> CodingDesk:
        """This sitting."""
        if self._desk is None:
            study = self.folder.study
            self._desk = CodingDesk(
                self.folder.engine, study.id, self.review.by, blind=study.human.blind, timer=type(self).timer
            )
        return self._desk

    @property
    def marked_code(self) -> Code | None:
        """The code under the cursor of the list."""
        cursor = self.query_one(VirtualList).cursor
        return self._listed[cursor] if 0 <= cursor < len(self._listed) else None

    def body(self) -> ComposeResult:
        """Text on the left, codes on the right, progress below."""
        with Horizontal(id="desk"):
            with VerticalScroll(id="text", classes="pane", can_focus=False):
                yield Static(id="head", markup=False)
                yield Static(id="before", markup=False)
                yield QuoteText(self._quote_taken, self.back_to_codes, id="segment")
                yield Static(id="notes", markup=False)
                yield Static(id="others", markup=False)
                yield Static(id="after", markup=False)
            with Vertical(id="codes", classes="pane"):
                yield CodePicker()
                codes = VirtualList()
                codes.can_focus = False
                yield codes
                with VerticalScroll(id="rules", can_focus=False):
                    yield Static(id="rule", markup=False)
        yield Static(id="progress", markup=False)

    def on_mount(self) -> None:
        """Follow what is typed."""
        self.watch(self.query_one(CodePicker), "value", self._typed, init=False)

    def load(self) -> None:
        """Open the first work, or see what changed."""
        if self._desk is None:
            self._open_first()
        elif self.desk.segment_ids:
            self._look()

    def show(self, **what: Any) -> None:
        """Go to a segment (`segment=ID`): in the work at hand, or alone; or open a sample (`sample=NAME`)."""
        if segment := str(what.get("segment", "")):
            self._show_segment(segment)
        elif sample := str(what.get("sample", "")):
            self._open_sample(sample)

    # Reading

    @work(thread=True, group="open", exclusive=True)
    def _open_first(self) -> None:
        first = self.desk.first_work()
        show_from_thread(self, self._opened, self.desk.look_up(first) if first else None)

    @work(thread=True, group="open", exclusive=True)
    def open_work(self, chosen: Work) -> None:
        """Open what was chosen to be coded, once it is read."""
        show_from_thread(self, self._opened, self.desk.look_up(chosen))

    @work(thread=True, group="open", exclusive=True)
    def _open_sample(self, name: str) -> None:
        found = works(self.folder.engine, self.folder.study.id)
        chosen = next((one for one in found if one.sample == name), None)
        if chosen:
            show_from_thread(self, self._opened, self.desk.look_up(chosen))

    @work(thread=True, group="open", exclusive=True)
    def _show_segment(self, segment_id: str) -> None:
        if segment_id in self.desk.segment_ids:
            show_from_thread(self, self.go_to, self.desk.segment_ids.index(segment_id))
        else:
            show_from_thread(self, self._opened, self.desk.look_up(None, segment_id))

    def _opened(self, opened: Opened | None) -> None:
        if opened is not None:
            self.attempt(self.desk.open, opened)
        self.marked_quote = None
        self.fill(top=True)

    @work(thread=True, group="look", exclusive=True)
    def _look(self) -> None:
        if look := self.desk.look():
            show_from_thread(self, self._looked, look)

    def _looked(self, look: Look) -> None:
        if self.desk.take(look):
            self.fill()

    def go_to(self, place: int) -> None:
        """Go to a segment of the work, counted from 0; a quote that was marked is forgotten."""
        self.attempt(self.desk.go, place)
        self.marked_quote = None
        self.fill(top=True)

    # Showing

    def fill(self, *, top: bool = False) -> None:
        """Show all that the desk holds."""
        desk = self.desk
        if desk.page is None or desk.mine is None:
            self._nothing()
            return
        page, mine = desk.page, desk.mine
        self._put("#head", view.head(page.segment))
        self._put("#before", view.around(page.before, page.segment.context))
        text = self.query_one(QuoteText)
        text.set_text(page.segment.text, list(view.quotes_in(page.segment, mine)))
        text.mark(self.marked_quote)
        self._put("#notes", self._state())
        self._put("#others", view.others(desk.others))
        self._put("#after", view.around(page.after))
        pane = self.query_one("#text", VerticalScroll)
        sign = "✓ done" if mine.done else "not done"
        pane.border_title = Content(f"Segment {desk.place + 1:,} of {len(desk.segment_ids):,} · {sign}")
        if top:
            self.call_after_refresh(self._scroll_to_segment)
        self.list_codes()
        name = view.work_name(desk.work.sample, desk.work.unit) if desk.work else "one segment"
        self._put("#progress", view.progress(desk.done, len(desk.segment_ids), desk.pace, name))
        self.tell_keys()

    def _nothing(self) -> None:
        self._put("#head", Content("There is nothing to code yet."))
        self._put(
            "#before", shown(f"Bring texts in: intercoder import {self.folder.argument} FILE --unit paragraph")
        )
        for one in ("#notes", "#others", "#after"):
            self._put(one, Content(""))
        self.list_codes()

    def _put(self, where: str, content: Content) -> None:
        widget = self.query_one(where, Static)
        widget.update(content)
        widget.set_class(not content.plain, "-empty")

    def _state(self) -> Content:
        """The memo, and the marked quote with what becomes of it."""
        desk, parts = self.desk, []
        if self.marked_quote is not None and desk.segment is not None:
            words = desk.segment.text[slice(*self.marked_quote)]
            parts.append(
                Content.assemble(
                    ("Marked: ", "bold $text-accent"),
                    "“",
                    line(words, 120),
                    "” ",
                    ("goes with the next code", "dim"),
                )
            )
        if desk.mine is not None and desk.mine.unsure:
            parts.append(Content.styled("? You are unsure which code to choose.", "bold $text-warning"))
        if desk.mine is not None and desk.mine.memo:
            parts.append(Content.assemble(("Memo: ", "bold"), shown(desk.mine.memo)))
        return Content("\n").join(parts)

    def _scroll_to_segment(self) -> None:
        """Show the segment whole if there is room, else from its beginning."""
        pane, text = self.query_one("#text", VerticalScroll), self.query_one(QuoteText)
        region = text.virtual_region
        room = pane.scrollable_content_region.height
        above = max(room - region.height - 2, 0)
        pane.scroll_to(y=max(region.y - above, 0) if region.bottom > room else 0, animate=False)

    def list_codes(self, *, first: bool = False) -> None:
        """Show the codes that match what is typed."""
        desk, codes = self.desk, self.query_one(VirtualList)
        marked = self.marked_code
        asked = asked_codes(desk.book)
        typed = self.query_one(CodePicker).value
        self._listed = [asked[place] for place in fuzzy([one_line(code.label, 200) for code in asked], typed)]
        digits = {code_id: str(place) for place, code_id in enumerate(desk.recent.places, 1)}
        mine = desk.mine

        def rows(start: int, stop: int) -> Sequence[Content]:
            return [
                view.code_line(code, mine, digits.get(code.id, "")) if mine else line(code.label)
                for code in self._listed[start:stop]
            ]

        ids = [code.id for code in self._listed]
        place = 0 if first or marked is None or marked.id not in ids else ids.index(marked.id)
        codes.empty = Content("No code matches." if asked else "No codes yet: ctrl+n makes one.")
        codes.set_source(len(ids), rows, cursor=place)
        pane = self.query_one("#codes")
        pane.border_title = f"Codes · version {desk.book.version}"
        pane.border_subtitle = "one a segment" if desk.book.exclusive else ""
        self._rule()

    def _rule(self) -> None:
        mine, typed = self.desk.mine, self.query_one(CodePicker).value
        if typed.strip() and self.marked_code is None:
            self._put("#rule", makes_one(typed))
        elif mine is not None:
            self._put("#rule", view.rules(self.marked_code, self.desk.book, mine))

    def point_to(self, code_id: str) -> None:
        """Put the list's cursor on a code."""
        ids = [code.id for code in self._listed]
        if code_id in ids:
            self.query_one(VirtualList).cursor = ids.index(code_id)

    def tell_keys(self) -> None:
        """Show the keys that apply now; drawing them is slow, so only where others apply than before."""
        moves = self.desk.moves
        picker = self.query_one(CodePicker)
        apply = (bool(picker.value), moves.last is None, moves.next is None, self.desk.page is None, self.focused)
        if apply != self._applying:
            self._applying = apply
            self.refresh_bindings()

    # What is typed, marked and pointed at

    def _typed(self, value: str) -> None:
        """Narrow the list, before the next key is looked at."""
        self.list_codes(first=bool(value))
        self.tell_keys()

    def on_virtual_list_highlighted(self) -> None:
        """Show the code's rules."""
        self._rule()

    def _quote_taken(self, start: int, end: int) -> None:
        """Keep the quote for the code that is given next."""
        self.marked_quote = (start, end) if end > start else None
        self.back_to_codes()

    def back_to_codes(self) -> None:
        """Go back to the codes."""
        self.query_one(QuoteText).mark(self.marked_quote)
        self.set_focus(self.query_one(CodePicker))
        self._put("#notes", self._state())
        self.tell_keys()


def makes_one(typed: str) -> Content:
    """What a person can do where no code matches."""
    return joined("ctrl+n makes one called “", line(typed.strip(), 60), "”.")
