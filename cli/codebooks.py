"""`codebook show`."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from intercoder.cli.studies import StudyArgument

codebook_app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")


class CodebookFormat(StrEnum):
    """How a codebook is printed."""

    table = "table"
    yaml = "yaml"
    csv = "csv"
    md = "md"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(codebook_app, name="codebook")
    codebook_app.command("show")(show)


@codebook_app.callback()
def codebook() -> None:
    """Look at the codebook.

    Example: `intercoder codebook show repair`
    """


def show(
    directory: StudyArgument,
    format: Annotated[
        CodebookFormat, typer.Option("--format", "-f", help="How to print it.")
    ] = CodebookFormat.table,
    version: Annotated[int | None, typer.Option("--version", help="Which version; the newest by default.")] = None,
) -> None:
    """Print a codebook version, most used codes first in the table.

    Example: `intercoder codebook show repair --format yaml`
    """
    from intercoder.cli.output import shown_safely
    from intercoder.stores.codebooks import latest_codebook
    from intercoder.stores.study_folder import open_study

    folder = open_study(directory)
    book = latest_codebook(folder.engine, folder.study.id, version)
    if format is CodebookFormat.table:
        from intercoder.cli.results import print_codebook

        print_codebook(book)
        return
    from intercoder.formats.codebook_markdown import to_markdown
    from intercoder.formats.codebook_tables import to_csv
    from intercoder.formats.codebook_yaml import to_yaml

    writers = {CodebookFormat.yaml: to_yaml, CodebookFormat.csv: to_csv, CodebookFormat.md: to_markdown}
    text = writers[format](book)
    print(shown_safely(text) if sys.stdout.isatty() else text, end="")
