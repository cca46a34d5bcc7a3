"""Coding: a person codes segments, one after the other, and sees nobody else's answers before they are done."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, ClassVar, Literal

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from intercoder.core.codebook import Code
from intercoder.core.codebook_checks import folded
from intercoder.core.errors import InputError
from intercoder.core.hand_coding import Move, asked_codes
from intercoder.core.shown import counted, one_line
from intercoder.graphs.new_codes import add_code
from intercoder.stores.coding_desk import CodingDesk, Look, Opened
from intercoder.stores.coding_work import Work, segments_with, works
from intercoder.stores.drawn_samples import find_or_draw
from intercoder.stores.samples import Scope
from intercoder.tui import coding_view as view
from intercoder.tui.dialogs import AskText, Choose, fuzzy
from intercoder.tui.screens.base import StudyScreen
from intercoder.tui.screens.sample_asking import ask_sample
from intercoder.tui.text import joined, line, shown
from intercoder.tui.threads import show_from_thread
from intercoder.tui.widgets.code_picker import CodePicker
from intercoder.tui.widgets.quote_text import QuoteText
from intercoder.tui.widgets.virtual_list import VirtualList

FOUND = 100
"""Segments that a search lists at most."""
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


class CodingScreen(StudyScreen):
    """The segment with what stands around it, the codes beside it, progress below."""

    NAME = "coding"
    TITLE = "Coding"
    HELP = (
        "Read the segment and type part of a code's name: the best match is marked, enter gives it. Enter with "
        "nothing typed says that you are done: every code you did not give gets a no, and the next segment comes. "
        "Letters are always text; while nothing is typed, digits, signs and arrows are keys. Everything is saved "
        "at once and can be undone. What models and others said shows once you are done, unless the study says "
        "otherwise ([human] blind)."
    )
    AUTO_FOCUS = "CodePicker"
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
    DEFAULT_CSS = """
    CodingScreen #desk { height: 1fr; }
    CodingScreen #text { width: 1fr; height: 1fr; }
    CodingScreen #text:focus-within { border: round $primary; }
    CodingScreen #codes { width: 34; height: 1fr; }
    CodingScreen.-normal #codes { width: 46; }
    CodingScreen.-wide #codes { width: 64; }
    CodingScreen #text, CodingScreen #codes { border-title-color: $text; }
    CodingScreen #text, CodingScreen #rules { scrollbar-size-vertical: 1; }
    CodingScreen #text Static { height: auto; }
    CodingScreen #head { margin-bottom: 1; }
    CodingScreen #before, CodingScreen QuoteText { margin-bottom: 1; }
    CodingScreen QuoteText { border-left: outer $primary; padding-left: 1; color: $text; }
    CodingScreen QuoteText:focus { border-left: outer $accent; }
    CodingScreen #notes, CodingScreen #others, CodingScreen #after { margin-bottom: 1; }
    CodingScreen .-empty { display: none; }
    CodingScreen VirtualList { height: 1fr; min-height: 4; }
    CodingScreen #rules { height: auto; max-height: 50%; border-top: solid $panel; }
    CodingScreen #rules Static { height: auto; }
    CodingScreen #progress { height: 1; padding: 0 1; background: $panel; }
    """

    timer: ClassVar[Callable[[], float]] = time.monotonic
    """Measures the pace."""

    def __init__(self) -> None:
        super().__init__()
        self._desk: CodingDesk | None = None
        self._listed: Sequence[Code] = ()
        self._mark: tuple[int, int] | None = None
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

    def body(self) -> ComposeResult:
        """Text on the left, codes on the right, progress below."""
        with Horizontal(id="desk"):
            with VerticalScroll(id="text", classes="pane", can_focus=False):
                yield Static(id="head", markup=False)
                yield Static(id="before", markup=False)
                yield QuoteText(self._quote_taken, self._back, id="segment")
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
    def _open_work(self, chosen: Work) -> None:
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
            show_from_thread(self, self._go, self.desk.segment_ids.index(segment_id))
        else:
            show_from_thread(self, self._opened, self.desk.look_up(None, segment_id))

    def _opened(self, opened: Opened | None) -> None:
        if opened is not None:
            self.attempt(self.desk.open, opened)
        self._mark = None
        self._fill(top=True)

    @work(thread=True, group="look", exclusive=True)
    def _look(self) -> None:
        if look := self.desk.look():
            show_from_thread(self, self._looked, look)

    def _looked(self, look: Look) -> None:
        if self.desk.take(look):
            self._fill()

    # Showing

    def _fill(self, *, top: bool = False) -> None:
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
        text.mark(self._mark)
        self._put("#notes", self._state())
        self._put("#others", view.others(desk.others))
        self._put("#after", view.around(page.after))
        pane = self.query_one("#text", VerticalScroll)
        sign = "✓ done" if mine.done else "not done"
        pane.border_title = Content(f"Segment {desk.place + 1:,} of {len(desk.segment_ids):,} · {sign}")
        if top:
            self.call_after_refresh(self._scroll_to_segment)
        self._list()
        name = view.work_name(desk.work.sample, desk.work.unit) if desk.work else "one segment"
        self._put("#progress", view.progress(desk.done, len(desk.segment_ids), desk.pace, name))
        self._tell_keys()

    def _nothing(self) -> None:
        self._put("#head", Content("There is nothing to code yet."))
        self._put(
            "#before", shown(f"Bring texts in: intercoder import {self.folder.argument} FILE --unit paragraph")
        )
        for one in ("#notes", "#others", "#after"):
            self._put(one, Content(""))
        self._list()

    def _put(self, where: str, content: Content) -> None:
        widget = self.query_one(where, Static)
        widget.update(content)
        widget.set_class(not content.plain, "-empty")

    def _state(self) -> Content:
        """The memo, and the marked quote with what becomes of it."""
        desk, parts = self.desk, []
        if self._mark is not None and desk.segment is not None:
            words = desk.segment.text[slice(*self._mark)]
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

    def _list(self, *, first: bool = False) -> None:
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
            self._put("#rule", _makes_one(typed))
        elif mine is not None:
            self._put("#rule", view.rules(self.marked_code, self.desk.book, mine))

    @property
    def marked_code(self) -> Code | None:
        """The code under the cursor of the list."""
        cursor = self.query_one(VirtualList).cursor
        return self._listed[cursor] if 0 <= cursor < len(self._listed) else None

    # Keys

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

    def _tell_keys(self) -> None:
        """Show the keys that apply now; drawing them is slow, so only where others apply than before."""
        moves = self.desk.moves
        picker = self.query_one(CodePicker)
        apply = (bool(picker.value), moves.last is None, moves.next is None, self.desk.page is None, self.focused)
        if apply != self._applying:
            self._applying = apply
            self.refresh_bindings()

    def _typed(self, value: str) -> None:
        """Narrow the list, before the next key is looked at."""
        self._list(first=bool(value))
        self._tell_keys()

    def on_virtual_list_highlighted(self) -> None:
        """Show the code's rules."""
        self._rule()

    def on_virtual_list_chosen(self) -> None:
        """A double click gives the code."""
        self.action_give_or_take()

    def _quote_taken(self, start: int, end: int) -> None:
        """Keep the quote for the code that is given next."""
        self._mark = (start, end) if end > start else None
        self._back()

    def _back(self) -> None:
        """Go back to the codes."""
        self.query_one(QuoteText).mark(self._mark)
        self.set_focus(self.query_one(CodePicker))
        self._put("#notes", self._state())
        self._tell_keys()

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
        elif self._mark is not None:
            self._mark = None
            self._back()

    def action_give_typed(self) -> None:
        """Give the best match."""
        code = self.marked_code
        if code is None:
            typed = self.query_one(CodePicker).value
            self.review.tell(f"No code matches; {_makes_one(typed).plain}")
            return
        if self._give(code):
            self.query_one(CodePicker).value = ""

    def action_give_or_take(self) -> None:
        """Give the marked code; where it is given and no quote is marked, take it away."""
        code, mine = self.marked_code, self.desk.mine
        if code is None or mine is None:
            return
        if mine.values.get(code.id) == "yes" and self._mark is None:
            self._do(self.desk.take_away, code.id)
        else:
            self._give(code)

    def action_recent(self, digit: int) -> None:
        """Give the code with a digit."""
        places = self.desk.recent.places
        code = self.desk.book.code(places[digit - 1]) if digit <= len(places) else None
        if code is not None:
            self._give(code)

    def action_unsure(self) -> None:
        """Be unsure."""
        code = self.marked_code
        if code is not None:
            self._give(code, "unsure")

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
            self._fill()
            self.review.tell("All segments are done.")
        else:
            self._go(place)

    def action_skip(self) -> None:
        """Go to the next segment."""
        if self.desk.place + 1 < len(self.desk.segment_ids):
            self._go(self.desk.place + 1)
        else:
            self.review.tell("This is the last segment.")

    def action_previous(self) -> None:
        """Go to the segment before."""
        if self.desk.place:
            self._go(self.desk.place - 1)
        else:
            self.review.tell("This is the first segment.")

    def action_next_open(self) -> None:
        """Go to the next segment that is not done."""
        place = self.desk.open_from(self.desk.place + 1)
        if place is None:
            self.review.tell("All segments are done.")
        else:
            self._go(place)

    def action_undo(self) -> None:
        """Take the last move back."""
        self._repeat(self.desk.undo, "Taken back")

    def action_redo(self) -> None:
        """Do it again."""
        self._repeat(self.desk.redo, "Done again")

    @work
    async def action_memo(self) -> None:
        """Ask for the memo."""
        mine = self.desk.mine
        if mine is None:
            return
        hint = "About this segment; leave it blank to take it away."
        await self.app.push_screen_wait(AskText("Memo", hint, mine.memo, lines=6, do=self.desk.note))
        self._fill()

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
        self._fill()

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
        self._list()
        self._give(code)
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
            self._go(places[found[chosen][0]])

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
            self._open_work(found[chosen])
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
        self._open_work(Work(kept.name, kept.unit, kept.size, kept.population))

    # Doing

    def _give(self, code: Code, value: Literal["yes", "no", "unsure"] = "yes") -> bool:
        about = "" if value == "unsure" and self.desk.book.exclusive else code.id
        move = self._do(lambda: self.desk.give(about, value, mark=self._mark))
        if move is None:
            return False
        self._mark = None
        self._fill()
        self._point(code.id)
        return True

    def _point(self, code_id: str) -> None:
        """Put the list's cursor on a code."""
        ids = [code.id for code in self._listed]
        if code_id in ids:
            self.query_one(VirtualList).cursor = ids.index(code_id)

    def _do(self, function: Callable[..., Move], *args: Any) -> Move | None:
        move = self.attempt(function, *args)
        if move is not None:
            self._fill()
        return move

    def _repeat(self, function: Callable[[], Move | None], words: str) -> None:
        here = self.desk.place
        move = self.attempt(function)
        self._mark = None
        self._fill(top=self.desk.place != here)
        if move is not None:
            place = f" on segment {self.desk.place + 1}" if self.desk.place != here else ""
            self.review.tell(f"{words}{place}: {one_line(move.words, 80)}")

    def _go(self, place: int) -> None:
        self.attempt(self.desk.go, place)
        self._mark = None
        self._fill(top=True)


@cache
def _actions() -> frozenset[str]:
    """Actions of the screen's own keys."""
    return frozenset(one.action.partition("(")[0] for one in CodingScreen.BINDINGS if isinstance(one, Binding))


def _makes_one(typed: str) -> Content:
    """What a person can do where no code matches."""
    return joined("ctrl+n makes one called “", line(typed.strip(), 60), "”.")


def _free(label: str, taken: set[str]) -> None:
    if folded(label) in taken:
        raise InputError("there is a code of that name already.", remedy="Give it another name.")
