"""Reading segments with their texts: each document's text is fetched once, then sliced."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.core.documents import Segment, SpokenText
from intercoder.stores import schema

CHUNK = 500
"""Segments that are named in one query."""


def read_segments(
    connection: Connection, study_id: str, sample: str, start: int, stop: int, before: int = 0
) -> list[Segment]:
    """Segments `start` to `stop` (exclusive) of a sample, in its order.

    Args:
        connection: An open connection.
        study_id: The study.
        sample: The sample's name.
        start: First position, from 0.
        stop: Position after the last.
        before: How many preceding segments of the same document go into each segment's context.
    """
    rows = _rows(connection, study_id, sample, start, stop)
    texts = _texts(connection, study_id, {row.document_id for row in rows})
    earlier = _earlier(connection, study_id, rows, before) if before else {}
    return [_segment(row, texts, earlier, before) for row in rows]


def _segment(row: Any, texts: dict[str, str], earlier: dict[tuple[str, int], Any], before: int) -> Segment:
    text = texts[row.document_id]
    context = [row.context] if row.context else []
    for ordinal in range(row.ordinal - before, row.ordinal):
        previous = earlier.get((row.document_id, ordinal))
        if previous is not None:
            speaker = f"{previous.speaker}: " if previous.speaker else ""
            context.append(f"{speaker}{text[previous.start : previous.end]}")
    attributes = dict(row.attributes)
    if row.speaker is not None:
        attributes["speaker"] = row.speaker
    return Segment(
        id=row.segment_id,
        document_id=row.document_id,
        document=row.name,
        unit=row.unit,
        start=row.start,
        end=row.end,
        text=text[row.start : row.end],
        speaker=row.speaker,
        attributes=attributes,
        context="\n".join(context),
    )


def _rows(connection: Connection, study_id: str, sample: str, start: int, stop: int) -> Sequence[Any]:
    drawn, segments, members = schema.sample_segments, schema.segments, schema.source_documents
    query = (
        sa.select(*_columns())
        .select_from(
            drawn.join(
                segments,
                sa.and_(segments.c.study_id == drawn.c.study_id, segments.c.segment_id == drawn.c.segment_id),
            ).join(
                members,
                sa.and_(
                    members.c.study_id == drawn.c.study_id,
                    members.c.source == drawn.c.source,
                    members.c.version == drawn.c.version,
                    members.c.position == drawn.c.document_position,
                ),
            )
        )
        .where(
            drawn.c.study_id == study_id,
            drawn.c.sample == sample,
            drawn.c.position >= start,
            drawn.c.position < stop,
        )
        .order_by(drawn.c.position)
    )
    return connection.execute(query).all()


def _texts(connection: Connection, study_id: str, ids: Iterable[str]) -> dict[str, str]:
    documents = schema.documents
    query = sa.select(documents.c.document_id, documents.c.text).where(
        documents.c.study_id == study_id, documents.c.document_id.in_(list(ids))
    )
    return {row.document_id: row.text for row in connection.execute(query)}


def _earlier(connection: Connection, study_id: str, rows: Sequence[Any], before: int) -> dict[tuple[str, int], Any]:
    """The segments just before the given ones, by document and ordinal."""
    segments = schema.segments
    ordinals: dict[str, list[int]] = {}
    for row in rows:
        ordinals.setdefault(row.document_id, []).append(row.ordinal)
    found: dict[tuple[str, int], Any] = {}
    for document_id, places in ordinals.items():
        if max(places) == 0:
            continue
        query = sa.select(segments.c.ordinal, segments.c.start, segments.c.end, segments.c.speaker).where(
            segments.c.study_id == study_id,
            segments.c.document_id == document_id,
            segments.c.unit == rows[0].unit,
            segments.c.ordinal >= min(places) - before,
            segments.c.ordinal < max(places),
        )
        for row in connection.execute(query):
            found[document_id, row.ordinal] = row
    return found


def sample_ids(connection: Connection, study_id: str, sample: str) -> list[str]:
    """Ids of a sample's segments, in its order."""
    drawn = schema.sample_segments
    query = (
        sa.select(drawn.c.segment_id)
        .where(drawn.c.study_id == study_id, drawn.c.sample == sample)
        .order_by(drawn.c.position)
    )
    return list(connection.execute(query).scalars())


def sorted_lengths(connection: Connection, study_id: str, sample: str) -> array[int]:
    """Lengths of a sample's segments in code points, shortest first."""
    drawn = schema.sample_segments
    query = (
        sa.select(drawn.c.length)
        .where(drawn.c.study_id == study_id, drawn.c.sample == sample)
        .order_by(drawn.c.length)
    )
    return array("q", connection.execute(query).scalars())


