"""`run codevelop` and `run final`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intercoder.cli.author import author_name
from intercoder.cli.studies.studies import JsonOption, StudyArgument, UnitChoice

if TYPE_CHECKING:
    from collections.abc import Callable

    from intercoder.core.protocols import Run
    from intercoder.stores.study_folder import StudyFolder

SeedOption = Annotated[int | None, typer.Option("--seed", "-s", help="Seed of the sample.")]
StratifyOption = Annotated[str, typer.Option(help="Attribute to stratify the sample by; `speaker` works.")]
SkipOption = Annotated[
    list[str] | None,
    typer.Option(help="Leave a speaker's segments out, such as the interviewer's; may be repeated."),
]
UnitOption = Annotated[
    UnitChoice | None, typer.Option("--unit", "-u", help="Which segments, if cut in several ways.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done; calls nothing.")]


def run_codevelop(
    directory: StudyArgument,
    sample: Annotated[
        int | None, typer.Option("--sample", "-n", min=1, help="Segments to draw; study.toml says how many else.")
    ] = None,
    seed: SeedOption = None,
    stratify: StratifyOption = "",
    skip_speaker: SkipOption = None,
    unit: UnitOption = None,
    answers: Annotated[
        Path | None, typer.Option(help="A file of answers to revisions, for runs without a person (TOML).")
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="Begin anew though an earlier one is not finished.")] = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Try the codebook on a sample, test for guessing, and let the reviser propose changes; then wait for people.

    Run it again when the revisions are answered: it goes on with a new version, and codes again only what changed.
    Exits with 3 while revisions wait.

    Example: `intercoder run codevelop repair -n 100`
    """
    from intercoder.cli.coding.running import execute_job, open_quietly

    folder = open_quietly(directory)
    from intercoder.graphs.deductive.deductive_jobs import begin_development, present_development, same_segments
    from intercoder.graphs.new_run_plans import development_scope
    from intercoder.stores.codebooks.current_book import current_book

    going = None if new else present_development(folder)
    answer = _answers(folder, answers) if answers else lambda run: False
    development = folder.study.development
    chosen = development.model_copy(
        update={
            "sample": development.sample if sample is None else sample,
            "seed": development.seed if seed is None else seed,
            "stratify": stratify or development.stratify,
        }
    )
    study = folder.study.model_copy(update={"development": chosen})
    scope = development_scope(folder, chosen, unit.value if unit else None, skip_speaker or ())
    if dry_run:
        from intercoder.cli.coding.plans import print_plan
        from intercoder.graphs.deductive.deductive_planning import plan_deductive

        book = current_book(folder)
        plan = plan_deductive(folder, study, book, book.leaves, scope, graph="codevelop")
        print_plan(plan, json=json)
        return

    if going is not None and any((sample, seed is not None, stratify, unit, skip_speaker)):
        going = same_segments(folder, going, scope)

    def begin() -> Run:
        return going or begin_development(folder, study, scope)

    if going is not None and going.status == "waiting":
        answer(going)
    execute_job(folder, begin, json=json, answer=answer)


def run_final(
    directory: StudyArgument,
    everything: Annotated[bool, typer.Option("--all", help="Code all segments.")] = False,
    sample: Annotated[int | None, typer.Option("--sample", "-n", min=1, help="Draw so many at random.")] = None,
    seed: SeedOption = None,
    stratify: StratifyOption = "",
    skip_speaker: SkipOption = None,
    unit: UnitOption = None,
    override: Annotated[
        list[str] | None, typer.Option(help="A code to be coded though it is not ready; may be repeated.")
    ] = None,
    note: Annotated[str, typer.Option(help="Why a code is coded all the same; the report shows it.")] = "",
    by: Annotated[str, typer.Option(help="Who says so; by default you.")] = "",
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Code the final data set with the codes that calibration found ready, and estimate how frequent they are.

    Example: `intercoder run final repair --all`
    """
    from intercoder.cli.coding.running import execute_job, open_quietly
    from intercoder.core.errors import InputError
    from intercoder.stores.corpus.samples import Scope

    if everything == (sample is not None):
        raise InputError("say how much to code.", remedy="Give `--all`, or `-n 1000` for a random sample.")
    if override and not note.strip():
        raise InputError("an override needs a reason.", where="--note", remedy='Add `--note "why"`.')
    folder = open_quietly(directory)
    scope = Scope(
        unit=unit.value if unit else None,
        sample=sample,
        seed=seed or 0,
        stratify=stratify,
        skip_speakers=tuple(skip_speaker or ()),
    )
    from intercoder.graphs.deductive.final_jobs import begin_final, final_codes

    overrides = dict.fromkeys(override or (), note.strip())
    author = author_name(by, "--by") if overrides else ""
    if dry_run:
        from intercoder.cli.coding.plans import print_plan
        from intercoder.graphs.deductive.deductive_planning import plan_deductive

        book, codes, _ = final_codes(folder, overrides, author)
        print_plan(plan_deductive(folder, folder.study, book, codes, scope, graph="final"), json=json)
        return
    execute_job(folder, lambda: begin_final(folder, scope, overrides, author), json=json)


def _answers(folder: StudyFolder, file: Path) -> Callable[[Run], bool]:
    from intercoder.formats.answers_files import read_answers
    from intercoder.graphs.codebook.answering import apply_answers

    given = read_answers(file)
    return lambda run: bool(apply_answers(folder, run.id, given).answered)
