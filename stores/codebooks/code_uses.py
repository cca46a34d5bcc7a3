"""How much was decided about codes: what a change to them touches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from intercoder.core.record import Record
from intercoder.stores import schema
from intercoder.stores.database import reading
from intercoder.stores.people.human_codings import exclusive_versions, latest_said


class CodeUse(Record):
    """Decisions about a code that stand, in all runs."""

    by_models: int = 0
    by_people: int = 0


class _Row(NamedTuple):
    """A person's decision without its words."""

    coder: str
    segment_id: str
    code_id: str | None
    value: str
    codebook_version: int


def code_uses(engine: Engine, study_id: str, code_ids: Collection[str]) -> dict[str, CodeUse]:
    """Code id -> how often it was decided on, whatever was decided; codes nobody decided on are no keys.

    What a person took away again is no decision, nor what a choice among all codes replaced. Runs that were undone
    do not count.
    """
    runs = schema.runs
    of_study = sa.select(runs.c.run).where(runs.c.study_id == study_id, runs.c.status != "undone")
    by_models: Counter[str] = Counter()
    with reading(engine) as connection:
        names = connection.execute(of_study).scalars().all()
        for run in names:
            by_models.update(_by_models(connection, study_id, run, code_ids))
        by_models.subtract(_superseded(connection, study_id, names, code_ids))
        standing = latest_said(_people(connection, study_id, code_ids), exclusive_versions(connection, study_id))
    said = (one for stands in standing.values() for one in stands.values() if one.value)
    by_people = Counter(one.code_id for one in said if one.code_id in code_ids)
    return {
        code_id: CodeUse(by_models=by_models[code_id], by_people=by_people[code_id])
        for code_id in code_ids
        if by_models[code_id] or by_people[code_id]
    }


def _by_models(connection: Connection, study_id: str, run: str, code_ids: Collection[str]) -> dict[str, int]:
    """Code id -> decisions of one run, superseded ones too; the index of codes tells it alone."""
    table = schema.decisions
    query = (
        sa.select(table.c.code_id, sa.func.count())
        .where(table.c.study_id == study_id, table.c.run == run, table.c.code_id.in_(list(code_ids)))
        .group_by(table.c.code_id)
    )
    return {code_id: int(times) for code_id, times in connection.execute(query)}


def _superseded(
    connection: Connection, study_id: str, runs: Collection[str], code_ids: Collection[str]
) -> dict[str, int]:
    """Code id -> decisions of runs that others superseded. These are few, so they are counted from the others."""
    table, later = schema.decisions, schema.decisions.alias("later")
    instead = sa.select(later.c.supersedes).where(later.c.study_id == study_id, later.c.supersedes > "")
    query = (
        sa.select(table.c.code_id, sa.func.count())
        .where(
            table.c.study_id == study_id,
            table.c.decision_id.in_(instead),
            table.c.run.in_(list(runs)),
            table.c.code_id.in_(list(code_ids)),
        )
        .group_by(table.c.code_id)
    )
    return {code_id: int(times) for code_id, times in connection.execute(query)}


def _people(connection: Connection, study_id: str, code_ids: Collection[str]) -> Iterator[_Row]:
    """All that people decided about segments of which they ever said anything of the codes; oldest first."""
    table = schema.decisions
    of_people = sa.and_(table.c.study_id == study_id, table.c.run == "", table.c.role == "human")
    spoken_of = sa.select(table.c.segment_id).where(of_people, table.c.code_id.in_(list(code_ids)))
    query = (
        sa.select(*(table.c[name] for name in _Row._fields))
        .where(of_people, table.c.segment_id.in_(spoken_of))
        .order_by(table.c.round, table.c.position, table.c.decision_id)
    )
    yield from map(_Row._make, connection.execute(query))
