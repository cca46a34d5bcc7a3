"""Jobs of deductive coding on a study: begin them, and hold what a model decided against people's codings."""

from __future__ import annotations

import json
from collections.abc import Mapping

from intercoder.core.codebook import Code, Codebook
from intercoder.core.coding.deduction import FINAL, PATTERN, CoderValues, final_of
from intercoder.core.decisions import Value
from intercoder.core.deductive_settings import DeductiveCoderSettings
from intercoder.core.errors import InputError, StudyError
from intercoder.core.protocols import Run
from intercoder.core.study import Study
from intercoder.evals.calibration import CodeCalibration, calibrate
from intercoder.evals.calibration_plan import observed_prevalence
from intercoder.formats.recorded_answers import read_recorded
from intercoder.graphs.checks import check_settings
from intercoder.graphs.deductive.asked_alike import would_ask_alike
from intercoder.graphs.deductive.classifier_checks import check_classifiers
from intercoder.graphs.deductive.teams import Recorded
from intercoder.stores.classifiers.learnt import unlearnt
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.codebooks.current_book import current_book
from intercoder.stores.codebooks.development import begin_development_run
from intercoder.stores.codebooks.verdicts import write_verdicts
from intercoder.stores.corpus.named_samples import sample_names
from intercoder.stores.corpus.samples import Scope, choose
from intercoder.stores.corpus.segments import sample_ids
from intercoder.stores.database import reading
from intercoder.stores.people.human_codings import human_values, read_sample
from intercoder.stores.runs.deductions import coder_values, create_deductive_run, final_values, is_moderated
from intercoder.stores.runs.recorded import match
from intercoder.stores.runs.runs import list_runs
from intercoder.stores.study_folder import StudyFolder


def present_development(folder: StudyFolder) -> Run | None:
    """The development run to go on with: one that is not over, or one that ended with the codebook as it is."""
    runs = [
        run
        for run in list_runs(folder.engine, folder.study.id)
        if run.graph == "codevelop" and run.status != "undone"
    ]
    if not runs or (runs[-1].over and runs[-1].codebook_version != current_book(folder).version):
        return None
    return runs[-1]


def begin_development(folder: StudyFolder, study: Study, scope: Scope) -> Run:
    """Begin the development of the latest codebook on a sample, in place of one that is not over.

    Args:
        folder: The study.
        study: Its settings, with the options of this run.
        scope: Where the sample is drawn from.

    Raises:
        StudyError: There is no codebook.
        InputError: The scope is empty or not clear.
        ModelError, SettingsError: See `check_settings`.
    """
    book = current_book(folder)
    check_settings(study, folder.prompts, "codevelop")
    check_classifiers(study, folder.classifiers, book, book.leaves, "codevelop")
    return begin_development_run(folder.engine, study, scope)


def begin_calibration(folder: StudyFolder, sample: str) -> Run:
    """The run that codes a calibration sample with the latest codebook: one that is there, or a new one.

    Raises:
        StudyError: There is no codebook, or nobody has coded the sample.
        InputError: There is no such sample.
        ModelError, SettingsError: See `check_settings`.
    """
    book = current_book(folder)
    people_of(folder, sample, book)
    for run in reversed(list_runs(folder.engine, folder.study.id)):
        same = run.graph == "calibrate" and (run.sample, run.codebook_version) == (sample, book.version)
        if same and would_ask_alike(folder, run):
            return run
    check_settings(folder.study, folder.prompts, "calibrate")
    check_classifiers(folder.study, folder.classifiers, book, book.leaves, "calibrate")
    codes = [code.id for code in book.leaves]
    return create_deductive_run(folder.engine, folder.study, "calibrate", book, codes, sample)


def people_of(folder: StudyFolder, sample: str, book: Codebook, run: Run | None = None) -> list[CoderValues]:
    """What people decided about a sample's segments, of codes that the book shows as they saw them.

    Segments that a classifier or an adapter of the study's coders learnt from are left out (see `left_out`).

    Args:
        folder: The study.
        sample: The sample's name.
        book: The codebook.
        run: The run whose coders are held against people; by default the study's coders of now.

    Raises:
        InputError: There is no such sample.
        StudyError: Nobody has coded it yet, every code was changed since, or coders learnt from all of it.
    """
    with reading(folder.engine) as connection:
        known = sample_names(connection, folder.study.id)
    if known and sample not in known:
        raise InputError(
            f"there is no sample `{sample}`.", where="--sample", remedy=f"There are: {', '.join(known)}."
        )
    said = human_values(folder.engine, folder.study.id, sample, under=book)
    people, learnt = unlearnt(folder, said, [run] if run else [])
    if learnt and not any(person.values for person in people):
        raise StudyError(
            f"a classifier or an adapter learnt from all {learnt:,} segments of the sample `{sample}` that people "
            "coded, or nobody can tell: it was trained anew, or is not there any more, or has no card.",
            remedy="Draw a new sample under another name and have it coded, so that the coder is held against what "
            "it never saw. What has no card is made anew with `intercoder distill` or `intercoder train lora`.",
        )
    if people and not any(person.values for person in people):
        raise StudyError(
            f"every code was changed since people coded the sample `{sample}`.",
            remedy="Draw a new sample under another name and have it coded with the codebook as it is now.",
        )
    if not people:
        raise StudyError(
            f"nobody has coded the sample `{sample}` yet.",
            remedy=f"Write a sheet with `intercoder sample {folder.argument} {sample} --coder NAME`, fill it in, "
            f"and read it back with `intercoder import-coding {folder.argument} FILE`.",
        )
    return people


