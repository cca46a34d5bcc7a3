"""What a person codes: samples or all segments, a segment with its surroundings, and how far they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from intercoder.core.coding.hand_coding import asked_codes
from intercoder.core.documents import Segment, SpokenText, Unit
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.corpus.named_samples import find_sample, sample_names
from intercoder.stores.corpus.samples import Scope, choose
from intercoder.stores.corpus.segments import CHUNK, sample_ids, segment_texts
from intercoder.stores.corpus.surroundings import read_surroundings
from intercoder.stores.database import reading
from intercoder.stores.people.human_codings import exclusive_versions, latest_said


class Work(NamedTuple):
    """Segments that can be coded one after the other."""

    sample: str
    """Name of the sample; empty for all segments of the unit."""
    unit: Unit
    size: int
    population: int


class CodingPage(NamedTuple):
    """A segment as it is coded, with what stands around it."""

    segment: Segment
    """Its `context` is what a table brought along, never other segments."""
    before: tuple[SpokenText, ...]
    after: tuple[SpokenText, ...]


class _Answer(NamedTuple):
    segment_id: str
    coder: str
    code_id: str | None
    value: str
    codebook_version: int


def works(engine: Engine, study_id: str) -> list[Work]:
    """What there is to code: the samples that people drew by name, then all segments of each unit."""
    segments = schema.segments
    counted = (
        sa.select(segments.c.unit, sa.func.count())
        .where(segments.c.study_id == study_id)
        .group_by(segments.c.unit)
        .order_by(segments.c.unit)
    )
    with reading(engine) as connection:
        named = [find_sample(connection, study_id, name) for name in sample_names(connection, study_id)]
        units = connection.execute(counted).all()
    found = [Work(one.name, one.unit, one.size, one.population) for one in named if one is not None]
    return found + [Work("", unit, count, count) for unit, count in units]


def work_segments(engine: Engine, study_id: str, work: Work) -> tuple[str, ...]:
    """Ids of the segments to be coded, in order: as sampled, or in document order."""
    if not work.sample:
        return tuple(row.segment_id for row in choose(engine, study_id, Scope(unit=work.unit)))
    with reading(engine) as connection:
        return tuple(sample_ids(connection, study_id, work.sample))


def done_segments(connection: Connection, study_id: str, coder: str) -> frozenset[str]:
    """All segments that a person is done with (see `core.coding.hand_coding.HandCoded`)."""
    table = schema.decisions
    query = (
        sa.select(
            table.c.segment_id,
            table.c.coder,
            table.c.code_id,
            table.c.value,
            table.c.codebook_version,
        )
        .where(table.c.study_id == study_id, table.c.run == "", table.c.role == "human", table.c.coder == coder)
        .order_by(table.c.round, table.c.position, table.c.decision_id)
    )
    exclusive = exclusive_versions(connection, study_id)

    @cache
    def asked(version: int) -> frozenset[str]:
        return frozenset(code.id for code in asked_codes(read_version(connection, study_id, version)))

    done = set()
    for (_, segment_id), stands in latest_said(
        (_Answer(*row) for row in connection.execute(query)), exclusive
    ).items():
        answered = {question for question, row in stands.items() if row.value}
        version = max((row.codebook_version for row in stands.values() if row.value), default=0)
        if answered and (version in exclusive or asked(version) <= answered):
            done.add(segment_id)
    return frozenset(done)


def said_count(connection: Connection, study_id: str, coder: str) -> int:
    """How many decisions a person ever made: where it is as expected, nobody else wrote in their name."""
    table = schema.decisions
    query = sa.select(sa.func.count()).where(
        table.c.study_id == study_id, table.c.run == "", table.c.role == "human", table.c.coder == coder
    )
    return int(connection.execute(query).scalar_one())


def read_page(
    connection: Connection, study_id: str, segment_id: str, before: int = 2, after: int = 2
) -> CodingPage:
    """A segment with at most so many segments of the same document on either side.

    Raises:
        StudyError: There is no such segment.
    """
    around = read_surroundings(connection, study_id, segment_id, before, after)
    segments, members = schema.segments, schema.source_documents
    row = connection.execute(
        sa.select(segments).where(segments.c.study_id == study_id, segments.c.segment_id == segment_id)
    ).one()
    member = connection.execute(
        sa.select(members.c.attributes, members.c.context)
        .where(members.c.study_id == study_id, members.c.document_id == row.document_id)
        .order_by(members.c.version.desc(), members.c.source, members.c.position)
    ).first()
    segment = Segment(
        id=segment_id,
        document_id=row.document_id,
        document=around.document,
        unit=row.unit,
        start=row.start,
        end=row.end,
        text=around.segment.text,
        speaker=row.speaker,
        attributes=dict(member.attributes) if member else {},
        context=member.context if member else "",
    )
    return CodingPage(segment, around.before, around.after)


def segments_with(
    engine: Engine, study_id: str, segment_ids: Sequence[str], words: str
) -> Iterator[tuple[str, str]]:
    """Those of some segments, with their texts, in which some words stand; capital letters do not count."""
    wanted = " ".join(words.split()).casefold()
    for start in range(0, len(segment_ids), CHUNK):
        some = segment_ids[start : start + CHUNK]
        with reading(engine) as connection:
            texts = segment_texts(connection, study_id, some)
        for one in some:
            if one in texts and wanted in " ".join(texts[one].split()).casefold():
                yield one, texts[one]
