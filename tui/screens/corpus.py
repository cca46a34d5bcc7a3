"""Corpus: all segments, searched as one types and filtered; the one under the cursor whole."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

from textual import events, on, work
from textual.binding import Binding, BindingType
from textual.widgets import Input

from intercoder.core.errors import InputError
from intercoder.stores.corpus.search import Filters
from intercoder.stores.corpus.segment_details import note
from intercoder.stores.database import reading
from intercoder.stores.people.memos import read_memo
from intercoder.tui.dialogs import AskBlind, AskText, Choose
from intercoder.tui.screens.corpus_list import CorpusList
from intercoder.tui.widgets.segment_view import SegmentView
from intercoder.tui.widgets.virtual_list import VirtualList


class CorpusScreen(CorpusList):
    """Documents, segments, and the segment under the cursor; above them what is asked for."""

    NAME = "corpus"
    HELP = (
        "All segments of the study in document order. Type / and a few words, of which the beginnings are enough; "
        "the list narrows while you type. Filters by code, coder, speaker, document and kind go together with the "
        "search. A number with ● before a text says how many codes stand on it."
    )
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

    def show(self, **what: Any) -> None:
        """Go to `segment=ID`, or show what `code=ID` was given to."""
        if "segment" in what:
            self.when_ready(partial(self._show_segment, str(what["segment"])))
        elif "code" in what:
            self.when_ready(partial(self.ask, Filters(code=str(what["code"]))))

    @on(VirtualList.Chosen, "#segments")
    def _chosen(self) -> None:
        self.action_open()

    @on(VirtualList.Chosen, "#documents")
    def _document_chosen(self, message: VirtualList.Chosen) -> None:
        number = None if self.filters.document == message.index else message.index
        self.ask(self.filters.model_copy(update={"document": number}))
        self.segments.focus()

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
            return True if self.filters.any else None
        if action == "unblind" and self.is_mounted:
            return self.segment_id in self.kept
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
        self.read_segment()

    def _close(self) -> None:
        if self.has_class("-open"):
            self.remove_class("-open")
            self.read_segment()

    def action_clear(self) -> None:
        """Ask for nothing."""
        self.ask(Filters())

    @work
    async def action_by_code(self) -> None:
        """Choose a code to filter by."""
        await self._choose("code", "Filter by code", [(label, id_) for id_, label in self.code_names.items()])

    @work
    async def action_by_coder(self) -> None:
        """Choose a person or a model."""
        if self.finder is not None:
            readers = self.attempt(self.finder.readers) or []
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
        now = next((at for at, (_, value) in enumerate(named) if value == getattr(self.filters, field)), 0)
        chosen = await self.app.push_screen_wait(Choose(title, [(name, "") for name, _ in named], now))
        if chosen is not None:
            self.ask(self.filters.model_copy(update={field: named[chosen][1]}))

    @work
    async def action_go_to(self) -> None:
        """Go to a place or an id."""
        hint = "A place such as 1200, or a segment's id."
        answer = await self.app.push_screen_wait(AskText("Go to", hint, check=self._place_of))
        if answer:
            self.go_to_place(self._place_of(answer))

    def _place_of(self, named: str) -> int:
        """Where the segment stands that a place or an id names."""
        if not named:
            return max(self.segments.cursor, 0)
        number = named.replace(",", "")
        if number.isdecimal():
            place = int(number) - 1 if 1 <= int(number) <= self.total else None
        else:
            place = self.index.place(named) if self.index is not None else None
        if place is None:
            raise InputError(f"there is no segment {named}.", remedy=f"There are {self.total:,}.")
        return place

    def _show_segment(self, segment_id: str) -> None:
        place = self.index.place(segment_id) if self.index is not None else None
        if place is None:
            self.review.tell(f"No text that the study holds now has a segment {segment_id}.")
        else:
            self.go_to_place(place)

    @work
    async def action_memo(self) -> None:
        """Note something about the segment."""
        segment_id, study = self.segment_id, self.folder.study.id
        with reading(self.folder.engine) as connection:
            before = read_memo(connection, study, self.review.by, segment_id)
        title = "Memo on this segment"
        write = partial(note, self.folder.engine, study, self.review.by, segment_id)
        await self.app.push_screen_wait(AskText(title, "Empty takes it away.", before, lines=6, do=write))
        self.read_segment(again=True)

    @work
    async def action_unblind(self) -> None:
        """Show what others said of the segment's sample, if the person wants to."""
        sample = self.kept.get(self.segment_id)
        if sample is None:
            return
        agreed = await self.app.push_screen_wait(AskBlind([sample]))
        if agreed:
            self.review.unblinded.add(sample)
            self.load()

    def action_code(self) -> None:
        """Code the segment."""
        self.review.go("coding", segment=self.segment_id)
