"""What a job leaves, told at its end."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from intercoder.cli.output import print_json, print_table, typed
from intercoder.core.shown import counted, one_line, shown_safely

if TYPE_CHECKING:
    from pathlib import Path

    from intercoder.core.codebook import Codebook
    from intercoder.graphs.jobs import JobResult
    from intercoder.stores.overview import FailedAnswer
    from intercoder.stores.study_folder import StudyFolder

SHOWN = 40
"""Codes printed at the end of a run; the codebook command shows all."""
GROUPS = 10
"""Kinds of failure printed."""


def print_result(folder: StudyFolder, result: JobResult, *, json: bool) -> None:
    """The codebook found, failures, where the files are and what to type next."""
    from intercoder.stores.overview import quotes_not_found, run_failures
    from intercoder.stores.runs.export import export_run

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
                "notes": list(result.notes),
            }
        )
        return
    print_codebook(book, most=SHOWN, folder=folder)
    segments, codes = counted(run.total, "segment"), counted(len(book.codes), "code")
    print(f"{run.id}: {segments}, {codes} (codebook version {book.version}).")
    print_codebook_file(result)
    made_up = quotes_not_found(folder, run)
    if made_up:
        print(f"Look twice: {counted(made_up, 'code')} came with a quote that is not in the text (not `verified`).")
    if run.failures:
        print_failures(run_failures(folder, run), folder.path)
        print(f"Next: intercoder retry {folder.argument}")
    else:
        out = typed(folder.path / "exports" / "coded.csv")
        which = "" if export_run(folder).id == run.id else f" --run {run.id}"
        print(f"Labels that may mean the same: intercoder merge {folder.argument} --inspect{which}")
        print(f"Next: intercoder export {folder.argument} --to csv {out}{which}")


def print_codebook_file(result: JobResult) -> None:
    """Where the codebook was written, and why there."""
    print(f"Codebook: {result.codebook_file}")
    for note in result.notes:
        print(shown_safely(note))


def print_codebook(book: Codebook, *, most: int | None = None, folder: StudyFolder | None = None) -> None:
    """The codebook as a table, most used codes first, each with a quote; where there are themes, with its theme."""
    labels = {code.id: code.label for code in book.codes}
    themes = {code.parent for code in book.codes if code.parent}
    codes = [code for code in book.by_use if code.id not in themes]
    rows = [
        (
            *((one_line(labels.get(code.parent, ""), 40),) if themes else ()),
            code.label,
            book.counts.get(code.id, 0),
            one_line(code.examples[0].text, 70) if code.examples else "(no quote found in the text)",
        )
        for code in codes[:most]
    ]
    columns = ("theme", "code", "segments", "first quote")[not themes :]
    print_table(columns, rows, title=f"Codebook {book.version}", right=("segments",))
    if most is not None and len(codes) > most and folder is not None:
        print(f"... and {len(codes) - most} more; `intercoder codebook show {folder.argument}` prints all.")


def print_stopped(folder: StudyFolder, *, json: bool, why: str = "") -> None:
    """After Ctrl-C or an endpoint that failed: what was kept and how to go on."""
    from intercoder.stores.overview import overview

    stopped = [run for run in overview(folder).runs if run.status not in ("done", "undone")]
    if not stopped:
        if json:
            print_json({"kind": "stopped", "why": why})
        else:
            print("Stopped before anything began.")
        return
    run = stopped[-1]
    if json:
        print_json({"kind": "stopped", "run": run.id, "done": run.position, "total": run.total, "why": why})
        return
    if sys.stdout.isatty():
        print()  # after the ^C that the terminal shows
    unit = {"merge": "step", "themes": "theme"}.get(run.graph, "segment")
    codes = f", {counted(run.codes, 'code')}" if run.graph == "inductive" else ""
    done = f"{run.position} of {counted(run.total, unit)} settled"
    print(f"Stopped. Kept: {counted(run.calls, 'answer')}, {done}{codes}.")
    print(f"Go on with: intercoder resume {folder.argument}")


def print_failures(failures: Sequence[FailedAnswer], directory: Path) -> None:
    """What failed, like answers together, each with the place where it happened first."""
    groups: dict[tuple[str, str], list[FailedAnswer]] = {}
    for failure in failures:
        groups.setdefault((failure.kind, failure.message), []).append(failure)
    rows = [
        (
            len(group),
            kind,
            one_line(message),
            group[0].coder,
            f"{group[0].document} {group[0].start}-{group[0].end}",
        )
        for (kind, message), group in groups.items()
    ]
    columns = ("answers", "kind", "what happened", "for instance", "where (characters)")
    title = f"{counted(len(failures), 'answer')} failed"
    print_table(columns, rows[:GROUPS], title=title, right=columns[:1])
    print(f"`intercoder status {typed(directory)} --json` lists each of them.")
