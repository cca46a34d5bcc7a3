"""The development of a codebook in the database: rounds, their evidence, proposals and what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.core.decisions import Decision, Failure
from intercoder.core.deduction import Round, about_codes
from intercoder.core.protocols import Run
from intercoder.core.revisions import Revision, RevisionAnswer, affected
from intercoder.stores import schema
from intercoder.stores.codebooks import read_version
from intercoder.stores.database import reading, writing
from intercoder.stores.deductions import SqlDeductiveStore, read_rounds, standing, write_round
from intercoder.stores.revisions import apply_answered, record_answer, recorded_revisions, write_proposals
from intercoder.stores.runs import get_run, update_run, write_failures
from intercoder.stores.segments import segment_texts


class SqlDevelopmentStore(SqlDeductiveStore):
    """Codebook development on a SQL database (see `core.protocols.DevelopmentStore`)."""

    def evidence(self, run_id: str, code_ids: Sequence[str]) -> Mapping[str, Sequence[Decision]]:
        """Code id -> decisions that stand about it, in document order."""
        with reading(self.engine) as connection:
            run = get_run(connection, self.study_id, run_id)
            book = read_version(connection, self.study_id, run.codebook_version)
            decisions = (one.decision for one in standing(connection, self.study_id, run))
            return about_codes(book, decisions, code_ids)

    def texts(self, segment_ids: Sequence[str]) -> Mapping[str, str]:
        """Segment id -> text."""
        with reading(self.engine) as connection:
            return segment_texts(connection, self.study_id, segment_ids)

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
            write_proposals(connection, self.study_id, revisions, dropped)
            write_failures(connection, self.study_id, run, failures)
            connection.execute(
                sa.update(schema.run_rounds).where(_present(run, self.study_id)).values(proposed=True)
            )

    def proposed(self, run_id: str) -> bool:
        """Whether the present round's proposals were written."""
        with reading(self.engine) as connection:
            run = get_run(connection, self.study_id, run_id)
            query = sa.select(schema.run_rounds.c.proposed).where(_present(run, self.study_id))
            return bool(connection.execute(query).scalar())

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


def rounds_of(store: SqlDeductiveStore, run_id: str) -> list[Round]:
    """The rounds of a run, first to last."""
    with reading(store.engine) as connection:
        return read_rounds(connection, store.study_id, run_id)


def _present(run: Run, study_id: str) -> sa.ColumnElement[bool]:
    table = schema.run_rounds
    return sa.and_(table.c.study_id == study_id, table.c.run == run.id, table.c.round == run.round)
