"""`stop`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from intercoder.cli.studies.studies import JsonOption, StudyArgument

PATIENCE = 30.0
"""Seconds to wait for a run to end."""
STILL = 1
"""Exit code where it has not ended by then."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("stop")(stop)


def stop(
    directory: StudyArgument,
    now: Annotated[
        bool, typer.Option("--now", help="For a run that did not heed: SIGTERM in place of Ctrl-C's signal.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Stop the run that is at work, wherever it was started on this machine. What was answered is kept.

    Example: `intercoder stop repair`
    """
    from intercoder.cli.output import print_json
    from intercoder.core.shown import shown_safely
    from intercoder.graphs import detached
    from intercoder.stores.study_folder import open_study

    folder = open_study(directory)
    stopping = detached.stop(folder, firmly=now)
    over = detached.wait_until_stopped(folder, stopping, PATIENCE)
    if json:
        print_json({"kind": "stopped" if over else "stopping", "run": stopping.run, "pid": stopping.pid})
    elif over:
        print(f"{shown_safely(stopping.run)} was told to stop, and is over (process {stopping.pid}).")
        print(f"Go on with: intercoder resume {folder.argument}")
    else:
        print(f"{shown_safely(stopping.run)} was told to stop and still waits for answers that are under way.")
        print(f"If it does not end: intercoder stop {folder.argument} --now")
    sys.exit(0 if over else STILL)
