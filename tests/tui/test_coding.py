"""A person codes: every key, and what it leaves in the study."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from intercoder.core.codebook import Code
from intercoder.core.decisions import Decision
from intercoder.core.documents import Document
from intercoder.core.revisions import BookSettings, Revision
from intercoder.core.texts.segmentation import segment
from intercoder.stores import schema
from intercoder.stores.codebooks.revisions import newest, revise_by_hand
from intercoder.stores.corpus.drawn_samples import find_or_draw
from intercoder.stores.corpus.intake import Source, import_source
from intercoder.stores.corpus.named_samples import find_sample
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.corpus.segments import sample_ids
from intercoder.stores.database import reading
from intercoder.stores.people.hand_coding import HandCoder
from intercoder.stores.people.human_codings import human_decisions
from intercoder.stores.study_folder import StudyFolder
from intercoder.tui.dialogs import Dialog
from intercoder.tui.screens.coding import CodingScreen
from intercoder.tui.widgets.code_picker import CodePicker
from intercoder.tui.widgets.quote_text import QuoteText
from tests.stores.conftest import SETTINGS
from tests.studies import new_study
from tests.tui.conftest import SIZES, started, text_of

TEXTS = (
    "We mend the chair ourselves.",
    "They bought a new one.",
    "My neighbour lends me tools.",
    "It was \x1b[2Jcheap \u202eand [bold]red[/] [@click=app.quit]x[/].",
    "漢字をなおす 👩\u200d👧 مرحبا.",
)
CODES = (
    Code(id="c_mend", label="mending", definition="Somebody mends a thing.", include=("clothes",)),
    Code(id="c_buy", label="buying new"),
    Code(id="c_lend", label="lending tools"),
)


@pytest.fixture
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudyFolder]:
    folder = new_study(tmp_path_factory.mktemp("coding") / "study", SETTINGS)
    document = Document(name="a.txt", source="a.txt", text="\n\n".join(TEXTS), attributes={"town": "Ulm"})
    source = Source(name="a.txt", sha256="a", options={}, unit="paragraph")
    import_source(
        folder.engine, folder.study.id, source, [document], lambda one: segment(one.text, "paragraph"), []
    )
    yield folder
    folder.close()


def codebook(folder: StudyFolder, *, exclusive: bool = False, unsure: bool = True) -> None:
    settings = Revision(
        kind="settings",
        settings_before=BookSettings(),
        settings_after=BookSettings(exclusive=exclusive, allow_unsure=unsure),
    )
    changes = [Revision(kind="add", after=(code,)) for code in CODES]
    if exclusive or unsure:
        changes.insert(0, settings)
    revise_by_hand(folder.engine, folder.study.id, changes, "ana")


class Driver:
    """The Coding screen of an app, with what its person said so far."""

    def __init__(self, folder: StudyFolder, pilot: Pilot[None], by: str) -> None:
        self.folder, self.pilot, self.by = folder, pilot, by

    @property
    def screen(self) -> CodingScreen:
        screen = self.pilot.app.screen_stack[0]
        assert isinstance(screen, CodingScreen)
        return screen

    async def settle(self) -> None:
        for _ in range(2):
            await self.pilot.pause()
            reading_ = [one for one in self.pilot.app.workers if one.group in ("open", "look")]
            if reading_:  # without workers to wait for, all are waited for: dialogs too
                await self.pilot.app.workers.wait_for_complete(reading_)
            await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
        await self.settle()

    async def type(self, text: str) -> None:
        await self.press(*("space" if one == " " else one for one in text))

    async def answer(self, text: str) -> None:
        """Write into the dialog that is open, and take it."""
        assert isinstance(self.pilot.app.screen, Dialog)
        field = self.pilot.app.screen.query_one("#text")
        if isinstance(field, TextArea):
            field.text = text
        elif isinstance(field, Input):
            field.value = text
        await self.press("ctrl+s")
        await self.pilot.pause()

    def said(self) -> list[Decision]:
        with reading(self.folder.engine) as connection:
            return human_decisions(connection, self.folder.study.id, coder=self.by)

    def values(self) -> dict[str, dict[str, str]]:
        """Start of the segment -> code -> value."""
        starts = {one.segment_id: one for one in self.said()}
        found: dict[str, dict[str, str]] = {}
        with reading(self.folder.engine) as connection:
            texts = {
                row.segment_id: row.ordinal
                for row in connection.execute(sa.select(schema.segments))
                if row.segment_id in starts
            }
        for one in self.said():
            found.setdefault(str(texts[one.segment_id]), {})[one.label or "any"] = one.value
        return found

    @property
    def text(self) -> str:
        return text_of(self.screen.review)


@asynccontextmanager
async def coding(folder: StudyFolder, by: str = "dora", size: tuple[int, int] = (120, 40)) -> AsyncIterator[Driver]:
    app = started(folder, "coding", by)
    async with app.run_test(size=size) as pilot:
        driver = Driver(folder, pilot, by)
        await driver.settle()
        yield driver


async def test_codes_are_given_by_typing_and_enter_goes_on(small: StudyFolder) -> None:
    codebook(small)
    async with coding(small) as one:
        assert "Segment 1 of 5 · not done" in one.text
        await one.type("lend")
        await one.press("enter")
        assert one.values() == {"0": {"lending tools": "yes"}}
        await one.type("buy")
        await one.press("escape", "enter")
        assert one.values() == {"0": {"mending": "no", "buying new": "no", "lending tools": "yes"}}
        assert "Segment 2 of 5" in one.text
        assert "1 of 5 done" in one.text
        await one.type("zzz")
        await one.press("enter")
        assert len(one.said()) == 3


async def test_digits_space_and_arrows(small: StudyFolder) -> None:
    codebook(small)
    async with coding(small) as one:
        await one.press("2", "up", "space")
        assert one.values() == {"0": {"mending": "yes", "buying new": "yes"}}
        await one.press("space", "down", "minus")
        assert one.values() == {}
        await one.press("2", "delete")
        assert one.values() == {}
        await one.press("right", "right", "left", "3")
        assert one.values() == {"1": {"lending tools": "yes"}}
        await one.press("enter", "greater_than_sign")
        assert "Segment 4 of 5" in one.text
        await one.press("ctrl+g", "ctrl+g")
        assert "Segment 1 of 5" in one.text
        await one.press("left")
        assert "Segment 1 of 5" in one.text


async def test_letters_and_signs_are_text_once_something_is_typed(small: StudyFolder) -> None:
    codebook(small)
    async with coding(small) as one:
        picker = one.screen.query_one(CodePicker)
        await one.type("q 1/-")
        assert picker.value == "q 1/-"
        await one.press("left", "backspace", "delete", "backspace")
        assert picker.value == "q "
        await one.press("right", "home", "end", "escape")
        assert picker.value == ""
        assert one.values() == {}
        assert "Segment 1 of 5" in one.text


async def test_unsure_only_where_the_book_allows_it(small: StudyFolder) -> None:
    codebook(small, unsure=False)
    async with coding(small) as one:
        await one.press("ctrl+u")
        assert one.values() == {}
        assert any("does not allow" in note.message for note in one.pilot.app._notifications)


async def test_unsure_about_a_code(small: StudyFolder) -> None:
    codebook(small)
    async with coding(small) as one:
        await one.press("down", "ctrl+u")
        assert one.values() == {"0": {"buying new": "unsure"}}
        assert "? 2 buying new" in one.text


async def test_an_exclusive_book_wants_one_choice(small: StudyFolder) -> None:
    codebook(small, exclusive=True)
    async with coding(small) as one:
        await one.press("enter")
        assert "Segment 1 of 5" in one.text
        assert any("none is chosen" in note.message for note in one.pilot.app._notifications)
        await one.press("1", "2", "enter")
        assert one.values() == {"0": {"buying new": "yes"}}
        assert "Segment 2 of 5" in one.text
        await one.press("ctrl+u")
        assert "You are unsure" in one.text
        await one.press("enter")
        assert one.values() == {"0": {"buying new": "yes"}, "1": {"any": "unsure"}}
        assert "2 of 5 done" in one.text


async def test_a_quote_is_marked_by_keys(small: StudyFolder) -> None:
    codebook(small)
    async with coding(small) as one:
        await one.press("tab", "w", "space", "w", "w", "e", "enter")
        assert "Marked: “mend the chair”" in one.text
        await one.press("1")
        (said,) = one.said()
        assert (said.quote.text, said.quote.start, said.quote.end) == ("mend the chair", 3, 17)
        assert "“mend the chair”" in one.text
        # Another quote for the same code: it is attached, the code is not taken away.
        await one.press("quotation_mark", "home", "shift+right", "shift+right", "enter", "space")
        (said,) = one.said()
        assert (said.value, said.quote.text) == ("yes", "We")
        await one.press("tab", "end", "B", "enter", "escape")
        assert "Marked" not in one.text
        await one.press("tab", "a", "escape")
        assert "Marked" not in one.text
        await one.press(
            "tab", "right", "left", "down", "up", "b", "W", "E", "shift+left", "ctrl+right", "ctrl+left", "enter"
        )
        assert isinstance(one.screen.focused, CodePicker)
        assert one.values() == {"0": {"mending": "yes"}}


async def test_a_quote_is_marked_with_the_mouse(small: StudyFolder) -> None:
    codebook(small)
    async with coding(small) as one:
        text = one.screen.query_one(QuoteText)
        left = text.content_region.x - text.region.x
        await one.pilot.mouse_down(text, offset=(left + 3, 0))
        await one.pilot.hover(text, offset=(left + 10, 0))
        await one.pilot.mouse_up(text, offset=(left + 10, 0))
        await one.settle()
        await one.press("1")
        (said,) = one.said()
        assert (said.quote.text, said.quote.start) == ("mend the", 3)
        await one.pilot.click(text, offset=(left + 14, 0), times=2)
        await one.settle()
        await one.press("2")
        assert one.said()[1].quote.text == "chair"


async def test_quotes_in_other_scripts_count_the_texts_own_code_points(small: StudyFolder) -> None:
    codebook(small)
    async with coding(small) as one:
        await one.press("right", "right", "right", "right")
        text = one.screen.query_one(QuoteText)
        assert text.text == TEXTS[4]
        await one.press("tab", "shift+right", "shift+right", "enter", "1")
        assert one.said()[0].quote.text == "漢字"
        await one.press("tab", "home", *["right"] * 7, "shift+right", "enter", "2")
        quote = one.said()[1].quote
        assert quote.text == "👩\u200d👧"
        document = "\n\n".join(TEXTS)
        assert document[quote.start : quote.end] == quote.text


async def test_undo_goes_back_across_segments_and_redo_returns(small: StudyFolder) -> None:
    codebook(small)
    async with coding(small) as one:
        await one.press("1", "enter", "2", "enter")
        assert len(one.said()) == 6
        await one.press("ctrl+z")
        assert "Segment 2 of 5 · not done" in one.text
        assert one.values()["1"] == {"buying new": "yes"}
        await one.press("ctrl+z", "ctrl+z")
        assert "Segment 1 of 5" in one.text
        assert one.values() == {"0": {"mending": "yes"}}
        await one.press("ctrl+z", "ctrl+z")
        assert one.values() == {}
        await one.press("ctrl+y", "ctrl+r", "ctrl+y", "ctrl+y", "ctrl+y")
        assert len(one.said()) == 6
        assert "Segment 2 of 5 · ✓ done" in one.text


async def test_undo_of_what_was_changed_elsewhere_is_refused(small: StudyFolder) -> None:
    codebook(small)
    async with coding(small) as one:
        await one.press("1")
        with reading(small.engine) as connection:
            book = newest(connection, small.study.id)
        elsewhere = HandCoder(small.engine, small.study.id, "dora")
        elsewhere.give(book, one.said()[0].segment_id, "c_mend", "no")
        await one.press("ctrl+z")
        assert one.values() == {"0": {"mending": "no"}}
        assert any("changed since" in note.message for note in one.pilot.app._notifications)


async def test_memo_and_reason(small: StudyFolder) -> None:
    codebook(small)
    async with coding(small) as one:
        await one.press("ctrl+o")
        await one.answer("odd one")
        assert "Memo: odd one" in one.text
        await one.press("ctrl+e")
        assert isinstance(one.pilot.app.screen, CodingScreen)
        await one.press("1", "ctrl+e")
        await one.answer("says so")
        assert one.said()[0].reason == "says so"
        assert "✎ says so" in one.text
        await one.press("ctrl+z", "ctrl+z", "ctrl+z")
        assert "odd one" not in one.text
        assert one.values() == {}


async def test_a_code_is_made_in_place_and_the_first_makes_a_codebook(small: StudyFolder) -> None:
    async with coding(small) as one:
        assert "No codes yet" in one.text
        await one.press("enter")
        assert any("no code to give" in note.message for note in one.pilot.app._notifications)
        await one.press("plus")
        await one.answer("mending")
        await one.answer("Somebody mends.")
        assert one.values() == {"0": {"mending": "yes"}}
        await one.press("enter")
        await one.type("pri")
        await one.press("ctrl+n")
        await one.answer("Mending")
        assert isinstance(one.pilot.app.screen, Dialog)
        await one.answer("pride")
        await one.answer("")
        with reading(small.engine) as connection:
            book = newest(connection, small.study.id)
            author = connection.execute(sa.select(schema.revisions.c.author)).scalars().all()
        assert [code.label for code in book.codes] == ["mending", "pride"]
        assert book.version == 2
        assert set(author) == {"dora"}
        assert one.values() == {"0": {"mending": "yes"}, "1": {"pride": "yes"}}
        assert "Segment 2 of 5" in one.text
        assert "1 of 5 done" in one.text


async def test_what_others_said_shows_only_when_done(small: StudyFolder) -> None:
    codebook(small)
    async with coding(small, "ben") as ben:
        await ben.press("2", "ctrl+e")
        await ben.answer("secret reason")
        await ben.press("enter")
    async with coding(small) as one:
        assert "ben" not in one.text
        assert "secret" not in one.text
        await one.press("1", "enter", "left")
        assert "differs" in one.text
        assert "ben" in one.text
        assert "secret reason" in one.text
        await one.press("ctrl+z")
        assert "secret" not in one.text


async def test_a_study_that_is_not_blind_shows_them_at_once(small: StudyFolder) -> None:
    codebook(small)
    async with coding(small, "ben") as ben:
        await ben.press("2", "enter")
    human = small.study.human.model_copy(update={"blind": False})
    small.study = small.study.model_copy(update={"human": human})
    async with coding(small) as one:
        assert "What others said" in one.text


async def test_what_somebody_else_wrote_shows_within_a_look(small: StudyFolder) -> None:
    codebook(small)
    async with coding(small) as one:
        await one.press("1", "enter", "left")
        assert "ben" not in one.text
        await one.type("le")
        with reading(small.engine) as connection:
            book = newest(connection, small.study.id)
        here = one.screen.desk.segment
        assert here is not None
        HandCoder(small.engine, small.study.id, "ben").give(book, here.id, "c_mend", "no")
        one.screen.review.look()
        await one.settle()
        assert "ben" in one.text
        assert one.screen.query_one(CodePicker).value == "le"
        # The same person in another window: progress follows.
        elsewhere = HandCoder(small.engine, small.study.id, "dora")
        elsewhere.finish(book, one.screen.desk.segment_ids[3])
        revise_by_hand(
            small.engine, small.study.id, [Revision(kind="add", after=(Code(id="c_x", label="lesson"),))], "ben"
        )
        one.screen.review.look()
        await one.settle()
        assert "2 of 5 done" in one.text
        assert "version 2" in one.text
        assert "lesson" in one.text


async def test_search_and_samples(small: StudyFolder) -> None:
    codebook(small)
    async with coding(small) as one:
        await one.press("slash")
        await one.answer("neighbour")
        await one.press("enter")
        assert "Segment 3 of 5" in one.text
        await one.press("slash")
        await one.answer("nowhere")
        assert "Segment 3 of 5" in one.text
        await one.press("ctrl+s", "down", "enter")
        await one.answer("first")
        await one.answer("2")
        await one.press("enter")
        await one.settle()
        assert "Segment 1 of 2" in one.text
        with reading(small.engine) as connection:
            sample = find_sample(connection, small.study.id, "first")
        assert sample is not None
        assert sample.size == 2
        await one.press("enter", "enter")
        assert "all done" in one.text
    async with coding(small) as again:
        assert "all paragraph segments" in again.text
        again.screen.show(sample="first")
        await again.settle()
        assert "2 of 2 done" in again.text
        with reading(small.engine) as connection:
            other = connection.execute(sa.select(schema.segments.c.segment_id)).scalars().all()
        alone = next(one for one in other if one not in again.screen.desk.segment_ids)
        again.screen.show(segment=alone)
        await again.settle()
        assert "Segment 1 of 1" in again.text
        assert again.screen.desk.segment is not None
        assert again.screen.desk.segment.id == alone


async def test_a_new_sample_is_drawn_as_the_command_line_draws_it(tmp_path: Path) -> None:
    with closing(new_study(tmp_path / "talk", SETTINGS)) as folder:
        talk = "\n\n".join(f"{who}: number {number}" for number in range(6) for who in ("Ann", "Bo", "Host"))
        source = Source(name="a.txt", sha256="a", options={}, unit="turn")
        document = Document(name="a.txt", source="a.txt", text=talk, attributes={"town": "Ulm"})
        import_source(folder.engine, folder.study.id, source, [document], lambda one: segment(one.text, "turn"), [])
        codebook(folder)
        async with coding(folder) as one:
            await one.press("ctrl+s", "down", "enter")
            await one.answer("first")
            await one.answer("4")
            await one.press("down", "enter")
            await one.answer("x")
            assert "x is no seed" in text_of(one.screen.review)
            await one.answer("7")
            await one.press("down", "down", "enter")
            for name in ("Ann", "Bo", "Host"):
                assert name in one.text
            await one.press("down", "enter", "down", "enter", "enter")  # Ann; Bo, and not after all
            await one.press("up", "up", "enter")
            assert "Ann" in one.text
            await one.press("down", "down", "down", "enter")
            assert "town" in one.text
            await one.press("down", "enter")  # speaker, before town
            await one.press("enter")
            await one.settle()
            assert "Segment 1 of 4" in one.text
            drawn = one.screen.desk.segment_ids
        scope = Scope(unit="turn", sample=4, seed=7, stratify="speaker", skip_speakers=("Ann",))
        kept, new = find_or_draw(folder, "same", scope, enriched=False)
        with reading(folder.engine) as connection:
            assert (kept.seed, kept.stratify, kept.population, new) == (7, "speaker", 12, True)
            assert sample_ids(connection, folder.study.id, "same") == list(drawn)


async def test_what_matches_nothing_says_what_a_new_code_would_be_called(small: StudyFolder) -> None:
    codebook(small)
    async with coding(small) as one:
        await one.type("[b]x")
        assert "No code matches." in one.text
        assert "ctrl+n makes one called “[b]x”." in one.text
        assert "No codes yet" not in one.text
        await one.press("enter")
        assert any("one called “[b]x”" in str(note.message) for note in one.pilot.app._notifications)
        await one.press("escape")
        assert "Somebody mends a thing." in one.text


async def test_it_opens_where_the_person_stopped(small: StudyFolder) -> None:
    codebook(small)
    async with coding(small) as one:
        await one.press("enter", "enter")
    async with coding(small) as again:
        assert "Segment 3 of 5 · not done" in again.text
        assert "2 of 5 done" in again.text


async def test_pace_is_measured(small: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    codebook(small)
    clock = iter(range(0, 10_000, 20))
    monkeypatch.setattr(CodingScreen, "timer", staticmethod(lambda: float(next(clock))))
    async with coding(small) as one:
        await one.press("enter", "enter")
        assert "20 s a segment" in one.text
        assert "about 1 min left" in one.text


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_text_is_shown_escaped(small: StudyFolder, size: tuple[int, int]) -> None:
    codebook(small)
    evil = Code(id="c_evil", label="[@click=app.quit]evil\x1b[0m\u202e", definition="[bold]not bold[/]")
    revise_by_hand(small.engine, small.study.id, [Revision(kind="add", after=(evil,))], "ana")
    async with coding(small, size=size) as one:
        await one.press("right", "right", "right", "up", "down", "4")
        assert "\\u001b[2J" in one.text
        assert "[bold]red[/]" in one.text
        assert "\x1b" not in one.text
        assert "\u202e" not in one.text
        assert "[@click=app.quit]" in one.text
        await one.press("tab", "a", "enter", "4")
        assert one.said()[0].quote.text == TEXTS[3]
        await one.press("pagedown", "pageup", "question_mark")
        assert not isinstance(one.pilot.app.screen, CodingScreen)


async def test_the_example_at_every_size(study: StudyFolder) -> None:
    for size in SIZES:
        async with coding(study, "ana", size) as one:
            assert "40 of 40 done" in one.text or "all turn segments" in one.text
            one.screen.show(sample="calibration")
            await one.settle()
            assert "What others said" in one.text
