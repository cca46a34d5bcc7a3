"""How much was decided about codes: what a change to them touches."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from intercoder.core.record import Record
from intercoder.stores import schema
from intercoder.stores.database import reading


class CodeUse(Record):
    """Decisions about a code that stand, in all runs."""

    by_models: int = 0
    by_people: int = 0


def code_uses(engine: Engine, study_id: str, code_ids: Collection[str]) -> dict[str, CodeUse]:
    """Code id -> how often it was decided on, whatever was decided; codes nobody decided on are no keys.

    What a person took away again is no decision.
    """
    table, runs, later = schema.decisions, schema.runs, schema.decisions.alias("later")
    of_study = sa.select(runs.c.run).where(runs.c.study_id == study_id, runs.c.status != "undone")
    superseded = sa.exists().where(later.c.study_id == study_id, later.c.supersedes == table.c.decision_id)
    people = (table.c.role == "human").label("people")
    query = (
        sa.select(table.c.code_id, people, sa.func.count().label("times"))
        .where(
            table.c.study_id == study_id,
            sa.or_(table.c.run == "", table.c.run.in_(of_study)),
            table.c.code_id.in_(list(code_ids)),
            sa.or_(table.c.role != "human", table.c.value != ""),
            ~superseded,
        )
        .group_by(table.c.code_id, people)
    )
    found: dict[str, dict[str, int]] = {}
    with reading(engine) as connection:
        for row in connection.execute(query):
            found.setdefault(row.code_id, {})["by_people" if row.people else "by_models"] = int(row.times)
    return {code_id: CodeUse(**numbers) for code_id, numbers in found.items()}
