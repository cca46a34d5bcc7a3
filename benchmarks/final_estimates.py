"""What a final run says of all texts, read as a stream: seconds and memory at two sizes of the corpus.

Beside it, on the same study, the same estimates from answers that are all held in memory. Every part is a process
of its own; `added_mb` is how much its peak rose while it worked.

    python benchmarks/final_estimates.py [--sizes 20000 80000] [--codes 10]
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.large_studies import Row, decision_values, insert_rows
from benchmarks.reporting import report
from benchmarks.studies import filled_study, settings
from intercoder.core.codebook import Code, Codebook
from intercoder.core.coding.given_answers import CodedSheet, HumanCoding
from intercoder.core.protocols import Run
from intercoder.core.record import Record
from intercoder.evals.final_estimates import FinalEstimates, final_estimates
from intercoder.graphs.deductive.estimating import estimates_of
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import read_version, reserve_version, write_version
from intercoder.stores.codebooks.verdicts import write_verdicts
from intercoder.stores.corpus.named_samples import find_sample
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.corpus.segments import sample_ids
from intercoder.stores.database import reading, writing
from intercoder.stores.people.human_codings import human_values, write_codings
from intercoder.stores.runs.deductions import create_deductive_run, final_values
from intercoder.stores.runs.runs import SqlStudyStore
from intercoder.stores.study_folder import StudyFolder, open_study

CODED = 200
"""Segments of the calibration sample, coded by two people."""


class _Nothing(Record):
    """Stands for the numbers of a calibration."""


def make(pipe: Connection, path: Path, segments: int, codes: int) -> None:
    """Make a study whose codes were calibrated and then coded on all segments by one coder; always the same."""
    folder = filled_study(path, segments, settings("scripted:words"))
    draw = random.Random(1)
    book = _book(folder, [Code(id=f"c_{number:02}", label=f"subject {number}") for number in range(codes)])
    calibration = _coded(folder, book, "calibrate", Scope(sample=CODED), draw)
    _code_by_hand(folder, book, calibration, draw)
    found = {code.id: ("ready", _Nothing()) for code in book.leaves}
    write_verdicts(folder.engine, folder.study.id, calibration.id, "final", book.leaves, found)
    _coded(folder, book, "final", Scope(), draw)
    folder.close()
    pipe.send({"segments": segments})


def _book(folder: StudyFolder, codes: Sequence[Code]) -> Codebook:
    with writing(folder.engine) as connection:
        version = reserve_version(connection, folder.study.id, "", 1)
        before = read_version(connection, folder.study.id, version - 1)
        empty = Codebook(version=0, allow_unsure=True)
        write_version(connection, folder.study.id, version, codes, before, "ana", empty)
        return read_version(connection, folder.study.id, version)


def _coded(folder: StudyFolder, book: Codebook, graph: str, scope: Scope, draw: random.Random) -> Run:
    asked = [code.id for code in book.leaves]
    run = create_deductive_run(folder.engine, folder.study, graph, book, asked, scope)
    insert_rows(folder, _answers(run, _segments(folder, run), book, draw))
    with writing(folder.engine) as connection:
        done = sa.update(schema.runs).where(schema.runs.c.run == run.id)
        connection.execute(done.values(status="done", position=schema.runs.c.total))
    return run


def _segments(folder: StudyFolder, run: Run) -> list[str]:
    with reading(folder.engine) as connection:
        return sample_ids(connection, folder.study.id, run.sample)


def _answers(run: Run, segments: Sequence[str], book: Codebook, draw: random.Random) -> Iterator[Row]:
    for segment_id in segments:
        for code in book.leaves:
            value = draw.choices(("yes", "no", "unsure"), (2, 7, 1))[0]
            yield decision_values(run, segment_id, "coder", "reader", code.label, code.id, value)


def _code_by_hand(folder: StudyFolder, book: Codebook, run: Run, draw: random.Random) -> None:
    codings = [
        HumanCoding(
            coder=person,
            segment_id=segment_id,
            code_id=code.id,
            code_revision=code.revision,
            label=code.label,
            value="yes" if draw.random() < 0.2 else "no",
            position=place,
            codebook_version=book.version,
        )
        for person in ("ana", "ben")
        for segment_id in _segments(folder, run)
        for place, code in enumerate(book.leaves)
    ]
    write_codings(folder.engine, folder.study.id, CodedSheet(codings=tuple(codings), memos=(), blank=()))


def streamed(folder: StudyFolder, run: Run) -> FinalEstimates:
    """As a run that has ended is told of."""
    return estimates_of(folder, run)


def held(folder: StudyFolder, run: Run) -> FinalEstimates:
    """The same, from answers that are all held in memory."""
    store = SqlStudyStore(folder.engine, folder.study.id)
    with reading(folder.engine) as connection:
        book = read_version(connection, folder.study.id, run.codebook_version)
        sample = find_sample(connection, folder.study.id, run.sample)
    assert sample is not None
    calibration = store.run("calibrate-1")
    return final_estimates(
        final_values(folder.engine, folder.study.id, run),
        [code.id for code in book.leaves],
        population=sample.population,
        people=human_values(folder.engine, folder.study.id, calibration.sample, under=book),
        model=final_values(folder.engine, folder.study.id, calibration),
    )


def measure(pipe: Connection, path: Path, estimate: Callable[[StudyFolder, Run], FinalEstimates]) -> None:
    """Estimate and send what it took, with a figure by which the parts can be compared."""
    folder = open_study(path)
    run = SqlStudyStore(folder.engine, folder.study.id).run("final-1")
    before, began, cpu = _peak_mb(), time.perf_counter(), time.process_time()
    found = estimate(folder, run)
    pipe.send(
        {
            "segments": found.segments,
            "seconds": time.perf_counter() - began,
            "cpu_seconds": time.process_time() - cpu,
            "added_mb": _peak_mb() - before,
            "corrected_share": found.codes[0].corrected.value,
        }
    )
    folder.close()


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def apart(work: Callable[..., None], *arguments: object) -> dict[str, float]:
    """What a process of its own sends. A process inherits its parent's peak, so this one must not do the work."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=work, args=(theirs, *arguments))
    process.start()
    figures: dict[str, float] = ours.recv()
    process.join()
    return figures


def main() -> None:
    """Measure and report."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--sizes", type=int, nargs="+", default=[20_000, 80_000])
    arguments.add_argument("--codes", type=int, default=10)
    given = arguments.parse_args()
    figures: dict[str, dict[str, float]] = {}
    for size in given.sizes:
        with tempfile.TemporaryDirectory() as temporary:
            path = Path(temporary) / "study"
            apart(make, path, size, given.codes)
            figures[f"streamed, {size} segments"] = apart(measure, path, streamed)
            figures[f"baseline: all held, {size} segments"] = apart(measure, path, held)
    report("final_estimates", figures)


if __name__ == "__main__":
    main()
