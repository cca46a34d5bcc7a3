"""Corpus: all segments, searched as one types and filtered; the one under the cursor whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from intercoder.core.errors import InputError
from intercoder.core.searched_text import pieces
from intercoder.core.shown import counted
from intercoder.stores.corpus_index import CorpusIndex, corpus_index, fresh_index
from intercoder.stores.corpus_pages import CorpusLine, corpus_lines, corpus_size
from intercoder.stores.corpus_search import CorpusSearch, Filters
from intercoder.stores.database import reading
from intercoder.stores.memos import read_memo
from intercoder.stores.segment_details import SegmentDetails, kept_from, note, segment_details
from intercoder.tui.dialogs import AskBlind, AskText, Choose
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


class CorpusScreen(StudyScreen):
    """Documents, segments, and the segment under the cursor; above them what is asked for."""

    NAME = "corpus"
    HELP = (
        "All segments of the study in document order. Type / and a few words, of which the beginnings are enough; "
        "the list narrows while you type. Filters by code, coder, speaker, document and kind go together with the "
        "search. A number with ● before a text says how many codes stand on it."
    )
    AUTO_FOCUS = "#segments"
    CSS = """
    CorpusScreen #asked { height: 1; padding: 0 1; color: $text-muted; }
    CorpusScreen #search { border: none; height: 1; padding: 0 1; background: $boost; }
    CorpusScreen VirtualList.pane { padding: 0; }
    CorpusScreen #panes { layout: vertical; height: 1fr; }
    CorpusScreen #documents { display: none; width: 22; }
    CorpusScreen #segments { height: 3fr; width: 1fr; }
    CorpusScreen #segment { height: 4fr; width: 1fr; }
    CorpusScreen.-normal #panes, CorpusScreen.-wide #panes { layout: horizontal; }
    CorpusScreen.-normal #documents, CorpusScreen.-wide #documents { display: block; height: 1fr; }
    CorpusScreen.-normal #segments, CorpusScreen.-wide #segments { height: 1fr; width: 1fr; }
    CorpusScreen.-normal #segment { height: 1fr; width: 45; }
    CorpusScreen.-wide #documents { width: 34; }
    CorpusScreen.-wide #segment { height: 1fr; width: 76; }
    CorpusScreen.-open #documents, CorpusScreen.-open #segments { display: none; }
    CorpusScreen.-open #segment { width: 1fr; height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", tooltip="Type words to search for.", id="corpus.search"),
        Binding("f", "by_code", "Code", tooltip="Show only what a code was given to.", id="corpus.code"),
        Binding("w", "by_coder", "Who", tooltip="Show only what a person or model coded.", id="corpus.coder"),
        Binding("s", "by_speaker", "Speaker", tooltip="Show only what one speaker says.", id="corpus.speaker"),
        Binding("d", "by_document", "Document", tooltip="Show only one document.", id="corpus.document"),
        Binding("u", "by_unit", "Kind", show=False, tooltip="Show only segments cut in one way.", id="corpus.unit"),
        Binding("x", "clear", "Clear", tooltip="Take the search and all filters away.", id="corpus.clear"),
        Binding("g", "go_to", "Go to", tooltip="Go to a segment by its place or id.", id="corpus.go_to"),
        Binding("m", "memo", "Memo", tooltip="Note something about the segment.", id="corpus.memo"),
        Binding("c", "code", "Code it", tooltip="Code the segment yourself.", id="corpus.code_it"),
        Binding(
            "v",
            "unblind",
            "Show others",
            tooltip="Show what others said of a sample that you have not coded yet; asks first.",
            id="corpus.unblind",
        ),
        Binding(
            "o", "open", "Open", tooltip="Give the segment the whole screen, or take it back.", id="corpus.open"
        ),
        Binding("escape", "back", "Back", show=False, tooltip="Go back to the list.", id="corpus.back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._search: CorpusSearch | None = None
        self._filters = Filters()
        self._places: Sequence[int] = ()
        self._kept: Mapping[str, str] = {}
        self._details: SegmentDetails | None = None
        self._wish: Callable[[], None] | None = None
        self._names: dict[str, str] = {}
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
        return self._search.index if self._search is not None else None

    @property
    def segment_id(self) -> str:
        """Id of the segment under the cursor; empty where there is none."""
        line = self._line(self.segments.cursor)
        return line.segment_id if line is not None else ""

    def on_unmount(self) -> None:
        """Let go of the index."""
        if self.index is not None:
            self.index.close()

    def load(self) -> None:
        """Look for the index in another thread; without one, list what there is and make it."""
        self._open()

    def show(self, **what: Any) -> None:
        """Go to `segment=ID`, or show what `code=ID` was given to."""
        if "segment" in what:
            self._when_ready(partial(self._show_segment, str(what["segment"])))
        elif "code" in what:
            self._when_ready(partial(self._ask, Filters(code=str(what["code"]))))

    @work(thread=True, exclusive=True, group="open")
    def _open(self) -> None:
        kept = self._read_kept()
        ready = fresh_index(self.folder, self.index)
        if ready is None:
            if self._search is None:
                with reading(self.folder.engine) as connection:
                    size = corpus_size(connection, self.folder.study.id)
                show_from_thread(self, self._list_plainly, size)
            ready = corpus_index(self.folder, self._progress)
        search = self._search
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
        first = self._search is None
        before = self.index
        if before is not None and before is not search.index:
            for group in ("find", "details", "warm"):  # they may read what is closed now
                self.workers.cancel_group(self, group)
            before.close()
        self._search, self._names, self._kept = search, names, kept
        if before is not search.index:
            self.documents.set_source(
                search.index.document_count, self._document_rows, cursor=max(self.documents.cursor, 0)
            )
        else:
            self.documents.refresh_rows()
        self._find(self._filters)
        if first:
            self._warm(search)
        if self._wish is not None:
            wish, self._wish = self._wish, None
            wish()

    @work(thread=True, group="warm")
    def _warm(self, search: CorpusSearch) -> None:
        """Learn where every segment stands, before the first filter by code asks."""
        search.index.places  # noqa: B018

    def _when_ready(self, wish: Callable[[], None]) -> None:
        if self._search is None:
            self._wish = wish
        else:
            wish()

    def _ask(self, filters: Filters) -> None:
        """Ask for something else."""
        self._filters = filters
        field = self.query_one("#search", Input)
        if field.value != filters.text:
            with self.prevent(Input.Changed):
                field.value = filters.text
        self._find(filters)

    @work(thread=True, exclusive=True, group="find")
    def _find(self, filters: Filters) -> None:
        search = self._search
        if search is None:
            show_from_thread(self, self._tell, "search waits for the index")
        else:
            show_from_thread(self, self._found, search, filters, self._unkept(search, filters))

    def _unkept(self, search: CorpusSearch, filters: Filters) -> Sequence[int]:
        """What is found; where others' answers decide about that, without the segments of which they are kept."""
        found, kept = search.find(filters), self._kept
        if not kept or not (filters.code or filters.coder) or filters.coder == self.review.by:
            return found
        places = {search.index.places[one] for one in kept if one in search.index.places}
        return [place for place in found if place not in places]

    def _found(self, search: CorpusSearch, filters: Filters, places: Sequence[int]) -> None:
        """Show what was found, with the cursor where it was if that is among it."""
        if search is not self._search or filters != self._filters:
            return
        same = len(places) == len(self._places) and places == self._places
        here = self._places[self.segments.cursor] if 0 <= self.segments.cursor < len(self._places) else 0
        self._places = places
        if same and self.segments.count == len(places):
            self.segments.refresh_rows()
            self._read(again=True)
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

    def _rows(self, start: int, stop: int) -> list[Content]:
        places = self._places[start:stop]
        lines = self._lines(start, stop)
        codes: dict[str, tuple[str, ...]] | None = None
        if self._search is not None:
            codes = self._search.codes_of([one.segment_id for one in lines if one.segment_id not in self._kept])
        wanted = pieces(self._filters.text)
        digits = len(str(self._total))
        return [
            segment_line(
                place,
                digits,
                one,
                None if codes is None or one.segment_id in self._kept else len(codes.get(one.segment_id, ())),
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
            document_line(one, number == self._filters.document, room)
            for number, one in enumerate(index.documents(start, stop), start)
        ]

    @property
    def _total(self) -> int:
        return self.index.count if self.index is not None else len(self._places)

    def _say_how_to_begin(self) -> None:
        """Where the study has no text yet, say how one comes in."""
        if not self._total:
            how = f"No text yet. Bring it in, on the command line:\n\nintercoder import {self.folder.argument} FILE"
            self.query_one(SegmentView).tell([(Content(""), shown(how))], again=True)

    def _count(self) -> None:
        """Say what is asked for and how much was found."""
        self._say_how_to_begin()
        asked = self._filters
        parts: list[Content] = []
        if asked.any:
            parts.append(Content(f"{len(self._places):,} of {counted(self._total, 'segment')}"))
        else:
            parts.append(Content(counted(self._total, "segment")))
        named = {
            "code": self._names.get(asked.code, asked.code),
            "coder": asked.coder,
            "speaker": asked.speaker,
            "document": self._document_name(asked.document),
            "kind": asked.unit,
        }
        parts += [joined(f"{what}: ", line(name, 40, "bold $accent")) for what, name in named.items() if name]
        if asked.any:
            parts.append(Content("x clears"))
        if self._kept:
            parts.append(Content(f"⊘ {len(self._kept):,} you have yet to code blind"))
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
        self._read()

    @on(VirtualList.Chosen, "#segments")
    def _chosen(self) -> None:
        self.action_open()

    @on(VirtualList.Chosen, "#documents")
    def _document_chosen(self, message: VirtualList.Chosen) -> None:
        number = None if self._filters.document == message.index else message.index
        self._ask(self._filters.model_copy(update={"document": number}))
        self.segments.focus()

    def _read(self, *, again: bool = False) -> None:
        one = self._line(self.segments.cursor)
        if one is not None:
            around = AROUND_OPEN if self.has_class("-open") else AROUND
            kept = self.review.by if one.segment_id in self._kept else ""
            self._read_details(one.segment_id, around, kept, again)

    @work(thread=True, exclusive=True, group="details")
    def _read_details(self, segment_id: str, around: int, only_by: str, again: bool) -> None:
        coded = self._search.coded if self._search is not None else None
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
        place = f"{self._places[cursor] + 1:,} of {self._total:,}" if 0 <= cursor < len(self._places) else ""
        rows = segment_rows(details, pieces(self._filters.text), place=place, whole=self.has_class("-open"))
        self.query_one(SegmentView).tell(rows, again=again)

    @on(Input.Changed, "#search")
    def _typed(self, event: Input.Changed) -> None:
        self._filters = self._filters.model_copy(update={"text": event.value})
        self._find(self._filters)

    @on(Input.Submitted, "#search")
    def _submitted(self) -> None:
        self.segments.focus()

    def on_key(self, event: events.Key) -> None:
        """Down leads from the search into what it found."""
        if event.key == "down" and self.focused is self.query_one("#search"):
            self.segments.focus()
            event.stop()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey what does not apply."""
        if action in ("memo", "code", "open") and self.is_mounted:
            return True if self.segments.cursor >= 0 else None
        if action == "clear":
            return True if self._filters.any else None
        if action == "unblind" and self.is_mounted:
            return self.segment_id in self._kept
        return True

    def action_search(self) -> None:
        """Type words."""
        self._close()
        self.query_one("#search", Input).focus()

    def action_back(self) -> None:
        """From the open segment or the search to the list."""
        self._close()
        self.segments.focus()

    def action_open(self) -> None:
        """Give the segment the screen, or the lists back."""
        if self.has_class("-open"):
            self.action_back()
            return
        self.add_class("-open")
        self.query_one(SegmentView).focus()
        self._read()

    def _close(self) -> None:
        if self.has_class("-open"):
            self.remove_class("-open")
            self._read()

    def action_clear(self) -> None:
        """Ask for nothing."""
        self._ask(Filters())

    @work
    async def action_by_code(self) -> None:
        """Choose a code to filter by."""
        await self._choose("code", "Filter by code", [(label, id_) for id_, label in self._names.items()])

    @work
    async def action_by_coder(self) -> None:
        """Choose a person or a model."""
        if self._search is not None:
            readers = self.attempt(self._search.readers) or []
            await self._choose("coder", "Filter by who coded it", [(one.name, one.name) for one in readers])

    @work
    async def action_by_speaker(self) -> None:
        """Choose a speaker."""
        if self.index is not None:
            speakers = self.attempt(self.index.speakers) or []
            await self._choose("speaker", "Filter by speaker", [(one.name, one.name) for one in speakers])

    @work
    async def action_by_unit(self) -> None:
        """Choose a kind of segment."""
        if self.index is not None:
            units = self.attempt(self.index.units) or []
            await self._choose("unit", "Filter by kind of segment", [(one.name, one.name) for one in units])

    @work
    async def action_by_document(self) -> None:
        """Choose a document."""
        index = self.index
        if index is not None:
            documents = self.attempt(index.documents, 0, index.document_count) or []
            await self._choose(
                "document", "Filter by document", [(one.name, at) for at, one in enumerate(documents)]
            )

    async def _choose(self, field: str, title: str, options: Sequence[tuple[str, Any]]) -> None:
        none = Filters()
        named: list[tuple[str, Any]] = [("(any)", getattr(none, field)), *options]
        now = next((at for at, (_, value) in enumerate(named) if value == getattr(self._filters, field)), 0)
        chosen = await self.app.push_screen_wait(Choose(title, [(name, "") for name, _ in named], now))
        if chosen is not None:
            self._ask(self._filters.model_copy(update={field: named[chosen][1]}))

    @work
    async def action_go_to(self) -> None:
        """Go to a place or an id."""
        hint = "A place such as 1200, or a segment's id."
        answer = await self.app.push_screen_wait(AskText("Go to", hint, check=self._place_of))
        if answer:
            self._go_to_place(self._place_of(answer))

    def _place_of(self, named: str) -> int:
        """Where the segment stands that a place or an id names."""
        if not named:
            return max(self.segments.cursor, 0)
        number = named.replace(",", "")
        if number.isdecimal():
            place = int(number) - 1 if 1 <= int(number) <= self._total else None
        else:
            place = self.index.place(named) if self.index is not None else None
        if place is None:
            raise InputError(f"there is no segment {named}.", remedy=f"There are {self._total:,}.")
        return place

    def _show_segment(self, segment_id: str) -> None:
        place = self.index.place(segment_id) if self.index is not None else None
        if place is None:
            self.review.tell(f"No text that the study holds now has a segment {segment_id}.")
        else:
            self._go_to_place(place)

    def _go_to_place(self, place: int) -> None:
        """Put the cursor on a segment; filters that leave it out go."""
        at = _nearest(self._places, place)
        if at >= len(self._places) or self._places[at] != place:
            self._ask(Filters())
            self._places = range(self._total)
            self.segments.set_source(self._total, self._rows, cursor=place)
            at = place
        self.segments.go_to(at)
        self.segments.focus()

    @work
    async def action_memo(self) -> None:
        """Note something about the segment."""
        segment_id, study = self.segment_id, self.folder.study.id
        with reading(self.folder.engine) as connection:
            before = read_memo(connection, study, self.review.by, segment_id)
        title = "Memo on this segment"
        write = partial(note, self.folder.engine, study, self.review.by, segment_id)
        await self.app.push_screen_wait(AskText(title, "Empty takes it away.", before, lines=6, do=write))
        self._read(again=True)

    @work
    async def action_unblind(self) -> None:
        """Show what others said of the segment's sample, if the person wants to."""
        sample = self._kept.get(self.segment_id)
        if sample is None:
            return
        agreed = await self.app.push_screen_wait(AskBlind([sample]))
        if agreed:
            self.review.unblinded.add(sample)
            self.load()

    def action_code(self) -> None:
        """Code the segment."""
        self.review.go("coding", segment=self.segment_id)


def _nearest(places: Sequence[int], place: int) -> int:
    """Position of a place among ordered ones, or of the next that is there."""
    from bisect import bisect_left

    return min(bisect_left(places, place), max(len(places) - 1, 0))
