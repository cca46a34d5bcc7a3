"""How many revisions wait: asked twice a second, so it is one count and reads no revision."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from intercoder.stores import schema
from intercoder.stores.database import reading


def count_waiting(engine: Engine, study_id: str) -> int:
    """Number of revisions whose status is `waiting` (see `core.revisions.RecordedRevision`)."""
    table, answers, runs = schema.revisions, schema.revision_answers, schema.runs
    answered = sa.exists().where(
        answers.c.study_id == table.c.study_id, answers.c.revision_id == table.c.revision_id
    )
    left = sa.exists().where(
        runs.c.study_id == table.c.study_id, runs.c.run == table.c.run, runs.c.status == "undone"
    )
    query = sa.select(sa.func.count()).where(table.c.study_id == study_id, table.c.dropped == "", ~answered, ~left)
    with reading(engine) as connection:
        return int(connection.execute(query).scalar_one())
