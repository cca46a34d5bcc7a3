"""Reading the calibration that a run is, or rests on, for a report."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy.engine import Connection

from intercoder.core.codebook import Codebook
from intercoder.core.codebooks.codebook_diff import affected
from intercoder.core.coding.deduction import FINAL, CoderValues, is_final
from intercoder.core.coding.findings import Excerpt
from intercoder.core.decisions import Decision
from intercoder.core.protocols import Run
from intercoder.evals.calibration import CodeCalibration
from intercoder.evals.report.deductive.deductive_contents import Calibrated, CoderCalibration
from intercoder.evals.report.excerpts import excerpts, stated
from intercoder.stores.classifiers.learnt import unlearnt
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.codebooks.verdicts import StoredVerdict, read_verdicts
from intercoder.stores.corpus.named_samples import developed_on, find_sample, read_sample
from intercoder.stores.database import reading
from intercoder.stores.people.human_codings import human_decisions, human_values
from intercoder.stores.runs.deductions import final_values, is_moderated, standing
from intercoder.stores.runs.runs import SqlStudyStore, get_run
from intercoder.stores.study_folder import StudyFolder

EXCERPTS = 8
"""Passages shown of a code on which a person and the model differ."""


def calibrated(folder: StudyFolder, run: Run, book: Codebook, final: CoderValues) -> Calibrated | None:
    """The calibration of a calibration run; of a final run the latest of its codes as they were coded.

    Args:
        folder: The study.
        run: The run that is reported.
        book: Its codebook.
        final: What stands of it in the end.
    """
    verdicts = _verdicts(folder, run, book)
    if not verdicts:
        return None
    name = max(verdicts, key=lambda one: one.created_at).run
    calibration = run if run.id == name else SqlStudyStore(folder.engine, folder.study.id).run(name)
    with reading(folder.engine) as connection:
        as_seen = read_version(connection, folder.study.id, calibration.codebook_version)
    said = human_values(folder.engine, folder.study.id, calibration.sample, under=as_seen)
    people = tuple(unlearnt(folder, said, [calibration]).people)
    drawn = read_sample(folder.engine, folder.study.id, calibration.sample)
    model = final if run.id == name else final_values(folder.engine, folder.study.id, calibration)
    with reading(folder.engine) as connection:
        sample = find_sample(connection, folder.study.id, calibration.sample)
        assert sample is not None
        coded = {segment for person in people for values in person.values.values() for segment in values}
        return Calibrated(
            run=name,
            sample=sample,
            enriched=drawn.weights is not None,
            segments=len(coded),
            people=people,
            coders=tuple(_coders([one for one in verdicts if one.run == name])),
            differing=_differing(connection, folder.study.id, calibration, people, model, drawn.segment_ids),
            developed_on=developed_on(connection, folder.study.id, calibration.sample),
        )


def human_decisions_of(connection: Connection, study_id: str, found: Calibrated | None) -> list[Decision]:
    """People's decisions that stand about the calibration's sample."""
    return human_decisions(connection, study_id, found.sample.name) if found else []


def _verdicts(folder: StudyFolder, run: Run, book: Codebook) -> list[StoredVerdict]:
    if run.graph == "calibrate":
        return read_verdicts(folder.engine, folder.study.id, run=run.id)
    if run.graph != "final":
        return []
    stored = read_verdicts(folder.engine, folder.study.id)
    shown_alike = {run_id: _shown_alike(folder, run_id, book) for run_id in {one.run for one in stored}}
    return [one for one in stored if one.code_id in shown_alike[one.run]]


def _shown_alike(folder: StudyFolder, calibration: str, book: Codebook) -> set[str]:
    """Ids of the codes of a book of which its coders are shown what they were shown in a calibration."""
    with reading(folder.engine) as connection:
        version = get_run(connection, folder.study.id, calibration).codebook_version
        changed = affected(read_version(connection, folder.study.id, version), book)
    return {code.id for code in book.leaves} - set(changed)


def _coders(verdicts: Sequence[StoredVerdict]) -> Iterator[CoderCalibration]:
    """By coder, what stands in the end first."""
    names = dict.fromkeys(sorted((one.coder for one in verdicts), key=lambda name: (name != FINAL, name)))
    for name in names:
        of_coder = {one.code_id: one for one in verdicts if one.coder == name}
        yield CoderCalibration(
            name, {code: read_calibration(one.statistics) for code, one in of_coder.items()}, of_coder
        )


def read_calibration(statistics: Mapping[str, Any]) -> CodeCalibration:
    """A calibration from the numbers that are kept of it."""
    return CodeCalibration.model_validate(_defined(statistics))


def _defined(value: Any) -> Any:
    """JSON with its nulls as what they stand for: undefined numbers."""
    if isinstance(value, Mapping):
        return {name: _defined(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_defined(inner) for inner in value]
    return math.nan if value is None else value


def _differing(
    connection: Connection,
    study_id: str,
    calibration: Run,
    people: Sequence[CoderValues],
    model: CoderValues,
    order: Sequence[str],
) -> dict[str, tuple[Excerpt, ...]]:
    """Passages on which a person said Yes and the model No, or the other way round, code by code."""
    codes = dict.fromkeys(code for person in people for code in person.values)
    chosen = {code: _apart(code, people, model, order)[:EXCERPTS] for code in codes}
    moderated = is_moderated(calibration)
    decisions = human_decisions(connection, study_id, calibration.sample)
    decisions += [
        one.decision
        for one in standing(connection, study_id, calibration)
        if is_final(one.decision, moderated=moderated)
    ]
    return excerpts(connection, study_id, chosen, stated(connection, study_id, decisions))


def _apart(code: str, people: Sequence[CoderValues], model: CoderValues, order: Sequence[str]) -> list[str]:
    sides = {"yes", "no"}
    found = []
    for segment in order:
        answers = {person.of(code).get(segment) for person in people}
        mine = model.of(code).get(segment)
        if mine in sides and (sides - {mine}) & answers:
            found.append(segment)
    return found
