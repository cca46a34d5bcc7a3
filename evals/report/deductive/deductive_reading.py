"""Reading a deductive run for a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.core.codebook import Codebook
from intercoder.core.coding.deduction import CoderValues, final_of, values_of
from intercoder.core.coding.findings import CodeFindings, Excerpt
from intercoder.core.decisions import Decision
from intercoder.core.documents import Segment
from intercoder.core.errors import StudyError
from intercoder.core.protocols import Run
from intercoder.core.revisions import RecordedRevision
from intercoder.core.study import Study
from intercoder.evals.final_estimates import FinalEstimates
from intercoder.evals.report.deductive.calibration_reading import calibrated, human_decisions_of
from intercoder.evals.report.deductive.deductive_contents import Calibrated, DeductiveContents, Version
from intercoder.evals.report.deductive.kept_decisions import kept_decisions, other_decisions
from intercoder.evals.report.excerpts import clear_examples, excerpts, stated
from intercoder.stores import schema
from intercoder.stores.classifiers.classifier_folders import read_evaluations, read_grids
from intercoder.stores.codebooks.codebooks import complete_versions, read_version
from intercoder.stores.codebooks.revisions import recorded_revisions
from intercoder.stores.codebooks.verdicts import read_overrides
from intercoder.stores.corpus.named_samples import find_sample
from intercoder.stores.corpus.segments import read_segments
from intercoder.stores.database import reading
from intercoder.stores.runs.deductions import BLOCK, is_moderated, read_rounds, standing
from intercoder.stores.runs.recodings import failed_questions, run_recodings
from intercoder.stores.runs.runs import get_run
from intercoder.stores.study_folder import StudyFolder

MOST = 20_000
"""Decisions that a report holds at most."""
GRAPHS = ("codevelop", "deductive", "calibrate", "final")
"""Graphs whose runs code with a codebook that stands before."""


def gather_deductive(
    folder: StudyFolder,
    run: Run,
    findings: Mapping[str, CodeFindings],
    *,
    estimates: FinalEstimates | None = None,
    human_seconds: float | None = None,
    most: int = MOST,
) -> DeductiveContents:
    """Read a deductive run for a report.

    Args:
        folder: The study.
        run: The run, finished or not.
        findings: What its tests say and which passages show it, by code id
            (`graphs.deductive.findings.gather_findings`).
        estimates: Of a final run, what it says of all texts (`graphs.deductive.estimating.estimates_of`).
        human_seconds: Seconds that a person takes for a document, if known.
        most: Decisions that the report holds at most.

    Raises:
        StudyError: The run has decided nothing yet.
    """
    study_id = folder.study.id
    with reading(folder.engine) as connection:
        rounds = tuple(read_rounds(connection, study_id, run.id))
        versions = tuple(_versions(connection, study_id, run.codebook_version))
        sample = find_sample(connection, study_id, run.sample)
        assert sample is not None
        values, stands = _standing(connection, study_id, run, versions[-1].book)
        failures = tuple(failed_questions(connection, study_id, run.id))
        changes = run_recodings(connection, study_id, run)
        date, seconds = _worked(connection, study_id, run)
        reused = _reused(connection, study_id, run)
    if not values:
        raise StudyError(
            f"`{run.id}` has no decision yet.", remedy=f"Go on with it: `intercoder resume {folder.argument}`."
        )
    revisions = tuple(_revisions(folder, run))
    found = calibrated(folder, run, versions[-1].book, final_of(values, moderated=is_moderated(run)))
    findings = _with_examples(folder, run, findings, values)
    cited = {
        *(said.decision_id for one in findings.values() for passage in one.excerpts for said in passage.said),
        *(decision for one in revisions for decision in one.revision.evidence),
        *(decision.id for one in changes for change in one.changed for decision in change),
        *(said.decision_id for passage in _passages(found) for said in passage.said),
    }
    with reading(folder.engine) as connection:
        kept = kept_decisions(connection, study_id, run, cited, most)
        people = human_decisions_of(connection, study_id, found)
        others = other_decisions(connection, study_id, run, cited)
        more = (*people, *others)
        kept = kept._replace(decisions=(*kept.decisions, *more), total=kept.total + len(more))
        wanted = {one.segment_id for one in kept.decisions} | _shown(findings, found)
        samples = [run.sample, *([found.sample.name] if found else [])]
        samples += [get_run(connection, study_id, name).sample for name in sorted({one.run for one in others})]
        segments = _segments(connection, study_id, samples, wanted)
        documents = _documents(connection, study_id, run)
    return DeductiveContents(
        study=Study.model_validate_json(run.settings),
        run=run,
        date=date,
        seconds=seconds,
        reused=reused,
        human_seconds=human_seconds,
        documents=documents,
        sample=sample,
        versions=versions,
        rounds=rounds,
        findings=findings,
        values=values,
        kept=kept,
        standing=frozenset(one.id for one in kept.decisions if one.run != run.id or one.id in stands),
        segments=segments,
        revisions=revisions,
        recodings=changes,
        calibrated=found,
        overrides=tuple(read_overrides(folder.engine, study_id, run.id)),
        failures=failures,
        estimates=estimates,
        evaluations=read_evaluations(folder.path),
        grids=read_grids(folder.path),
    )


def _standing(
    connection: Connection, study_id: str, run: Run, book: Codebook
) -> tuple[tuple[CoderValues, ...], set[str]]:
    """What stands, by coder, and the ids of these decisions; read once, as there may be many."""
    ids: set[str] = set()

    def seen() -> Iterator[Decision]:
        for one in standing(connection, study_id, run):
            ids.add(one.decision.id)
            yield one.decision

    return tuple(values_of(book, seen())), ids


def _versions(connection: Connection, study_id: str, last: int) -> Iterator[Version]:
    table = schema.codebook_versions
    query = sa.select(table).where(table.c.study_id == study_id)
    made = {row.version: row for row in connection.execute(query)}
    for number in complete_versions(connection, study_id):
        if number <= last:
            row = made[number]
            book = read_version(connection, study_id, number)
            yield Version(book, row.author or row.run, row.created_at)


def _worked(connection: Connection, study_id: str, run: Run) -> tuple[str, float]:
    """Day of the last change, and seconds of work."""
    runs = schema.runs
    query = sa.select(runs.c.changed_at, runs.c.seconds).where(runs.c.study_id == study_id, runs.c.run == run.id)
    row = connection.execute(query).one()
    return str(row.changed_at)[:10], float(row.seconds)


def _reused(connection: Connection, study_id: str, run: Run) -> float:
    """Share of the answers behind a run's decisions that an earlier run had asked for; 0 where there are none."""
    table, answers = schema.decisions, schema.answers
    same = sa.and_(answers.c.study_id == table.c.study_id, answers.c.key == table.c.answer_key)
    query = (
        sa.select(answers.c.run, sa.func.count(sa.distinct(answers.c.key)).label("keys"))
        .select_from(table.join(answers, same))
        .where(table.c.study_id == study_id, table.c.run == run.id)
        .group_by(answers.c.run)
    )
    counts = {row.run: row.keys for row in connection.execute(query)}
    total = sum(counts.values())
    return (total - counts.get(run.id, 0)) / total if total else 0.0


