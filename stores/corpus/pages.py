"""All segments of a study in document order, straight from its database: sources, documents, units, ordinals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.stores import schema
from intercoder.stores.corpus.intake import latest_versions

CHUNK = 500
"""Documents that are read at once."""


class CorpusLine(NamedTuple):
    """A segment as it is listed."""

    segment_id: str
    document: str
    """Name of its document."""
    unit: str
    ordinal: int
    """Its number among the segments of its document and unit, from 0."""
    speaker: str
    text: str


class CorpusDocument(NamedTuple):
    """A document as it is listed."""

    document_id: str
    name: str
    first: int
    """Place of its first segment in the corpus, from 0."""
    segments: int


def signature(connection: Connection, study_id: str) -> str:
    """What the corpus consists of, in short: it changes whenever a text or a cut comes in.

    Also where the database was put back or made anew, and other files came in under the same numbers.
    """
    table = schema.sources
    columns = (table.c.source, table.c.version, table.c.sha256, table.c.imported_at)
    query = sa.select(*columns).where(table.c.study_id == study_id).order_by(table.c.place, *columns[:2])
    sources = connection.execute(query).all()
    counts = [
        connection.execute(sa.select(sa.func.count()).where(table.c.study_id == study_id)).scalar_one()
        for table in (schema.source_documents, schema.segments)
    ]
    return repr(([tuple(row) for row in sources], counts))


def corpus_size(connection: Connection, study_id: str) -> int:
    """Segments in the latest versions of all sources."""
    query = sa.select(sa.func.count()).select_from(_joined(study_id))
    return int(connection.execute(query).scalar_one())


def outside_corpus(connection: Connection, study_id: str) -> frozenset[str]:
    """Segments of texts that no latest version of a source holds any more."""
    segments = schema.segments
    held = sa.select(segments.c.segment_id).select_from(_joined(study_id))
    query = sa.select(segments.c.segment_id).where(
        segments.c.study_id == study_id, segments.c.segment_id.not_in(held)
    )
    return frozenset(connection.execute(query).scalars())


def corpus_lines(connection: Connection, study_id: str, start: int, stop: int) -> list[CorpusLine]:
    """Segments `start` to `stop` (exclusive) of the corpus.

    It needs no index, and takes longer the farther it is from the beginning; `CorpusIndex.lines` does not.
    """
    members, segments = schema.source_documents, schema.segments
    query = (
        sa.select(
            members.c.document_id,
            members.c.name,
            segments.c.segment_id,
            segments.c.unit,
            segments.c.ordinal,
            segments.c.speaker,
            segments.c.start,
            segments.c.end,
        )
        .select_from(_joined(study_id))
        .order_by(*_order())
        .limit(stop - start)
        .offset(start)
    )
    rows = connection.execute(query).all()
    texts = document_texts(connection, study_id, {row.document_id for row in rows})
    return [_line(row, row.name, texts[row.document_id]) for row in rows]


def read_corpus(connection: Connection, study_id: str) -> Iterator[tuple[CorpusDocument, list[CorpusLine]]]:
    """All documents with their segments, in the order of `corpus_lines`."""
    place = 0
    for source, version in connection.execute(latest_versions(study_id)).all():
        position = 0
        while chunk := _documents(connection, study_id, source, version, position):
            position = chunk[-1].position + 1
            ids = {row.document_id for row in chunk}
            texts, segments = document_texts(connection, study_id, ids), _segments(connection, study_id, ids)
            for row in chunk:
                lines = [_line(one, row.name, texts[row.document_id]) for one in segments.get(row.document_id, ())]
                if lines:
                    yield CorpusDocument(row.document_id, row.name, place, len(lines)), lines
                place += len(lines)


def document_texts(connection: Connection, study_id: str, ids: set[str]) -> dict[str, str]:
    """Document id -> text."""
    documents = schema.documents
    query = sa.select(documents.c.document_id, documents.c.text).where(
        documents.c.study_id == study_id, documents.c.document_id.in_(ids)
    )
    return {row.document_id: row.text for row in connection.execute(query)}


def _line(row: Any, document: str, text: str) -> CorpusLine:
    return CorpusLine(row.segment_id, document, row.unit, row.ordinal, row.speaker or "", text[row.start : row.end])


def _documents(connection: Connection, study_id: str, source: str, version: int, position: int) -> list[Any]:
    members = schema.source_documents
    query = (
        sa.select(members.c.position, members.c.document_id, members.c.name)
        .where(
            members.c.study_id == study_id,
            members.c.source == source,
            members.c.version == version,
            members.c.position >= position,
        )
        .order_by(members.c.position)
        .limit(CHUNK)
    )
    return list(connection.execute(query).all())


def _segments(connection: Connection, study_id: str, ids: set[str]) -> dict[str, list[Any]]:
    segments = schema.segments
    query = (
        sa.select(segments)
        .where(segments.c.study_id == study_id, segments.c.document_id.in_(ids))
        .order_by(segments.c.document_id, segments.c.unit, segments.c.ordinal)
    )
    found: dict[str, list[Any]] = {}
    for row in connection.execute(query):
        found.setdefault(row.document_id, []).append(row)
    return found


def _joined(study_id: str) -> sa.Join:
    """Latest sources with their documents' segments."""
    members, segments, sources = schema.source_documents, schema.segments, schema.sources
    latest = (
        sa.select(
            sources.c.source,
            sa.func.max(sources.c.version).label("version"),
            sa.func.min(sources.c.place).label("place"),
        )
        .where(sources.c.study_id == study_id)
        .group_by(sources.c.source)
        .subquery("latest")
    )
    of_source = sa.and_(
        members.c.study_id == study_id,
        members.c.source == latest.c.source,
        members.c.version == latest.c.version,
    )
    of_document = sa.and_(segments.c.study_id == study_id, segments.c.document_id == members.c.document_id)
    return latest.join(members, of_source).join(segments, of_document)


def _order() -> tuple[sa.ColumnElement[Any], ...]:
    members, segments = schema.source_documents, schema.segments
    return (
        sa.literal_column("latest.place"),
        members.c.position,
        segments.c.unit,
        segments.c.ordinal,
    )
