"""Deductive runs: their rounds, decisions about given codes, and what of these stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from intercoder.core.codebook import Codebook
from intercoder.core.coding.deduction import (
    CoderValues,
    Round,
    SegmentValues,
    final_by_segment,
    final_of,
    standing_of,
    values_of,
)
from intercoder.core.decisions import Decision, Role, Value, Wave
from intercoder.core.documents import Segment
from intercoder.core.protocols import Run
from intercoder.core.study import Study
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import is_exclusive, read_version
from intercoder.stores.codebooks.verdicts import Override, write_overrides
from intercoder.stores.corpus.samples import Drawn, Scope, draw_scope, save_sample
from intercoder.stores.corpus.segments import read_segments
from intercoder.stores.database import insert_new, now, reading, writing
from intercoder.stores.runs.decisions import failed_rounds, read_decision, write_code_decisions
from intercoder.stores.runs.runs import get_run, next_name, update_run, write_failures

BLOCK = 1000
"""Segments whose decisions are read at once."""


class Standing(NamedTuple):
    """A decision that stands, the position of its segment in the run, and when it was written."""

    place: int
    decision: Decision
    created_at: str


class Bare(NamedTuple):
    """A decision without its words, and the position of its segment in the run."""

    place: int
    segment_id: str
    role: Role
    coder: str
    code_id: str | None
    value: Value
    round: int
    model: str


def create_deductive_run(
    engine: Engine,
    study: Study,
    graph: str,
    book: Codebook,
    codes: Sequence[str],
    scope: Scope | str,
    overrides: Sequence[Override] = (),
) -> Run:
    """Begin a run that codes given codes.

    Args:
        engine: The study's database.
        study: The settings to run with.
        graph: `codevelop`, `calibrate` or `final`.
        book: The codebook version to begin with.
        codes: Ids of the codes to be coded.
        scope: Which segments to read, fixed now under the run's name; or the name of a sample that is there.
        overrides: Codes among them that a person lets in, in spite of their verdicts.

    Raises:
        InputError: The scope is empty or not clear.
    """
    drawn = Drawn([], 0) if isinstance(scope, str) else draw_scope(engine, study.id, scope)
    with writing(engine) as connection:
        run = write_run(connection, study, graph, book, codes, scope, drawn)
        write_overrides(connection, study.id, run.id, overrides)
        return run


def write_run(
    connection: Connection,
    study: Study,
    graph: str,
    book: Codebook,
    codes: Sequence[str],
    scope: Scope | str,
    drawn: Drawn,
) -> Run:
    """Write a new run with its first round; see `create_deductive_run`. `drawn` is what the scope came to."""
    name = next_name(connection, study.id, graph)
    if isinstance(scope, str):
        sample, total = scope, _size(connection, study.id, scope)
    else:
        sample, total = name, len(drawn.rows)
        save_sample(connection, study.id, name, scope, drawn)
    run = Run(
        id=name,
        graph=graph,
        total=total,
        sample=sample,
        codebook_version=book.version,
        base_version=book.version,
        settings=study.model_dump_json(),
    )
    values = run.model_dump(exclude={"id", "failures"})
    connection.execute(
        sa.insert(schema.runs).values(study_id=study.id, run=name, created_at=now(), changed_at=now(), **values)
    )
    write_round(connection, study.id, name, Round(number=1, codebook_version=book.version, codes=tuple(codes)))
    return run


def write_round(connection: Connection, study_id: str, run_id: str, round_: Round) -> None:
    """Say what a round codes; a round that is there stays as it is."""
    row = {
        "study_id": study_id,
        "run": run_id,
        "round": round_.number,
        "codebook_version": round_.codebook_version,
        "codes": list(round_.codes),
        "proposed": False,
        "created_at": now(),
    }
    insert_new(connection, schema.run_rounds, [row])


def repeat_round(engine: Engine, study_id: str, run_id: str) -> Run:
    """Begin a round that codes the same codes again: failed questions are asked again, others recalled."""
    with writing(engine) as connection:
        run = get_run(connection, study_id, run_id)
        last = read_rounds(connection, study_id, run_id)[-1]
        write_round(connection, study_id, run_id, last.model_copy(update={"number": run.round + 1}))
        update_run(connection, study_id, run_id, round=run.round + 1, position=0, status="running")
        return get_run(connection, study_id, run_id)


def read_rounds(connection: Connection, study_id: str, run_id: str) -> list[Round]:
    """The rounds of a run, first to last."""
    table = schema.run_rounds
    query = sa.select(table).where(table.c.study_id == study_id, table.c.run == run_id).order_by(table.c.round)
    return [
        Round(number=row.round, codebook_version=row.codebook_version, codes=tuple(row.codes))
        for row in connection.execute(query)
    ]


def standing(connection: Connection, study_id: str, run: Run) -> Iterator[Standing]:
    """Decisions of a deductive run that stand, in document order, read a block of segments at a time.

    Within a segment as `core.coding.deduction.standing_of` says.
    """
    book = read_version(connection, study_id, run.codebook_version)
    failed = failed_rounds(connection, study_id, run.id)
    for row in standing_of(book, _rows(connection, study_id, run, schema.decisions), failed):
        yield Standing(row.place, read_decision(row), row.created_at)


def bare_standing(connection: Connection, study_id: str, run: Run, book: Codebook) -> Iterator[Bare]:
    """As `standing`, but without words, which takes a fraction of the time; `book` is the run's present one."""
    table = schema.decisions.c
    columns = (table.segment_id, table.role, table.coder, table.code_id, table.value, table.round, table.model)
    failed = failed_rounds(connection, study_id, run.id)
    return standing_of(book, _bare(_rows(connection, study_id, run, *columns)), failed)


