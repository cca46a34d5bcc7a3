"""Samples that people name: drawn once, coded by several, each on a sheet of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from intercoder.core.documents import Segment, Unit
from intercoder.core.errors import InputError
from intercoder.core.record import Record
from intercoder.stores import schema
from intercoder.stores.corpus.samples import Drawn, Scope, save_sample
from intercoder.stores.corpus.segments import read_segments
from intercoder.stores.database import reading, writing

BLOCK = 1000
"""Segments read at once."""
_NAME = re.compile(r"[^\W_][\w.-]{0,63}")
_RUN = re.compile(r"(inductive|merge|themes|codevelop|deductive|calibrate|final)-\d+")


class NamedSample(Record):
    """A sample as it was drawn."""

    name: str
    unit: Unit
    seed: int | None
    stratify: str
    """Attribute, or `model:RUN` for one that is enriched by a run's answers."""
    size: int
    population: int
    """Segments it was drawn from."""


class SampleSegments(NamedTuple):
    """A sample's segments in its order."""

    segment_ids: tuple[str, ...]
    weights: Mapping[str, float] | None
    """Segment id -> the inverse of its chance to be drawn; None where all had the same chance."""
    population: int
    """How many segments they were drawn from; 0 where that is not known."""


def check_name(name: str, what: str) -> None:
    """Refuse names that could not be part of a file's name.

    Raises:
        InputError: It is empty, too long, or has other characters than letters, digits, dots, hyphens, underscores.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name!r} cannot be the name of a {what}.",
            where=what,
            remedy="Use up to 64 letters, digits, dots, hyphens and underscores; begin with a letter or digit.",
        )
    if what == "sample" and _RUN.fullmatch(name):
        raise InputError(f"{name!r} is a name for runs.", where=what, remedy="Call the sample something else.")


def find_sample(connection: Connection, study_id: str, name: str) -> NamedSample | None:
    """The sample of that name, if it was drawn."""
    table = schema.samples
    query = sa.select(table).where(table.c.study_id == study_id, table.c.sample == name)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return NamedSample(
        name=name,
        unit=row.unit,
        seed=row.seed,
        stratify=row.stratify or "",
        size=row.size,
        population=row.population,
    )


def sample_names(connection: Connection, study_id: str) -> list[str]:
    """Names of the samples that people drew, in order of name."""
    query = sa.select(schema.samples.c.sample).where(schema.samples.c.study_id == study_id)
    return sorted(name for name in connection.execute(query).scalars() if not _RUN.fullmatch(name))


def keep_sample(engine: Engine, study_id: str, name: str, scope: Scope, drawn: Drawn) -> NamedSample:
    """Write a sample under a name; where somebody else just did, theirs stands."""
    with writing(engine) as connection:
        if find_sample(connection, study_id, name) is None:
            save_sample(connection, study_id, name, scope, drawn)
        kept = find_sample(connection, study_id, name)
    assert kept is not None
    return kept


def read_sample(engine: Engine, study_id: str, name: str) -> SampleSegments:
    """A sample's segments with their weights; a run's own segments go by the run's name.

    Raises:
        InputError: There is no such sample.
    """
    with reading(engine) as connection:
        sample = find_sample(connection, study_id, name)
        if sample is None:
            known = ", ".join(sample_names(connection, study_id)) or "none yet"
            raise InputError(
                f"there is no sample {name!r}.",
                where="sample",
                remedy=f"There are: {known}. Draw one with `intercoder sample STUDY NAME -n 100 --coder WHO`.",
            )
        table = schema.sample_segments
        query = (
            sa.select(table.c.segment_id, table.c.weight)
            .where(table.c.study_id == study_id, table.c.sample == name)
            .order_by(table.c.position)
        )
        rows = connection.execute(query).all()
    weights = {row.segment_id: float(row.weight) for row in rows}
    even = len(set(weights.values())) <= 1
    return SampleSegments(tuple(weights), None if even else weights, sample.population)


def weighted_samples(engine: Engine, study_id: str) -> dict[str, SampleSegments]:
    """The samples that people drew unevenly, by name."""
    with reading(engine) as connection:
        names = sample_names(connection, study_id)
    found = {name: read_sample(engine, study_id, name) for name in names}
    return {name: one for name, one in found.items() if one.weights is not None}


def sampled_texts(engine: Engine, study_id: str, sample: NamedSample, before: int) -> Iterator[Segment]:
    """A sample's segments with their texts, and so many segments before each as its context."""
    with reading(engine) as connection:
        for start in range(0, sample.size, BLOCK):
            yield from read_segments(connection, study_id, sample.name, start, start + BLOCK, before)


def developed_on(connection: Connection, study_id: str, sample: str) -> int:
    """How many of a sample's segments were also in the sample of a run that developed the codebook."""
    runs, drawn, other = schema.runs, schema.sample_segments, schema.sample_segments.alias()
    theirs = (
        sa.select(other.c.segment_id)
        .select_from(
            other.join(runs, sa.and_(runs.c.study_id == other.c.study_id, runs.c.sample == other.c.sample))
        )
        .where(other.c.study_id == study_id, runs.c.graph == "codevelop")
    )
    query = sa.select(sa.func.count()).where(
        drawn.c.study_id == study_id, drawn.c.sample == sample, drawn.c.segment_id.in_(theirs)
    )
    return int(connection.execute(query).scalar_one())
