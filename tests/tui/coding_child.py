"""Codes in a process of its own until it is killed: after each keystroke it says how many it has made.

python coding_child.py STUDY PERSON
"""

import asyncio
import itertools
import sys
from contextlib import closing
from pathlib import Path

from intercoder.stores.study_folder import open_study
from intercoder.tui.app import ReviewApp


async def code(study: Path, person: str) -> None:
    """Give codes and finish segments, without end."""
    with closing(open_study(study)) as folder:
        app = ReviewApp(folder, by=person, start="coding")
        async with app.run_test(size=(80, 24)) as pilot:
            await app.workers.wait_for_complete()
            await pilot.pause()
            for done, key in enumerate(itertools.cycle(("1", "space", "1", "enter")), 1):
                await pilot.press(key)
                sys.__stdout__.write(f"{done}\n")  # type: ignore[union-attr]
                sys.__stdout__.flush()  # type: ignore[union-attr]


asyncio.run(code(Path(sys.argv[1]), sys.argv[2]))
