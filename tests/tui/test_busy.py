"""Screens changed as fast as keys repeat while another process writes, and left while they are being filled."""

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from intercoder.stores.study_folder import StudyFolder
from intercoder.tui.places import PLACES
from intercoder.tui.screens.base import StudyScreen
from tests.tui.conftest import started

WRITER = """
import sys
from pathlib import Path
from intercoder.core.codebook import Code
from intercoder.core.revisions import Revision
from intercoder.stores.codebooks.revisions import revise_by_hand
from intercoder.stores.study_folder import open_study
folder = open_study(Path(sys.argv[1]))
for number, _ in enumerate(sys.stdin):
    code = Code(id=f"c_busy{number}", label=f"busy {number}")
    revise_by_hand(folder.engine, folder.study.id, [Revision(kind="add", after=(code,))], "ben")
    print(number, flush=True)
"""


@contextmanager
def somebody_writes(study: StudyFolder) -> Iterator[Callable[[int], object]]:
    """Another process that makes a version of the codebook for each that is asked for, one after the other."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(study.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
    )
    assert process.stdin is not None and process.stdout is not None
    ask = process.stdin.write
    try:
        ask(b"\n")
        assert process.stdout.readline() == b"0\n"
        yield lambda versions: ask(b"\n" * versions)
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


@pytest.mark.long
async def test_screens_change_quickly_while_somebody_writes(study: StudyFolder) -> None:
    keys = [place.key for place in PLACES]
    order = random.Random(5).choices(keys, k=30)
    app = started(study, "corpus")
    with somebody_writes(study) as write:
        async with app.run_test(size=(100, 30)) as pilot:
            for number, key in enumerate(order):
                write(3)
                app.simulate_key(key)
                if number % 3 == 0:
                    app.look()
                    await pilot.pause()
            await pilot.pause()
            assert isinstance(app.screen, StudyScreen)
            assert next(place.name for place in PLACES if place.key == order[-1]) == app.screen.NAME


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
async def test_a_screen_may_be_left_while_it_is_being_filled(study: StudyFolder, place: object) -> None:
    app = started(study, place.name)  # type: ignore[attr-defined]
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("ctrl+q")
    assert app.return_code == 0
