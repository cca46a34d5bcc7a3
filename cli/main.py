"""The `intercoder` command.

Nothing heavy is imported before a command runs, so that `intercoder --help` answers at once.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from intercoder.cli import models, reviewing
from intercoder.cli.codebooks import codebooks, revising
from intercoder.cli.coding import merging, running, stopping
from intercoder.cli.measuring import agreeing, calibrating, code_spaces, disagreeing, evaluating, reporting
from intercoder.cli.studies import exporting, sampling, searching, studies
from intercoder.cli.training import distilling, training

app = typer.Typer(
    name="intercoder",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
studies.register(app)
running.register(app)
stopping.register(app)
merging.register(app)
codebooks.register(app)
reviewing.register(app)
revising.register(app)
calibrating.register(app)
exporting.register(app)
reporting.register(app)
sampling.register(app)
searching.register(app)
agreeing.register(app)
evaluating.register(app)
code_spaces.register(app)
disagreeing.register(app)
models.register(app)
training.register(app)
distilling.register(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"intercoder {version('intercoder')}")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Code text with a team of LLM agents and people, and know how good the answer is.

    Start with: `intercoder init my-study --question "How do people ...?"`
    """


def main() -> None:
    """Run a command; errors that are meant for the user are printed, not traced."""
    from intercoder.core.errors import IntercoderError

    try:
        app()
    except IntercoderError as error:
        from intercoder.cli.output import print_error

        print_error(error)
        sys.exit(error.exit_code)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        print(f"error: {place}{error.strerror or error}", file=sys.stderr)
        sys.exit(2)
    finally:
        _flush()


def _flush() -> None:
    """Hand over what was printed; that its reader has gone (`| head`) is not an error."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
