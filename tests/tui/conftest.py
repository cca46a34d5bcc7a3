"""A study with the bundled interviews, coded by scripted models and two people, and revisions that wait."""

import contextlib
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.worker import WorkerCancelled

from intercoder.stores.study_folder import StudyFolder, open_study
from intercoder.tui.app import ReviewApp
from tests.tui.example import make_example

CLOCK = "2026-05-04T10:00:00Z"
SIZES = ((80, 24), (120, 40), (200, 60))


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """The study, made once; tests work on copies."""
    path = tmp_path_factory.mktemp("example") / "repair"
    make_example(path, root / "examples").close()
    return path


@pytest.fixture
def study(example: Path, tmp_path: Path) -> Iterator[StudyFolder]:
    """A copy of the study that a test may change."""
    shutil.copytree(example, tmp_path / "repair", ignore=shutil.ignore_patterns("corpus.db*"))
    with closing(open_study(tmp_path / "repair")) as folder:
        yield folder


def started(folder: StudyFolder, start: str = "", by: str = "ana") -> ReviewApp:
    """An app on a study, its clock standing still."""
    return ReviewApp(folder, by=by, clock=lambda: CLOCK, start=start)


async def settled(pilot: Pilot[None]) -> None:
    """Until nothing is at work but what waits for the person; what was cancelled made room for something newer."""
    for _ in range(200):
        await pilot.pause()
        busy = [one for one in pilot.app.workers if not one.is_finished and not one.name.startswith("action_")]
        if not busy:
            return
        with contextlib.suppress(WorkerCancelled):
            await pilot.app.workers.wait_for_complete(busy)
    pytest.fail(f"still at work: {busy}")


def text_of(app: ReviewApp) -> str:
    """What stands on the screen, line by line."""
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in lines)
