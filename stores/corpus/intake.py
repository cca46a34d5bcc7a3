"""Bringing documents into a study, version by version.

A source is a file by its name. Importing it unchanged adds nothing; a changed file becomes the source's
next version. Decisions stay with the segments they were made on: those of unchanged documents (rows of a
table whose text is the same) carry over, those of a changed text remain with the old version, and the new
text's segments are coded anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from intercoder.core.documents import Document, Span, Unit, segment_id
from intercoder.core.errors import InputError
from intercoder.core.record import Record
from intercoder.stores import schema
from intercoder.stores.database import insert_new, now, reading, writing

CHUNK = 500
"""Documents written at once."""


class Imported(Record):
    """What an import did."""

    source: str
    version: int
    unit: Unit
    documents: int
    segments: int
    new_documents: int
    """Documents that no earlier version of the source held."""
    unchanged: bool = False
    """Whether the study already held exactly this file, cut the same way."""
    notes: tuple[str, ...] = ()


class Source(Record):
    """A file as it is to be imported."""

    name: str
    sha256: str
    options: dict[str, Any]
    """How it is read (columns, encoding): read another way it is another version."""
    unit: Unit


def import_source(
    engine: Engine,
    study_id: str,
    source: Source,
    documents: Iterable[Document],
    cut: Callable[[Document], list[Span]],
    notes: list[str],
) -> Imported:
    """Write one source, all or nothing.

    Args:
        engine: The study's database.
        study_id: The study.
        source: The file's identity.
        documents: Its documents, read lazily; an error while reading undoes the import.
        cut: Gives a document's segments.
        notes: What the reader has to tell; filled while `documents` is consumed.

    Raises:
        InputError: The file gives no segment, or whatever reading it raises.
    """
    with writing(engine) as connection:
        latest = _latest(connection, study_id, source.name)
        same = latest is not None and (latest.sha256, latest.options) == (source.sha256, source.options)
        version = 1 if latest is None else latest.version + (0 if same else 1)
        if same and _is_cut(connection, study_id, source.name, version, source.unit):
            return _count(connection, study_id, source, version, unchanged=True)
        if not same:
            place = latest.place if latest is not None else _next_place(connection, study_id)
            connection.execute(
                sa.insert(schema.sources).values(
                    study_id=study_id,
                    source=source.name,
                    version=version,
                    place=place,
                    sha256=source.sha256,
                    options=source.options,
                    notes=[],
                    imported_at=now(),
                )
            )
        new = _write(connection, study_id, source, version, documents, cut, membership=not same)
        result = _count(connection, study_id, source, version, new_documents=new, notes=tuple(notes))
        if result.segments == 0:
            raise InputError(
                "there is nothing to code in this file.", where=source.name, remedy="Check its content."
            )
        return result


def _write(
    connection: Connection,
    study_id: str,
    source: Source,
    version: int,
    documents: Iterable[Document],
    cut: Callable[[Document], list[Span]],
    *,
    membership: bool,
) -> int:
    new = 0
    for chunk in _chunks(documents):
        texts, members, segments = [], [], []
        for position, document in chunk:
            identity = document.id
            texts.append({"study_id": study_id, "document_id": identity, "text": document.text})
            members.append(
                {
                    "study_id": study_id,
                    "source": source.name,
                    "version": version,
                    "position": position,
                    "document_id": identity,
                    "key": document.key,
                    "name": document.name,
                    "attributes": document.attributes,
                    "context": document.context,
                }
            )
            segments += _segment_rows(study_id, identity, source.unit, cut(document))
        new += len(texts) - _known(connection, study_id, [text["document_id"] for text in texts])
        insert_new(connection, schema.documents, texts)
        if membership:
            connection.execute(sa.insert(schema.source_documents), members)
        insert_new(connection, schema.segments, segments)
    return new


def _segment_rows(study_id: str, document_id: str, unit: Unit, spans: list[Span]) -> list[dict[str, Any]]:
    return [
        {
            "study_id": study_id,
            "segment_id": segment_id(document_id, unit, span),
            "document_id": document_id,
            "unit": unit,
            "ordinal": ordinal,
            "start": span.start,
            "end": span.end,
            "speaker": span.speaker,
        }
        for ordinal, span in enumerate(spans)
    ]


def _chunks(documents: Iterable[Document]) -> Iterator[list[tuple[int, Document]]]:
    chunk: list[tuple[int, Document]] = []
    held = 0
    for position, document in enumerate(documents):
        chunk.append((position, document))
        held += len(document.text)
        if len(chunk) == CHUNK or held > 4_000_000:
            yield chunk
            chunk, held = [], 0
    if chunk:
        yield chunk


def _latest(connection: Connection, study_id: str, name: str) -> Any:
    sources = schema.sources
    return connection.execute(
        sa.select(sources)
        .where(sources.c.study_id == study_id, sources.c.source == name)
        .order_by(sources.c.version.desc())
        .limit(1)
    ).one_or_none()


def _next_place(connection: Connection, study_id: str) -> int:
    query = sa.select(sa.func.max(schema.sources.c.place)).where(schema.sources.c.study_id == study_id)
    last = connection.execute(query).scalar()
    return 0 if last is None else int(last) + 1


def _known(connection: Connection, study_id: str, ids: list[str]) -> int:
    documents = schema.documents
    query = sa.select(sa.func.count()).where(documents.c.study_id == study_id, documents.c.document_id.in_(ids))
    return int(connection.execute(query).scalar_one())


def _members(study_id: str, name: str, version: int) -> sa.ColumnElement[bool]:
    members = schema.source_documents
    return sa.and_(members.c.study_id == study_id, members.c.source == name, members.c.version == version)


def _is_cut(connection: Connection, study_id: str, name: str, version: int, unit: Unit) -> bool:
    return _segment_count(connection, study_id, name, version, unit) > 0


def _segment_count(connection: Connection, study_id: str, name: str, version: int, unit: Unit) -> int:
    members, segments = schema.source_documents, schema.segments
    joined = sa.and_(segments.c.study_id == members.c.study_id, segments.c.document_id == members.c.document_id)
    query = (
        sa.select(sa.func.count())
        .select_from(members.join(segments, joined))
        .where(_members(study_id, name, version), segments.c.unit == unit)
    )
    return int(connection.execute(query).scalar_one())


def _count(
    connection: Connection,
    study_id: str,
    source: Source,
    version: int,
    *,
    new_documents: int = 0,
    unchanged: bool = False,
    notes: tuple[str, ...] = (),
) -> Imported:
    query = sa.select(sa.func.count()).where(_members(study_id, source.name, version))
    return Imported(
        source=source.name,
        version=version,
        unit=source.unit,
        documents=int(connection.execute(query).scalar_one()),
        segments=_segment_count(connection, study_id, source.name, version, source.unit),
        new_documents=new_documents,
        unchanged=unchanged,
        notes=notes,
    )


class SourceSummary(Record):
    """A source as `intercoder status` shows it: its latest version."""

    source: str
    version: int
    documents: int
    segments: dict[str, int]
    """Unit -> number of segments."""


def summarise(engine: Engine, study_id: str) -> list[SourceSummary]:
    """The study's sources in order of import, latest versions."""
    members, segments = schema.source_documents, schema.segments
    with reading(engine) as connection:
        result = []
        for name, version in connection.execute(latest_versions(study_id)).all():
            documents = connection.execute(
                sa.select(sa.func.count()).where(_members(study_id, name, version))
            ).scalar_one()
            joined = sa.and_(
                segments.c.study_id == members.c.study_id, segments.c.document_id == members.c.document_id
            )
            units = connection.execute(
                sa.select(segments.c.unit, sa.func.count())
                .select_from(members.join(segments, joined))
                .where(_members(study_id, name, version))
                .group_by(segments.c.unit)
            ).all()
            counts = {unit: int(count) for unit, count in units}
            result.append(SourceSummary(source=name, version=version, documents=documents, segments=counts))
        return result


def latest_versions(study_id: str) -> sa.Select[Any]:
    """Query giving (source, version) of every source's latest version, in order of first import."""
    sources = schema.sources
    return (
        sa.select(sources.c.source, sa.func.max(sources.c.version))
        .where(sources.c.study_id == study_id)
        .group_by(sources.c.source)
        .order_by(sa.func.min(sources.c.place))
    )
