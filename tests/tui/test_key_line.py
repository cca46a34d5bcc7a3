"""The line of keys: what applies, what has room, what a click does."""

import pytest

from intercoder.stores.study_folder import StudyFolder
from intercoder.tui.screens.help import HelpScreen
from tests.tui.conftest import SIZES, started, text_of


@pytest.mark.parametrize("size", SIZES)
async def test_the_apps_keys_are_always_in_view(study: StudyFolder, size: tuple[int, int]) -> None:
    app = started(study, "codebook")
    async with app.run_test(size=size) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        last = text_of(app).splitlines()[-1]
        assert last.startswith(" ")
        assert all(name in last for name in ("Help", "Quit", "Rename"))
        assert ("Commands" in last) == (size[0] >= 100)
        assert len(last) <= size[0]


async def test_a_click_does_what_the_key_does(study: StudyFolder) -> None:
    app = started(study, "corpus")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        last = text_of(app).splitlines()[-1]
        await pilot.click(offset=(last.index("Help"), 39))
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)


async def test_a_key_that_does_not_apply_does_nothing_when_clicked(study: StudyFolder) -> None:
    app = started(study, "revisions")
    async with app.run_test(size=(120, 40)) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        last = text_of(app).splitlines()[-1]
        await pilot.click(offset=(last.index("Confirm"), 39))
        await pilot.pause()
        assert len(app.screen_stack) == 1
