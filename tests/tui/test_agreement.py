"""The screen of agreement: bars, verdicts and flags, each leading to the disagreements behind it."""

import math
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot

from intercoder.graphs.differing.agreement_view import agreement_run, agreement_table
from intercoder.stores.study_folder import StudyFolder
from intercoder.tui.app import ReviewApp
from intercoder.tui.interval_bar import interval_bar
from intercoder.tui.screens.agreement import AgreementScreen
from intercoder.tui.screens.disagreements import DisagreementsScreen
from intercoder.tui.widgets.virtual_list import VirtualList
from tests.graphs.differing.disagreeing import MEND, MONEY, code_by_hand, ids, make_book, make_run, make_study
from tests.tui.conftest import SIZES, started, text_of

EVIL = "\x1b[31mred [bold]money[/bold]\u202e 日本語"
unit_interval = st.floats(-1, 1)


def seen(pilot: Pilot[None]) -> str:
    """What stands on the screen."""
    assert isinstance(pilot.app, ReviewApp)
    return text_of(pilot.app)


async def ready(pilot: Pilot[None]) -> None:
    for _ in range(4):
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()


def labels(pilot: Pilot[None]) -> list[str]:
    screen = pilot.app.screen
    assert isinstance(screen, AgreementScreen)
    return [row.name for row in screen._rows]


@pytest.mark.parametrize(
    ("figures", "drawn"),
    [
        ((0.2, 0.5, 0.8), "··├──●──┤··"),
        ((0.0, 0.0, 0.0), "●··········"),
        ((1.0, 1.0, 1.0), "··········●"),
        ((-0.5, 0.1, 0.3), "├●─┤·······"),
        ((math.nan, 0.5, math.nan), "·····●·····"),
        ((math.nan, math.nan, math.nan), "undefined  "),
    ],
)
def test_a_bar_shows_the_estimate_in_its_interval(figures: tuple[float, float, float], drawn: str) -> None:
    assert interval_bar(*figures, 11) == drawn


def test_a_scale_from_minus_1_marks_0() -> None:
    assert interval_bar(0.4, 0.6, 0.8, 11, least=-1) == "·····┊·├●┤·"
    assert interval_bar(-0.4, 0.0, 0.4, 11, least=-1) == "···├─●─┤···"
    assert interval_bar(-0.4, 0.2, 0.4, 11, least=-1) == "···├─┼●┤···"
    assert interval_bar(math.nan, math.nan, math.nan, 5) == "–    "


@given(st.tuples(unit_interval, unit_interval, unit_interval).map(sorted), st.integers(1, 60))
def test_a_bar_fills_its_width_and_keeps_the_order(figures: list[float], width: int) -> None:
    low, value, high = figures
    bar = interval_bar(low, value, high, width, least=-1.0)
    assert len(bar) == width
    assert bar.count("●") == 1
    assert bar.find("├") <= bar.index("●")
    assert bar.find("┤") == -1 or bar.index("┤") >= bar.index("●")


@pytest.mark.parametrize("size", SIZES)
async def test_a_calibration_is_shown_code_by_code(study: StudyFolder, size: tuple[int, int]) -> None:
    table = agreement_table(study, agreement_run(study))
    assert (table.run_id, table.calibrated) == ("calibrate-1", True)
    first = table.rows[0]
    async with started(study, "agreement").run_test(size=size) as pilot:
        await ready(pilot)
        text = seen(pilot)
        assert "calibrate-1: 4 codes, AC1" in text
        assert f"{first.people.ac1.value:.2f}" in text
        assert f"{first.model.ac1.value:.2f} [{first.model.ac1.low:.2f}, {first.model.ac1.high:.2f}]" in text
        assert first.verdict in text
        assert first.reason in " ".join(text.replace("│", " ").split())
        assert "differs from tossing a coin" in text
        assert "0 to 1" in text


async def test_enter_opens_the_disagreements_behind_a_number(study: StudyFolder) -> None:
    table = agreement_table(study, agreement_run(study))
    app = started(study, "agreement")
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("down", "enter")
        await ready(pilot)
        screen = app.screen
        assert isinstance(screen, DisagreementsScreen)
        assert (screen._asked.run, screen._asked.code) == (table.run_id, table.rows[1].code.id)
        assert screen._found
        assert {one.code_id for one in screen._found.units} == {table.rows[1].code.id}