def _revisions(folder: StudyFolder, run: Run) -> Iterator[RecordedRevision]:
    """What led to the run's codebook, and what its own rounds proposed."""
    for one in recorded_revisions(folder.engine, folder.study.id):
        if one.revision.run == run.id or max(one.version, one.revision.base_version) <= run.codebook_version:
            yield one


def _with_examples(
    folder: StudyFolder, run: Run, findings: Mapping[str, CodeFindings], values: Sequence[CoderValues]
) -> dict[str, CodeFindings]:
    """The findings with clear cases beside the passages that were chosen because they are not."""
    wanted = {
        code: clear_examples(values, code, {one.segment_id for one in found.excerpts})
        for code, found in findings.items()
    }
    study_id = folder.study.id
    segments = {segment for of_code in wanted.values() for segment in of_code}
    with reading(folder.engine) as connection:
        said = [one.decision for one in standing(connection, study_id, run) if one.decision.segment_id in segments]
        added = excerpts(connection, study_id, wanted, stated(connection, study_id, said))
    return {
        code: found.model_copy(update={"excerpts": (*found.excerpts, *added.get(code, ()))})
        for code, found in findings.items()
    }


def _passages(found: Calibrated | None) -> list[Excerpt]:
    return [passage for passages in found.differing.values() for passage in passages] if found else []


def _shown(findings: Mapping[str, CodeFindings], found: Calibrated | None) -> set[str]:
    """Segments of the passages that are shown."""
    passages = [passage for one in findings.values() for passage in one.excerpts]
    return {passage.segment_id for passage in (*passages, *_passages(found))}


def _segments(
    connection: Connection, study_id: str, samples: Sequence[str], wanted: set[str]
) -> dict[str, Segment]:
    found: dict[str, Segment] = {}
    for sample in dict.fromkeys(samples):
        known = find_sample(connection, study_id, sample)
        for start in range(0, known.size if known else 0, BLOCK):
            block = read_segments(connection, study_id, sample, start, start + BLOCK)
            found.update((segment.id, segment) for segment in block if segment.id in wanted)
    return found


def _documents(connection: Connection, study_id: str, run: Run) -> int:
    """Documents of which the run reads anything."""
    drawn = schema.sample_segments
    query = (
        sa.select(drawn.c.source, drawn.c.version, drawn.c.document_position)
        .where(drawn.c.study_id == study_id, drawn.c.sample == run.sample)
        .distinct()
    )
    return int(connection.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one())
