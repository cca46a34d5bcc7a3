"""What a job leaves, told at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intercoder.cli.output import one_line, print_json, print_table

if TYPE_CHECKING:
    from intercoder.core.codebook import Codebook
    from intercoder.core.protocols import Run
    from intercoder.graphs.jobs import JobResult
    from intercoder.stores.study_folder import StudyFolder

SHOWN = 40
"""Codes printed at the end of a run; the codebook command shows all."""


def print_result(folder: StudyFolder, result: JobResult, *, json: bool) -> None:
    """The codebook found, failures, where the files are and what to type next."""
    run, book = result.run, result.codebook
    if json:
        print_json(
            {
                "kind": "done",
                "run": run.id,
                "segments": run.total,
                "codes": len(book.codes),
                "codebook_version": book.version,
                "failures": run.failures,
                "codebook_file": result.codebook_file,
            }
        )
        return
    print_codebook(book, most=SHOWN)
    print(f"{run.id}: {run.total} segments, {len(book.codes)} codes (codebook version {book.version}).")
    print(f"Codebook: {result.codebook_file}")
    if run.failures:
        _print_failures(folder, run)
        print(f"Next: intercoder retry {folder.path}")
    else:
        print(f"Next: intercoder export {folder.path} --to csv {folder.path / 'exports' / 'coded.csv'}")


def print_codebook(book: Codebook, *, most: int | None = None) -> None:
    """The codebook as a table, most used codes first, each with a quote."""
    from intercoder.formats.codebook_files import by_use

    codes = by_use(book)
    rows = [
        (
            code.label,
            book.counts.get(code.id, 0),
            one_line(code.examples[0].text, 70) if code.examples else one_line(code.definition, 70),
        )
        for code in codes[:most]
    ]
    print_table(("code", "segments", "first quote"), rows, title=f"Codebook {book.version}", right=("segments",))
    if most is not None and len(codes) > most:
        print(f"... and {len(codes) - most} more; `intercoder codebook show` prints all.")


def print_stopped(folder: StudyFolder, *, json: bool) -> None:
    """After Ctrl-C: what was kept and how to go on."""
    from intercoder.stores.overview import overview

    stopped = [run for run in overview(folder).runs if run.status != "done"]
    if not stopped:
        print("Stopped before anything began.")
        return
    run = stopped[-1]
    if json:
        print_json({"kind": "stopped", "run": run.id, "done": run.position, "total": run.total})
        return
    print(
        f"\nStopped. Kept: {run.calls} answers, {run.position} of {run.total} segments settled, {run.codes} codes."
    )
    print(f"Go on with: intercoder resume {folder.path}")


def _print_failures(folder: StudyFolder, run: Run) -> None:
    from intercoder.stores.overview import run_failures

    failures = run_failures(folder, run)
    print_table(
        ("segment", "role", "coder", "kind", "what happened"),
        [(one.segment_id, one.role, one.coder, one.kind, one_line(one.message)) for one in failures[:10]],
        title=f"{len(failures)} answers failed",
    )
    if len(failures) > 10:
        print(f"... and {len(failures) - 10} more; `intercoder status {folder.path} --json` lists all.")
