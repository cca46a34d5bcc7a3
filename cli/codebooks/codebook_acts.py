"""`codebook rename`, `add`, `move`, `recolour`, `drop`, `split` and `merge`: one change, without an editor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intercoder.cli.author import author_name
from intercoder.cli.studies.studies import StudyArgument

if TYPE_CHECKING:
    from intercoder.core.codebook import Codebook
    from intercoder.core.revisions import Revision

AuthorOption = Annotated[str, typer.Option("--author", help="Who changes it; by default your user name.")]
NoteOption = Annotated[str, typer.Option("--note", help="Why.")]
CodeArgument = Annotated[str, typer.Argument(metavar="CODE", help="The code's label or id.")]
DefinitionOption = Annotated[str, typer.Option("--definition", help="What it means.")]


def register(app: typer.Typer) -> None:
    """Add the commands to those of `codebook`."""
    for command in (rename, add, move, recolour, drop, split, merge):
        app.command(command.__name__)(command)


def rename(
    directory: StudyArgument,
    code: CodeArgument,
    label: Annotated[str, typer.Argument(metavar="LABEL", help="What it is to be called.")],
    author: AuthorOption = "",
    note: NoteOption = "",
) -> None:
    """Give a code another label.

    Example: `intercoder codebook rename repair mending repairing`
    """
    from intercoder.core.codebooks.codebook_acts import code_called, renamed

    _act(directory, lambda book: renamed(book, code_called(book, code, "CODE").id, label), author, note)


def add(
    directory: StudyArgument,
    label: Annotated[str, typer.Argument(metavar="LABEL", help="The new code's label.")],
    definition: DefinitionOption = "",
    parent: Annotated[str, typer.Option("--parent", help="Label or id of the code that it is part of.")] = "",
    author: AuthorOption = "",
    note: NoteOption = "",
) -> None:
    """Add a code.

    Example: `intercoder codebook add repair sharing --definition "Things are used together."`
    """
    from intercoder.core.codebook import Code
    from intercoder.core.codebooks.codebook_acts import added, code_called

    def make(book: Codebook) -> list[Revision]:
        group = code_called(book, parent, "--parent").id if parent else ""
        return added(book, Code(id="", label=label, definition=definition.strip(), parent=group))

    _act(directory, make, author, note)


def move(
    directory: StudyArgument,
    code: CodeArgument,
    parent: Annotated[str, typer.Argument(metavar="[PARENT]", help="Where to; by default the top level.")] = "",
    author: AuthorOption = "",
    note: NoteOption = "",
) -> None:
    """Make a code part of another one, or of none.

    Example: `intercoder codebook move repair mending "keeping things"`
    """
    from intercoder.core.codebooks.codebook_acts import code_called, moved

    def make(book: Codebook) -> list[Revision]:
        group = code_called(book, parent, "PARENT").id if parent else ""
        return moved(book, code_called(book, code, "CODE").id, group)

    _act(directory, make, author, note)


def recolour(
    directory: StudyArgument,
    code: CodeArgument,
    colour: Annotated[
        str, typer.Argument(metavar="[COLOUR]", help="A name or `#rrggbb`; none for no colour.")
    ] = "",
    author: AuthorOption = "",
    note: NoteOption = "",
) -> None:
    """Give a code a colour, or take it away. Coders are not shown it, so nothing is coded again.

    Example: `intercoder codebook recolour repair mending teal`
    """
    from intercoder.core.codebooks.codebook_acts import code_called, recoloured

    _act(directory, lambda book: recoloured(book, code_called(book, code, "CODE").id, colour), author, note)


def drop(directory: StudyArgument, code: CodeArgument, author: AuthorOption = "", note: NoteOption = "") -> None:
    """Take a code out of the codebook. What was decided about it stays in the study.

    Example: `intercoder codebook drop repair mending`
    """
    from intercoder.core.codebooks.codebook_acts import code_called, dropped

    _act(directory, lambda book: dropped(book, code_called(book, code, "CODE").id), author, note)


def split(
    directory: StudyArgument,
    code: CodeArgument,
    parts: Annotated[
        list[str], typer.Argument(metavar="PART...", help="Each part: its label, or `label: what it means`.")
    ],
    author: AuthorOption = "",
    note: NoteOption = "",
) -> None:
    """Make several codes of one.

    Example: `intercoder codebook split repair mending "mending clothes: Cloth." "mending tools: Iron."`
    """
    from intercoder.core.codebooks.codebook_acts import code_called, divided

    told = [(label, definition.strip()) for label, _, definition in (part.partition(": ") for part in parts)]
    _act(directory, lambda book: divided(book, code_called(book, code, "CODE").id, told), author, note)


def merge(
    directory: StudyArgument,
    codes: Annotated[list[str], typer.Argument(metavar="CODE...", help="The codes; the first one goes on.")],
    label: Annotated[str, typer.Option("--label", help="What it is called then; by default as the first.")] = "",
    definition: DefinitionOption = "",
    author: AuthorOption = "",
    note: NoteOption = "",
) -> None:
    """Make one code of several, with the rules and examples of all.

    Example: `intercoder codebook merge repair mending sewing --label repairing`
    """
    from intercoder.core.codebooks.codebook_acts import code_called, united

    def make(book: Codebook) -> list[Revision]:
        return united(book, [code_called(book, code, "CODE").id for code in codes], label, definition)

    _act(directory, make, author, note)


def _act(directory: Path, make: Callable[[Codebook], list[Revision]], author: str, note: str) -> None:
    """Make a change of the newest version, and say what it touched."""
    from intercoder.cli.codebooks.codebook_changes import print_changed
    from intercoder.core.shown import shown_safely
    from intercoder.graphs.codebook.codebook_acts import carry_out, touched, touched_words
    from intercoder.graphs.codebook.codebook_edits import exported, latest_or_empty
    from intercoder.stores.study_folder import open_study

    folder = open_study(directory)
    who = author_name(author, "--author")
    book = latest_or_empty(folder)
    revisions = make(book)
    found = touched(folder, book, revisions)
    print_changed(folder, exported(folder, carry_out(folder, book, revisions, who, note)))
    for told in touched_words(found):
        print(shown_safely(told))
    print(f"Undo: intercoder codebook undo {folder.argument}")
