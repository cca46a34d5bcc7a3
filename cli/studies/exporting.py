"""`export`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intercoder.cli.studies.studies import StudyArgument

if TYPE_CHECKING:
    from intercoder.stores.study_folder import StudyFolder

OWN = ("study.", "checkpoints.db", "codebook.yaml", "memory", "prompts")
"""How names in a study's directory begin that an export must not touch."""


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
    synthetic: Annotated[
        bool, typer.Option("--synthetic", help="Not data, but the texts that a model wrote for a classifier.")
    ] = False,
    times: Annotated[bool, typer.Option("--times", help="Add when each decision was written.")] = False,
    wide: Annotated[
        bool, typer.Option("--wide", help="Of given codes: a row a segment, a column a code (CSV).")
    ] = False,
    attributes: Annotated[
        bool, typer.Option("--attributes", help="Add what is known of documents, as wide tables always have it.")
    ] = False,
) -> None:
    """Write the coded data set: one decision a line, traceable to its quote, model and prompt.

    Example: `intercoder export repair --to jsonl coded.jsonl`
    """
    from intercoder.core.errors import InputError
    from intercoder.core.shown import counted
    from intercoder.formats.coded_files import write_csv, write_jsonl, write_markdown
    from intercoder.formats.whole_files import whole_file
    from intercoder.stores.runs.export import export_run, long_lines, wide_lines
    from intercoder.stores.study_folder import open_study

    folder = open_study(directory)
    spare_the_study(folder, out)
    if synthetic:
        if run or times or wide or attributes:
            raise InputError("synthetic segments belong to no run.", where="--synthetic", remedy="Name it alone.")
        _export_synthetic(folder, out, to)
        return
    chosen = export_run(folder, run)
    if attributes and to is ExportFormat.md:
        raise InputError(
            "a reading copy has no columns.",
            where="--attributes",
            remedy="Leave it out, or write `--to csv` or `--to jsonl`.",
        )
    columns, lines = long_lines(folder, chosen, times=times, attributes=attributes)
    if wide:
        if not chosen.deductive or to is not ExportFormat.csv:
            raise InputError(
                "a wide table is for runs that code given codes, as CSV.",
                where="--wide",
                remedy="Leave `--wide` out, or name such a run with `--run final-1`, and `--to csv`.",
            )
        columns, lines = wide_lines(folder, chosen)
    with whole_file(out) as stream:
        if to is ExportFormat.jsonl:
            count = write_jsonl(lines, stream)
        elif to is ExportFormat.csv:
            count = write_csv(lines, stream, columns)
        else:
            count = write_markdown(lines, stream)
    _tell(out, f"{counted(count, 'segment' if wide else 'decision')} of {chosen.id}")


def _export_synthetic(folder: StudyFolder, out: Path, to: ExportFormat) -> None:
    """Write the study's synthetic segments, dropped ones with the reason, to a file of their own.

    Raises:
        InputError: They are wanted as a reading copy.
        StudyError: There are none.
    """
    from intercoder.core.errors import InputError, StudyError
    from intercoder.core.shown import counted
    from intercoder.formats.coded_files import write_csv, write_jsonl
    from intercoder.formats.whole_files import whole_file
    from intercoder.stores.classifiers.synthetic_segments import COLUMNS, SqlSyntheticStore, synthetic_lines

    if to is ExportFormat.md:
        raise InputError("synthetic segments are written as a table.", remedy="Write `--to csv` or `--to jsonl`.")
    lines = list(synthetic_lines(SqlSyntheticStore(folder.engine, folder.study.id)))
    if not lines:
        raise StudyError(
            "the study has no synthetic segments.", remedy=f"`intercoder distill {folder.argument}` writes some."
        )
    with whole_file(out) as stream:
        count = write_csv(lines, stream, COLUMNS) if to is ExportFormat.csv else write_jsonl(lines, stream)
    kept = sum(line["dropped"] is None for line in lines)
    _tell(out, f"{counted(count, 'synthetic segment')}, {kept:,} of them kept")


def _tell(out: Path, what: str) -> None:
    """Say what was written; beside the data where that goes to a pipe."""
    print(f"{out}: {what}.", file=sys.stderr if out.exists() and not out.is_file() else sys.stdout)


def spare_the_study(folder: StudyFolder, out: Path) -> None:
    """Refuse to write over the study's own files.

    Raises:
        InputError: OUT is one of them.
    """
    from intercoder.core.errors import InputError

    study, target = folder.path.resolve(), out.resolve()
    if not target.is_relative_to(study) or target == study:
        return
    first = target.relative_to(study).parts[0]
    if first.startswith(OWN):
        raise InputError(
            "this is a file of the study itself.",
            where=str(out),
            remedy=f"Name another file, for instance {folder.path / 'exports' / target.name}.",
        )
