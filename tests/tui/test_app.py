"""The app as a whole: screens by key, help, palette, themes, size, and what others write."""

import pytest
from textual.command import CommandPalette

from intercoder.core.codebook import Code
from intercoder.core.errors import StudyError
from intercoder.core.revisions import Revision
from intercoder.graphs.codebook.answering import answer_revision
from intercoder.stores.codebooks.revisions import revise_by_hand
from intercoder.stores.study_folder import StudyFolder
from intercoder.tui.places import PLACES
from intercoder.tui.preferences import read_preferences
from intercoder.tui.screens.base import StudyScreen
from intercoder.tui.screens.help import HelpScreen
from intercoder.tui.screens.too_small import TooSmall
from tests.tui.conftest import SIZES, settled, started, text_of


@pytest.mark.parametrize("size", SIZES)
async def test_every_screen_has_a_key(study: StudyFolder, size: tuple[int, int]) -> None:
    app = started(study)
    async with app.run_test(size=size) as pilot:
        for place in PLACES:
            await pilot.press(place.key)
            await settled(pilot)
            assert isinstance(app.screen, StudyScreen)
            assert place.name == app.screen.NAME
            assert place.title in text_of(app)


async def test_it_opens_where_something_waits(study: StudyFolder) -> None:
    app = started(study)
    async with app.run_test(size=(120, 40)):
        assert isinstance(app.screen, StudyScreen)
        assert app.screen.NAME == "revisions"
        assert "5 to answer" in text_of(app)
        assert "repair" in text_of(app).splitlines()[0]


async def test_tabs_are_clicked(study: StudyFolder) -> None:
    app = started(study)
    async with app.run_test(size=(120, 40)) as pilot:
        column = text_of(app).splitlines()[1].index("Codebook")
        await pilot.click(offset=(column, 1))
        await settled(pilot)
        assert isinstance(app.screen, StudyScreen)
        assert app.screen.NAME == "codebook"


async def test_help_names_every_key(study: StudyFolder) -> None:
    app = started(study, "corpus")
    async with app.run_test(size=(120, 60)) as pilot:
        await pilot.press("f1")
        assert isinstance(app.screen, HelpScreen)
        shown = text_of(app)
        assert all(place.tooltip in shown for place in PLACES)
        await pilot.press("escape")
        assert isinstance(app.screen, StudyScreen)


async def test_the_palette_finds_a_screen_by_its_name(study: StudyFolder) -> None:
    app = started(study, "corpus")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("ctrl+p")
        assert isinstance(app.screen, CommandPalette)
        await pilot.press(*"codebook")
        await settled(pilot)
        await pilot.press("down", "enter")
        await settled(pilot)
        assert isinstance(app.screen, StudyScreen)
        assert app.screen.NAME == "codebook"


async def test_the_theme_is_changed_and_remembered(study: StudyFolder) -> None:
    app = started(study, "corpus")
    app._preferences = study.path / "preferences.json"
    async with app.run_test(size=(120, 40)) as pilot:
        before = app.theme
        await pilot.press("ctrl+t")
        assert app.theme != before
    assert read_preferences(app._preferences).theme == app.theme


async def test_a_terminal_too_small_says_so_and_recovers(study: StudyFolder) -> None:
    app = started(study, "corpus")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.resize_terminal(50, 12)
        await pilot.pause()
        assert isinstance(app.screen, TooSmall)
        assert "50 x 12 is too small" in text_of(app)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert isinstance(app.screen, StudyScreen)


async def test_it_may_begin_too_small(study: StudyFolder) -> None:
    app = started(study, "corpus")
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, TooSmall)
        await pilot.resize_terminal(100, 30)
        await pilot.pause()
        assert isinstance(app.screen, StudyScreen)


async def test_what_another_writes_reaches_the_screen(study: StudyFolder) -> None:
    app = started(study, "corpus")
    async with app.run_test(size=(120, 40)):
        loads: list[str] = []
        screen = app.screen
        assert isinstance(screen, StudyScreen)
        screen.load = lambda: loads.append("again")  # type: ignore[method-assign]
        app.look()
        assert loads == []
        added = Revision(kind="add", after=(Code(id="c_new", label="a new code"),))
        revise_by_hand(study.engine, study.study.id, [added], "ben")
        app.look()
        assert loads == ["again"]
        app.look()
        assert loads == ["again"]


async def test_an_error_is_shown_as_it_is_written(study: StudyFolder) -> None:
    app = started(study, "corpus")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        app.failed(StudyError("[bold]no\x1b[31m", where="study.db", remedy="Try [@click=app.quit]again[/]."))
        await pilot.pause()
        shown = text_of(app)
        assert "study.db: [bold]no\\u001b[31m" in shown
        assert "[@click=app.quit]again[/]" in shown


async def test_no_color_is_respected(study: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = started(study, "corpus")
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        strips = app.screen._compositor.render_strips()
        styles = {segment.style for strip in strips for segment in strip if segment.style is not None}
        colours = {colour.triplet for style in styles for colour in (style.color, style.bgcolor) if colour}
        assert colours
        assert all(triplet is None or triplet.red == triplet.green == triplet.blue for triplet in colours)


async def test_the_bar_of_a_screen_that_is_shown_again_is_up_to_date(study: StudyFolder) -> None:
    app = started(study, "runs")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("f2")
        await settled(pilot)
        answer_revision(study, 7, "approve", by="ben")
        app.look()
        await pilot.press("f6")
        await settled(pilot)
        assert "4 to answer" in text_of(app).splitlines()[0]
