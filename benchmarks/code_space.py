"""Code spaces: the metrics of 23 machine coders, how they grow with labels, and a stage-2 merge of 10,000 labels.

Embedding is apart: it is timed, but not part of what is measured. Each figure comes from a process of its own,
whose peak is the operating system's. The baseline, in the same process afterwards, is what the same machine
needs for scipy's condensed distances alone (`pdist`), and for scipy's dendrogram of them cut by height, without
penalties.

    python benchmarks/code_space.py [--model embedded:minilm-l6]
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.machine_coders import CodeSpaces, embedded, examples_of, labels_of, machine_coders, resized
from benchmarks.reporting import report

Vectors = npt.NDArray[np.float32]
Figures = dict[str, float]
P = ParamSpec("P")
Result = TypeVar("Result")

THRESHOLD = 0.55
STRICT = 0.32
SIZES = (1_000, 2_000, 4_000, 8_000)
MERGED = 10_000


def seconds(work: Callable[[], object]) -> float:
    """How long a piece of work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def peak_mb() -> float:
    """The process' greatest resident size so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(spaces: CodeSpaces, vectors: Vectors) -> Figures:
    """Metrics of all coders, twice: the first call also loads what it needs."""
    from scipy.spatial.distance import pdist

    from intercoder.evals.code_space import measure

    labels = labels_of(spaces)
    before = peak_mb()
    first = seconds(lambda: measure(spaces, embeddings=vectors, labels=labels, neighbor_threshold=THRESHOLD))
    again = seconds(lambda: measure(spaces, embeddings=vectors, labels=labels, neighbor_threshold=THRESHOLD))
    peak = peak_mb()
    baseline = seconds(lambda: pdist(vectors.astype(np.float64), "cosine"))
    return {
        "labels": len(labels),
        "seconds, first call": first,
        "seconds, again": again,
        "peak_mb": peak,
        "peak_mb before": before,
        "baseline: pdist, seconds": baseline,
        "baseline: peak_mb": peak_mb(),
    }


def merged(spaces: CodeSpaces, vectors: Vectors) -> Figures:
    """Stage 2 with one threshold, then with two and both penalties."""
    from scipy.cluster import hierarchy
    from scipy.spatial.distance import pdist

    from intercoder.evals.code_space import cut

    examples = examples_of(spaces)
    results: list[list[int]] = []
    strict = seconds(lambda: results.append(cut(vectors, examples, lower=STRICT, upper=STRICT)))
    both = seconds(lambda: results.append(cut(vectors, examples, lower=STRICT, upper=THRESHOLD)))
    peak = peak_mb()

    def naive() -> None:
        made = hierarchy.linkage(pdist(vectors.astype(np.float64), "cosine"), "average")
        hierarchy.fcluster(made, STRICT, "distance")

    return {
        "labels": len(vectors),
        "strict: seconds": strict,
        "strict: concepts": left(results[0]),
        "two thresholds: seconds": both,
        "two thresholds: concepts": left(results[1]),
        "peak_mb": peak,
        "baseline: seconds": seconds(naive),
        "baseline: peak_mb": peak_mb(),
    }


def left(clusters: list[int]) -> int:
    """Concepts that remain."""
    return len(set(clusters) - {-1}) + clusters.count(-1)


def _child(pipe: Connection, job: Callable[..., object], *arguments: object) -> None:
    pipe.send(job(*arguments))


def apart(job: Callable[P, Result], *arguments: P.args, **_: P.kwargs) -> Result:
    """Run a job in a process of its own, so that its peak is its own."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_child, args=(theirs, job, *arguments))
    process.start()
    result: Result = ours.recv()
    process.join()
    return result


def main() -> None:
    """Measure and report."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument(
        "--model", default="embedded:minilm-l6", help="or scripted:hashing, which needs no weights"
    )
    model = arguments.parse_args().model
    real = machine_coders()
    largest = resized(real, MERGED)
    began = time.perf_counter()
    labels = labels_of(largest)
    rows = dict(zip(labels, apart(embedded, labels, model), strict=True))
    figures = {"embedding, apart": {"labels": float(MERGED), "seconds": time.perf_counter() - began}}

    def vectors(spaces: CodeSpaces) -> Vectors:
        return np.stack([rows[label] for label in labels_of(spaces)])

    figures["23 machine coders"] = apart(measured, real, vectors(real))
    for size in SIZES:
        spaces = resized(real, size)
        figures[f"{size} labels"] = apart(measured, spaces, vectors(spaces))
    small, large = (figures[f"{size} labels"]["seconds, again"] for size in (SIZES[0], SIZES[-1]))
    figures["growth"] = {"exponent of labels": float(np.log(large / small) / np.log(SIZES[-1] / SIZES[0]))}
    figures["merge"] = apart(merged, largest, vectors(largest))
    report("code_space", figures)


if __name__ == "__main__":
    main()
