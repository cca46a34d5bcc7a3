"""`init`, `import` and `status`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

StudyArgument = Annotated[Path, typer.Argument(metavar="STUDY", help="The study's directory.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object a line, for programs.")]


class UnitChoice(StrEnum):
    """How documents are cut into segments."""

    document = "document"
    paragraph = "paragraph"
    sentence = "sentence"
    turn = "turn"
    row = "row"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("init")(init)
    app.command("import")(import_files)
    app.command("status")(status)


def init(
    directory: StudyArgument,
    question: Annotated[str, typer.Option("--question", "-q", help="The research question.")],
    model: Annotated[
        str, typer.Option("--model", "-m", help="Model of the coders: embedded:NAME, openai:NAME@URL, hf:PATH.")
    ] = "embedded:qwen2.5-coder-0.5b",
) -> None:
    """Make a study: a directory with a commented study.toml.

    Example: `intercoder init repair --question "Why do people repair things?"`
    """
    from intercoder.cli.studies.settings_template import settings_text
    from intercoder.core.errors import SettingsError
    from intercoder.core.shown import shown_safely
    from intercoder.graphs.checks import problems
    from intercoder.llms.fetching.catalogue import find
    from intercoder.llms.references import parse_reference
    from intercoder.stores.study_folder import create_study

    if not question.strip():
        raise SettingsError("the research question is empty.", where="--question", remedy="Say what you ask.")
    reference = parse_reference(model)
    if reference.backend == "embedded":
        find(reference.name)
    folder = create_study(directory, settings_text(question.strip(), model))
    print(f"Made {directory / 'study.toml'}. Look it over, then bring in your texts:")
    print(f"  intercoder import {folder.argument} FILE... --unit paragraph")
    for problem in problems(folder.study, folder.prompts):
        print(f"Before the first run: {shown_safely(str(problem))}")
    folder.close()


def import_files(
    directory: StudyArgument,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", readable=False, help="Texts: txt, md, csv, tsv, jsonl.")
    ],
    unit: Annotated[UnitChoice, typer.Option("--unit", "-u", help="What a segment is.")],
    text_column: Annotated[str, typer.Option(help="Column that holds the text.")] = "",
    id_column: Annotated[str, typer.Option(help="Column that names each row.")] = "",
    context_column: Annotated[
        list[str] | None, typer.Option(help="Column shown to coders beside the text; may be repeated.")
    ] = None,
    encoding: Annotated[str, typer.Option(help="Encoding, where detection gets it wrong.")] = "",
    json: JsonOption = False,
) -> None:
    """Bring texts into a study and cut them into segments.

    A file that is in the study already adds nothing; a changed one becomes its next version.

    Example: `intercoder import repair interviews/*.txt --unit turn`
    """
    from intercoder.cli.studies.importing import import_all
    from intercoder.formats.reader import ReadOptions
    from intercoder.stores.study_folder import open_study

    options = ReadOptions(
        text_column=text_column or None,
        id_column=id_column or None,
        context_columns=tuple(context_column or ()),
        encoding=encoding or None,
    )
    folder = open_study(directory)
    import_all(folder, files, unit.value, options, json=json)


def status(directory: StudyArgument, json: JsonOption = False) -> None:
    """Show what a study holds: texts, runs, failures, codebook.

    Example: `intercoder status repair`
    """
    from intercoder.cli.coding.results import print_failures
    from intercoder.cli.output import print_json, print_table
    from intercoder.core.shown import one_line
    from intercoder.stores.overview import overview
    from intercoder.stores.study_folder import open_study

    view = overview(open_study(directory))
    if json:
        print_json(view.model_dump(mode="json"))
        return
    print(f"Study {directory}: {one_line(view.question)}")
    _print_sources(view)
    if view.runs:
        rows: list[tuple[Any, ...]] = [
            (run.id, run.status, f"{run.position}/{run.total}", run.round, run.codes, run.failures)
            for run in view.runs
        ]
        columns = ("run", "status", "segments", "round", "codes", "failures")
        print_table(columns, rows, title="Runs", right=columns[2:])
        for run in view.runs:
            if run.ensemble is not None:
                print(f"{run.id}: {run.ensemble}")
    if view.failures:
        print_failures(view.failures, directory)
    print(f"Next: {view.next_command}")


def _print_sources(view: Any) -> None:
    from intercoder.cli.output import print_table
    from intercoder.core.shown import counted

    rows = [
        (
            source.source,
            source.version,
            source.documents,
            ", ".join(counted(count, unit) for unit, count in source.segments.items()),
        )
        for source in view.sources
    ]
    if rows:
        print_table(
            ("file", "version", "documents", "segments"), rows, title="Texts", right=("version", "documents")
        )
