"""A study at a glance, as `intercoder status` shows it."""

from __future__ import annotations

import sqlalchemy as sa

from intercoder.core.coding.deduction import FINAL
from intercoder.core.decisions import Failure
from intercoder.core.protocols import Run
from intercoder.core.record import Record
from intercoder.stores import schema
from intercoder.stores.codebooks.revisions import newest, recorded_revisions
from intercoder.stores.codebooks.verdicts import read_verdicts
from intercoder.stores.corpus.intake import SourceSummary, summarise
from intercoder.stores.database import reading
from intercoder.stores.lease import lease_holder
from intercoder.stores.people.human_codings import human_values
from intercoder.stores.runs.ensemble_counts import EnsembleCounts, ensemble_counts
from intercoder.stores.runs.runs import list_runs
from intercoder.stores.study_folder import StudyFolder


class RunSummary(Record):
    """A run as it stands now; `status` is `running` only while a living process works on it."""

    id: str
    graph: str
    status: str
    round: int
    position: int
    total: int
    codes: int
    failures: int
    codebook_version: int
    calls: int
    input_tokens: int
    output_tokens: int
    cost: float
    ensemble: EnsembleCounts | None = None
    """Who was asked, where the ensemble is dynamic."""


class FailedAnswer(Failure):
    """A failure with its place in the texts."""

    document: str
    start: int
    end: int


class Overview(Record):
    """What a study holds."""

    study_id: str
    question: str
    sources: tuple[SourceSummary, ...]
    runs: tuple[RunSummary, ...]
    failures: tuple[FailedAnswer, ...]
    """Failed answers of the latest run, in its current round, in document order."""
    running: str
    """Run that is at work now; empty if none is."""
    next_command: str


def overview(folder: StudyFolder) -> Overview:
    """Look a study over."""
    sources = tuple(summarise(folder.engine, folder.study.id))
    runs = list_runs(folder.engine, folder.study.id)
    running = lease_holder(folder.engine, folder.study.id) or ""
    summaries = tuple(_summary(folder, run, running) for run in runs)
    return Overview(
        study_id=folder.study.id,
        question=folder.study.question,
        sources=sources,
        runs=summaries,
        failures=run_failures(folder, runs[-1]) if runs else (),
        running=running,
        next_command=_next(folder, bool(sources), runs, running),
    )


def run_failures(folder: StudyFolder, run: Run) -> tuple[FailedAnswer, ...]:
    """The failed answers of a run's current round, in document order; of a merge, in order of the concepts' ids."""
    if run.source:
        return _writers_failures(folder, run)
    table, drawn = schema.failures, schema.sample_segments
    segments, members = schema.segments, schema.source_documents
    same_study = [other.c.study_id == table.c.study_id for other in (drawn, segments, members)]
    query = (
        sa.select(table, segments.c.start, segments.c.end, members.c.name.label("document"))
        .where(
            *same_study,
            table.c.study_id == folder.study.id,
            table.c.run == run.id,
            table.c.round == run.round,
            drawn.c.sample == run.sample,
            drawn.c.segment_id == table.c.segment_id,
            segments.c.segment_id == table.c.segment_id,
            members.c.source == drawn.c.source,
            members.c.version == drawn.c.version,
            members.c.position == drawn.c.document_position,
        )
        .order_by(drawn.c.position, table.c.role, table.c.coder)
    )
    names = FailedAnswer.model_fields
    with reading(folder.engine) as connection:
        rows = connection.execute(query).mappings()
        return tuple(FailedAnswer.model_validate({name: row[name] for name in names}) for row in rows)


def quotes_not_found(folder: StudyFolder, run: Run) -> int:
    """How many settled decisions of a run's latest round quote what does not stand in their segment."""
    table = schema.decisions
    query = sa.select(sa.func.count()).where(
        table.c.study_id == folder.study.id,
        table.c.run == run.id,
        table.c.code_id.is_not(None),
        table.c.verified.is_(False),
        table.c.codebook_version == run.codebook_version,
    )
    with reading(folder.engine) as connection:
        return int(connection.execute(query).scalar_one())


