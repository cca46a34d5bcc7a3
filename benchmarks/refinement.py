"""Refinement: time per label against a memory growing to 100,000 codes, and agreement with exact search.

    python benchmarks/refinement.py [--quick] [--vectors FILE.npy] [--tau 0.7]

Labels are not real: their embeddings are drawn at random, 384 dimensions, but with the structure that sentence
embeddings of short labels have. A label lies around a concept, a concept around one of 300 topics, all topics
share a direction, and a few directions vary more than others. Mean cosine of two labels 0.12 (standard
deviation 0.08), about 140 effective dimensions; MiniLM on 160,000 phrases of two to five words from interviews
and survey answers gave 0.13 (0.09) and 135. Labels of one concept have cosines between 0.5 and 0.95, so that at
tau 0.7 some merge and some do not. `--vectors` takes embeddings of real labels in place of these.

Waves of 512 labels go through `refine` against the code memory in a folder, in a process of its own whose peak
size is measured; a second process places the same labels by exact search alone. A label agrees if both put it
into the same code. Wall time depends on what else the machine does; CPU time, of all threads, hardly.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.reporting import report
from intercoder.core.codebook import Code, found_code
from intercoder.core.coding.refinement import CodeMatch, LabelMemory, LabelToPlace, Placement, refine
from intercoder.core.protocols import Vectors
from intercoder.stores.memory.code_memory import ExactCodeMemory, open_memory
from intercoder.stores.memory.exact_memory import CodeIndex

WAVE = 512
DIMENSIONS = 384
WINDOW = 8
"""Waves over which time is averaged, up to the one that reaches a size."""


class Task(NamedTuple):
    """What both processes place."""

    codes: int
    """Stop when so many codes are founded."""
    sizes: tuple[int, ...]
    tau: float
    vectors: str
    """A file of real embeddings, or nothing."""
    seed: int = 0


class Step(NamedTuple):
    """One wave."""

    codes: int
    """In the memory after it."""
    seconds: float
    query: float
    write: float
    cpu: float
    peak_mb: float


def waves(task: Task) -> Iterator[Vectors]:
    """Embeddings of the labels, wave by wave; the same in every process."""
    if task.vectors:
        rows = np.load(task.vectors, mmap_mode="r")
        for start in range(0, len(rows), WAVE):
            yield np.array(rows[start : start + WAVE], np.float32)
        return
    random = np.random.default_rng(task.seed)
    scale = (1 + np.arange(DIMENSIONS) / 12) ** -0.5

    def noise(number: int) -> Vectors:
        return unit(random.standard_normal((number, DIMENSIONS)) * scale)

    topics = unit(0.7 * noise(1) + noise(300))
    concepts = task.codes * 2 // 3
    while True:
        chosen = random.integers(0, concepts, WAVE)
        own = np.stack(
            [np.random.default_rng([task.seed, concept]).standard_normal(DIMENSIONS) for concept in chosen]
        )
        centres = unit(topics[chosen % len(topics)] + unit(own * scale))
        yield unit(centres + random.uniform(0.2, 1.0, (WAVE, 1)) * noise(WAVE))


def unit(rows: npt.NDArray[np.floating]) -> Vectors:
    """The rows at length one."""
    scaled: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return scaled


class Clocked:
    """A memory that keeps the time its queries and its writes take."""

    def __init__(self, memory: LabelMemory) -> None:
        self._memory = memory
        self.query = 0.0
        self.write = 0.0

    def __len__(self) -> int:
        return len(self._memory)

    def reset(self) -> None:
        """Forget all codes."""
        self._memory.reset()

    def add(self, codes: Sequence[Code], vectors: Vectors) -> None:
        """Add codes, on the clock."""
        began = time.perf_counter()
        self._memory.add(codes, vectors)
        self.write += time.perf_counter() - began

    def nearest(self, vectors: Vectors, k: int) -> Sequence[Sequence[CodeMatch]]:
        """Find codes, on the clock."""
        began = time.perf_counter()
        found = self._memory.nearest(vectors, k)
        self.query += time.perf_counter() - began
        return found

    def labelled(self, labels: Sequence[str]) -> Sequence[CodeMatch | None]:
        """Find codes by wording."""
        return self._memory.labelled(labels)


def place(task: Task, memory: LabelMemory) -> tuple[list[Step], list[str]]:
    """Place labels until the memory holds enough codes: what each wave took, and each label's code."""
    steps: list[Step] = []
    placed: list[str] = []
    for vectors in waves(task):
        labels = [label(len(placed) + at, task.tau) for at in range(len(vectors))]
        clocked = Clocked(memory)
        cpu, began = time.process_time(), time.perf_counter()
        placements: list[Placement] = refine(labels, vectors, clocked)
        seconds = time.perf_counter() - began
        cpu = time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        steps.append(Step(len(memory), seconds, clocked.query, clocked.write, cpu, peak))
        placed += [placement.code_id for placement in placements]
        if len(memory) >= task.codes:
            break
    return steps, placed


