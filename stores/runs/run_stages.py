"""The parts of a run's present round, and how far each has come."""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.core.coding.concepts import WAITING
from intercoder.core.protocols import Run
from intercoder.core.record import Record
from intercoder.stores import schema

CODING = ("coder", "moderator", "repeat")
"""Roles whose answers are coding."""
BY_CALLS = ("coding", "proposing", "defining", "naming")
"""Stages whose steps are answers."""


class Stage(Record):
    """A part of a run's present round."""

    name: str
    done: int
    total: int
    """0 where it is not known."""
    state: Literal["done", "now", "ahead"]
    note: str = ""


def coding_stages(run: Run, questions: int, answers: int) -> tuple[Stage, ...]:
    """Answers, which come all the time, and segments, which are settled and written in document order.

    Args:
        run: The run.
        questions: That one segment takes; 0 where no model is asked.
        answers: Of the present round.
    """
    over = run.over or run.position >= run.total
    settled = _stage("settling", run.position, run.total, reached=True, over=over)
    if not questions:
        return (settled,)
    to_ask = run.total * questions
    done = to_ask if over else max(answers, run.position * questions)
    return (_stage("coding", done, to_ask, reached=True, over=over), settled)


def review_stages(
    connection: Connection, study_id: str, run: Run, looked: tuple[int, int], waiting: int
) -> tuple[Stage, ...]:
    """What follows coding where a codebook is developed: the reviser proposes, people answer.

    Args:
        connection: An open connection.
        study_id: The study.
        run: The run.
        looked: Codes that the reviser has looked at, of how many.
        waiting: Revisions of this round that nobody has answered.
    """
    coded, proposed = run.position >= run.total, _proposed(connection, study_id, run)
    asked = sa.and_(schema.revisions.c.round == run.round, schema.revisions.c.dropped == "")
    there = count_rows(connection, schema.revisions, study_id, asked, run=run.id)
    return (
        _stage("proposing", *looked, reached=coded, over=proposed or run.over),
        _stage("reviewing", there - waiting, there, reached=proposed, over=run.over),
    )


def theme_stages(connection: Connection, study_id: str, run: Run) -> tuple[Stage, ...]:
    """Codes are grouped at once, and the groups named one by one."""
    grouped = bool(count_rows(connection, schema.themes, study_id, run=run.id))
    named = (run.position, run.total) if grouped else (0, 0)
    return (
        _stage("grouping", int(grouped), 1, reached=True, over=grouped),
        _stage("naming", *named, reached=grouped, over=run.over),
    )


def merge_stages(connection: Connection, study_id: str, run: Run) -> tuple[Stage, ...]:
    """The steps that were begun, each with its concepts; of the one that is being defined, how many are."""
    table, concepts = schema.merge_steps, schema.concepts
    query = sa.select(table).where(table.c.study_id == study_id, table.c.run == run.id).order_by(table.c.step)
    stages = []
    for row in connection.execute(query):
        name = {"union": "spelling", "define": "defining"}.get(row.kind, "labels" if row.stage == 2 else "merging")
        note = f"stage {row.stage}" + (f", {row.merged:,} merged" if row.kind != "define" else "")
        done, total, over = row.concepts, row.concepts, run.over or row.step <= run.position
        if not over:
            left = sa.and_(concepts.c.step == row.step, concepts.c.status.in_(sorted(WAITING)))
            done -= count_rows(connection, concepts, study_id, left, run=run.id)
            name = "defining"
        stages.append(Stage(name=name, done=done, total=total, state="done" if over else "now", note=note))
    if not run.over and all(stage.state == "done" for stage in stages):
        stages.append(Stage(name="merging" if stages else "spelling", done=0, total=0, state="now"))
    return tuple(stages)


def _proposed(connection: Connection, study_id: str, run: Run) -> bool:
    table = schema.run_rounds
    query = sa.select(table.c.proposed).where(
        table.c.study_id == study_id, table.c.run == run.id, table.c.round == run.round
    )
    return bool(connection.execute(query).scalar())


def waiting_revisions_of(connection: Connection, study_id: str, run: Run) -> int:
    """Revisions of a run's round that nobody has answered."""
    table, answers = schema.revisions, schema.revision_answers
    answered = sa.exists().where(
        answers.c.study_id == table.c.study_id, answers.c.revision_id == table.c.revision_id
    )
    open_ = sa.and_(table.c.round == run.round, table.c.dropped == "", ~answered)
    return 0 if run.over else count_rows(connection, table, study_id, open_, run=run.id)


def count_rows(
    connection: Connection,
    table: sa.Table,
    study_id: str,
    where: sa.ColumnElement[bool] | None = None,
    **equal: object,
) -> int:
    """Rows of a table that belong to the study and meet the conditions."""
    query = sa.select(sa.func.count()).select_from(table).where(table.c.study_id == study_id)
    query = query.where(*(table.c[name] == value for name, value in equal.items()))
    return int(connection.execute(query if where is None else query.where(where)).scalar_one())


def _stage(name: str, done: int, total: int, *, reached: bool, over: bool) -> Stage:
    return Stage(
        name=name, done=min(done, total), total=total, state="done" if over else "now" if reached else "ahead"
    )