def coder_values(connection: Connection, study_id: str, run: Run) -> list[CoderValues]:
    """What stands in a run, by coder: coders, then the moderator, then repeats, each by name."""
    book = read_version(connection, study_id, run.codebook_version)
    return values_of(book, bare_standing(connection, study_id, run, book))


def final_segments(connection: Connection, study_id: str, run: Run) -> Iterator[SegmentValues]:
    """What stands in the end, segment by segment in document order: what `final_values` holds, as a stream."""
    book = read_version(connection, study_id, run.codebook_version)
    standing = bare_standing(connection, study_id, run, book)
    return final_by_segment(book, standing, moderated=is_moderated(run))


def final_values(engine: Engine, study_id: str, run: Run) -> CoderValues:
    """What stands in the end: the moderator's values where there are several coders, and those of pattern codes."""
    with reading(engine) as connection:
        values = coder_values(connection, study_id, run)
    return final_of(values, moderated=is_moderated(run))


def is_moderated(run: Run) -> bool:
    """Whether a run has several coders, and so a moderator."""
    return len(Study.model_validate_json(run.settings).deductive.coders) > 1


class SqlDeductiveStore:
    """Deductive coding on a SQL database (see `core.protocols.DeductiveStore`)."""

    def __init__(self, engine: Engine, study_id: str) -> None:
        self.engine = engine
        self.study_id = study_id

    def run(self, run_id: str) -> Run:
        """The run as it stands."""
        with reading(self.engine) as connection:
            return get_run(connection, self.study_id, run_id)

    def round(self, run_id: str) -> Round:
        """What the run's present round codes."""
        with reading(self.engine) as connection:
            return read_rounds(connection, self.study_id, run_id)[-1]

    def book(self, run_id: str) -> Codebook:
        """The codebook version of the run's present round."""
        with reading(self.engine) as connection:
            run = get_run(connection, self.study_id, run_id)
            return read_version(connection, self.study_id, run.codebook_version)

    def segments(self, run_id: str, start: int, stop: int) -> Sequence[Segment]:
        """Segments of the run by position, with texts and context."""
        with reading(self.engine) as connection:
            run = get_run(connection, self.study_id, run_id)
            before = Study.model_validate_json(run.settings).coding.context_before
            return read_segments(connection, self.study_id, run.sample, start, stop, before)

    def write_wave(self, run_id: str, wave: Wave) -> None:
        """Commit a wave and move the cursor, in one transaction; writing it twice changes nothing."""
        with writing(self.engine) as connection:
            run = get_run(connection, self.study_id, run_id)
            if run.position >= wave.stop:
                return
            exclusive = is_exclusive(connection, self.study_id, run.codebook_version)
            write_code_decisions(connection, self.study_id, run, wave.decisions, exclusive=exclusive)
            write_failures(connection, self.study_id, run, wave.failures)
            update_run(connection, self.study_id, run_id, position=wave.stop)

    def values(self, run_id: str) -> Sequence[CoderValues]:
        """What stands now, by coder."""
        with reading(self.engine) as connection:
            return coder_values(connection, self.study_id, get_run(connection, self.study_id, run_id))

    def finish(self, run_id: str) -> None:
        """Close the run."""
        with writing(self.engine) as connection:
            update_run(connection, self.study_id, run_id, status="done")


def _size(connection: Connection, study_id: str, sample: str) -> int:
    table = schema.samples
    query = sa.select(table.c.size).where(table.c.study_id == study_id, table.c.sample == sample)
    return int(connection.execute(query).scalar_one())


def _bare(rows: Iterable[Any]) -> Iterator[Bare]:
    """Rows as decisions without words."""
    # The database gives every row a text of its own; where all values of a run are held, equal ones shall be one.
    same: dict[str, Value] = {}
    for place, segment_id, role, coder, code_id, value, round_, model in rows:
        yield Bare(place, segment_id, role, coder, code_id, same.setdefault(value, value), round_, model)


def _rows(connection: Connection, study_id: str, run: Run, *columns: Any) -> Iterator[Any]:
    """Positions and some columns of all decisions of a run, a block of segments at a time.

    In document order; within a segment the oldest round first.
    """
    table, drawn = schema.decisions, schema.sample_segments
    query = (
        sa.select(drawn.c.position.label("place"), *columns)
        .select_from(
            drawn.join(
                table, sa.and_(table.c.study_id == drawn.c.study_id, table.c.segment_id == drawn.c.segment_id)
            )
        )
        .where(drawn.c.study_id == study_id, drawn.c.sample == run.sample, table.c.run == run.id)
        .order_by(drawn.c.position, table.c.round, table.c.role, table.c.coder, table.c.decision_id)
    )
    for start in range(0, run.total, BLOCK):
        within = (drawn.c.position >= start, drawn.c.position < start + BLOCK)
        yield from connection.execute(query.where(*within))
