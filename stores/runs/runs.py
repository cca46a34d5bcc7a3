"""Runs: one execution of a graph over a fixed list of segments, and what it has written so far."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from intercoder.core.codebook import Code, Codebook
from intercoder.core.decisions import Failure, Wave
from intercoder.core.documents import Segment
from intercoder.core.errors import StudyError
from intercoder.core.protocols import Run, RunStatus
from intercoder.core.study import Study
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import add_codes, complete_version, read_version, reserve_version
from intercoder.stores.corpus.samples import Scope, draw_scope, save_sample
from intercoder.stores.corpus.segments import read_segments, sorted_lengths
from intercoder.stores.database import insert_new, now, reading, writing
from intercoder.stores.runs.decisions import write_decisions
from intercoder.stores.runs.ensemble_counts import coders_heard


def create_run(engine: Engine, study: Study, graph: str, scope: Scope) -> Run:
    """Begin a run: its segments are fixed now, whatever is imported later.

    Raises:
        InputError: The scope is empty or not clear.
    """
    drawn = draw_scope(engine, study.id, scope)
    with writing(engine) as connection:
        name = next_name(connection, study.id, graph)
        save_sample(connection, study.id, name, scope, drawn)
        run = Run(
            id=name,
            graph=graph,
            total=len(drawn.rows),
            sample=name,
            codebook_version=reserve_version(connection, study.id, name, 1),
            settings=study.model_dump_json(),
        )
        values = run.model_dump(exclude={"id", "failures"})
        connection.execute(
            sa.insert(schema.runs).values(study_id=study.id, run=name, created_at=now(), changed_at=now(), **values)
        )
        return run


def create_follow_up(
    connection: Connection, study: Study, graph: str, source: Run, *, total: int, version: int = 0
) -> Run:
    """Begin a run that works on what another one left, over the same segments.

    Args:
        connection: An open write transaction.
        study: The settings to run with.
        graph: Which graph.
        source: The run whose results it takes.
        total: Steps it is expected to take.
        version: Codebook version that it works on and leaves as it is; 0 for a run that makes one.
    """
    name = next_name(connection, study.id, graph)
    run = Run(
        id=name,
        graph=graph,
        total=total,
        sample=source.sample,
        codebook_version=version or reserve_version(connection, study.id, name, 1, author=name),
        settings=study.model_dump_json(),
        source=source.id,
        base_version=version or source.codebook_version,
    )
    values = run.model_dump(exclude={"id", "failures"})
    connection.execute(
        sa.insert(schema.runs).values(study_id=study.id, run=name, created_at=now(), changed_at=now(), **values)
    )
    return run


def next_name(connection: Connection, study_id: str, graph: str) -> str:
    """Id of a graph's next run, such as `final-2`."""
    query = sa.select(sa.func.count()).where(schema.runs.c.study_id == study_id, schema.runs.c.graph == graph)
    return f"{graph}-{int(connection.execute(query).scalar_one()) + 1}"


def list_runs(engine: Engine, study_id: str) -> list[Run]:
    """All runs of a study, oldest first."""
    with reading(engine) as connection:
        return read_runs(connection, study_id)


def read_runs(connection: Connection, study_id: str) -> list[Run]:
    """All runs of a study, oldest first."""
    query = sa.select(schema.runs).where(schema.runs.c.study_id == study_id)
    rows = connection.execute(query).all()
    ordered = sorted(rows, key=lambda row: (row.created_at, row.graph, int(row.run.rsplit("-", 1)[1])))
    return [_run(connection, row) for row in ordered]


def start_round(engine: Engine, study_id: str, run_id: str) -> Run:
    """Begin the run's next round, in which failed questions are asked again and codes refined anew."""
    with writing(engine) as connection:
        run = get_run(connection, study_id, run_id)
        version = reserve_version(connection, study_id, run_id, run.round + 1)
        update_run(
            connection,
            study_id,
            run_id,
            round=run.round + 1,
            position=0,
            status="running",
            codebook_version=version,
        )
        return get_run(connection, study_id, run_id)


def set_status(engine: Engine, study_id: str, run_id: str, status: RunStatus) -> None:
    """Record that a run goes on, was stopped or is done."""
    with writing(engine) as connection:
        update_run(connection, study_id, run_id, status=status)


def add_seconds(engine: Engine, study_id: str, run_id: str, seconds: float) -> None:
    """Add to the time that processes have worked on a run."""
    runs = schema.runs
    with writing(engine) as connection:
        connection.execute(
            sa.update(runs)
            .where(runs.c.study_id == study_id, runs.c.run == run_id)
            .values(seconds=runs.c.seconds + seconds)
        )


