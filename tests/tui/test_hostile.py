"""Hostile texts on every screen and in every dialog: shown as they are written, never obeyed."""

from collections.abc import Sequence

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from intercoder.stores.study_folder import StudyFolder
from intercoder.tui.app import ReviewApp
from intercoder.tui.places import PLACES
from intercoder.tui.screens.base import StudyScreen
from tests.tui.conftest import settled, started
from tests.tui.hostile import HOSTILE, PERSON, make_hostile, seen_of

WRITTEN = "[blink]"
DIALOGS: dict[str, Sequence[str]] = {
    "revisions": ("e", "s r", "i", "c", "a c", "f enter", "t"),
    "coding": ("space", "ctrl+o", "ctrl+e", "ctrl+n", "slash a enter", "ctrl+s", "tab w space w enter", "enter"),
    "disagreements": ("y", "n", "u", "e", "slash", "r", "m", "enter down"),
    "codebook": ("r", "d", "s", "x", "c", "p", "h down", "u", "S", "down space down m enter", "a", "slash z"),
    "runs": ("n", "l", "down", "enter"),
    "agreement": ("slash", "r", "a", "s", "down"),
    "corpus": ("f", "w", "s", "d", "g x", "m", "o", "slash z"),
}
"""Screen -> keys that open its dialogs or show something else; escape comes after each."""

OPENED = {
    "revisions": {"Form", "AskText", "ConfirmDialog", "FindingsDialog"},
    "coding": {"AskText", "Choose"},
    "disagreements": {"AskText", "Choose"},
    "codebook": {"Form", "AskText", "AskYes", "Choose", "ColourDialog", "HistoryDialog"},
    "runs": {"Choose", "Reading"},
    "agreement": {"Choose"},
    "corpus": {"AskText", "Choose"},
}
"""What these keys open."""


async def back(app: ReviewApp, pilot: Pilot[None]) -> None:
    """Out of all dialogs."""
    for _ in range(6):
        if isinstance(app.screen, StudyScreen):
            break
        await pilot.press("escape")
        await settled(pilot)
        if not isinstance(app.screen, StudyScreen) and len(app.screen_stack) > 2:
            await pilot.press("y")
            await settled(pilot)
    assert isinstance(app.screen, StudyScreen)


@pytest.mark.parametrize("place", [place.name for place in PLACES])
async def test_nothing_on_a_screen_or_in_its_dialogs_is_obeyed(study: StudyFolder, place: str) -> None:
    make_hostile(study)
    app = started(study, place, by=PERSON)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settled(pilot)
        assert WRITTEN in seen_of(app)
        opened: set[str] = set()
        for keys in DIALOGS[place]:
            for key in keys.split():
                await pilot.press(key)
                await settled(pilot)
                seen_of(app)
                opened.add(type(app.screen).__name__)
            await pilot.press("backspace")
            await settled(pilot)
            seen_of(app)
            await back(app, pilot)
        await pilot.press("f1")
        seen_of(app)
        await pilot.press("escape", "ctrl+p")
        await settled(pilot)
        seen_of(app)
        await pilot.press("escape")
        app.tell(HOSTILE)
        await settled(pilot)
        assert WRITTEN in seen_of(app)
        assert app.is_running
        assert opened >= OPENED[place]


async def test_a_text_that_is_obeyed_would_be_seen(study: StudyFolder) -> None:
    for text in ("[blink]Z[/blink]", "[@click=app.quit]Q[/]"):
        app = started(study, "runs")
        async with app.run_test(size=(80, 24)) as pilot:
            await app.screen.mount(Static(text))
            await pilot.pause()
            with pytest.raises(AssertionError):
                seen_of(app)
