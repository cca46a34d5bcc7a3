"""Synthetic segments in the database: a table of their own, so that they can never be mistaken for data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine, Row

from intercoder.core.coding.coded_lines import Line
from intercoder.core.decisions import Provenance
from intercoder.core.synthetic import SyntheticSegment
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.database import insert_new, now, reading, writing

COLUMNS = (
    "synthetic_id",
    "synthetic",
    "text",
    "code",
    "code_id",
    "code_revision",
    "codebook_version",
    "value",
    "dropped",
    "like",
    "likeness",
    "examples",
    "temperature",
    "seed",
    "model",
    "prompt",
    "prompt_hash",
    "answer_key",
)
"""Of a file of synthetic segments. `synthetic` is always true, so that it says so wherever its lines end up."""
_TRAIL = tuple(Provenance.model_fields)
_OWN = tuple(name for name in SyntheticSegment.model_fields if name not in ("id", "provenance"))


class SqlSyntheticStore:
    """Synthetic segments of a study, kept and dropped ones."""

    def __init__(self, engine: Engine, study_id: str) -> None:
        self.engine = engine
        self.study_id = study_id

    def written(self, origins: Sequence[str]) -> list[SyntheticSegment]:
        """All that was written under these origins, kept and dropped; by origin as given, then in order."""
        found: list[SyntheticSegment] = []
        for origin in dict.fromkeys(origins):
            found += self._read(schema.synthetic_segments.c.origin == origin)
        return found

    def everything(self) -> list[SyntheticSegment]:
        """All synthetic segments of the study, by codebook version, code, value, origin and order of writing."""
        return self._read(sa.true())

    def write(self, segments: Sequence[SyntheticSegment]) -> list[SyntheticSegment]:
        """Commit segments, in one transaction; those that are there already stay as they are.

        Returns:
            The segments as they are there now, in the same order.
        """
        own = {"study_id": self.study_id, "created_at": now()}
        rows = [
            {
                **own,
                "synthetic_id": one.id,
                **one.model_dump(mode="json", exclude={"id", "provenance"}),
                **one.provenance.model_dump(),
            }
            for one in segments
        ]
        with writing(self.engine) as connection:
            insert_new(connection, schema.synthetic_segments, rows)
        ids = [one.id for one in segments]
        there = {one.id: one for one in self._read(schema.synthetic_segments.c.synthetic_id.in_(ids))}
        return [there[one.id] for one in segments]

    def _read(self, wanted: sa.ColumnElement[bool]) -> list[SyntheticSegment]:
        table = schema.synthetic_segments
        order = ("codebook_version", "code_id", "value", "origin", "call")
        query = (
            sa.select(table)
            .where(table.c.study_id == self.study_id, wanted)
            .order_by(*(table.c[name].desc() if name == "value" else table.c[name] for name in order))
        )
        with reading(self.engine) as connection:
            return [_segment(row) for row in connection.execute(query)]


def synthetic_lines(store: SqlSyntheticStore) -> Iterator[Line]:
    """All synthetic segments of a study as lines of a table, see `COLUMNS`; dropped ones say why."""

    @cache
    def labels(version: int) -> dict[str, str]:
        with reading(store.engine) as connection:
            return {code.id: code.label for code in read_version(connection, store.study_id, version).codes}

    for one in store.everything():
        label = labels(one.codebook_version).get(one.code_id)
        line: Line = {"synthetic_id": one.id, "synthetic": True, "code": label}
        line |= one.model_dump(include={*COLUMNS}) | one.provenance.model_dump()
        line |= {"examples": " ".join(one.examples), "dropped": one.dropped or None, "like": one.like or None}
        line["likeness"] = None if one.kept else one.likeness
        yield {name: line[name] for name in COLUMNS}


def _segment(row: Row[Any]) -> SyntheticSegment:
    values = row._asdict()
    return SyntheticSegment(
        id=values["synthetic_id"],
        provenance=Provenance(**{name: values[name] for name in _TRAIL}),
        **{name: values[name] for name in _OWN},
    )
