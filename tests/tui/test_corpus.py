"""All segments are listed, searched as one types and filtered; the one under the cursor is shown whole."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Input
from textual.worker import WorkerCancelled

from intercoder.core.documents import Document, Span
from intercoder.stores.corpus.intake import Source, import_source
from intercoder.stores.corpus.search import CorpusSearch, Filters
from intercoder.stores.corpus.segment_details import segment_details
from intercoder.stores.corpus.segments import sample_ids
from intercoder.stores.corpus.text_index import (
    CorpusIndex,
    GivenUp,
    Progress,
    corpus_index,
    fresh_index,
    index_file,
)
from intercoder.stores.database import reading
from intercoder.stores.people.memos import read_memo
from intercoder.stores.study_folder import StudyFolder
from intercoder.tui.app import ReviewApp
from intercoder.tui.dialogs import AskText, Choose
from intercoder.tui.screens.corpus import CorpusScreen
from intercoder.tui.widgets.segment_view import SegmentView
from intercoder.tui.widgets.virtual_list import VirtualList
from tests.tui.conftest import SIZES, started, text_of

GROUPS = ("open", "find", "details", "warm", "go")
MOST = 50


async def settled(pilot: Pilot[None]) -> CorpusScreen:
    """Wait until nothing is read any more; questions to the person stay open."""
    for _ in range(MOST):
        await pilot.pause()
        busy = [worker for worker in pilot.app.workers if worker.group in GROUPS and not worker.is_finished]
        if not busy:
            break
        with contextlib.suppress(WorkerCancelled):
            await pilot.app.workers.wait_for_complete(busy)
    await pilot.pause()
    screen = pilot.app.screen_stack[0]
    assert isinstance(screen, CorpusScreen)
    return screen


async def press(pilot: Pilot[None], *keys: str) -> CorpusScreen:
    await pilot.press(*keys)
    return await settled(pilot)


async def choose(pilot: Pilot[None], key: str, typed: str) -> CorpusScreen:
    """Press a key, narrow the list that comes, and take what is first."""
    await press(pilot, key)
    assert isinstance(pilot.app.screen, Choose)
    pilot.app.screen.query_one(Input).value = typed
    await pilot.pause()
    return await press(pilot, "enter")


def app_on(folder: StudyFolder, by: str = "eve", *, blind: bool = False) -> ReviewApp:
    app = started(folder, "corpus", by)
    if not blind:
        app.unblinded.add("calibration")
    return app


def calibration(folder: StudyFolder) -> list[str]:
    """Segments of the sample that people code."""
    with reading(folder.engine) as connection:
        return sample_ids(connection, folder.study.id, "calibration")


def finder(folder: StudyFolder) -> CorpusSearch:
    return CorpusSearch(folder, corpus_index(folder))


def listed(screen: CorpusScreen) -> list[str]:
    """The lines of the list of segments."""
    lines = [screen.segments.render_line(y).text.rstrip() for y in range(screen.segments.size.height)]
    return [line for line in lines if line.strip()]


def without_codes(line: str) -> str:
    """Place, speaker and the beginning of the text."""
    return line[:4] + line[8:35]


def bring(folder: StudyFolder, name: str, texts: list[str]) -> None:
    documents = [
        Document(name=f"{name}#{place}", source=name, key=str(place), text=text) for place, text in enumerate(texts)
    ]
    import_source(
        folder.engine,
        folder.study.id,
        Source(name=name, sha256=name, options={}, unit="row"),
        documents,
        lambda document: [Span(start=0, end=len(document.text), speaker="Zoë")],
        [],
    )


@pytest.mark.parametrize("size", SIZES)
async def test_segments_and_the_one_under_the_cursor_are_shown(study: StudyFolder, size: tuple[int, int]) -> None:
    app = app_on(study)
    async with app.run_test(size=size) as pilot:
        screen = await settled(pilot)
        assert screen.segments.has_focus
        assert "59 segments" in text_of(app)
        assert "Thanks for having me" in listed(screen)[0]
        assert "helen.txt  1 of 59" in text_of(app)
        screen = await press(pilot, "down")
        assert "helen.txt  2 of 59" in text_of(app)
        assert "3●" in listed(screen)[1]
        assert max(map(len, text_of(app).splitlines())) <= size[0]


async def test_the_list_stands_before_the_index(study: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fresh_index(study) is None
    app = app_on(study)
    seen: list[str] = []
    plain = CorpusScreen._list_plainly

    def look(self: CorpusScreen, size: int) -> None:
        plain(self, size)
        seen.extend(listed(self))

    monkeypatch.setattr(CorpusScreen, "_list_plainly", look)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot)
        assert len(seen) > 5
        assert [without_codes(line) for line in seen] == [without_codes(line) for line in listed(screen)][
            : len(seen)
        ]
        assert screen.index is not None
    assert index_file(study).is_file()


async def test_who_leaves_does_not_wait_for_the_index(study: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[Callable[[], bool]] = []

    def make(folder: StudyFolder, progress: Progress, *, given_up: Callable[[], bool]) -> CorpusIndex:
        left.append(given_up)
        raise GivenUp

    monkeypatch.setattr("intercoder.tui.screens.corpus_list.corpus_index", make)
    app = app_on(study)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot)
        assert [one() for one in left] == [False]
        assert (screen.index, screen.segments.count) == (None, 59)
    assert [one() for one in left] == [True]


async def test_it_searches_as_one_types(study: StudyFolder) -> None:
    app = app_on(study)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        screen = await press(pilot, "slash", *"repai")
        found = finder(study).find(Filters(text="repai"))
        assert 0 < len(found) < 59
        assert screen.segments.count == len(found)
        assert f"{len(found)} of 59 segments" in text_of(app)
        assert all("repai" in line.lower() for line in listed(screen) if not line.endswith("…"))
        screen = await press(pilot, *"rman")
        assert screen.segments.count == len(finder(study).find(Filters(text="repairman")))
        screen = await press(pilot, "down")
        assert screen.segments.has_focus
        screen = await press(pilot, "x")
        assert screen.segments.count == 59
        assert screen.query_one("#search", Input).value == ""
        screen = await press(pilot, "slash", *"zzz")
        assert (screen.segments.count, screen.segments.cursor) == (0, -1)
        assert "no segments" in text_of(app)
        screen = await press(pilot, "enter", "x")
        assert screen.segments.count == 59


async def test_the_cursor_stays_on_its_segment_where_it_is_found(study: StudyFolder) -> None:
    app = app_on(study)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        place = finder(study).find(Filters(text="repairman"))[-1]
        screen = await press(pilot, *["down"] * place)
        here = screen.segment_id
        screen = await press(pilot, "slash", *"repairman")
        assert screen.segment_id == here
        screen = await press(pilot, "escape", "x")
        assert (screen.segment_id, screen.segments.cursor) == (here, place)


async def test_filters_by_key_go_together(study: StudyFolder) -> None:
    search = finder(study)
    code = next(one for one in search.codes() if one.label == "what it costs")
    app = app_on(study)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        screen = await choose(pilot, "f", "what it costs")
        asked = Filters(code=code.id)
        assert screen.segments.count == len(search.find(asked)) > 0
        assert "code: what it costs" in text_of(app)
        screen = await choose(pilot, "w", "ben")
        asked = asked.model_copy(update={"coder": "ben"})
        assert screen.segments.count == len(search.find(asked)) > 0
        screen = await choose(pilot, "s", "Helen")
        asked = asked.model_copy(update={"speaker": "Helen"})
        assert 0 < screen.segments.count == len(search.find(asked))
        screen = await choose(pilot, "d", "helen")
        assert screen.segments.count == len(search.find(asked.model_copy(update={"document": 0})))
        screen = await choose(pilot, "d", "samir")
        assert screen.segments.count == 0
        screen = await choose(pilot, "d", "(any)")
        assert screen.segments.count == len(search.find(asked))
        screen = await choose(pilot, "u", "turn")
        assert screen.segments.count == len(search.find(asked))
        screen = await press(pilot, "f", "escape")
        assert screen.segments.count == len(search.find(asked))
        screen = await press(pilot, "x")
        assert screen.segments.count == 59


async def test_a_document_is_chosen_in_its_list(study: StudyFolder) -> None:
    app = app_on(study)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot)
        screen.documents.focus()
        screen = await press(pilot, "down", "enter")
        assert screen.segments.count == 19
        assert "document: repair_cafe.txt" in text_of(app)
        assert "● repair…txt" in screen.documents.render_line(1).text
        await pilot.click("#documents", offset=(6, 2), times=2)
        screen = await settled(pilot)
        assert screen.segments.count == 59


async def test_a_segment_is_opened_wide_and_closed(study: StudyFolder) -> None:
    app = app_on(study)
    async with app.run_test(size=(120, 80)) as pilot:
        await settled(pilot)
        screen = await press(pilot, "down", "enter")
        assert not screen.segments.display
        assert screen.query_one(SegmentView).has_focus
        text = text_of(app)
        assert "codevelop-1 round 1" in text
        assert "replay:recorded.csv · codebook version 1" in text
        assert "“So I tried to fix it myself”" in text
        screen = await press(pilot, "escape")
        assert screen.segments.display and screen.segments.has_focus
        screen = await press(pilot, "o")
        assert not screen.segments.display
        screen = await press(pilot, "o")
        assert screen.segments.display
        screen = await press(pilot, "enter", "slash", "a")
        assert screen.segments.display
        assert screen.query_one("#search", Input).value == "a"


async def test_it_goes_to_a_place_or_an_id(study: StudyFolder) -> None:
    index = corpus_index(study)
    app = app_on(study)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "g")
        assert isinstance(app.screen, AskText)
        screen = await press(pilot, *"40", "enter")
        assert screen.segments.cursor == 39
        wanted = index.lines([17])[0].segment_id
        await press(pilot, "slash", *"zzz", "escape", "g")
        app.screen.query_one(Input).value = wanted
        screen = await press(pilot, "enter")
        assert (screen.segment_id, screen.segments.count) == (wanted, 59)
        assert screen.query_one("#search", Input).value == ""
        screen = await press(pilot, "g", *"60", "enter")
        assert "there is no segment 60" in text_of(app)
        screen = await press(pilot, "backspace", "enter")
        assert screen.segments.cursor == 5


async def test_another_screen_sends_to_a_segment_or_a_code(study: StudyFolder) -> None:
    search = finder(study)
    wanted = search.index.lines([30])[0].segment_id
    code = search.codes()[1]
    app = started(study, "revisions")
    async with app.run_test(size=(120, 40)) as pilot:
        app.go("corpus", segment=wanted)
        for _ in range(3):
            screen = await settled_corpus(pilot)
        assert screen.segment_id == wanted
        app.go("corpus", code=code.id)
        for _ in range(3):
            screen = await settled_corpus(pilot)
        assert screen.segments.count == len(search.find(Filters(code=code.id)))
        app.go("corpus", segment=wanted)
        for _ in range(3):
            screen = await settled_corpus(pilot)
        assert (screen.segment_id, screen.segments.count) == (wanted, 59)


async def settled_corpus(pilot: Pilot[None]) -> CorpusScreen:
    """The corpus, once it is shown and has read all."""
    for _ in range(MOST):
        await pilot.pause()
        if isinstance(pilot.app.screen, CorpusScreen):
            break
        with contextlib.suppress(WorkerCancelled):
            await pilot.app.workers.wait_for_complete()
    return await settled(pilot)


async def test_a_memo_is_written_and_taken_away(study: StudyFolder) -> None:
    app = app_on(study)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot)
        segment = screen.segment_id

        def memo() -> str:
            with reading(study.engine) as connection:
                return read_memo(connection, study.study.id, "eve", segment)

        await press(pilot, "m")
        await press(pilot, *"ask", "space", *"her", "ctrl+s")
        assert memo() == "ask her"
        view = screen.query_one(SegmentView)
        view.scroll_end(animate=False)
        await pilot.pause()
        assert "ask her" in text_of(app)
        await press(pilot, "m", "escape")
        assert memo() == "ask her"
        await press(pilot, "m", *["backspace"] * len("ask her"), "ctrl+s")
        assert memo() == "ask her"
        await press(pilot, "m", *["delete"] * len("ask her"), "ctrl+s")
        assert memo() == ""


async def test_c_leads_to_coding_the_segment(study: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_on(study)
    went: list[tuple[str, dict[str, object]]] = []
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await press(pilot, "down", "down")
        monkeypatch.setattr(app, "go", lambda place, **what: went.append((place, what)))
        await press(pilot, "c")
        assert went == [("coding", {"segment": screen.segment_id})]


async def test_what_others_bring_comes_in_and_the_cursor_stays(study: StudyFolder) -> None:
    app = app_on(study)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        screen = await press(pilot, *["down"] * 7, "slash", *"wombat")
        assert screen.segments.count == 0
        bring(study, "later.txt", ["a wombat", "nothing"])
        app.look()
        screen = await settled(pilot)
        assert screen.segments.count == 1
        assert screen.query_one("#search", Input).value == "wombat"
        screen = await press(pilot, "escape", "x")
        assert screen.segments.count == 61
        assert screen.documents.count == 5


async def test_who_is_not_done_with_a_named_sample_sees_nothing_of_others_on_it(study: StudyFolder) -> None:
    second = calibration(study)[1]
    other = next(one for one in finder(study).index.places if one not in calibration(study))
    for by, sees in (("eve", False), ("ana", True)):
        app = app_on(study, by, blind=True)
        async with app.run_test(size=(120, 80)) as pilot:
            screen = await settled(pilot)
            screen.show(segment=second)
            await settled(pilot)
            assert ("codevelop-1" in text_of(app)) is sees
            assert ("⊘ what others said" in text_of(app)) is not sees
            assert ("you have yet to code blind" in text_of(app)) is not sees
            screen.show(segment=other)
            await settled(pilot)
            assert "⊘ what others said" not in text_of(app)


async def test_a_filter_by_others_answers_leaves_out_what_is_kept(study: StudyFolder) -> None:
    kept = {finder(study).index.places[one] for one in calibration(study)}
    for blind in (True, False):
        app = app_on(study, blind=blind)
        async with app.run_test(size=(120, 40)) as pilot:
            await settled(pilot)
            screen = await choose(pilot, "w", "ana")
            assert bool(set(screen._places) & kept) is not blind


async def test_a_key_shows_what_is_kept_after_a_question(study: StudyFolder) -> None:
    app = app_on(study, blind=True)
    async with app.run_test(size=(120, 80)) as pilot:
        screen = await settled(pilot)
        screen.show(segment=calibration(study)[1])
        await settled(pilot)
        await press(pilot, "v")
        assert "no longer code `calibration` blind" in text_of(app)
        await press(pilot, "n")
        assert "⊘ what others said" in text_of(app)
        await press(pilot, "v")
        await press(pilot, "y")
        assert app.unblinded == {"calibration"}
        assert "⊘ what others said" not in text_of(app)
        assert "codevelop-1" in text_of(app)
        await press(pilot, "v")
        assert app.screen is screen


HOSTILE = [
    "\x1b[31mred\x1b[0m \x07 [bold]bold[/bold] [@click=app.quit]go[/] repair",
    "\u202egnp.exe\u202c\u2066 repair \u200b",
    "👩‍🔧 修理する repair " + "修" * 300,
]


@pytest.mark.parametrize("size", SIZES)
async def test_a_text_drives_nothing(study: StudyFolder, size: tuple[int, int]) -> None:
    bring(study, "[red]evil\x1b]0;title\x07.txt", HOSTILE)
    app = app_on(study)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        screen = await press(pilot, "end")
        lines = listed(screen)[-3:]
        assert "\\u001b[31mred" in lines[0]
        assert "\\u202egnp" in lines[1]
        for key in ("up", "up", "slash"):
            screen = await press(pilot, key)
            assert "\x1b" not in text_of(app)
            assert "\u202e" not in text_of(app)
        assert "[bold]bold[/bold]" in text_of(app)
        screen = await press(pilot, *"repair", "enter", "end", "enter")
        assert "👩‍🔧 修理する repair" in text_of(app)
        assert "\x1b" not in text_of(app)


async def test_keys_that_do_not_apply_do_nothing(study: StudyFolder) -> None:
    app = app_on(study)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await press(pilot, "slash", *"zzzz", "enter", "m", "c", "o", "enter")
        assert app.screen is screen
        assert screen.segments.display


async def test_many_segments_cost_what_is_on_the_screen(study: StudyFolder, tmp_path: Path) -> None:
    bring(study, "many", [f"wordlike {number}" for number in range(5000)])
    app = app_on(study)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot)
        asked: list[tuple[int, int]] = []
        rows = screen._rows

        def watched(start: int, stop: int) -> list[Content]:
            asked.append((start, stop))
            return rows(start, stop)

        screen.segments.set_source(screen.segments.count, watched)
        screen = await press(pilot, "end")
        assert "wordlike 4999" in listed(screen)[-1]
        assert sum(stop - start for start, stop in asked) <= 256
        details = segment_details(study.engine, study.study.id, screen.segment_id)
        assert [one.text for one in details.before] == []
        assert isinstance(screen.segments, VirtualList)
