"""Merges and themes of a study: begin, undo and accept them, and look at what a threshold would do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import closing

from intercoder.agents.definer import MOST_PASSAGES, PASSAGE_LENGTH
from intercoder.core.coding.concepts import Concept, Theme, union
from intercoder.core.errors import StudyError
from intercoder.core.protocols import Run
from intercoder.core.record import Record
from intercoder.core.study import Merging, Study
from intercoder.graphs.checks import check_settings, problems
from intercoder.graphs.jobs import JobResult, job_result
from intercoder.graphs.merging.inspecting import Pair, near_threshold
from intercoder.graphs.merging.theming import FEWEST_CODES
from intercoder.llms.embeddings import CachedEmbedder
from intercoder.llms.factory import check_reference, embedder
from intercoder.llms.references import parse_reference
from intercoder.stores.codebooks.concepts import read_code_spaces, undo
from intercoder.stores.codebooks.counted_codebooks import latest_codebook
from intercoder.stores.codebooks.themes import SqlThemeStore, accept, plain_codes
from intercoder.stores.database import reading, writing
from intercoder.stores.lease import Lease
from intercoder.stores.runs.runs import SqlStudyStore, create_follow_up, list_runs
from intercoder.stores.study_folder import StudyFolder
from intercoder.stores.vectors import SqlVectorCache

STEPS = (1, 2, 4, 5)
"""Steps that a merge takes at least, by its last stage."""


class MergePlan(Record):
    """What a merge would do."""

    run: str
    """The run whose labels would be merged."""
    labels: int
    concepts: int
    """After stage 1, which asks nobody."""
    stage: int
    lower: float
    upper: float
    definer: str
    definer_goes_to: str
    definitions: int
    """Most questions of stage 3; each merge of stages 3 and 4 is one more."""
    characters: int
    """Most characters of text that the definer would be shown for them."""
    embeddings: str
    embeddings_go_to: str
    obstacles: tuple[str, ...]


def with_options(
    study: Study,
    *,
    stage: int | None = None,
    lower: float | None = None,
    upper: float | None = None,
    model: str = "",
) -> Study:
    """The settings with a command's options in place of those of study.toml.

    Raises:
        ValueError: A threshold is out of range, or they are out of order.
    """
    given = {"stage": stage, "lower": lower, "upper": upper}
    chosen = {name: value for name, value in given.items() if value is not None}
    wanted = study.merging.model_dump() | chosen
    if wanted["stage"] < 4 and upper is None:
        wanted["upper"] = max(wanted["lower"], wanted["upper"])  # not looked at before stage 4
    merging = Merging.model_validate(wanted)
    definer = study.definer.model_copy(update={"model": model} if model else {})
    themer = study.themer.model_copy(update={"model": model} if model else {})
    return study.model_copy(update={"merging": merging, "definer": definer, "themer": themer})


def coded_run(folder: StudyFolder, name: str = "") -> Run:
    """The finished inductive run of that name, or the latest.

    Raises:
        StudyError: There is none, it is of another kind, or it is not finished.
    """
    runs = [run for run in list_runs(folder.engine, folder.study.id) if run.graph == "inductive"]
    if name:
        run = SqlStudyStore(folder.engine, folder.study.id).run(name)
        if run.graph != "inductive":
            known = ", ".join(one.id for one in runs) or "none yet"
            raise StudyError(f"`{name}` is not an inductive run.", remedy=f"Inductive runs: {known}.")
        runs = [run]
    if not runs:
        raise StudyError(
            "the study has no run yet.", remedy=f"Start one: `intercoder run inductive {folder.argument}`."
        )
    done = [run for run in runs if run.over]
    if not done:
        raise StudyError(
            f"`{runs[-1].id}` is not finished.", remedy=f"Finish it first: `intercoder resume {folder.argument}`."
        )
    return done[-1]


def begin_merge(folder: StudyFolder, study: Study, name: str = "") -> Run:
    """Begin a merge of what the coders and moderators of a run said.

    Args:
        folder: The study.
        study: Its settings, with the options of this merge.
        name: The run; by default the latest finished inductive one.

    Raises:
        StudyError: See `coded_run`; or the run gave no labels.
        ModelError, SettingsError: See `check_settings`.
    """
    source = coded_run(folder, name)
    check_settings(study, folder.prompts, "merge")
    if not _concepts(folder, source):
        raise StudyError(f"`{source.id}` gave no labels, so there is nothing to merge.")
    with writing(folder.engine) as connection:
        return create_follow_up(connection, study, "merge", source, total=STEPS[study.merging.stage - 1])


def undo_merge(folder: StudyFolder, run_id: str) -> JobResult:
    """Undo a merge; the codebook of before is the latest version again, under a new number.

    Raises:
        StudyBusy: A run is at work on the study.
        StudyError: See `stores.codebooks.concepts.undo`.
    """
    with Lease(folder.engine, folder.study.id, f"undo of {run_id}"):
        version = undo(folder.engine, folder.study.id, run_id)
        return job_result(folder, SqlStudyStore(folder.engine, folder.study.id).run(run_id), version)


def plan_merge(folder: StudyFolder, study: Study, name: str = "") -> MergePlan:
    """Plan a merge without calling or loading any model.

    Raises:
        StudyError: See `coded_run`.
    """
    source = coded_run(folder, name)
    concepts = _concepts(folder, source)
    model = study.writer_model(study.definer)
    asked = concepts if study.merging.stage > 2 else []
    return MergePlan(
        run=source.id,
        labels=sum(len(concept.alternatives) for concept in concepts),
        concepts=len(concepts),
        **study.merging.model_dump(),
        definer=model if asked else "",
        definer_goes_to=parse_reference(model).location if asked else "",
        definitions=len(asked),
        characters=sum(min(len(concept.examples), MOST_PASSAGES) * PASSAGE_LENGTH for concept in asked),
        embeddings=study.embedding.model,
        embeddings_go_to=parse_reference(study.embedding.model).location,
        obstacles=tuple(str(problem) for problem in problems(study, folder.prompts, "merge")),
    )


def inspect_threshold(folder: StudyFolder, study: Study, name: str = "") -> list[Pair]:
    """The pairs of labels whose distance is next to the strict threshold: ten under it, ten over it.

    Raises:
        StudyError: See `coded_run`.
        ModelError: The embedding model cannot be used.
    """
    source = coded_run(folder, name)
    check_reference(study.embedding.model, study.privacy, use="embedding")
    labels = [concept.label for concept in _concepts(folder, source)]
    with closing(SqlVectorCache(folder.vectors, study.embedding.model)) as cache:
        embeddings = CachedEmbedder(embedder(study.embedding.model, privacy=study.privacy), cache)
        vectors = asyncio.run(embeddings.embed(labels))
    return near_threshold(labels, vectors, study.merging.lower)


def begin_themes(folder: StudyFolder, study: Study) -> Run:
    """Begin the search for themes in the latest codebook.

    Raises:
        StudyError: There is no codebook, or it has too few codes.
        ModelError, SettingsError: See `check_settings`.
    """
    book = latest_codebook(folder.engine, folder.study.id)
    codes = plain_codes(book.codes)
    if len(codes) < FEWEST_CODES:
        raise StudyError(
            f"codebook version {book.version} has {len(codes)} codes; themes need {FEWEST_CODES} or more.",
            remedy="Code more segments first.",
        )
    check_settings(study, folder.prompts, "themes")
    source = SqlStudyStore(folder.engine, folder.study.id).run(book.run) if book.run else coded_run(folder)
    with writing(folder.engine) as connection:
        return create_follow_up(connection, study, "themes", source, total=len(codes), version=book.version)


def accept_themes(folder: StudyFolder) -> JobResult:
    """Make the themes that were proposed last the upper level of the codebook.

    Raises:
        StudyBusy: A run is at work on the study.
        StudyError: No themes were proposed, or the codebook has changed since.
    """
    runs = [run for run in list_runs(folder.engine, folder.study.id) if run.graph == "themes"]
    if not runs:
        raise StudyError(
            "no themes were proposed yet.", remedy=f"Find some first: `intercoder themes {folder.argument}`."
        )
    with Lease(folder.engine, folder.study.id, f"accepting {runs[-1].id}"):
        version = accept(folder.engine, folder.study.id, runs[-1].id)
        return job_result(folder, runs[-1], version)


def proposed_themes(folder: StudyFolder, run: Run) -> Sequence[Theme]:
    """The themes that a run proposes."""
    return SqlThemeStore(folder.engine, folder.study.id).themes(run.id)


def _concepts(folder: StudyFolder, source: Run) -> list[Concept]:
    with reading(folder.engine) as connection:
        return union(read_code_spaces(connection, folder.study.id, source))
