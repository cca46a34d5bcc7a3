"""Memory: peak resident size of a whole run over 10,000 and over 100,000 segments with a scripted model.

Each run is a process of its own: study on disk, one coder, medoid moderation, code memory on disk. The peak is
the operating system's (`ru_maxrss`); the difference is what grows with the corpus.

    python benchmarks/memory.py [--sizes 10000 100000]
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.reporting import report


def run(pipe: Connection, segments: int) -> None:
    """Run a study of so many segments and send what it took."""
    from benchmarks.studies import filled_study, settings
    from intercoder.graphs.jobs import begin_inductive, execute
    from intercoder.stores.corpus.samples import Scope

    with tempfile.TemporaryDirectory() as place:
        text = settings("scripted:words", coders=1)
        folder = filled_study(Path(place) / "study", segments, text)
        began = time.perf_counter()
        result = execute(folder, lambda: begin_inductive(folder, Scope()), lambda _: None)
        seconds = time.perf_counter() - began
        folder.close()
    assert result is not None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    pipe.send({"segments": segments, "codes": len(result.codebook.codes), "seconds": seconds, "peak_mb": peak})


def main() -> None:
    """Measure and report."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--sizes", type=int, nargs=2, default=[10_000, 100_000])
    figures: dict[str, dict[str, float]] = {}
    for size in arguments.parse_args().sizes:
        ours, theirs = multiprocessing.Pipe()
        process = multiprocessing.get_context("spawn").Process(target=run, args=(theirs, size))
        process.start()
        figures[f"{size} segments"] = ours.recv()
        process.join()
    small, large = figures.values()
    figures["growth"] = {"peak_mb": large["peak_mb"] - small["peak_mb"]}
    report("memory", figures)


if __name__ == "__main__":
    main()