async def test_the_statistic_changes(study: StudyFolder) -> None:
    async with started(study, "agreement").run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("a")
        await pilot.pause()
        assert "positive agreement" in seen(pilot).splitlines()[2]
        await pilot.press("a")
        await pilot.pause()
        assert "AC1" in seen(pilot).splitlines()[2]


async def test_rows_are_sorted_and_the_cursor_keeps_its_code(study: StudyFolder) -> None:
    async with started(study, "agreement").run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        book = labels(pilot)
        await pilot.press("down")
        orders = []
        for _ in range(4):
            await pilot.press("s")
            await pilot.pause()
            orders.append(labels(pilot))
            cursor = pilot.app.screen.query_one(VirtualList).cursor
            assert labels(pilot)[cursor] == book[1]
        assert orders[-1] == sorted(book, key=str.casefold)
        assert orders[2][-1] == "numbers"
        await pilot.press("s")
        await pilot.pause()
        assert labels(pilot) == book


async def test_rows_are_narrowed_to_a_verdict(study: StudyFolder) -> None:
    async with started(study, "agreement").run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("slash")
        await pilot.pause()
        await pilot.press(*"not calibrated", "enter")
        await ready(pilot)
        assert labels(pilot) == ["numbers"]
        assert "only not calibrated" in seen(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert len(labels(pilot)) == 4


async def test_another_run_is_chosen(study: StudyFolder) -> None:
    async with started(study, "agreement").run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("r")
        await pilot.pause()
        await pilot.press(*"codevelop", "enter")
        await ready(pilot)
        assert "codevelop-1: 4 codes" in seen(pilot)
        assert "not calibrated" in seen(pilot)


async def test_others_send_people_here(study: StudyFolder) -> None:
    app = started(study, "corpus")
    code = agreement_table(study, agreement_run(study)).rows[2].code
    async with app.run_test(size=(120, 40)) as pilot:
        app.go("agreement", code=code.id)
        await ready(pilot)
        assert isinstance(app.screen, AgreementScreen)
        assert app.screen._row
        assert app.screen._row.code.id == code.id


async def test_it_is_computed_again_only_when_something_changed(study: StudyFolder) -> None:
    app = started(study, "agreement")
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        screen = app.screen
        assert isinstance(screen, AgreementScreen)
        before = screen._table
        screen.load()
        await ready(pilot)
        assert screen._table is before
        book = make_book(study, MONEY, MEND)
        make_run(study, book, {"c_money": {"one": "yynn", "two": "ynny"}}, "final")
        screen.load()
        await ready(pilot)
        assert screen._table is not before


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[StudyFolder]:
    """A study whose label and people's names try to drive the terminal; one coder and one person."""
    with closing(make_study(tmp_path / "study")) as folder:
        book = make_book(folder, MONEY.model_copy(update={"label": EVIL}), MEND)
        run = make_run(folder, book, {"c_money": {"one": "yynn", "two": "ynny", "=": "ynny"}})
        code_by_hand(folder, book, ids(folder, run), {"c_money": {"an[b]a": "nnyn"}})
        yield folder


@pytest.mark.parametrize("size", SIZES)
async def test_labels_and_names_are_shown_escaped(hostile: StudyFolder, size: tuple[int, int]) -> None:
    async with started(hostile, "agreement").run_test(size=size) as pilot:
        await ready(pilot)
        text = seen(pilot)
        assert "\\u001b[31mred [bold]money[/bold]\\u202e 日本語" in text
        assert "\x1b" not in text
        assert "an[b]a 1 yes 3 no" in text
        assert "-1 to 1" in text
        assert "┼" in text


async def test_a_study_without_anything_coded_says_so(tmp_path: Path) -> None:
    with closing(make_study(tmp_path / "study")) as folder:
        async with started(folder, "agreement").run_test(size=(80, 24)) as pilot:
            await ready(pilot)
            assert "nothing was coded yet" in seen(pilot)
            await pilot.press("enter", "a", "s", "slash", "escape")
            await pilot.pause()
            assert isinstance(pilot.app.screen, AgreementScreen)
