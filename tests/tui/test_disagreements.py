"""The screen of disagreements: what coders differ on is listed, settled, sent and taken back by key."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from textual.pilot import Pilot

from intercoder.core.coding.settling import Settled, Unit
from intercoder.graphs.differing.disagreements import (
    Disagreements,
    disagreeing_run,
    gather_disagreements,
    settlements_of,
)
from intercoder.graphs.differing.settling import settle
from intercoder.stores.corpus.segments import sample_ids
from intercoder.stores.database import reading
from intercoder.stores.study_folder import StudyFolder, open_study
from intercoder.tui.app import ReviewApp
from intercoder.tui.dialogs import AskBlind, AskText, Choose
from intercoder.tui.screens.base import StudyScreen
from intercoder.tui.screens.disagreements import DisagreementsScreen
from intercoder.tui.widgets.unit_view import UnitView
from intercoder.tui.widgets.virtual_list import VirtualList
from tests.graphs.differing.disagreeing import MONEY, code_by_hand, ids, make_book, make_run, make_study
from tests.tui.conftest import CLOCK, SIZES, started, text_of

EVIL = "\x1b[31mred [bold]money[/bold] [@click=app.quit]x[/]\u202e 日本語 مرحبا 👩‍👩‍👧"


def listed(folder: StudyFolder) -> Disagreements:
    return gather_disagreements(folder, disagreeing_run(folder))


def settlement(folder: StudyFolder, unit: Unit) -> Settled | None:
    return settlements_of(folder).get(unit)


def seen(pilot: Pilot[None]) -> str:
    """What stands on the screen."""
    assert isinstance(pilot.app, ReviewApp)
    return text_of(pilot.app)


async def ready(pilot: Pilot[None]) -> None:
    """Wait until the list and the unit were read; no dialog may be open."""
    for _ in range(4):
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()


async def say(pilot: Pilot[None], key: str, note: str) -> None:
    await pilot.press(key)
    await pilot.pause()
    assert isinstance(pilot.app.screen, AskText)
    await pilot.press(*note, "enter")
    await ready(pilot)


def cursor(pilot: Pilot[None]) -> int:
    return pilot.app.screen.query_one(VirtualList).cursor


@pytest.mark.parametrize("size", SIZES)
async def test_it_lists_what_coders_differ_on_and_shows_one_side_by_side(
    study: StudyFolder, size: tuple[int, int]
) -> None:
    found = listed(study)
    async with started(study, "disagreements").run_test(size=size) as pilot:
        await ready(pilot)
        text = seen(pilot)
        assert f"codevelop-1: {len(found.units)} units, {len(found.units)} open" in text
        assert "ana (person)" in text
        assert "2 yes 2 no → yes" in text
        assert pilot.app.screen.query_one(VirtualList).count == len(found.units)


@pytest.mark.parametrize(("key", "value"), [("y", "yes"), ("n", "no"), ("u", "unsure")])
async def test_a_unit_is_settled_with_a_note(study: StudyFolder, key: str, value: str) -> None:
    unit, following = (one.unit for one in listed(study).units[:2])
    async with started(study, "disagreements").run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await say(pilot, key, "It says so.")
        step = settlement(study, unit)
        assert step
        assert (step.value, step.note, step.by, step.created_at) == (value, "It says so.", "ana", CLOCK)
        assert (step.run, step.evidence) == ("codevelop-1", False)
        screen = pilot.app.screen
        assert isinstance(screen, DisagreementsScreen)
        assert screen._unit == following
        assert "20 open" in seen(pilot)
        await pilot.press("end")
        await ready(pilot)
        assert screen._unit == unit
        text = seen(pilot)
        assert f"✓ settled: {value}" in text
        assert "It says so." in text


async def test_a_note_is_needed(study: StudyFolder) -> None:
    async with started(study, "disagreements").run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("y")
        await pilot.pause()
        await pilot.press("space", "enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, AskText)
        await pilot.press("escape")
        await ready(pilot)
    assert settlements_of(study) == {}


async def test_a_unit_is_sent_to_the_reviser_and_taken_back(study: StudyFolder) -> None:
    unit = listed(study).units[0].unit
    async with started(study, "disagreements").run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await say(pilot, "e", "Which?")
        step = settlement(study, unit)
        assert step
        assert (step.value, step.evidence, step.note) == ("", True, "Which?")
        assert "→ sent to the reviser" in seen(pilot)
        assert cursor(pilot) == 0
        await say(pilot, "y", "Yes.")
        assert (step := settlement(study, unit))
        assert (step.value, step.evidence) == ("yes", True)
        await pilot.press("end")
        await ready(pilot)
        await pilot.press("z")
        await ready(pilot)
        assert (step := settlement(study, unit))
        assert (step.value, step.evidence) == ("", True)
        assert cursor(pilot) == 0
        await pilot.press("z")
        await ready(pilot)
        assert settlement(study, unit) is None
        assert "21 open" in seen(pilot)


async def test_who_was_first_is_told_and_nothing_is_overwritten(study: StudyFolder) -> None:
    unit = listed(study).units[0].unit
    async with started(study, "disagreements").run_test(size=(120, 40), notifications=True) as pilot:
        await ready(pilot)
        await pilot.press("y")
        await pilot.pause()
        settle(study, disagreeing_run(study), unit, "no", "Mine.", by="ben", at=CLOCK)
        await pilot.press(*"Yes.", "enter")
        await pilot.pause()
        assert (step := settlement(study, unit))
        assert step.by == "ben"
        assert "ben was first: settled it: no" in " ".join(seen(pilot).split())
        assert isinstance(pilot.app.screen, AskText)
        assert pilot.app.screen.text == "Yes."
        await pilot.press("escape", "y")
        await ready(pilot)


async def test_what_another_person_settles_is_shown_and_the_cursor_stays(study: StudyFolder) -> None:
    units = [one.unit for one in listed(study).units]
    app = started(study, "disagreements")
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("down", "down")
        await ready(pilot)
        with closing(open_study(study.path)) as other:
            settle(other, disagreeing_run(other), units[0], "no", "Mine.", by="ben")
        app.look()
        await ready(pilot)
        assert isinstance(app.screen, DisagreementsScreen)
        assert app.screen._unit == units[2]
        assert cursor(pilot) == 1
        assert "20 open" in text_of(app)


async def test_the_list_is_narrowed_to_a_code_and_widened_again(study: StudyFolder) -> None:
    found = listed(study)
    code = found.book.leaves[0]
    about = [one for one in found.units if one.code_id == code.id]
    async with started(study, "disagreements").run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("slash")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Choose)
        await pilot.press(*code.label, "enter")
        await ready(pilot)
        assert f"{len(about)} units, {len(about)} open" in seen(pilot)
        await pilot.press("escape")
        await ready(pilot)
        assert f"{len(found.units)} units" in seen(pilot)


async def test_another_run_and_a_sample_are_chosen(study: StudyFolder) -> None:
    async with started(study, "disagreements").run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("r")
        await pilot.pause()
        await pilot.press(*"calibrate", "enter")
        await ready(pilot)
        assert "calibrate-1:" in seen(pilot)
        await pilot.press("e")
        await pilot.pause()
        assert "Codes are tried on this sample." in seen(pilot)
        await pilot.press("escape")
        await pilot.press("m")
        await pilot.pause()
        await pilot.press(*"calibration", "enter")
        await ready(pilot)
        assert "sample calibration" in seen(pilot)
        await pilot.press("r")
        await pilot.pause()
        await pilot.press(*"people", "enter")
        await ready(pilot)
        assert "people:" in seen(pilot)


async def test_a_unit_is_read_and_opened_in_its_document(study: StudyFolder) -> None:
    unit = listed(study).units[0].unit
    app = started(study, "disagreements")
    went: list[tuple[str, object]] = []
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("enter")
        assert pilot.app.screen.query_one(UnitView).has_focus
        await pilot.press("down", "down")
        await pilot.pause()
        assert pilot.app.screen.query_one(UnitView).scroll_offset.y > 0
        await pilot.press("escape")
        assert pilot.app.screen.query_one(VirtualList).has_focus
        app.go = lambda place, **what: went.append((place, what))  # type: ignore[method-assign]
        await pilot.press("o")
        assert went == [("corpus", {"segment": unit[0]})]


async def test_others_send_people_here(study: StudyFolder) -> None:
    found = listed(study)
    one = found.units[-1]
    app = started(study, "corpus")
    async with app.run_test(size=(120, 40)) as pilot:
        app.go("disagreements", code=one.code_id, run="codevelop-1", segment=one.segment_id)
        await ready(pilot)
        screen = app.screen
        assert isinstance(screen, DisagreementsScreen)
        assert screen._unit == one.unit
        label = found.book.code(one.code_id)
        assert label
        assert label.label in text_of(app)


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[StudyFolder]:
    """A study whose texts, labels and names try to drive the terminal."""
    with closing(make_study(tmp_path / "study", (EVIL, "Nothing."))) as folder:
        code = MONEY.model_copy(update={"label": EVIL, "definition": EVIL})
        book = make_book(folder, code)
        run = make_run(folder, book, {"c_money": {"one": "yn", "two": "nn", "=": "yn"}})
        code_by_hand(folder, book, ids(folder, run), {"c_money": {"an[b]a": "n"}})
        yield folder


@pytest.mark.parametrize("size", SIZES)
async def test_text_under_study_is_shown_escaped(hostile: StudyFolder, size: tuple[int, int]) -> None:
    async with started(hostile, "disagreements", by="an[b]a").run_test(size=size) as pilot:
        await ready(pilot)
        text = seen(pilot)
        assert "\\u001b[31mred [bold]money[/bold]" in text
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "an[b]a (person)" in text
        assert "日本語" in text
        await pilot.press("y")
        await pilot.pause()
        assert "\\u001b[31mred [bold]" in seen(pilot)
        await pilot.press(*"[red]x", "enter")
        await ready(pilot)
        assert "[red]x" in seen(pilot)
    (step,) = settlements_of(hostile).values()
    assert step.note == "[red]x"


async def test_of_codes_that_exclude_one_another_one_is_chosen(tmp_path: Path) -> None:
    with closing(make_study(tmp_path / "study")) as folder:
        book = make_book(folder, exclusive=True)
        run = make_run(folder, book, {"": {"one": ["c_money"], "two": ["c_mend"], "=": ["c_money"]}})
        unit = (ids(folder, run)[0], "")
        async with started(folder, "disagreements").run_test(size=(120, 40)) as pilot:
            await ready(pilot)
            assert "1 mending 1 money → money" in seen(pilot)
            await pilot.press("n")
            await pilot.pause()
            assert isinstance(pilot.app.screen, StudyScreen)
            await pilot.press("y")
            await pilot.pause()
            assert isinstance(pilot.app.screen, Choose)
            await pilot.press("down", "enter")
            await pilot.pause()
            await pilot.press(*"Mended.", "enter")
            await ready(pilot)
            assert (step := settlement(folder, unit))
            assert (step.value, step.label, step.note) == ("yes", "mending", "Mended.")
            assert "✓ settled: mending" in seen(pilot)


async def test_a_study_without_anything_coded_says_so(tmp_path: Path) -> None:
    with closing(make_study(tmp_path / "study")) as folder:
        async with started(folder, "disagreements").run_test(size=(80, 24)) as pilot:
            await ready(pilot)
            assert "nothing was coded yet, so nobody disagrees." in seen(pilot)
            await pilot.press("y", "e", "z", "o", "slash")
            await pilot.pause()
            assert isinstance(pilot.app.screen, StudyScreen)


async def test_it_catches_up_with_a_run_that_goes_on(study: StudyFolder) -> None:
    """News while the list is read are not lost."""
    app = started(study, "disagreements")
    async with app.run_test(size=(120, 40)) as pilot:
        screen = app.screen
        assert isinstance(screen, DisagreementsScreen)
        screen.load()
        screen.load()
        await ready(pilot)
        await asyncio.sleep(0)
        assert not screen._reading
        assert not screen._again


async def test_what_the_person_has_yet_to_code_blind_is_left_out_until_they_say_so(study: StudyFolder) -> None:
    with reading(study.engine) as connection:
        sample = set(sample_ids(connection, study.study.id, "calibration"))
    everything = listed(study).units
    rest = [one for one in everything if one.segment_id not in sample]
    assert len(rest) < len(everything)
    async with started(study, "disagreements", "eve").run_test(size=(120, 40)) as pilot:
        await until_asked(pilot)
        assert "no longer code `calibration` blind" in seen(pilot)
        await pilot.press("n")
        await ready(pilot)
        assert pilot.app.screen_stack[0].query_one(VirtualList).count == len(rest)
        assert f"{len(everything) - len(rest)} left out" in seen(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, DisagreementsScreen)
        screen.load()
        await ready(pilot)
        assert pilot.app.screen is screen
        await pilot.press("v")
        await until_asked(pilot)
        await pilot.press("y")
        await ready(pilot)
        assert screen.query_one(VirtualList).count == len(everything)
        assert "left out" not in seen(pilot)
        await pilot.press("v")
        await ready(pilot)
        assert pilot.app.screen is screen


async def test_a_study_that_is_not_blind_asks_nothing(study: StudyFolder) -> None:
    human = study.study.human.model_copy(update={"blind": False})
    study.study = study.study.model_copy(update={"human": human})
    async with started(study, "disagreements", "eve").run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        assert pilot.app.screen.query_one(VirtualList).count == len(listed(study).units)


async def until_asked(pilot: Pilot[None]) -> None:
    for _ in range(100):
        if isinstance(pilot.app.screen, AskBlind):
            break
        await asyncio.sleep(0.01)
    await pilot.pause()
    assert isinstance(pilot.app.screen, AskBlind)
