"""Lists of Corpus: the documents, the segments that were asked for, and the one under the cursor whole."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from intercoder.core.shown import counted
from intercoder.core.texts.searched_text import pieces
from intercoder.stores.corpus.pages import CorpusLine, corpus_lines, corpus_size
from intercoder.stores.corpus.search import CorpusSearch, Filters
from intercoder.stores.corpus.segment_details import SegmentDetails, kept_from, segment_details
from intercoder.stores.corpus.text_index import CorpusIndex, GivenUp, corpus_index, fresh_index
from intercoder.stores.database import reading
from intercoder.tui.screens.base import StudyScreen
from intercoder.tui.segment_rows import segment_rows
from intercoder.tui.text import joined, line, shown
from intercoder.tui.threads import show_from_thread
from intercoder.tui.widgets.segment_lines import document_line, segment_line
from intercoder.tui.widgets.segment_view import SegmentView
from intercoder.tui.widgets.virtual_list import VirtualList

AROUND = 2
"""Segments on either side of the one that is looked at."""
AROUND_OPEN = 5
"""The same where it has the screen for itself."""


class CorpusList(StudyScreen):
    """The three panes; a subclass has the keys with which a person asks, and says how the panes lie."""

    AUTO_FOCUS = "#segments"

    def __init__(self) -> None:
        super().__init__()
        self.finder: CorpusSearch | None = None
        """Finds segments, once there is an index."""
        self.filters = Filters()
        """What is asked for."""
        self.kept: Mapping[str, str] = {}
        """Segment id -> sample that the person has yet to code blind."""
        self.code_names: dict[str, str] = {}
        """Code id -> label."""
        self._places: Sequence[int] = ()
        self._details: SegmentDetails | None = None
        self._wish: Callable[[], None] | None = None
        self._marked: int | None = None

    def body(self) -> ComposeResult:
        """What is asked for, and three panes."""
        yield Input(placeholder="/ search all segments", id="search", select_on_focus=False)
        yield Static("", id="asked", markup=False)
        with Horizontal(id="panes"):
            documents = VirtualList(id="documents", classes="pane")
            documents.border_title = "Documents"
            segments = VirtualList(id="segments", classes="pane", empty=Content("no segments"))
            segments.border_title = "Segments"
            segment = SegmentView(id="segment", classes="pane")
            segment.border_title = "Segment"
            yield documents
            yield segments
            yield segment

    @property
    def segments(self) -> VirtualList:
        """The list of segments."""
        return self.query_one("#segments", VirtualList)

    @property
    def documents(self) -> VirtualList:
        """The list of documents."""
        return self.query_one("#documents", VirtualList)

    @property
    def index(self) -> CorpusIndex | None:
        """The full-text index, once there is one."""
        return self.finder.index if self.finder is not None else None

    @property
    def segment_id(self) -> str:
        """Id of the segment under the cursor; empty where there is none."""
        line = self._line(self.segments.cursor)
        return line.segment_id if line is not None else ""

    @property
    def total(self) -> int:
        """Segments of the study."""
        return self.index.count if self.index is not None else len(self._places)

    def on_unmount(self) -> None:
        """Let go of the index."""
        if self.index is not None:
            self.index.close()

    def load(self) -> None:
        """Look for the index in another thread; without one, list what there is and make it."""
        self._open()

    @work(thread=True, exclusive=True, group="open")
    def _open(self) -> None:
        app, kept = self.app, self._read_kept()
        ready = fresh_index(self.folder, self.index)
        if ready is None:
            if self.finder is None:
                with reading(self.folder.engine) as connection:
                    size = corpus_size(connection, self.folder.study.id)
                show_from_thread(self, self._list_plainly, size)
            try:
                ready = corpus_index(self.folder, self._progress, given_up=lambda: not app.is_running)
            except GivenUp:
                return
        search = self.finder
        if search is None or ready is not search.index:
            search = CorpusSearch(self.folder, ready)
        else:
            search.renew()
        names = {code.id: code.label for code in search.codes()}
        show_from_thread(self, self._ready, search, names, kept)

    def _read_kept(self) -> Mapping[str, str]:
        study, shown = self.folder.study, frozenset(self.review.unblinded)
        return kept_from(self.folder.engine, study.id, self.review.by, blind=study.human.blind, shown=shown)

    def _progress(self, done: int, total: int) -> None:
        told = f"the index is being made: {done:,} of {counted(total, 'segment')}; search waits for it"
        show_from_thread(self, self._tell, told)

    def _list_plainly(self, size: int) -> None:
        """Show all segments while there is no index yet."""
        self._places = range(size)
        self.segments.set_source(size, self._rows)
        self._count()

    def _ready(self, search: CorpusSearch, names: dict[str, str], kept: Mapping[str, str]) -> None:
        """Take an index that is up to date, and ask it what is asked for."""
        first = self.finder is None
        before = self.index
        if before is not None and before is not search.index:
            for group in ("find", "details", "warm"):  # they may read what is closed now
                self.workers.cancel_group(self, group)
            before.close()
        self.finder, self.code_names, self.kept = search, names, kept
        if before is not search.index:
            self.documents.set_source(
                search.index.document_count, self._document_rows, cursor=max(self.documents.cursor, 0)
            )
        else:
            self.documents.refresh_rows()
        self._find(self.filters)
        if first:
            self._warm(search)
        if self._wish is not None:
            wish, self._wish = self._wish, None
            wish()

    @work(thread=True, group="warm")
    def _warm(self, search: CorpusSearch) -> None:
        """Learn where every segment stands, before the first filter by code asks."""
        search.index.places  # noqa: B018

    def when_ready(self, wish: Callable[[], None]) -> None:
        """Do something once there is an index; of several that wait, the last."""
        if self.finder is None:
            self._wish = wish
        else:
            wish()

    def ask(self, filters: Filters) -> None:
        """Ask for something else."""
        self.filters = filters
        field = self.query_one("#search", Input)
        if field.value != filters.text:
            with self.prevent(Input.Changed):
                field.value = filters.text
        self._find(filters)

    @on(Input.Changed, "#search")
    def _typed(self, event: Input.Changed) -> None:
        self.filters = self.filters.model_copy(update={"text": event.value})
        self._find(self.filters)

    @work(thread=True, exclusive=True, group="find")
    def _find(self, filters: Filters) -> None:
        search = self.finder
        if search is None:
            show_from_thread(self, self._tell, "search waits for the index")
        else:
            show_from_thread(self, self._found, search, filters, self._unkept(search, filters))

    def _unkept(self, search: CorpusSearch, filters: Filters) -> Sequence[int]:
        """What is found; where others' answers decide about that, without the segments of which they are kept."""
        found, kept = search.find(filters), self.kept
        if not kept or not (filters.code or filters.coder) or filters.coder == self.review.by:
            return found
        places = {search.index.places[one] for one in kept if one in search.index.places}
        return [place for place in found if place not in places]

    def _found(self, search: CorpusSearch, filters: Filters, places: Sequence[int]) -> None:
        """Show what was found, with the cursor where it was if that is among it."""
        if search is not self.finder or filters != self.filters:
            return
        same = len(places) == len(self._places) and places == self._places
        here = self._places[self.segments.cursor] if 0 <= self.segments.cursor < len(self._places) else 0
        self._places = places
        if same and self.segments.count == len(places):
            self.segments.refresh_rows()
            self.read_segment(again=True)
        else:
            cursor = _nearest(places, here)
            self.segments.set_source(len(places), self._rows, cursor=cursor)
            self.segments.go_to(cursor)
        if not places:
            self._details = None
            self.query_one(SegmentView).tell([])
        if filters.document != self._marked:
            self._marked = filters.document
            self.documents.refresh_rows()
        self._count()

    def go_to_place(self, place: int) -> None:
        """Put the cursor on a segment; filters that leave it out go."""
        at = _nearest(self._places, place)
        if at >= len(self._places) or self._places[at] != place:
            self.ask(Filters())
            self._places = range(self.total)
            self.segments.set_source(self.total, self._rows, cursor=place)
            at = place
        self.segments.go_to(at)
        self.segments.focus()

    def _rows(self, start: int, stop: int) -> list[Content]:
        places = self._places[start:stop]
        lines = self._lines(start, stop)
        codes: dict[str, tuple[str, ...]] | None = None
        if self.finder is not None:
            codes = self.finder.codes_of([one.segment_id for one in lines if one.segment_id not in self.kept])
        wanted = pieces(self.filters.text)
        digits = len(str(self.total))
        return [
            segment_line(
                place,
                digits,
                one,
                None if codes is None or one.segment_id in self.kept else len(codes.get(one.segment_id, ())),
                wanted,
                speakers=self.segments.size.width >= 46,
            )
            for place, one in zip(places, lines, strict=False)
        ]

    def _lines(self, start: int, stop: int) -> list[CorpusLine]:
        if self.index is not None:
            return self.index.lines(self._places[start:stop])
        with reading(self.folder.engine) as connection:
            return corpus_lines(connection, self.folder.study.id, start, stop)

    def _line(self, index: int) -> CorpusLine | None:
        found = self._lines(index, index + 1) if 0 <= index < len(self._places) else []
        return found[0] if found else None

    def _document_rows(self, start: int, stop: int) -> list[Content]:
        index = self.index
        if index is None:
            return []
        room = max(self.documents.size.width - 10, 8)
        return [
            document_line(one, number == self.filters.document, room)
            for number, one in enumerate(index.documents(start, stop), start)
        ]

    def _say_how_to_begin(self) -> None:
        """Where the study has no text yet, say how one comes in."""
        if not self.total:
            how = f"No text yet. Bring it in, on the command line:\n\nintercoder import {self.folder.argument} FILE"
            self.query_one(SegmentView).tell([(Content(""), shown(how))], again=True)

    def _count(self) -> None:
        """Say what is asked for and how much was found."""
        self._say_how_to_begin()
        asked = self.filters
        parts: list[Content] = []
        if asked.any:
            parts.append(Content(f"{len(self._places):,} of {counted(self.total, 'segment')}"))
        else:
            parts.append(Content(counted(self.total, "segment")))
        named = {
            "code": self.code_names.get(asked.code, asked.code),
            "coder": asked.coder,
            "speaker": asked.speaker,
            "document": self._document_name(asked.document),
            "kind": asked.unit,
        }
        parts += [joined(f"{what}: ", line(name, 40, "bold $accent")) for what, name in named.items() if name]
        if asked.any:
            parts.append(Content("x clears"))
        if self.kept:
            parts.append(Content(f"⊘ {len(self.kept):,} you have yet to code blind"))
        self._tell(Content("  ·  ").join(parts))

    def _document_name(self, number: int | None) -> str:
        if number is None or self.index is None:
            return ""
        return self.index.documents(number, number + 1)[0].name

    def _tell(self, text: Content | str) -> None:
        told = text if isinstance(text, Content) else Content(text)
        self.query_one("#asked", Static).update(told, layout=False)

    @on(VirtualList.Highlighted, "#segments")
    def _highlighted(self) -> None:
        self.read_segment()

    def read_segment(self, *, again: bool = False) -> None:
        """Show the segment under the cursor.

        Args:
            again: It is the one that is shown, and stays where it was scrolled to.
        """
        one = self._line(self.segments.cursor)
        if one is not None:
            around = AROUND_OPEN if self.has_class("-open") else AROUND
            kept = self.review.by if one.segment_id in self.kept else ""
            self._read_details(one.segment_id, around, kept, again)

    @work(thread=True, exclusive=True, group="details")
    def _read_details(self, segment_id: str, around: int, only_by: str, again: bool) -> None:
        coded = self.finder.coded if self.finder is not None else None
        details = segment_details(
            self.folder.engine, self.folder.study.id, segment_id, around=around, only_by=only_by, coded=coded
        )
        show_from_thread(self, self._tell_details, details, again)

    def _tell_details(self, details: SegmentDetails, again: bool) -> None:
        self._details = details
        self.refresh_bindings()
        if not self._places:
            return
        cursor = self.segments.cursor
        place = f"{self._places[cursor] + 1:,} of {self.total:,}" if 0 <= cursor < len(self._places) else ""
        rows = segment_rows(details, pieces(self.filters.text), place=place, whole=self.has_class("-open"))
        self.query_one(SegmentView).tell(rows, again=again)


def _nearest(places: Sequence[int], place: int) -> int:
    """Position of a place among ordered ones, or of the next that is there."""
    return min(bisect_left(places, place), max(len(places) - 1, 0))
