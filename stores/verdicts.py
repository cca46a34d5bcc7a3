"""Verdicts of calibrations, and people's decisions to use a code in spite of one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.engine import Connection, Engine

from intercoder.core.codebook import Code
from intercoder.core.record import Record
from intercoder.stores import schema
from intercoder.stores.database import insert_new, now, reading, writing


class StoredVerdict(Record):
    """What a calibration found out about one coder and code."""

    run: str
    coder: str
    """`final` for what stands in the end."""
    code_id: str
    code_revision: int
    """The revision that the model coded with."""
    verdict: str
    statistics: dict[str, Any]
    """The calibration's numbers as JSON; null where undefined."""
    created_at: str


class Override(Record):
    """A code that goes into the final coding in spite of its verdict."""

    code_id: str
    verdict: str
    """That was overridden; empty where there was none."""
    note: str
    by: str
    created_at: str = ""


def write_verdicts(
    engine: Engine,
    study_id: str,
    run: str,
    coder: str,
    codes: Sequence[Code],
    found: Mapping[str, tuple[str, BaseModel]],
) -> None:
    """Keep a calibration's verdicts on one coder; those found before for the run give way, as it saw fewer codings.

    Args:
        engine: The study's database.
        study_id: The study.
        run: The calibration run.
        coder: The coder's name.
        codes: The codes as the run coded them.
        found: Code id -> verdict and the numbers it rests on.
    """
    table = schema.verdicts
    mine = sa.and_(table.c.study_id == study_id, table.c.run == run, table.c.coder == coder)
    rows = [
        {
            "study_id": study_id,
            "run": run,
            "coder": coder,
            "code_id": code.id,
            "code_revision": code.revision,
            "verdict": found[code.id][0],
            "statistics": json.loads(found[code.id][1].model_dump_json()),
            "created_at": now(),
        }
        for code in codes
        if code.id in found
    ]
    with writing(engine) as connection:
        connection.execute(sa.delete(table).where(mine))
        insert_new(connection, table, rows)


def read_verdicts(engine: Engine, study_id: str, *, run: str = "") -> list[StoredVerdict]:
    """All verdicts of a study, oldest first, or those of one run."""
    table = schema.verdicts
    query = sa.select(table).where(table.c.study_id == study_id).order_by(table.c.created_at, table.c.code_id)
    if run:
        query = query.where(table.c.run == run)
    with reading(engine) as connection:
        return [
            StoredVerdict.model_validate({name: row[name] for name in StoredVerdict.model_fields})
            for row in connection.execute(query).mappings()
        ]


def latest_verdicts(engine: Engine, study_id: str, coder: str) -> dict[str, StoredVerdict]:
    """Code id -> the latest verdict on a coder."""
    return {one.code_id: one for one in read_verdicts(engine, study_id) if one.coder == coder}


def write_overrides(connection: Connection, study_id: str, run: str, overrides: Sequence[Override]) -> None:
    """Keep what a final run codes in spite of a verdict, inside the caller's transaction."""
    rows = [
        {**one.model_dump(exclude={"created_at"}), "study_id": study_id, "run": run, "created_at": now()}
        for one in overrides
    ]
    insert_new(connection, schema.overrides, rows)


def read_overrides(engine: Engine, study_id: str, run: str) -> list[Override]:
    """The overrides of a final run, by code id."""
    table = schema.overrides
    query = sa.select(table).where(table.c.study_id == study_id, table.c.run == run).order_by(table.c.code_id)
    with reading(engine) as connection:
        rows = connection.execute(query).mappings()
        return [Override.model_validate({name: row[name] for name in Override.model_fields}) for row in rows]
