"""`review`, also `tui`: the terminal UI."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from intercoder.cli.studies.studies import StudyArgument


class Start(StrEnum):
    """Screens to begin with."""

    revisions = "revisions"
    coding = "coding"
    disagreements = "disagreements"
    codebook = "codebook"
    runs = "runs"
    agreement = "agreement"
    corpus = "corpus"


def register(app: typer.Typer) -> None:
    """Add the command and its other name."""
    app.command("review")(review)
    app.command("tui", hidden=True, help="The same as `review`.\n\nExample: `intercoder tui repair`")(review)


def review(
    directory: StudyArgument,
    by: Annotated[
        str, typer.Option("--by", metavar="NAME", help="Who you are; by default the name you are logged in with.")
    ] = "",
    screen: Annotated[
        Start | None, typer.Option("--screen", help="Where to begin; by default where something waits.")
    ] = None,
) -> None:
    """Read, code, and approve revisions in the terminal.

    Everything has a key, and the mouse works. F1 shows the keys of a screen, Ctrl-P finds any command by name.

    Example: `intercoder review repair --by ana`
    """
    from intercoder.cli.author import author_name
    from intercoder.cli.coding.running import open_quietly
    from intercoder.core.errors import InputError
    from intercoder.core.shown import shown_safely

    if not in_a_terminal():
        raise InputError(
            "this is no terminal.", where="review", remedy="Run it in one; without one, see `intercoder revisions`."
        )
    name = author_name(by, "--by")
    folder = open_quietly(directory)
    from intercoder.tui.app import ReviewApp
    from intercoder.tui.preferences import preferences_file

    app = ReviewApp(folder, by=name, start=screen.value if screen else "", preferences=preferences_file())
    app.run()
    for about, text in app.rescued:
        typer.echo(f"Not kept of what you typed ({shown_safely(about)}):\n{shown_safely(text)}", err=True)
    folder.close()
    if app.return_code:
        raise typer.Exit(app.return_code)


def in_a_terminal() -> bool:
    """Whether there is a person at a terminal to show anything to."""
    return sys.stdin.isatty() and sys.stdout.isatty()
