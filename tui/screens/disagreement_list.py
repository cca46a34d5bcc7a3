"""The list of disagreements and the unit under the cursor: read in threads, kept while others write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.message import Message

from intercoder.core.coding.settling import Unit
from intercoder.core.errors import IntercoderError
from intercoder.core.shown import counted
from intercoder.evals.disagreements import Disagreement
from intercoder.graphs.differing.disagreement_words import Words
from intercoder.graphs.differing.disagreements import (
    Disagreements,
    about,
    disagreeing_run,
    gather_disagreements,
    settlements_of,
    state_of,
    with_settlements,
)
from intercoder.graphs.differing.settling import UnitPage, unit_page
from intercoder.stores.corpus.segment_details import kept_from
from intercoder.stores.corpus.segments import segment_texts
from intercoder.stores.database import reading
from intercoder.tui.dialogs import AskBlind
from intercoder.tui.screens.base import StudyScreen
from intercoder.tui.text import line
from intercoder.tui.widgets.unit_row import row
from intercoder.tui.widgets.unit_view import UnitView
from intercoder.tui.widgets.virtual_list import VirtualList


class Asked(NamedTuple):
    """What is to be listed; empty for the run that there is to look at, and for all."""

    run: str = ""
    sample: str = ""
    code: str = ""


class DisagreementList(StudyScreen):
    """List on the left or above, the unit under the cursor beside or below it."""

    class Gathered(Message):
        """The list was read."""

        def __init__(
            self, asked: Asked, state: tuple[object, ...], whole: Disagreements, kept: Mapping[str, str]
        ) -> None:
            super().__init__()
            self.asked, self.state, self.whole, self.kept = asked, state, whole, kept

    class Failed(Message):
        """It could not be."""

        def __init__(self, asked: Asked, error: IntercoderError) -> None:
            super().__init__()
            self.asked, self.error = asked, error

    class Opened(Message):
        """A unit was read."""

        def __init__(self, page: UnitPage) -> None:
            super().__init__()
            self.page = page

    def __init__(self) -> None:
        super().__init__()
        self._asked = Asked()
        self._known: Disagreements | None = None
        """What was read last, before units are left out."""
        self._whole: Disagreements | None = None
        self._left_out: tuple[str, ...] = ()
        """Segment ids of units that are not listed, as the person has yet to code them blind."""
        self._samples: tuple[str, ...] = ()
        """Samples that those are of."""
        self._state: tuple[object, ...] = ()
        self._found: Disagreements | None = None
        self._words: Words | None = None
        self._page: UnitPage | None = None
        self._wanted: Unit | None = None
        self._reading = False
        self._again = False
        self._opening = False
        self._open_again = False

    def body(self) -> ComposeResult:
        """List and unit."""
        with Container(id="panes"):
            with Vertical(id="left", classes="pane"):
                yield VirtualList(row_height=2, id="units", empty=Content("Reading…"))
            with Vertical(id="right", classes="pane"):
                yield UnitView()

    def on_mount(self) -> None:
        """Read the list."""
        super().on_mount()
        self.query_one("#units").focus()

    def load(self) -> None:
        """Read the list again in a thread; once more afterwards if something was written meanwhile."""
        if self._reading:
            self._again = True
            return
        self._reading = True
        self._read(self._asked, self._state, self._known)

    def show(self, **what: Any) -> None:
        """List a run, a code; go to a segment."""
        self._asked = Asked(str(what.get("run", "")), str(what.get("sample", "")), str(what.get("code", "")))
        segment = str(what.get("segment", ""))
        if segment:
            self._wanted = (segment, self._asked.code)
        self.load()

    @work(thread=True, group="disagreements", description="disagreements")
    def _read(self, asked: Asked, state: tuple[object, ...], known: Disagreements | None) -> None:
        try:
            run = disagreeing_run(self.folder, asked.run)
            now = (*state_of(self.folder, run), asked.sample)
            if known is not None and now == state:
                whole = with_settlements(known, settlements_of(self.folder))
            else:
                whole = gather_disagreements(self.folder, run, sample=asked.sample)
            study, shown = self.folder.study, frozenset(self.review.unblinded)
            blind = study.human.blind
            kept = kept_from(self.folder.engine, study.id, self.review.by, blind=blind, shown=shown)
        except IntercoderError as error:
            self.post_message(self.Failed(asked, error))
        else:
            self.post_message(self.Gathered(asked, now, whole, kept))

    @on(Gathered)
    def _gathered(self, message: Gathered) -> None:
        self._reading = False
        self._state, self._known = message.state, message.whole
        self._whole = self._without(message.whole, message.kept)
        if self._again or message.asked != self._asked:
            self._again = False
            self.load()
        if message.asked == self._asked:
            self._list(self._whole)
            if set(self._samples) - self.review.asked_blind and self.is_current:
                self.review.asked_blind.update(self._samples)
                self.action_unblind()

    def _without(self, whole: Disagreements, kept: Mapping[str, str]) -> Disagreements:
        """Leave out what the person has yet to code blind."""
        self._left_out = tuple(one.segment_id for one in whole.units if one.segment_id in kept)
        self._samples = tuple(sorted({kept[one] for one in self._left_out}))
        return whole._replace(units=tuple(one for one in whole.units if one.segment_id not in kept))

    @on(Failed)
    def _failed(self, message: Failed) -> None:
        self._reading = self._again = self._opening = False
        self._state, self._known, self._whole, self._found, self._page = (), None, None, None, None
        units = self.query_one(VirtualList)
        units.empty = line(f"{message.error.message} {message.error.remedy}", 300)
        units.set_source(0, _no_rows)
        self.query_one(UnitView).tell(None)
        self.refresh_bindings()

    def _list(self, whole: Disagreements) -> None:
        """Show the list, the cursor on the unit that is wanted, else on the one that it was on."""
        units = self.query_one(VirtualList)
        found = about(whole, self._asked.code) if self._asked.code else whole
        wanted = self._wanted or self._unit
        place = place_of(found.units, wanted)
        self._wanted = None
        same = self._found is not None and self._found.units == found.units
        self._found, self._words = found, Words(found)
        units.empty = Content("Nobody differs." if not self._asked.code else "Nobody differs about this code.")
        if same and place == units.cursor:
            units.refresh_rows(len(found.units))
            self._open()
        else:
            units.set_source(len(found.units), self._rows, cursor=place if place >= 0 else max(units.cursor, 0))
        if not found.units:
            self._page = None
            self.query_one(UnitView).tell(None)
        self._entitle(found)
        self.refresh_bindings()

    def _entitle(self, found: Disagreements) -> None:
        left, right = self.query_one("#left"), self.query_one("#right")
        name = found.run_id or "people"
        left.border_title = line(f"{name}: {counted(len(found.units), 'unit')}, {found.open_units:,} open", 60)
        code = found.book.code(self._asked.code)
        narrowed = [code.label] if code else []
        narrowed += [f"sample {self._asked.sample}"] if self._asked.sample else []
        if self._left_out:
            narrowed.append(f"{len(self._left_out):,} left out: you code blind, v shows them")
        left.border_subtitle = line(", ".join(narrowed), 60) if narrowed else f"of {found.compared:,} compared"
        right.border_title = "Side by side"

    def _rows(self, start: int, stop: int) -> Sequence[Content]:
        if self._found is None or self._words is None:
            return ()
        some = self._found.units[start:stop]
        with reading(self.folder.engine) as connection:
            texts = segment_texts(connection, self.folder.study.id, [one.segment_id for one in some])
        settled = self._found.settled
        return [
            row(one, self._words.tell(one), settled.get(one.unit), texts.get(one.segment_id, "")) for one in some
        ]

    @property
    def _one(self) -> Disagreement | None:
        """The unit under the cursor."""
        cursor = self.query_one(VirtualList).cursor
        return self._found.units[cursor] if self._found and 0 <= cursor < len(self._found.units) else None

    @property
    def _unit(self) -> Unit | None:
        one = self._one
        return one.unit if one else None

    @on(VirtualList.Highlighted)
    def _moved(self) -> None:
        self._open()

    @on(VirtualList.Chosen)
    def _chosen(self) -> None:
        self.query_one(UnitView).focus()

    def _open(self) -> None:
        """Read the unit under the cursor; after the one that is read now, if there is one."""
        one, found = self._one, self._found
        self._open_again = self._opening
        if one is not None and found is not None and not self._opening:
            self._opening = True
            self._read_unit(found, one.unit)

    @work(thread=True, group="unit", description="unit")
    def _read_unit(self, found: Disagreements, unit: Unit) -> None:
        try:
            context = 1 if self.has_class("-narrow") else 2
            self.post_message(self.Opened(unit_page(self.folder, found.run, unit, context)))
        except IntercoderError as error:
            self.post_message(self.Failed(self._asked, error))

    @on(Opened)
    def _opened(self, message: Opened) -> None:
        self._opening = False
        if self._open_again:
            self._open()
        if message.page.unit != self._unit:
            return
        if message.page != self._page:
            self._page = message.page
            self.query_one(UnitView).tell(message.page)
        self.refresh_bindings()

    @work(exclusive=True, group="ask", description="ask")
    async def action_unblind(self) -> None:
        """Show what others said of samples that the person has yet to code, if they want to."""
        samples = self._samples
        if not samples:
            return
        agreed = await self.app.push_screen_wait(AskBlind(samples))
        if agreed:
            self.review.unblinded.update(samples)
            self.load()


def place_of(units: Sequence[Disagreement], unit: Unit | None) -> int:
    """Place of a unit; of the first on its segment where the unit has no code; -1 where it is not listed."""
    if unit is None:
        return -1
    for place, one in enumerate(units):
        if one.unit == unit or (not unit[1] and one.segment_id == unit[0]):
            return place
    return -1


def _no_rows(_start: int, _stop: int) -> Sequence[Content]:
    return ()