def label(number: int, tau: float) -> LabelToPlace:
    """A label of its own wording, so that embeddings alone decide."""
    text = f"said of the matter {number}"
    return LabelToPlace(label=text, threshold=tau, founds=Code(id=found_code("run", text, text), label=text))


def with_chroma(task: Task, pipe: Connection) -> None:
    """Place with the code memory in a folder."""
    with tempfile.TemporaryDirectory() as folder:
        memory = open_memory(folder, study_id="study", run_id="run", round=1, owner="benchmark")
        pipe.send(place(task, memory))
        memory.close()


def exactly(task: Task, pipe: Connection) -> None:
    """Place by exact search alone."""
    pipe.send(place(task, ExactCodeMemory()))


def apart(work: Callable[[Task, Connection], None], task: Task) -> tuple[list[Step], list[str]]:
    """Run in a process of its own."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=work, args=(task, theirs))
    process.start()
    theirs.close()
    result: tuple[list[Step], list[str]] = ours.recv()
    process.join()
    return result


def own_objects(number: int) -> float:
    """MB that the memory's own Python objects take for so many codes, beside what Chroma takes."""
    tracemalloc.start()
    index = CodeIndex()
    for at in range(number):
        code = label(at, 0.7).founds
        index.append(code.id, code.label)
    size = tracemalloc.get_traced_memory()[0] / 2**20
    tracemalloc.stop()
    return size


def figures(task: Task) -> dict[str, dict[str, float]]:
    """Everything that is reported, by size."""
    steps, placed = apart(with_chroma, task)
    exact_steps, exact = apart(exactly, task)
    same = np.array([one == other for one, other in zip(placed, exact, strict=False)])
    found: dict[str, dict[str, float]] = {}
    for size in task.sizes:
        last = next((at for at, step in enumerate(steps) if step.codes >= size), len(steps) - 1)
        window = steps[max(0, last - WINDOW + 1) : last + 1]
        labels = WAVE * len(window)
        stop = min(WAVE * (last + 1), len(same))
        found[f"{size} codes"] = {
            "labels placed": WAVE * (last + 1),
            "codes": steps[last].codes,
            "ms per label": 1000 * sum(step.seconds for step in window) / labels,
            "of that queries": 1000 * sum(step.query for step in window) / labels,
            "of that writes": 1000 * sum(step.write for step in window) / labels,
            "CPU ms per label": 1000 * sum(step.cpu for step in window) / labels,
            "agreement with exact search": float(same[:stop].mean()),
            "labels placed otherwise": int((~same[:stop]).sum()),
            "agreement in the last 10%": float(same[int(stop * 0.9) : stop].mean()),
            "peak MB": steps[last].peak_mb,
            "own objects MB": own_objects(steps[last].codes),
        }
    found["exact search alone"] = {
        "codes": exact_steps[-1].codes,
        "ms per label at the end": 1000 * sum(step.seconds for step in exact_steps[-WINDOW:]) / WAVE / WINDOW,
        "peak MB": exact_steps[-1].peak_mb,
    }
    return found


def main() -> None:
    """Measure and report."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--quick", action="store_true", help="up to 6,000 codes")
    arguments.add_argument("--vectors", default="", help="embeddings of labels, shape (labels, dimensions)")
    arguments.add_argument("--tau", type=float, default=0.7)
    given = arguments.parse_args()
    sizes = (500, 2_000, 6_000) if given.quick else (1_000, 5_000, 10_000, 100_000)
    task = Task(sizes[-1], sizes, given.tau, given.vectors)
    report("refinement-quick" if given.quick else "refinement", figures(task))


if __name__ == "__main__":
    main()
