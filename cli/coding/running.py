"""`run`, `resume` and `retry`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intercoder.cli.studies.studies import JsonOption, StudyArgument, UnitChoice

if TYPE_CHECKING:
    from intercoder.core.protocols import Run
    from intercoder.graphs.jobs import JobResult
    from intercoder.stores.study_folder import StudyFolder

run_app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")

INTERRUPTED = 130
WAITING = 3
"""Exit code of a run that waits for a person's answers."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    from intercoder.cli.coding import deducing

    app.add_typer(run_app, name="run")
    run_app.command("inductive")(run_inductive)
    run_app.command("codevelop")(deducing.run_codevelop)
    run_app.command("final")(deducing.run_final)
    app.command("resume")(resume)
    app.command("retry")(retry)


@run_app.callback()
def jobs() -> None:
    """Run a job on a study.

    Example: `intercoder run inductive repair`
    """


def run_inductive(
    directory: StudyArgument,
    sample: Annotated[
        int | None, typer.Option("--sample", "-n", min=1, help="Draw so many segments at random.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", "-s", help="Seed of the sample.")] = 0,
    stratify: Annotated[str, typer.Option(help="Attribute to stratify the sample by; `speaker` works.")] = "",
    skip_speaker: Annotated[
        list[str] | None,
        typer.Option(help="Leave a speaker's segments out, such as the interviewer's; may be repeated."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many segments.")] = None,
    unit: Annotated[
        UnitChoice | None, typer.Option("--unit", "-u", help="Which segments, if cut in several ways.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done; calls nothing.")] = False,
    json: JsonOption = False,
) -> None:
    """Find codes: coders read, moderators settle, like codes are merged.

    Example: `intercoder run inductive repair --sample 100 --seed 1 --stratify site`
    """
    from intercoder.core.errors import InputError
    from intercoder.stores.corpus.samples import Scope

    if (stratify or seed) and sample is None:
        raise InputError("`--seed` and `--stratify` go with `--sample`.", remedy="Add `--sample N`.")
    folder = open_quietly(directory)
    scope = Scope(
        unit=unit.value if unit else None,
        limit=limit,
        sample=sample,
        seed=seed,
        stratify=stratify,
        skip_speakers=tuple(skip_speaker or ()),
    )
    if dry_run:
        from intercoder.cli.coding.plans import print_plan
        from intercoder.graphs.planning import plan_inductive

        print_plan(plan_inductive(folder, scope), json=json)
        return
    from intercoder.graphs.jobs import begin_inductive

    execute_job(folder, lambda: begin_inductive(folder, scope), json=json)


def resume(
    directory: StudyArgument,
    run: Annotated[str, typer.Argument(metavar="[RUN]", help="The run; by default the latest unfinished.")] = "",
    json: JsonOption = False,
) -> None:
    """Go on with a run that was stopped. Nothing that was answered is asked again.

    Example: `intercoder resume repair`
    """
    folder = open_quietly(directory)
    from intercoder.graphs.jobs import unfinished

    execute_job(folder, lambda: unfinished(folder, run), json=json)


def retry(directory: StudyArgument, json: JsonOption = False) -> None:
    """Ask again what got no usable answer in the latest run, and settle the codes anew.

    Example: `intercoder retry repair`
    """
    folder = open_quietly(directory)
    from intercoder.graphs.jobs import begin_retry

    execute_job(folder, lambda: begin_retry(folder), json=json)


def open_quietly(directory: Path) -> StudyFolder:
    """The study, with everything switched off that would leave the machine against its settings."""
    from intercoder.llms.privacy import quiet_environment
    from intercoder.stores.study_folder import open_study

    folder = open_study(directory)
    quiet_environment(folder.study.privacy)
    return folder


def execute_job(
    folder: StudyFolder,
    begin: Callable[[], Run | None],
    *,
    json: bool,
    answer: Callable[[Run], bool] = lambda run: False,
) -> None:
    """Execute a run, show how it goes and what it leaves, and exit as its end demands.

    Args:
        folder: The study.
        begin: Makes or finds the run.
        json: Whether a program reads along.
        answer: Answers a run that waits for people, as far as it can; the run goes on if it answered anything.
    """
    from intercoder.cli.coding.progress import listener
    from intercoder.cli.coding.results import print_stopped
    from intercoder.cli.output import print_error
    from intercoder.core.errors import IntercoderError
    from intercoder.graphs.jobs import Event, execute, unfinished

    # A job started by another program is stopped by SIGTERM: the same clean stop as Ctrl-C.
    begun: set[str] = set()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with listener(json=json) as show:

            def listen(event: Event) -> None:
                begun.update([event["kind"]])
                show(event)

            result = execute(folder, begin, listen)
            while result is not None and result.run.status == "waiting" and answer(result.run):
                result = execute(folder, partial(unfinished, folder, result.run.id), listen)
    except KeyboardInterrupt:
        print_stopped(folder, json=json, why="interrupted")
        sys.stdout.flush()
        sys.exit(INTERRUPTED)
    except IntercoderError as error:
        if not begun:
            raise
        print_error(error)
        print_stopped(folder, json=json, why=str(error))
        sys.exit(error.exit_code)
    if result is None:
        _print_nothing_to_do(json=json)
        return
    print_result_of(folder, result, json=json)
    sys.exit(WAITING if result.run.status == "waiting" else 1 if result.run.failures else 0)


def print_result_of(folder: StudyFolder, result: JobResult, *, json: bool) -> None:
    """What a run leaves, by the kind of run."""
    graph = result.run.graph
    if graph in ("merge", "themes"):
        from intercoder.cli.coding.merging import print_result
    elif graph in ("codevelop", "calibrate", "final"):
        from intercoder.cli.coding.deductive_results import print_result
    else:
        from intercoder.cli.coding.results import print_result
    print_result(folder, result, json=json)


def _print_nothing_to_do(*, json: bool) -> None:
    from intercoder.cli.output import print_json

    text = "No answer failed; there is nothing to retry."
    if json:
        print_json({"kind": "nothing", "why": text})
    else:
        print(text)
