"""`report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from intercoder.cli.studies import StudyArgument


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report")(report)


def report(
    directory: StudyArgument,
    reference: Annotated[
        Path | None,
        typer.Option(
            "--reference", "-r", metavar="FILE", help="People's codings of the same texts, as csv or tsv."
        ),
    ] = None,
    run: Annotated[str, typer.Option("--run", help="Which run; the latest by default.")] = "",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Where to write; by default into the study.")
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write a report to look at: one HTML file of words, pictures, decisions and methods.

    It needs no network, and holds texts of the study: share it as you would share those.

    Example: `intercoder report repair --reference codings.csv --open`
    """
    from intercoder.cli.embeddings import study_embeddings
    from intercoder.cli.exporting import spare_the_study
    from intercoder.cli.running import open_quietly
    from intercoder.evals.report.contents import gather
    from intercoder.evals.report.page import report_html
    from intercoder.formats.coding_files import read_codings
    from intercoder.formats.whole_files import whole_file
    from intercoder.stores.export import export_run

    folder = open_quietly(directory)
    chosen = export_run(folder, run)
    file = out or folder.path / "reports" / f"{chosen.id}.html"
    spare_the_study(folder, file)
    passages = read_codings(reference) if reference else []
    with study_embeddings(folder) as embed:
        contents = gather(folder, chosen, embed, passages)
        page = report_html(contents, embed, study_argument=folder.argument)
    with whole_file(file) as stream:
        stream.write(page)
    print(f"{file}: report on {chosen.id}, {len(page.encode()) / 1e6:.1f} MB. Open it in a browser.")
    if open_it:
        typer.launch(file.resolve().as_uri())