def _writers_failures(folder: StudyFolder, run: Run) -> tuple[FailedAnswer, ...]:
    """Failed questions about concepts or themes, which stand in no document."""
    table = schema.failures
    query = (
        sa.select(table)
        .where(table.c.study_id == folder.study.id, table.c.run == run.id, table.c.round == run.round)
        .order_by(table.c.segment_id)
    )
    names = Failure.model_fields
    with reading(folder.engine) as connection:
        return tuple(
            FailedAnswer(**{name: row[name] for name in names}, document=row["segment_id"], start=0, end=0)
            for row in connection.execute(query).mappings()
        )


def _summary(folder: StudyFolder, run: Run, running: str) -> RunSummary:
    answers, entries = schema.answers, schema.codebook_entries
    with reading(folder.engine) as connection:
        calls, tokens_in, tokens_out, cost = connection.execute(
            sa.select(
                sa.func.count(),
                sa.func.coalesce(sa.func.sum(answers.c.input_tokens), 0),
                sa.func.coalesce(sa.func.sum(answers.c.output_tokens), 0),
                sa.func.coalesce(sa.func.sum(answers.c.cost), 0.0),
            ).where(answers.c.study_id == folder.study.id, answers.c.run == run.id)
        ).one()
        codes = connection.execute(
            sa.select(sa.func.count()).where(
                entries.c.study_id == folder.study.id, entries.c.version == run.codebook_version
            )
        ).scalar_one()
    stopped = run.status == "running" and running != run.id
    return RunSummary(
        id=run.id,
        graph=run.graph,
        status="stopped" if stopped else run.status,
        round=run.round,
        position=run.position,
        total=run.total,
        codes=codes,
        failures=run.failures,
        codebook_version=run.codebook_version,
        calls=calls,
        input_tokens=tokens_in,
        output_tokens=tokens_out,
        cost=cost,
        ensemble=ensemble_counts(folder.engine, folder.study.id, run),
    )


def _next(folder: StudyFolder, has_texts: bool, runs: list[Run], running: str) -> str:
    if not has_texts:
        return f"intercoder import {folder.argument} FILE... --unit paragraph"
    if running:
        return f"wait for {running}, or stop it: intercoder stop {folder.argument}"
    if not runs:
        with reading(folder.engine) as connection:
            given = newest(connection, folder.study.id).codes
        return f"intercoder run {'codevelop' if given else 'inductive'} {folder.argument}"
    run = runs[-1]
    if run.status == "waiting":
        return f"intercoder {_of_waiting(folder, run)} {folder.argument}"
    if not run.over:
        return f"intercoder resume {folder.argument}"
    if run.failures and run.source:
        return f"intercoder {run.graph} {folder.argument}"
    if run.failures:
        return f"intercoder retry {folder.argument}"
    return _after(folder, run)


def _of_waiting(folder: StudyFolder, run: Run) -> str:
    recorded = recorded_revisions(folder.engine, folder.study.id, run=run.id)
    return "revisions" if any(one.status == "waiting" for one in recorded) else "run codevelop"


def _after(folder: StudyFolder, run: Run) -> str:
    """What follows a run that is over."""
    if run.graph == "codevelop" and not human_values(folder.engine, folder.study.id):
        return f"intercoder sample {folder.argument} calibration -n 100 --coder YOUR-NAME"
    if run.graph == "codevelop":
        return f"intercoder calibrate {folder.argument}"
    if run.graph == "calibrate":
        verdicts = read_verdicts(folder.engine, folder.study.id, run=run.id)
        ready = any(one.verdict == "ready" and one.coder == FINAL for one in verdicts)
        return f"intercoder run final {folder.argument} --all" if ready else f"intercoder report {folder.argument}"
    if run.graph == "final":
        return f"intercoder report {folder.argument}"
    return f"intercoder codebook show {folder.argument}"
