"""`codebook`: look at it, bring one in, edit it, compare versions and go back."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from intercoder.cli.author import author_name
from intercoder.cli.codebooks import codebook_acts
from intercoder.cli.studies.studies import StudyArgument

codebook_app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")
AuthorOption = Annotated[str, typer.Option("--author", help="Who changed it; by default your user name.")]


class CodebookFormat(StrEnum):
    """How a codebook is printed."""

    table = "table"
    yaml = "yaml"
    csv = "csv"
    md = "md"


class DiffFormat(StrEnum):
    """How a difference is printed."""

    text = "text"
    md = "md"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(codebook_app, name="codebook")
    codebook_app.command("show")(show)
    codebook_app.command("import")(import_codebook)
    codebook_app.command("edit")(edit)
    codebook_app.command("diff")(diff_versions)
    codebook_app.command("versions")(versions)
    codebook_app.command("undo")(undo)
    codebook_acts.register(codebook_app)


@codebook_app.callback()
def codebook() -> None:
    """Look at the codebook, change it, and go back.

    Example: `intercoder codebook show repair`
    """


def show(
    directory: StudyArgument,
    format: Annotated[
        CodebookFormat, typer.Option("--format", "-f", help="How to print it.")
    ] = CodebookFormat.table,
    version: Annotated[int | None, typer.Option("--version", help="Which version; the newest by default.")] = None,
) -> None:
    """Print a codebook version: what each code means, its rules and examples, most used codes first.

    Example: `intercoder codebook show repair --format yaml`
    """
    from intercoder.core.shown import shown_safely
    from intercoder.stores.codebooks.counted_codebooks import latest_codebook
    from intercoder.stores.study_folder import open_study

    folder = open_study(directory)
    book = latest_codebook(folder.engine, folder.study.id, version)
    if format is CodebookFormat.table:
        from intercoder.cli.codebooks.codebook_tables import print_book

        print_book(book)
        return
    from intercoder.formats.codebook_markdown import to_markdown
    from intercoder.formats.codebook_tables import to_csv
    from intercoder.formats.codebook_yaml import to_yaml

    writers = {CodebookFormat.yaml: to_yaml, CodebookFormat.csv: to_csv, CodebookFormat.md: to_markdown}
    text = writers[format](book)
    print(shown_safely(text) if sys.stdout.isatty() else text, end="")


def import_codebook(
    directory: StudyArgument,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", readable=False, help="The codebook: yaml, csv, tsv or md.")
    ] = None,
    from_run: Annotated[str, typer.Option("--from-run", help="Take the codebook that a run found.")] = "",
    author: AuthorOption = "",
    note: Annotated[str, typer.Option("--note", help="Why.")] = "",
) -> None:
    """Bring in a codebook, or changes to the one that is there, as a new version.

    A file made from an older version keeps what others changed since; where both changed the same, nothing is
    imported and each side is shown.

    Example: `intercoder codebook import repair codebook.yaml --note "after the team meeting"`
    """
    from intercoder.cli.codebooks.codebook_changes import print_changed
    from intercoder.core.errors import InputError
    from intercoder.graphs.codebook.codebook_edits import start_from_run, take_in
    from intercoder.stores.study_folder import open_study

    if (file is None) == (not from_run):
        raise InputError("name either a file or a run.", remedy="Give FILE, or `--from-run RUN`.")
    folder = open_study(directory)
    if file is None:
        print_changed(folder, start_from_run(folder, from_run, author_name(author, "--author")))
    else:
        print_changed(folder, take_in(folder, file, author_name(author, "--author"), note))


def edit(
    directory: StudyArgument,
    author: AuthorOption = "",
    note: Annotated[str, typer.Option("--note", help="Why.")] = "",
) -> None:
    """Edit the codebook in your editor ($VISUAL or $EDITOR). What you save becomes a new version.

    Example: `intercoder codebook edit repair`
    """
    from intercoder.cli.codebooks.codebook_changes import again, print_changed
    from intercoder.cli.codebooks.codebook_editing import edit_until_read
    from intercoder.core.shown import shown_safely
    from intercoder.graphs.codebook.codebook_edits import editable_text, take_in
    from intercoder.stores.study_folder import open_study

    folder = open_study(directory)
    text, remark = editable_text(folder)
    if remark:
        print(shown_safely(remark))
    who = author_name(author, "--author")
    change = edit_until_read(text, lambda copy: take_in(folder, copy, who, note, keep_layout=not remark), again)
    if change is None:
        print("Nothing was changed.")
    else:
        print_changed(folder, change)


def diff_versions(
    directory: StudyArgument,
    first: Annotated[int | None, typer.Argument(metavar="[FROM]", help="The version before.")] = None,
    second: Annotated[int | None, typer.Argument(metavar="[TO]", help="The version after; the newest.")] = None,
    format: Annotated[DiffFormat, typer.Option("--format", "-f", help="How to print it.")] = DiffFormat.text,
) -> None:
    """Say what changed between two versions; by default what the newest one changed.

    Example: `intercoder codebook diff repair 3 5`
    """
    from intercoder.cli.codebooks.codebook_changes import print_changes
    from intercoder.core.codebooks.codebook_diff import diff
    from intercoder.core.codebooks.codebook_words import in_words
    from intercoder.core.shown import shown_safely
    from intercoder.formats.codebook_changes import changes_to_markdown
    from intercoder.graphs.codebook.codebook_edits import two_versions
    from intercoder.stores.study_folder import open_study

    before, after = two_versions(open_study(directory), first, second)
    labels = {code.id: code.label for book in (before, after) for code in book.codes}
    changes = in_words(diff(before, after), labels)
    heading = f"Codebook, version {before.version} to {after.version}"
    if format is DiffFormat.md:
        text = changes_to_markdown(changes, heading)
        print(shown_safely(text) if sys.stdout.isatty() else text, end="")
    else:
        print(f"{heading}{'' if changes else ': no difference'}")
        print_changes(changes)


def versions(directory: StudyArgument) -> None:
    """List the versions of the codebook: when, by whom, and what changed.

    Example: `intercoder codebook versions repair`
    """
    from intercoder.cli.codebooks.codebook_changes import print_versions
    from intercoder.graphs.codebook.codebook_history import history
    from intercoder.stores.codebooks.counted_codebooks import latest_codebook
    from intercoder.stores.study_folder import open_study

    folder = open_study(directory)
    latest_codebook(folder.engine, folder.study.id)
    print_versions(history(folder))
    print(f"Next: intercoder codebook diff {folder.argument} FROM TO")


def undo(
    directory: StudyArgument,
    to: Annotated[
        int | None,
        typer.Option("--to", help="The version to go back to; by default the one before the last change."),
    ] = None,
    author: AuthorOption = "",
) -> None:
    """Go back: make a new version that equals an old one. Nothing is deleted.

    Example: `intercoder codebook undo repair --to 3`
    """
    from intercoder.cli.codebooks.codebook_changes import print_changed
    from intercoder.graphs.codebook.codebook_edits import undo as undo_codebook
    from intercoder.stores.study_folder import open_study

    folder = open_study(directory)
    change = undo_codebook(folder, author_name(author, "--author"), to)
    print_changed(folder, change)