def chosen_segments(
    connection: Connection, study_id: str, chosen: Sequence[Any], before: int = 0
) -> Iterator[Segment]:
    """Segments that `samples.choose` named and no sample holds yet, in its order; see `read_segments`."""
    for start in range(0, len(chosen), CHUNK):
        rows = _rows_chosen(connection, study_id, chosen[start : start + CHUNK])
        texts = _texts(connection, study_id, {row.document_id for row in rows})
        earlier = _earlier(connection, study_id, rows, before) if before else {}
        yield from (_segment(row, texts, earlier, before) for row in rows)


def segments_of_ids(
    connection: Connection, study_id: str, segment_ids: Sequence[str], before: int = 0
) -> dict[str, Segment]:
    """Segment id -> segment, for ids in any order; unknown ones are left out. Else as `read_segments`."""
    segments, members = schema.segments, schema.source_documents
    of_document = sa.and_(
        members.c.study_id == segments.c.study_id, members.c.document_id == segments.c.document_id
    )
    found: dict[str, Segment] = {}
    wanted = sorted(set(segment_ids))
    for start in range(0, len(wanted), CHUNK):
        query = (
            sa.select(*_columns())
            .select_from(segments.join(members, of_document))
            .where(segments.c.study_id == study_id, segments.c.segment_id.in_(wanted[start : start + CHUNK]))
            .order_by(members.c.version)  # of several imports of a document the latest counts
        )
        by_unit: dict[str, dict[str, Any]] = {}
        for row in connection.execute(query):
            by_unit.setdefault(row.unit, {})[row.segment_id] = row
        for rows in (list(alike.values()) for alike in by_unit.values()):
            texts = _texts(connection, study_id, {row.document_id for row in rows})
            earlier = _earlier(connection, study_id, rows, before) if before else {}
            found.update((row.segment_id, _segment(row, texts, earlier, before)) for row in rows)
    return found


def _rows_chosen(connection: Connection, study_id: str, chosen: Sequence[Any]) -> list[Any]:
    segments, members = schema.segments, schema.source_documents
    query = sa.select(*_columns(), members.c.source, members.c.version, members.c.position).select_from(
        segments.join(
            members,
            sa.and_(members.c.study_id == segments.c.study_id, members.c.document_id == segments.c.document_id),
        )
    )
    query = query.where(
        segments.c.study_id == study_id, segments.c.segment_id.in_([one.segment_id for one in chosen])
    )
    found = {(row.segment_id, row.source, row.version, row.position): row for row in connection.execute(query)}
    return [found[one.segment_id, one.source, one.version, one.position] for one in chosen]


def _columns() -> tuple[sa.Column[Any], ...]:
    segments, members = schema.segments, schema.source_documents
    return (
        segments.c.segment_id,
        segments.c.document_id,
        segments.c.unit,
        segments.c.ordinal,
        segments.c.start,
        segments.c.end,
        segments.c.speaker,
        members.c.name,
        members.c.attributes,
        members.c.context,
    )


def segment_texts(connection: Connection, study_id: str, segment_ids: Sequence[str]) -> dict[str, str]:
    """Segment id -> text, for ids in any order; unknown ones are left out."""
    return {one: spoken.text for one, spoken in spoken_texts(connection, study_id, segment_ids).items()}


def spoken_texts(connection: Connection, study_id: str, segment_ids: Sequence[str]) -> dict[str, SpokenText]:
    """Segment id -> text, speaker and document, for ids in any order; unknown ones are left out."""
    segments = schema.segments
    found: dict[str, SpokenText] = {}
    wanted = sorted(set(segment_ids))
    for start in range(0, len(wanted), CHUNK):
        some = wanted[start : start + CHUNK]
        query = sa.select(segments).where(segments.c.study_id == study_id, segments.c.segment_id.in_(some))
        rows = connection.execute(query).all()
        documents = {row.document_id for row in rows}
        texts, names = _texts(connection, study_id, documents), _names(connection, study_id, documents)
        for row in rows:
            text = texts[row.document_id][row.start : row.end]
            found[row.segment_id] = SpokenText(text, row.speaker or "", names.get(row.document_id, ""))
    return found


def _names(connection: Connection, study_id: str, ids: Iterable[str]) -> dict[str, str]:
    """Document id -> name, the one it was last imported under."""
    table = schema.source_documents
    query = (
        sa.select(table.c.document_id, table.c.name)
        .where(table.c.study_id == study_id, table.c.document_id.in_(sorted(ids)))
        .order_by(table.c.version)
    )
    return {row.document_id: row.name for row in connection.execute(query)}
