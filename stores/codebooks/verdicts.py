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
    number: int
    """1 for the first verdict of the run on this coder and code; more as more people's codings came in."""
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
    """Keep a calibration's verdicts on one coder. One that says what stands already is left out.

    Args:
        engine: The study's database.
        study_id: The study.
        run: The calibration run.
        coder: The coder's name.
        codes: The codes as the run coded them.
        found: Code id -> verdict and the numbers it rests on.
    """
    known = {(one.coder, one.code_id): one for one in read_verdicts(engine, study_id, run=run)}
    rows = []
    for code in codes:
        if code.id not in found:
            continue
        verdict, numbers = found[code.id][0], json.loads(found[code.id][1].model_dump_json())
        before = known.get((coder, code.id))
        if before is not None and (before.verdict, before.statistics) == (verdict, numbers):
            continue
        rows.append(
            {
                "study_id": study_id,
                "run": run,
                "coder": coder,
                "code_id": code.id,
                "number": before.number + 1 if before else 1,
                "code_revision": code.revision,
                "verdict": verdict,
                "statistics": numbers,
                "created_at": now(),
            }
        )
    with writing(engine) as connection:
        insert_new(connection, schema.verdicts, rows)


def read_verdicts(engine: Engine, study_id: str, *, run: str = "") -> list[StoredVerdict]:
    """Verdicts of a study, or of one run, oldest first: of each run, coder and code the one that stands."""
    table = schema.verdicts
    query = sa.select(table).where(table.c.study_id == study_id).order_by(table.c.number)
    if run:
        query = query.where(table.c.run == run)
    with reading(engine) as connection:
        rows = connection.execute(query).mappings().all()
    fields = StoredVerdict.model_fields
    standing = {(row["run"], row["coder"], row["code_id"]): row for row in rows}
    verdicts = [StoredVerdict.model_validate({name: row[name] for name in fields}) for row in standing.values()]
    return sorted(verdicts, key=lambda one: (one.created_at, one.code_id))


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
