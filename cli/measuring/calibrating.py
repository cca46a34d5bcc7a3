"""`calibrate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from intercoder.cli.studies.studies import JsonOption, StudyArgument

if TYPE_CHECKING:
    from intercoder.stores.study_folder import StudyFolder


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("calibrate")(calibrate)


def calibrate(
    directory: StudyArgument,
    sample: Annotated[str, typer.Option("--sample", help="The sample that people coded.")] = "calibration",
    plan: Annotated[
        bool, typer.Option("--plan", help="Before anyone codes: what samples of several sizes would show.")
    ] = False,
    people: Annotated[int, typer.Option(min=1, max=20, help="For --plan: how many people will code.")] = 2,
    people_agreement: Annotated[
        float, typer.Option(min=0.01, max=1, help="For --plan: kappa of people with each other.")
    ] = 0.75,
    model_agreement: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="For --plan: kappa of the model with people; as people's else."),
    ] = None,
    enriched: Annotated[
        bool, typer.Option("--enriched", help="For --plan: a sample drawn by the model's own answers.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Hold the model against people on a sample they coded blind: agreement, intervals, a verdict for each code.

    Example: `intercoder calibrate repair --plan`
    """
    from intercoder.cli.coding.running import execute_job, open_quietly

    folder = open_quietly(directory)
    from intercoder.graphs.deductive.deductive_jobs import begin_calibration

    if plan:
        _plan(folder, people, people_agreement, model_agreement, enriched=enriched, json=json)
        return
    execute_job(folder, lambda: begin_calibration(folder, sample), json=json)


def _plan(
    folder: StudyFolder,
    people: int,
    people_agreement: float,
    model_agreement: float | None,
    *,
    enriched: bool,
    json: bool,
) -> None:
    from intercoder.cli.measuring.calibration_results import print_planned
    from intercoder.cli.output import print_json
    from intercoder.evals.calibration_plan import SIZES, plan
    from intercoder.formats.coding_sheets import sheet_codes
    from intercoder.graphs.deductive.deductive_jobs import assumed_prevalence, corpus_size
    from intercoder.stores.codebooks.current_book import current_book
    from intercoder.stores.corpus.enrichment import SHARE

    book = current_book(folder)
    segments = corpus_size(folder)
    sizes = (
        SIZES if segments is None else sorted({*(size for size in SIZES if size < segments), min(segments, 300)})
    )
    asked = {code.id for code in sheet_codes(book)}
    found = plan(
        {code: share for code, share in assumed_prevalence(folder, book).items() if code in asked},
        people=people,
        people_agreement=people_agreement,
        model_agreement=model_agreement,
        draw="enriched" if enriched else "random",
        enriched=SHARE,
        sizes=sizes,
        population=segments,
        settings=folder.study.calibration,
    )
    if json:
        labels = {code.id: code.label for code in book.codes}
        for row in found.rows:
            print_json({**row.model_dump(), "label": labels[row.code]})
        return
    print_planned(book, found)
    most = min(100, segments or 100)
    print(f"Next: intercoder sample {folder.argument} calibration -n {most} --coder YOUR-NAME")
