"""What a run would do that a person fills in: by the same dry runs as on the command line."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pydantic import ValidationError

from intercoder.core.codebook import Code, Codebook
from intercoder.core.deductive_settings import Development
from intercoder.core.documents import Unit
from intercoder.core.errors import InputError, StudyError
from intercoder.core.study import Study
from intercoder.graphs.checks import problems
from intercoder.graphs.deductive.deductive_jobs import people_of, present_development, same_segments
from intercoder.graphs.deductive.deductive_planning import plan_deductive
from intercoder.graphs.deductive.final_jobs import NotReady, final_codes
from intercoder.graphs.merging.merge_jobs import MergePlan, plan_merge, with_options
from intercoder.graphs.merging.theming import FEWEST_CODES
from intercoder.graphs.new_runs import NewRun
from intercoder.graphs.planning import ANSWER_TOKENS, Plan, plan_inductive, planned
from intercoder.llms.references import parse_reference
from intercoder.llms.usage import estimate_tokens
from intercoder.stores.codebooks.counted_codebooks import latest_codebook
from intercoder.stores.codebooks.current_book import current_book
from intercoder.stores.codebooks.development import SqlDevelopmentStore
from intercoder.stores.codebooks.themes import plain_codes
from intercoder.stores.corpus.samples import Scope, choose
from intercoder.stores.runs.runs import list_runs
from intercoder.stores.study_folder import StudyFolder


def plan_run(folder: StudyFolder, asked: NewRun) -> Plan | MergePlan:
    """What the run would do, without calling or loading any model: the same dry run as on the command line.

    Raises:
        IntercoderError: It could not begin; see the functions that plan and begin each graph.
    """
    study = folder.study
    if asked.graph == "inductive":
        return plan_inductive(folder, asked.scope)
    if asked.graph == "merge":
        return plan_merge(folder, _merging(study, asked), asked.run)
    if asked.graph == "themes":
        return plan_themes(folder, _merging(study, asked))
    if asked.graph == "final":
        book, codes = _final(folder, asked)
        return plan_deductive(folder, study, book, codes, asked.scope, graph="final")
    book = current_book(folder)
    if asked.graph == "calibrate":
        people_of(folder, asked.named_sample, book)
        return plan_deductive(folder, study, book, book.leaves, asked.named_sample, graph="calibrate")
    development = _development(study, asked)
    scope = development_scope(folder, development, asked.unit, asked.skip_speaker)
    going = None if asked.new else present_development(folder)
    if going is not None and _draws(asked):
        same_segments(folder, going, scope)
    chosen = study.model_copy(update={"development": development})
    return plan_deductive(folder, chosen, book, book.leaves, scope, graph="codevelop")


def development_scope(
    folder: StudyFolder, development: Development, unit: Unit | None, skip_speakers: Sequence[str]
) -> Scope:
    """Where a development's sample is drawn from: the size asked for, or everything where there is no more."""
    scope = Scope(unit=unit, skip_speakers=tuple(skip_speakers))
    if len(choose(folder.engine, folder.study.id, scope)) <= development.sample:
        return scope
    drawn = {"sample": development.sample, "seed": development.seed, "stratify": development.stratify}
    return scope.model_copy(update=drawn)


def goes_on_with(folder: StudyFolder, asked: NewRun) -> str:
    """The development that would be gone on with in place of a new one; empty for a run that is new."""
    going = present_development(folder) if asked.graph == "codevelop" and not asked.new else None
    return going.id if going is not None else ""


def gives_up(folder: StudyFolder, asked: NewRun) -> int:
    """How many revisions wait about which nobody would be asked any more, as the run takes another's place."""
    if asked.graph != "codevelop" or goes_on_with(folder, asked):
        return 0
    store = SqlDevelopmentStore(folder.engine, folder.study.id)
    runs = [run for run in list_runs(folder.engine, folder.study.id) if run.graph == "codevelop" and not run.over]
    return sum(len(store.waiting(run.id)) for run in runs)


def _final(folder: StudyFolder, asked: NewRun) -> tuple[Codebook, list[Code]]:
    try:
        book, codes, _ = final_codes(folder, dict.fromkeys(asked.override, asked.note), asked.by)
    except NotReady as error:
        raise StudyError(
            error.message,
            where="override",
            remedy="Start a calibrate run first; or name codes here that are coded all the same, and say why in "
            "`--note`, which the report shows.",
        ) from None
    return book, codes


def plan_themes(folder: StudyFolder, study: Study) -> Plan:
    """What the search for themes would ask: one question for each theme, of which there are twice the root at most.

    Raises:
        StudyError: There is no codebook.
    """
    codes = plain_codes(latest_codebook(folder.engine, study.id).codes)
    tokens = sum(estimate_tokens(f"{code.label}: {code.definition}") for code in codes)
    themes = min(math.floor(2 * math.sqrt(len(codes))), max(len(codes) - 1, 0))
    actor = planned(
        study,
        "themer",
        "themer",
        study.writer_model(study.themer),
        "labels and definitions of codes",
        tokens,
        themes,
        answer_tokens=ANSWER_TOKENS,
        at_most=True,
    )
    obstacles = [str(problem) for problem in problems(study, folder.prompts, "themes")]
    if len(codes) < FEWEST_CODES:
        obstacles.append(f"There are {len(codes)} codes; themes need {FEWEST_CODES} or more.")
    return Plan(
        segments=0,
        characters=0,
        codes=len(codes),
        actors=(actor,),
        embeddings=study.embedding.model,
        embeddings_go_to=parse_reference(study.embedding.model).location,
        obstacles=tuple(obstacles),
    )


def _draws(asked: NewRun) -> bool:
    return any((asked.sample, asked.seed is not None, asked.stratify, asked.unit, asked.skip_speaker))


def _development(study: Study, asked: NewRun) -> Development:
    usual = study.development
    return usual.model_copy(
        update={
            "sample": usual.sample if asked.sample is None else asked.sample,
            "seed": usual.seed if asked.seed is None else asked.seed,
            "stratify": asked.stratify or usual.stratify,
        }
    )


def _merging(study: Study, asked: NewRun) -> Study:
    if asked.model:
        parse_reference(asked.model)
    try:
        return with_options(study, stage=asked.stage, lower=asked.lower, upper=asked.upper, model=asked.model)
    except ValidationError:
        raise InputError(
            "the distances or the stage are out of range.",
            where="lower, upper, stage",
            remedy="Distances go from 0 to 2, lower first; stages from 1 to 4.",
        ) from None
