"""`report`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intercoder.cli.studies.studies import StudyArgument

if TYPE_CHECKING:
    from intercoder.core.coding.findings import CodeFindings
    from intercoder.core.protocols import Run
    from intercoder.stores.study_folder import StudyFolder

AT_ONCE = 100_000
"""Decisions about codes that are held at once while passages are chosen."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report")(report)


def report(
    directory: StudyArgument,
    reference: Annotated[
        Path | None,
        typer.Option(
            "--reference",
            "-r",
            metavar="FILE",
            help="People's codings of the texts of an inductive run, as csv or tsv.",
        ),
    ] = None,
    run: Annotated[str, typer.Option("--run", help="Which run; the latest by default.")] = "",
    human_seconds: Annotated[
        float | None,
        typer.Option(
            "--human-seconds",
            metavar="N",
            min=0.001,
            help="Seconds a person takes for a document, to be told beside a deductive run's.",
        ),
    ] = None,
    classifiers: Annotated[
        bool, typer.Option("--classifiers", help="On the study's classifiers and grids alone, whatever was run.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Where to write; by default into the study.")
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write a report to look at: one HTML file of words, pictures, decisions and methods.

    It needs no network, and holds texts of the study: share it as you would share those.

    Example: `intercoder report repair --reference codings.csv --open`
    """
    from intercoder.cli.coding.running import open_quietly
    from intercoder.cli.studies.exporting import spare_the_study
    from intercoder.core.errors import InputError
    from intercoder.evals.report.deductive.deductive_reading import GRAPHS
    from intercoder.stores.runs.export import export_run

    folder = open_quietly(directory)
    if classifiers:
        _refuse_beside_classifiers(reference, run, human_seconds)
        file = out or folder.path / "reports" / "classifiers.html"
        spare_the_study(folder, file)
        _write(file, _classifiers(folder), "classifiers", open_it=open_it)
        return
    chosen = _latest(folder) if not run else None
    chosen = chosen or export_run(folder, run)
    file = out or folder.path / "reports" / f"{chosen.id}.html"
    spare_the_study(folder, file)
    deductive = chosen.graph in GRAPHS
    if deductive and reference:
        raise InputError(
            f"`{chosen.id}` is compared with the codings that were read by `intercoder import-coding`.",
            where="--reference",
            remedy="Leave it out, or name an inductive run with `--run`.",
        )
    if human_seconds is not None and not deductive:
        raise InputError(
            f"`{chosen.id}` is no deductive run.",
            where="--human-seconds",
            remedy="Leave it out, or name a run of `codevelop`, `calibrate` or `final` with `--run`.",
        )
    page = _deductive(folder, chosen, human_seconds) if deductive else _inductive(folder, chosen, reference)
    _write(file, page, chosen.id, open_it=open_it)


def _write(file: Path, page: str, about: str, *, open_it: bool) -> None:
    from intercoder.formats.whole_files import whole_file

    with whole_file(file) as stream:
        stream.write(page)
    print(f"{file}: report on {about}, {len(page.encode()) / 1e6:.1f} MB. Open it in a browser.")
    if open_it:
        typer.launch(file.resolve().as_uri())


def _refuse_beside_classifiers(reference: Path | None, run: str, human_seconds: float | None) -> None:
    from intercoder.core.errors import InputError

    given = {"--reference": reference, "--run": run, "--human-seconds": human_seconds}
    for name, value in given.items():
        if value:
            raise InputError(
                "a report on classifiers is not about a run.",
                where=name,
                remedy="Leave it out, or `--classifiers`.",
            )


def _classifiers(folder: StudyFolder) -> str:
    from intercoder.core.errors import InputError
    from intercoder.evals.report.classifiers.classifier_page import classifiers_html
    from intercoder.stores.classifiers.classifier_folders import read_evaluations, read_grids

    evaluations, grids = read_evaluations(folder.path), read_grids(folder.path)
    if not evaluations and not grids:
        raise InputError(
            "the study has no classifier and no grid.",
            where="--classifiers",
            remedy=f"Make one: `intercoder distill {folder.argument} --all`.",
        )
    return classifiers_html(folder.study.question, evaluations, grids)


def _latest(folder: StudyFolder) -> Run | None:
    """The latest run that is finished or waits for people, and left a codebook or decisions; None without one."""
    from intercoder.stores.runs.runs import list_runs

    runs = list_runs(folder.engine, folder.study.id)
    ready = [run for run in runs if run.status in ("done", "waiting") and (not run.source or run.graph == "merge")]
    return ready[-1] if ready else None


def _inductive(folder: StudyFolder, run: Run, reference: Path | None) -> str:
    from intercoder.cli.measuring.embeddings import study_embeddings
    from intercoder.evals.report.inductive.contents import gather
    from intercoder.evals.report.inductive.page import report_html
    from intercoder.formats.coding_files import read_codings

    passages = read_codings(reference) if reference else []
    with study_embeddings(folder) as embed:
        return report_html(gather(folder, run, embed, passages), embed, study_argument=folder.argument)


def _deductive(folder: StudyFolder, run: Run, human_seconds: float | None) -> str:
    from intercoder.evals.report.deductive.deductive_page import deductive_html
    from intercoder.evals.report.deductive.deductive_reading import gather_deductive
    from intercoder.graphs.deductive.estimating import estimates_of

    contents = gather_deductive(
        folder,
        run,
        _findings(folder, run),
        estimates=estimates_of(folder, run) if run.graph == "final" else None,
        human_seconds=human_seconds,
    )
    return deductive_html(contents, study_argument=folder.argument)


def _findings(folder: StudyFolder, run: Run) -> dict[str, CodeFindings]:
    """Tests and passages of all codes that the run codes; of large runs a few codes at a time."""
    from intercoder.graphs.deductive.findings import gather_findings
    from intercoder.stores.codebooks.development import SqlDevelopmentStore
    from intercoder.stores.database import reading
    from intercoder.stores.runs.deductions import read_rounds

    store = SqlDevelopmentStore(folder.engine, folder.study.id)
    with reading(folder.engine) as connection:
        asked = {code for one in read_rounds(connection, folder.study.id, run.id) for code in one.codes}
    codes: Sequence[str] = [code.id for code in store.book(run.id).leaves if code.id in asked]
    step = max(1, AT_ONCE // max(run.total, 1))
    found: dict[str, CodeFindings] = {}
    for start in range(0, len(codes), step):
        found |= gather_findings(store, run.id, codes[start : start + step])
    return found
