"""The development of a codebook in the database: rounds, their evidence, proposals and what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from intercoder.core.codebooks.codebook_diff import affected
from intercoder.core.coding.deduction import Round, about_codes
from intercoder.core.coding.settling import PutForward
from intercoder.core.decisions import Decision, Failure
from intercoder.core.documents import SpokenText
from intercoder.core.protocols import Run
from intercoder.core.revisions import Revision, RevisionAnswer
from intercoder.core.study import Study
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.codebooks.revisions import (
    apply_answered,
    newest,
    record_answer,
    recorded_revisions,
    write_proposals,
)
from intercoder.stores.codebooks.sent_evidence import put_forward
from intercoder.stores.corpus.samples import Scope, draw_scope
from intercoder.stores.corpus.segments import spoken_texts
from intercoder.stores.database import reading, writing
from intercoder.stores.runs.deductions import SqlDeductiveStore, standing, write_round, write_run
from intercoder.stores.runs.runs import get_run, update_run, write_failures


def begin_development_run(engine: Engine, study: Study, scope: Scope) -> Run:
    """Begin the development of the latest codebook, in place of one that is not over.

    What people approved there makes a codebook version first; its revisions that nobody answered wait no more.

    Args:
        engine: The study's database.
        study: The settings to run with.
        scope: Which segments to read.

    Raises:
        InputError: The scope is empty or not clear.
    """
    drawn = draw_scope(engine, study.id, scope)
    with writing(engine) as connection:
        for run in _unfinished(connection, study.id):
            apply_answered(connection, study.id, run.id, run.round, author=run.id)
            update_run(connection, study.id, run.id, status="undone")
        book = newest(connection, study.id)
        codes = [code.id for code in book.leaves]
        return write_run(connection, study, "codevelop", book, codes, scope, drawn)


class SqlDevelopmentStore(SqlDeductiveStore):
    """Codebook development on a SQL database (see `core.protocols.DevelopmentStore`)."""

    def evidence(self, run_id: str, code_ids: Sequence[str]) -> Mapping[str, Sequence[Decision]]:
        """Code id -> decisions that stand about it, in document order."""
        with reading(self.engine) as connection:
            run = get_run(connection, self.study_id, run_id)
            book = read_version(connection, self.study_id, run.codebook_version)
            decisions = (one.decision for one in standing(connection, self.study_id, run))
            return about_codes(book, decisions, code_ids)

    def texts(self, segment_ids: Sequence[str]) -> Mapping[str, SpokenText]:
        """Segment id -> text, speaker and document."""
        with reading(self.engine) as connection:
            return spoken_texts(connection, self.study_id, segment_ids)

    def put_forward(self, run_id: str, code_ids: Sequence[str]) -> Mapping[str, Sequence[PutForward]]:
        """Code id -> what people settled or sent (see `core.protocols.DevelopmentStore`).

        Of a segment that the run does not read, with what coders said there in the run that it was sent from.
        """
        with reading(self.engine) as connection:
            return put_forward(connection, self.study_id, get_run(connection, self.study_id, run_id), code_ids)

    def write_revisions(
        self,
        run_id: str,
        revisions: Sequence[Revision],
        dropped: Mapping[str, str],
        failures: Sequence[Failure] = (),
    ) -> None:
        """Commit a round's proposals and the reviser's failures; writing them twice changes nothing."""
        with writing(self.engine) as connection:
            run = get_run(connection, self.study_id, run_id)
            if _proposed(connection, self.study_id, run):
                return
            write_proposals(connection, self.study_id, revisions, dropped)
            write_failures(connection, self.study_id, run, failures)
            connection.execute(
                sa.update(schema.run_rounds).where(_present(run, self.study_id)).values(proposed=True)
            )

    def proposed(self, run_id: str) -> bool:
        """Whether the present round's proposals were written."""
        with reading(self.engine) as connection:
            return _proposed(connection, self.study_id, get_run(connection, self.study_id, run_id))

    def waiting(self, run_id: str) -> Sequence[Revision]:
        """Revisions of the run that no person has answered, in order."""
        recorded = recorded_revisions(self.engine, self.study_id, run=run_id)
        return [one.revision for one in recorded if one.status == "waiting"]

    def rejected(self) -> Sequence[Revision]:
        """All revisions of the study that people rejected, or put in other words, as they were proposed."""
        recorded = recorded_revisions(self.engine, self.study_id)
        return [one.revision for one in recorded if one.status in ("rejected", "edited")]

    def answer(self, answer: RevisionAnswer) -> None:
        """Record a person's answer."""
        record_answer(self.engine, self.study_id, answer)

    def apply_round(self, run_id: str) -> bool:
        """Make a version of the round's approved revisions and begin the next round; False if nothing changed.

        What people changed in the codebook by hand since the round began counts too.
        """
        with writing(self.engine) as connection:
            run = get_run(connection, self.study_id, run_id)
            _, after = apply_answered(connection, self.study_id, run.id, run.round, author=run.id)
            before = read_version(connection, self.study_id, run.codebook_version)
            if after.hash == before.hash:
                return False
            begin_round(connection, self.study_id, run, after.version, affected(before, after))
            return True


def begin_round(connection: Connection, study_id: str, run: Run, version: int, codes: Sequence[str]) -> None:
    """Begin a run's next round, in which the given codes are coded under the given version."""
    number = run.round + 1
    write_round(connection, study_id, run.id, Round(number=number, codebook_version=version, codes=tuple(codes)))
    values: dict[str, Any] = {"round": number, "codebook_version": version, "status": "running"}
    update_run(connection, study_id, run.id, position=0 if codes else run.total, **values)


def _unfinished(connection: Connection, study_id: str) -> list[Run]:
    """Development runs that are not over: one at most, but for studies in which people began several."""
    table = schema.runs
    query = sa.select(table.c.run).where(
        table.c.study_id == study_id, table.c.graph == "codevelop", table.c.status.not_in(("done", "undone"))
    )
    return [get_run(connection, study_id, run) for run in connection.execute(query).scalars()]


def _proposed(connection: Connection, study_id: str, run: Run) -> bool:
    query = sa.select(schema.run_rounds.c.proposed).where(_present(run, study_id))
    return bool(connection.execute(query).scalar())


def _present(run: Run, study_id: str) -> sa.ColumnElement[bool]:
    table = schema.run_rounds
    return sa.and_(table.c.study_id == study_id, table.c.run == run.id, table.c.round == run.round)
