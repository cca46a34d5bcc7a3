"""`merge` and `themes`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from intercoder.cli.studies.studies import JsonOption, StudyArgument

if TYPE_CHECKING:
    from intercoder.core.protocols import Run
    from intercoder.core.study import Study
    from intercoder.graphs.jobs import JobResult
    from intercoder.stores.study_folder import StudyFolder

ModelOption = Annotated[
    str, typer.Option("--model", "-m", help="Model that writes, in place of the one study.toml names.")
]
Threshold = float | None


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("merge")(merge)
    app.command("themes")(themes)


def merge(
    directory: StudyArgument,
    run: Annotated[
        str, typer.Option("--run", help="Whose labels to merge; by default the latest inductive run.")
    ] = "",
    stage: Annotated[int | None, typer.Option(min=1, max=4, help="The last stage to be worked.")] = None,
    lower: Annotated[Threshold, typer.Option(help="Cosine distance up to which labels always merge.")] = None,
    upper: Annotated[Threshold, typer.Option(help="Distance beyond which they never do.")] = None,
    model: ModelOption = "",
    inspect: Annotated[
        bool, typer.Option("--inspect", help="Only show the pairs of labels next to --lower; merges nothing.")
    ] = False,
    undo: Annotated[str, typer.Option("--undo", metavar="RUN", help="Undo a merge, such as merge-1.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done; calls nothing.")] = False,
    json: JsonOption = False,
) -> None:
    """Merge the labels that mean the same, in four stages: spelling, labels, definitions, rounds.

    Example: `intercoder merge repair --lower 0.3 --upper 0.5`
    """
    from intercoder.cli.coding.merge_results import print_inspection, print_merge_plan, print_undone
    from intercoder.cli.coding.running import open_quietly

    _check_alone(inspect=inspect, undo=undo, dry_run=dry_run)
    folder = open_quietly(directory)
    from intercoder.graphs.merging import merge_jobs

    if undo:
        print_undone(folder, merge_jobs.undo_merge(folder, undo), json=json)
        return
    study = _chosen(folder, 2 if inspect else stage, lower, upper, model)
    if inspect:
        print_inspection(merge_jobs.inspect_threshold(folder, study, run), study.merging.lower, json=json)
    elif dry_run:
        print_merge_plan(merge_jobs.plan_merge(folder, study, run), json=json)
    else:
        _execute(folder, lambda: merge_jobs.begin_merge(folder, study, run), json=json)


def themes(
    directory: StudyArgument,
    accept: Annotated[
        bool, typer.Option("--accept", help="Make the themes proposed last the codebook's upper level.")
    ] = False,
    model: ModelOption = "",
    json: JsonOption = False,
) -> None:
    """Propose themes: groups of like codes with a name and a definition; each code is in one.

    Example: `intercoder themes repair`
    """
    from intercoder.cli.coding.merge_results import print_accepted
    from intercoder.cli.coding.running import open_quietly

    folder = open_quietly(directory)
    from intercoder.graphs.merging import merge_jobs

    if accept:
        print_accepted(folder, merge_jobs.accept_themes(folder), json=json)
        return
    study = _chosen(folder, None, None, None, model)
    _execute(folder, lambda: merge_jobs.begin_themes(folder, study), json=json)


def print_result(folder: StudyFolder, result: JobResult, *, json: bool) -> None:
    """What a finished merge or search for themes leaves."""
    from intercoder.cli.coding.merge_results import print_merged, print_themes

    shown = print_merged if result.run.graph == "merge" else print_themes
    shown(folder, result, json=json)


def _execute(folder: StudyFolder, begin: Callable[[], Run], *, json: bool) -> None:
    from intercoder.cli.coding.running import execute_job

    execute_job(folder, begin, json=json)


def _chosen(folder: StudyFolder, stage: int | None, lower: float | None, upper: float | None, model: str) -> Study:
    from pydantic import ValidationError

    from intercoder.core.errors import InputError
    from intercoder.graphs.merging.merge_jobs import with_options
    from intercoder.llms.references import parse_reference

    if model:
        parse_reference(model)
    try:
        return with_options(folder.study, stage=stage, lower=lower, upper=upper, model=model)
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        name = "".join(f"--{part}" for part in detail["loc"]) or "--lower, --upper"
        reason = detail["msg"].removeprefix("Value error, ")
        raise InputError(
            f"{reason[:1].lower()}{reason[1:]}.", where=name, remedy="Distances go from 0 to 2, lower first."
        ) from None


def _check_alone(*, inspect: bool, undo: str, dry_run: bool) -> None:
    from intercoder.core.errors import InputError

    if sum(map(bool, (inspect, undo, dry_run))) > 1:
        raise InputError(
            "`--inspect`, `--undo` and `--dry-run` each stand alone.", remedy="Leave all but one of them out."
        )
