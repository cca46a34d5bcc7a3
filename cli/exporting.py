"""`export`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from intercoder.cli.studies import StudyArgument


class ExportFormat(StrEnum):
    """What an export is written as."""

    csv = "csv"
    jsonl = "jsonl"
    md = "md"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export")(export)


def export(
    directory: StudyArgument,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write.")],
    to: Annotated[ExportFormat, typer.Option("--to", "-t", help="Format.")],
    run: Annotated[str, typer.Option("--run", help="Which run; the latest by default.")] = "",
    times: Annotated[bool, typer.Option("--times", help="Add when each decision was written.")] = False,
) -> None:
    """Write the coded data set: one decision a line, traceable to its quote, model and prompt.

    Example: `intercoder export repair --to jsonl coded.jsonl`
    """
    from intercoder.core.coded_lines import COLUMNS
    from intercoder.core.errors import InputError
    from intercoder.formats.coded_files import write_csv, write_jsonl, write_markdown
    from intercoder.stores.export import coded_lines, export_run
    from intercoder.stores.study_folder import open_study

    folder = open_study(directory)
    chosen = export_run(folder, run)
    lines = coded_lines(folder, chosen, times=times)
    if out.is_dir():
        raise InputError("this is a directory.", where=str(out), remedy="Name the file to write.")
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = out.with_name(f".{out.name}.new")
    try:
        with beside.open("w", encoding="utf-8", newline="") as stream:
            if to is ExportFormat.jsonl:
                count = write_jsonl(lines, stream)
            elif to is ExportFormat.csv:
                count = write_csv(lines, stream, (*COLUMNS, "created_at") if times else COLUMNS)
            else:
                count = write_markdown(lines, stream)
        beside.replace(out)
    finally:
        beside.unlink(missing_ok=True)
    print(f"{out}: {count} decisions of {chosen.id}.")