class SqlStudyStore:
    """The study store of a run on a SQL database (see `core.protocols.StudyStore`)."""

    def __init__(self, engine: Engine, study_id: str) -> None:
        self.engine = engine
        self.study_id = study_id
        self._lengths: dict[str, array[int]] = {}

    def run(self, run_id: str) -> Run:
        """The run as it stands."""
        with reading(self.engine) as connection:
            return get_run(connection, self.study_id, run_id)

    def segments(self, run_id: str, start: int, stop: int) -> Sequence[Segment]:
        """Segments of the run by position, with texts and context."""
        with reading(self.engine) as connection:
            run = get_run(connection, self.study_id, run_id)
            before = Study.model_validate_json(run.settings).coding.context_before
            return read_segments(connection, self.study_id, run.sample, start, stop, before)

    def quantiles(self, run_id: str, lengths: Sequence[int]) -> Sequence[float]:
        """Share of the run's segments that are shorter than each length (0 to 1)."""
        if run_id not in self._lengths:
            with reading(self.engine) as connection:
                run = get_run(connection, self.study_id, run_id)
                self._lengths[run_id] = sorted_lengths(connection, self.study_id, run.sample)
        known = self._lengths[run_id]
        return [bisect_left(known, length) / max(len(known), 1) for length in lengths]

    def write_wave(self, run_id: str, wave: Wave) -> None:
        """Commit a wave and move the cursor, in one transaction; writing it twice changes nothing."""
        with writing(self.engine) as connection:
            run = get_run(connection, self.study_id, run_id)
            if run.position >= wave.stop:
                return
            add_codes(connection, self.study_id, run.codebook_version, wave.codes)
            written = write_decisions(connection, self.study_id, run, wave.decisions)
            _write_merges(connection, self.study_id, run, wave, written)
            write_failures(connection, self.study_id, run, wave.failures)
            update_run(connection, self.study_id, run_id, position=wave.stop)

    def run_codes(self, run_id: str) -> Sequence[Code]:
        """Codes founded so far in the run's current round, oldest first."""
        with reading(self.engine) as connection:
            run = get_run(connection, self.study_id, run_id)
            return read_version(connection, self.study_id, run.codebook_version).codes

    def heard(self, run_id: str, segment_ids: Sequence[str]) -> Mapping[str, Collection[str]]:
        """Coders by segment about which they answered or failed to, in any round of the run."""
        told = coders_heard(self.study_id, run_id)
        found: dict[str, set[str]] = {}
        with reading(self.engine) as connection:
            for row in connection.execute(sa.select(told).where(told.c.segment_id.in_(segment_ids))):
                found.setdefault(row.segment_id, set()).add(row.coder)
        return found

    def finish(self, run_id: str) -> Codebook:
        """Close the round: the reserved codebook version becomes complete."""
        with writing(self.engine) as connection:
            run = get_run(connection, self.study_id, run_id)
            complete_version(connection, self.study_id, run.codebook_version)
            update_run(connection, self.study_id, run_id, status="done")
            return read_version(connection, self.study_id, run.codebook_version)


def get_run(connection: Connection, study_id: str, run_id: str) -> Run:
    """The run as it stands.

    Raises:
        StudyError: There is none of that name.
    """
    query = sa.select(schema.runs).where(schema.runs.c.study_id == study_id, schema.runs.c.run == run_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        names = sa.select(schema.runs.c.run).where(schema.runs.c.study_id == study_id)
        known = ", ".join(connection.execute(names).scalars()) or "none yet"
        raise StudyError(f"there is no run `{run_id}`.", remedy=f"Runs of this study: {known}.")
    return _run(connection, row)


def _run(connection: Connection, row: Any) -> Run:
    failures = schema.failures
    query = sa.select(sa.func.count()).where(
        failures.c.study_id == row.study_id, failures.c.run == row.run, failures.c.round == row.round
    )
    return Run(
        id=row.run,
        graph=row.graph,
        round=row.round,
        status=row.status,
        position=row.position,
        total=row.total,
        sample=row.sample,
        codebook_version=row.codebook_version,
        settings=row.settings,
        source=row.source,
        base_version=row.base_version,
        failures=int(connection.execute(query).scalar_one()),
        seconds=row.seconds,
    )


def update_run(connection: Connection, study_id: str, run_id: str, **values: object) -> None:
    """Change columns of a run."""
    connection.execute(
        sa.update(schema.runs)
        .where(schema.runs.c.study_id == study_id, schema.runs.c.run == run_id)
        .values(changed_at=now(), **values)
    )


def _write_merges(connection: Connection, study_id: str, run: Run, wave: Wave, written: set[str]) -> None:
    rows = [
        {"study_id": study_id, "run": run.id, "round": run.round, **merge.model_dump()}
        for merge in wave.merges
        if merge.decision_id in written
    ]
    insert_new(connection, schema.merges, rows)


def write_failures(connection: Connection, study_id: str, run: Run, failures: Sequence[Failure]) -> None:
    """List questions that got no usable answer in the run's current round."""
    rows = [
        {"study_id": study_id, "run": run.id, "round": run.round, **failure.model_dump()} for failure in failures
    ]
    insert_new(connection, schema.failures, rows)
