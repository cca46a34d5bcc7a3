"""Printing what changed in a codebook, and the history of its versions."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from intercoder.cli.output import console, print_table
from intercoder.core.shown import counted, one_line, shown_safely

if TYPE_CHECKING:
    from rich.text import Text

    from intercoder.core.codebooks.codebook_words import Change
    from intercoder.core.revising.word_changes import Line
    from intercoder.graphs.codebook.codebook_edits import CodebookChange
    from intercoder.graphs.codebook.codebook_history import VersionLine
    from intercoder.stores.study_folder import StudyFolder

STYLES = {"same": "", "removed": "bold red", "added": "bold green"}
SIGNS = {"-": "red", "+": "green", "": ""}


def print_changes(changes: Iterable[Change]) -> None:
    """Changes code by code: sentences, and below them `-` for what was and `+` for what is."""
    from rich.text import Text

    out = console()
    for change in changes:
        out.print(Text(one_line(change.title, out.width) if change.title else "The codebook", style="bold"))
        for line in change.lines:
            for part in _wrapped(line, out.width):
                out.print(part, soft_wrap=True)


def print_changed(folder: StudyFolder, change: CodebookChange) -> None:
    """What an import, an edit or an undo did: the difference, the new version and what to type next."""
    from intercoder.core.codebooks.codebook_words import in_words

    before, after = change.before, change.after
    labels = {code.id: code.label for book in (before, after) for code in book.codes}
    if not change.changed:
        print(f"Nothing to change: codebook version {after.version} says the same.")
    else:
        print_changes(in_words(change.revisions, labels))
        print(f"Codebook version {after.version}: {counted(len(after.codes), 'code')}.")
    for note in change.notes:
        print(shown_safely(note))
    if change.changed and after.codes:
        print(f"Next: intercoder run codevelop {folder.argument}")


def print_versions(versions: Sequence[VersionLine]) -> None:
    """Versions with when and by whom they were made, and what changed in brief."""
    rows = [(one.version, one.when, one_line(one.by, 20), one.codes, one.changed) for one in versions]
    columns = ("version", "made (UTC)", "by", "codes", "what changed")
    print_table(columns, reversed(rows), right=("version", "codes"))


def _wrapped(line: Line, width: int) -> list[Text]:
    """A line in lines of the terminal, indented below its sign."""
    from rich.console import Console
    from rich.text import Text

    text = Text()
    for piece in line.pieces:
        text.append(shown_safely(piece.text), STYLES[piece.kind] if line.sign else "")
    indent = 4 if line.sign else 2
    parts = text.wrap(Console(width=width), max(width - indent - 2, 20))
    shown = []
    for place, part in enumerate(parts):
        head = Text(" " * indent)
        if line.sign:
            head.append("  " if place else f"{line.sign} ", SIGNS[line.sign])
        part.rstrip()
        shown.append(head + part)
    return shown


def again() -> bool:
    """Ask a person whether to go on editing; no where nobody is there."""
    import typer

    return is_terminal() and typer.confirm("Edit again?", default=True)


def is_terminal() -> bool:
    """Whether a person is there who can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()
