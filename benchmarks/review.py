"""The terminal UI on a large study: how long until it can be used, searched, filtered and moved through; memory.

python benchmarks/review.py [--segments 100000] [--decisions 500000] [--study DIRECTORY]

The study is made in a temporary directory unless one is named, which is kept. Every part is a process of
its own. On a busy machine look at the CPU times: all of the process, its threads and imports included.
Beside it the same without an index (LIKE over all texts) and without a virtual list (Textual's OptionList).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.reporting import report

SIZE = (120, 40)
MOVES = ("down", "down", "down", "pagedown", "down", "up", "pagedown", "end", "up", "pageup", "home", "down")


def main() -> None:
    """Measure and report."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--segments", type=int, default=100_000)
    arguments.add_argument("--decisions", type=int, default=500_000)
    arguments.add_argument("--study", type=Path)
    arguments.add_argument("--part", choices=list(PARTS), help="for processes that this one starts")
    given = arguments.parse_args()
    if given.part:
        print(json.dumps(PARTS[given.part](given.study)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        path = given.study or Path(temporary) / "study"
        if not path.exists():
            from benchmarks.large_studies import large_study

            large_study(path, given.segments, given.decisions).close()
        apart("open", path)  # leaves bytecode behind
        (path / "memory" / "corpus.db").unlink(missing_ok=True)
        figures = {"opening without an index": apart("open", path)}
        figures["making the index"] = apart("index", path)
        figures["opening"] = median_of([apart("open", path) for _ in range(3)])
        figures["using"] = apart("use", path)
        figures["searching and filtering in the store"] = apart("find", path)
        figures["baseline: LIKE over all texts"] = apart("like", path)
        figures["baseline: OptionList of all segments"] = apart("option_list", path)
    report("review", figures)


def apart(part: str, path: Path) -> dict[str, float]:
    """Measure a part in a process of its own, with the time since it was started and its peak memory."""
    command = [sys.executable, __file__, "--part", part, "--study", str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=_environment())
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _environment() -> dict[str, str]:
    import os

    # As where it is installed: bytecode is there, whatever this machine's settings and the checkout's state.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    cache = str(Path(tempfile.gettempdir()) / "intercoder-benchmark-bytecode")
    return {**kept, "PYTHONPYCACHEPREFIX": cache, "BENCHMARK_STARTED": repr(time.time())}


def _since_start() -> float:
    import os

    return time.time() - float(os.environ["BENCHMARK_STARTED"])


def _peak_mb() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def median_of(several: Sequence[dict[str, float]]) -> dict[str, float]:
    """The median of each figure."""
    return {name: statistics.median(one[name] for one in several) for name in several[0]}


class Taken(NamedTuple):
    """Seconds that something took, and of the processor."""

    wall: float
    cpu: float


class Watch:
    """Takes the time from when it was made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def taken(self) -> Taken:
        """So far."""
        return Taken(time.perf_counter() - self._wall, time.process_time() - self._cpu)


def spread(name: str, taken: Sequence[Taken]) -> dict[str, float]:
    """Median and 95th percentile in milliseconds, by the clock and of the processor."""
    figures = {}
    for kind in Taken._fields:
        ordered = sorted(getattr(one, kind) for one in taken)
        at = min(int(len(ordered) * 0.95), len(ordered) - 1)
        said = "" if kind == "wall" else "cpu_"
        figures[f"{name}_{said}ms_p50"] = 1000 * statistics.median(ordered)
        figures[f"{name}_{said}ms_p95"] = 1000 * ordered[at]
    return figures


def _app(path: Path) -> Any:
    from intercoder.stores.study_folder import open_study
    from intercoder.tui.app import ReviewApp

    return ReviewApp(open_study(path), by="ana", start="corpus", preferences=path / "preferences.toml")


async def _until(pilot: Any, condition: Callable[[], bool]) -> None:
    """Let the app work until something is so, in steps of the event loop."""
    deadline = time.perf_counter() + 120
    while not condition():
        if time.perf_counter() > deadline:
            raise TimeoutError
        await asyncio.sleep(0.001)
    await pilot.pause(0)


def _painted(app: Any) -> bool:
    """Whether rows of the list were drawn."""
    segments = getattr(app.screen, "segments", None) if app.screen.is_mounted else None
    return segments is not None and len(segments._strips) > 0


def open_it(path: Path) -> dict[str, float]:
    """From nothing to a list of segments on the screen, and until it can be searched."""
    app = _app(path)
    built, constructed = time.perf_counter(), _since_start()

    async def drive() -> tuple[float, float, float, float]:
        async with app.run_test(size=SIZE) as pilot:
            await _until(pilot, lambda: _painted(app))
            painted, since, cpu = time.perf_counter() - built, _since_start(), time.process_time()
            await _until(pilot, lambda: getattr(app.screen, "index", None) is not None)
            return painted, since, cpu, time.perf_counter() - built

    painted, since, cpu, ready = asyncio.run(drive())
    return {
        "process_to_app_s": constructed,
        "app_to_paint_s": painted,
        "process_to_paint_s": since,
        "process_to_paint_cpu_s": cpu,
        "app_to_search_s": ready,
        "peak_mb": _peak_mb(),
    }


def index(path: Path) -> dict[str, float]:
    """Making the full-text index."""
    from intercoder.stores.corpus.text_index import corpus_index, index_file
    from intercoder.stores.study_folder import open_study

    index_file(folder := open_study(path)).unlink(missing_ok=True)
    watch = Watch()
    corpus_index(folder).close()
    return {
        "seconds": watch.taken().wall,
        "cpu_seconds": watch.taken().cpu,
        "index_mb": index_file(folder).stat().st_size / 1e6,
        "study_mb": (path / "study.db").stat().st_size / 1e6,
        "peak_mb": _peak_mb(),
    }


def use(path: Path) -> dict[str, float]:
    """Keys of a person: cursor moves, letters of a search, a filter; from the key to the repainted screen."""
    app = _app(path)
    moves: list[Taken] = []
    letters: list[Taken] = []
    filters: list[Taken] = []

    async def drive() -> None:
        from intercoder.stores.corpus.search import Filters

        async with app.run_test(size=SIZE) as pilot:
            await _until(pilot, lambda: getattr(app.screen, "index", None) is not None)
            screen = app.screen
            await _settled(pilot)
            for key in MOVES * 5:
                moves.append(await _timed(pilot, lambda key=key: app.simulate_key(key)))  # type: ignore[misc]
                await _settled(pilot)
            for word in _words()[:8]:
                await pilot.press("slash")
                for letter in word[:4]:
                    letters.append(await _timed_find(pilot, screen, lambda one=letter: app.simulate_key(one)))  # type: ignore[misc]
                await pilot.press("escape", "x")
                await _settled(pilot)
            for number in (0, 1, 3, 10, 50, 150):
                wanted = Filters(code=f"c_{number:04}")
                filters.append(await _timed_find(pilot, screen, lambda wanted=wanted: screen.ask(wanted)))  # type: ignore[misc]
                screen.ask(Filters())
                await _settled(pilot)

    asyncio.run(drive())
    return {
        **spread("move", moves),
        **spread("letter", letters),
        **spread("filter", filters),
        "peak_mb": _peak_mb(),
    }


async def _settled(pilot: Any) -> None:
    """Wait until nothing is read any more."""
    await _until(pilot, lambda: all(one.is_finished for one in pilot.app.workers))
    await pilot.pause()


async def _timed(pilot: Any, act: Callable[[], object]) -> Taken:
    """From an act until the app has handled it and repainted."""
    watch = Watch()
    act()
    await pilot._wait_for_screen()
    pilot.app.screen._on_timer_update()
    return watch.taken()


async def _timed_find(pilot: Any, screen: Any, act: Callable[[], object]) -> Taken:
    """From an act until what was found is on the screen; the segment beside it may come later."""
    asked: list[object] = []
    taken: list[Taken] = []
    found, paint = screen._found, screen._compositor_refresh

    def tell(*what: object) -> None:
        found(*what)
        asked.append(what)

    def watched() -> None:
        paint()
        drawn = len(screen.segments._pages) > 0 or screen.segments.count == 0
        if asked and drawn and not taken:
            taken.append(watch.taken())

    screen._found, screen._compositor_refresh = tell, watched
    watch = Watch()
    act()
    await _until(pilot, lambda: bool(taken))
    screen._found, screen._compositor_refresh = found, paint
    await _settled(pilot)
    return taken[0]


def _words() -> list[str]:
    """Words to search for: the most frequent, some in between, the rarest."""
    from benchmarks.large_studies import vocabulary

    words = vocabulary()
    places = [0, 1, 2, 5, 10, 30, 100, 300, 1000, len(words) - 1]
    return [words[place] for place in places if place < len(words)]


def find(path: Path) -> dict[str, float]:
    """The same questions asked of the store: every beginning of each word, codes, coders."""
    from intercoder.stores.corpus.search import CorpusSearch, Filters
    from intercoder.stores.corpus.text_index import corpus_index
    from intercoder.stores.study_folder import open_study

    search = CorpusSearch(folder := open_study(path), corpus_index(folder))
    search.find(Filters(code="c_0199"))
    typed = [
        _seconds(lambda text=word[:length]: search.index.search(text))  # type: ignore[misc]
        for word in _words()
        for length in range(1, len(word) + 1)
    ]
    two = [
        _seconds(lambda pair=pair: search.index.search(" ".join(pair)))
        for pair in zip(_words(), _words()[1:], strict=False)
    ]  # type: ignore[misc]
    codes = [_seconds(lambda code=number: search.find(Filters(code=f"c_{code:04}"))) for number in range(0, 200, 7)]  # type: ignore[misc]
    coders = [
        _seconds(lambda name=name: search.find(Filters(coder=name))) for name in ("coder0", "moderator", "reader")
    ]  # type: ignore[misc]
    figures = {
        **spread("typed", typed),
        **spread("two_words", two),
        **spread("code", codes),
        **spread("coder", coders),
    }
    return {
        **figures,
        "most_found": max(len(search.index.search(word)) for word in _words()),
        "peak_mb": _peak_mb(),
    }


def like(path: Path) -> dict[str, float]:
    """The same words without an index: LIKE over a table of the segments' texts, made beforehand."""
    import sqlite3

    from intercoder.stores.corpus.text_index import index_file
    from intercoder.stores.study_folder import open_study

    connection = sqlite3.connect(index_file(open_study(path)))
    query = "SELECT place FROM lines WHERE text LIKE ?"
    taken = [_seconds(lambda word=word: connection.execute(query, (f"%{word}%",)).fetchall()) for word in _words()]  # type: ignore[misc]
    return {**spread("like", taken), "peak_mb": _peak_mb()}


def option_list(path: Path) -> dict[str, float]:
    """The same segments in a list that holds them all."""
    from textual.app import App, ComposeResult
    from textual.content import Content
    from textual.widgets import OptionList

    from intercoder.stores.corpus.text_index import corpus_index
    from intercoder.stores.study_folder import open_study

    corpus = corpus_index(open_study(path))
    moves: list[Taken] = []

    class Plain(App[None]):
        def compose(self) -> ComposeResult:
            yield OptionList(*(Content(one.text[:200]) for one in corpus.lines(range(corpus.count))))

    began = time.perf_counter()
    app = Plain()

    async def drive() -> float:
        async with app.run_test(size=SIZE) as pilot:
            await _until(pilot, lambda: app.screen.query_one(OptionList).virtual_size.height > 1)
            painted = time.perf_counter() - began
            for key in MOVES:
                moves.append(await _timed(pilot, lambda key=key: app.simulate_key(key)))  # type: ignore[misc]
            return painted

    painted = asyncio.run(drive())
    return {"app_to_paint_s": painted, **spread("move", moves), "peak_mb": _peak_mb()}


def _seconds(act: Callable[[], object]) -> Taken:
    watch = Watch()
    act()
    return watch.taken()


PARTS: dict[str, Callable[[Path], dict[str, float]]] = {
    "open": open_it,
    "index": index,
    "use": use,
    "find": find,
    "like": like,
    "option_list": option_list,
}

if __name__ == "__main__":
    main()
