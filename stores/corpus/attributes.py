"""What is known of the documents that a run's segments come from."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.core.protocols import Run
from intercoder.stores import schema
from intercoder.stores.corpus.intake import latest_versions

SPEAKER = "speaker"
"""Attribute of segments that somebody says."""


def attribute_names(connection: Connection, study_id: str, run: Run) -> list[str]:
    """Attributes of the run's documents in the order of their table, then `speaker` where segments have one."""
    drawn, members = schema.sample_segments, schema.source_documents
    document = (drawn.c.source, drawn.c.version, drawn.c.document_position)
    documents = (
        sa.select(*document, sa.func.min(drawn.c.position).label("first"))
        .where(drawn.c.study_id == study_id, drawn.c.sample == run.sample)
        .group_by(*document)
        .subquery()
    )
    same = sa.and_(
        members.c.source == documents.c.source,
        members.c.version == documents.c.version,
        members.c.position == documents.c.document_position,
    )
    query = (
        sa.select(members.c.attributes)
        .select_from(documents.join(members, same))
        .where(members.c.study_id == study_id)
        .order_by(documents.c.first)
    )
    names = dict.fromkeys(name for attributes in connection.execute(query).scalars() for name in attributes)
    if _spoken(connection, study_id, run):
        names[SPEAKER] = None
    return list(names)


def study_attributes(connection: Connection, study_id: str) -> tuple[list[str], list[str]]:
    """Names of the attributes that the study's documents have now, and who speaks in them; both by name."""
    members, segments = schema.source_documents, schema.segments
    names: set[str] = set()
    for source, version in connection.execute(latest_versions(study_id)).all():
        query = sa.select(members.c.attributes).where(
            members.c.study_id == study_id, members.c.source == source, members.c.version == version
        )
        for attributes in connection.execute(query).scalars():
            names.update(attributes)
    spoken = sa.select(segments.c.speaker).where(
        segments.c.study_id == study_id, segments.c.speaker.is_not(None), segments.c.speaker != ""
    )
    speakers = sorted(connection.execute(spoken.distinct()).scalars())
    return sorted(names | ({SPEAKER} if speakers else set())), speakers


def _spoken(connection: Connection, study_id: str, run: Run) -> bool:
    drawn, segments = schema.sample_segments, schema.segments
    same = sa.and_(segments.c.study_id == drawn.c.study_id, segments.c.segment_id == drawn.c.segment_id)
    query = (
        sa.select(segments.c.segment_id)
        .select_from(drawn.join(segments, same))
        .where(drawn.c.study_id == study_id, drawn.c.sample == run.sample, segments.c.speaker.is_not(None))
        .limit(1)
    )
    return connection.execute(query).first() is not None
