"""What the screens look like: as text for comparison, as SVG for people."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from typing import NamedTuple

from textual.pilot import Pilot
from textual.widgets import Input, TextArea
from textual.worker import WorkerCancelled

from intercoder.stores.study_folder import StudyFolder
from tests.tui.conftest import started, text_of


class Shot(NamedTuple):
    """A screen, and the keys that are pressed before it is looked at."""

    name: str
    screen: str
    keys: Sequence[str] = ()


SHOTS = (
    Shot("revisions", "revisions"),
    Shot("coding", "coding"),
    Shot("disagreements", "disagreements"),
    Shot("codebook", "codebook"),
    Shot("runs", "runs"),
    Shot("agreement", "agreement"),
    Shot("corpus", "corpus"),
    Shot("help", "corpus", ("f1",)),
)


class Picture(NamedTuple):
    """One look at a screen."""

    text: str
    svg: str


async def picture(folder: StudyFolder, shot: Shot, size: tuple[int, int]) -> Picture:
    """Open the app, press the keys, look."""
    app = started(folder, shot.screen)
    app.animation_level = "none"
    async with app.run_test(size=size) as pilot:
        await _settled(pilot)
        for key in shot.keys:
            await pilot.press(key)
            await _settled(pilot)
        for field in (*app.screen.query(Input), *app.screen.query(TextArea)):
            field.cursor_blink = False
        await pilot.pause()
        return Picture(text_of(app) + "\n", _alone(app.export_screenshot(simplify=True)))


async def _settled(pilot: Pilot[None]) -> None:
    """Wait until nothing is under way any more; what was cancelled made room for something newer."""
    await pilot.pause()
    while any(not worker.is_finished for worker in pilot.app.workers):
        with contextlib.suppress(WorkerCancelled):
            await pilot.app.workers.wait_for_complete()
        await pilot.pause()


def _alone(svg: str) -> str:
    """The picture without fonts that a browser would fetch."""
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
