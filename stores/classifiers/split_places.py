"""Which part of a split each document lies in: what was held out once stays held out when people code more."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from intercoder.stores import schema
from intercoder.stores.database import insert_new, reading, writing


def read_places(engine: Engine, study_id: str, split: str) -> dict[str, str]:
    """Group -> part, both as `write_places` was given them; empty where nothing was split so yet."""
    table = schema.split_places
    query = sa.select(table.c.group, table.c.part).where(table.c.study_id == study_id, table.c.split == split)
    with reading(engine) as connection:
        return {row.group: row.part for row in connection.execute(query)}


def write_places(engine: Engine, study_id: str, split: str, places: Mapping[str, str]) -> None:
    """Write in which part groups lie; those that have a place keep it.

    Args:
        engine: The study's database.
        study_id: The study.
        split: Digest of how people's codings are split.
        places: Digest of what is kept together -> name of the part.
    """
    rows = [{"study_id": study_id, "split": split, "group": group, "part": part} for group, part in places.items()]
    with writing(engine) as connection:
        insert_new(connection, schema.split_places, rows)