def judge(folder: StudyFolder, run: Run) -> dict[str, dict[str, CodeCalibration]]:
    """Hold what a calibration run decided against people's codings, and keep the verdicts.

    Returns:
        Coder's name -> code id -> calibration. The first coder is `final`, what stands in the end; the others
        follow where there are several.
    """
    weights = read_sample(folder.engine, folder.study.id, run.sample).weights
    with reading(folder.engine) as connection:
        book = read_version(connection, folder.study.id, run.codebook_version)
    people = people_of(folder, run.sample, book, run)
    with reading(folder.engine) as connection:
        values = coder_values(connection, folder.study.id, run)
    moderated = is_moderated(run)
    coders = [final_of(values, moderated=moderated)]
    coders += [one for one in values if moderated and one.role == "coder" and one.name != PATTERN]
    codes = [code.id for code in book.leaves]
    found: dict[str, dict[str, CodeCalibration]] = {}
    for coder in coders:
        of_coder = calibrate(people, coder, codes, weights=weights, settings=folder.study.calibration)
        kept = {code_id: (one.verdict, one) for code_id, one in of_coder.items()}
        write_verdicts(folder.engine, folder.study.id, run.id, coder.name, book.leaves, kept)
        found[coder.name] = of_coder
    return found


def left_out(folder: StudyFolder, run: Run) -> int:
    """How many segments of a calibration run's sample people coded and one of its coders learnt from."""
    people = human_values(folder.engine, folder.study.id, run.sample)
    return unlearnt(folder, people, [run]).left_out


def corpus_size(folder: StudyFolder) -> int | None:
    """Segments that there are to be coded; None where that is not clear, as with several units."""
    try:
        return len(choose(folder.engine, folder.study.id, Scope()))
    except InputError:
        return None


def assumed_prevalence(folder: StudyFolder, book: Codebook) -> dict[str, float]:
    """How often each code is thought to apply before anyone codes: as the latest run about it says, or a fifth."""
    codes = [code.id for code in book.leaves]
    decided: dict[str, Mapping[str, Value]] = {}
    for run in list_runs(folder.engine, folder.study.id):
        if run.deductive:
            decided |= final_values(folder.engine, folder.study.id, run).values
    return observed_prevalence(CoderValues(name=FINAL, role="moderator", values=decided), codes)


def reads_segments(folder: StudyFolder, run: Run, scope: Scope) -> bool:
    """Whether a run reads the segments that a scope comes to."""
    with reading(folder.engine) as connection:
        drawn = sample_ids(connection, folder.study.id, run.sample)
    return drawn == [row.segment_id for row in choose(folder.engine, folder.study.id, scope)]


def replays(folder: StudyFolder, settings: DeductiveCoderSettings, book: Codebook) -> Mapping[int, Recorded]:
    """The recorded answers of a coder that replays a table: attempt -> (segment id, code id) -> answer.

    Raises:
        InputError: The table cannot be read, or names what the study does not hold.
    """
    return match(folder, book, read_recorded(folder.path / settings.replay, settings.name))


def as_json(found: Mapping[str, Mapping[str, CodeCalibration]]) -> dict[str, dict[str, object]]:
    """Calibrations as plain values; null where undefined."""
    return {
        coder: {code: json.loads(one.model_dump_json()) for code, one in codes.items()}
        for coder, codes in found.items()
    }


def named_code(book: Codebook, name: str, where: str) -> Code:
    """The code of that label or id.

    Raises:
        InputError: There is none; the nearest label is named.
    """
    from difflib import get_close_matches

    wanted = " ".join(name.split()).casefold()
    for code in book.leaves:
        if name == code.id or wanted == " ".join(code.label.split()).casefold():
            return code
    labels = [code.label for code in book.leaves]
    near = get_close_matches(name, labels, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}?" if near else f"Codes are: {', '.join(labels[:12])}."
    raise InputError(f"there is no code {name!r} in codebook version {book.version}.", where=where, remedy=hint)


def same_segments(folder: StudyFolder, run: Run, scope: Scope) -> Run | None:
    """The run, if it reads the segments that are asked for; None for one that is over and read others.

    Raises:
        InputError: It is under way with other segments.
    """
    if reads_segments(folder, run, scope):
        return run
    if run.over:
        return None
    began = Study.model_validate_json(run.settings).development
    raise InputError(
        f"`{run.id}` is under way with another sample: {run.total:,} segments, seed {began.seed}"
        + (f", stratified by {began.stratify}." if began.stratify else ", not stratified."),
        where="--sample",
        remedy="Leave the options of the sample out to go on with it, or begin anew with `--new`.",
    )
