"""A segment where it stands: what goes before it in its document, and what follows."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.core.documents import SpokenText
from intercoder.core.errors import StudyError
from intercoder.stores import schema


class Surroundings(NamedTuple):
    """A segment with those around it."""

    document: str
    """The document's name, or its id where no source holds it any more."""
    start: int
    """Offset of the segment in its document, in code points."""
    segment: SpokenText
    before: tuple[SpokenText, ...]
    """The segments just before, first to last."""
    after: tuple[SpokenText, ...]


def read_surroundings(
    connection: Connection, study_id: str, segment_id: str, before: int = 2, after: int = 2
) -> Surroundings:
    """Read a segment with at most so many segments of the same kind on either side.

    Raises:
        StudyError: There is no such segment.
    """
    table, documents, members = schema.segments, schema.documents, schema.source_documents
    found = connection.execute(
        sa.select(table).where(table.c.study_id == study_id, table.c.segment_id == segment_id)
    ).one_or_none()
    if found is None:
        raise StudyError(
            f"there is no segment `{segment_id}`.", remedy="See ids with `intercoder disagreements STUDY`."
        )
    here = sa.and_(table.c.study_id == study_id, table.c.document_id == found.document_id)
    text = connection.execute(
        sa.select(documents.c.text).where(
            documents.c.study_id == study_id, documents.c.document_id == found.document_id
        )
    ).scalar_one()
    name = connection.execute(
        sa.select(members.c.name)
        .where(members.c.study_id == study_id, members.c.document_id == found.document_id)
        .order_by(members.c.version.desc())
    ).scalar()
    around = connection.execute(
        sa.select(table)
        .where(
            here,
            table.c.unit == found.unit,
            table.c.ordinal >= found.ordinal - before,
            table.c.ordinal <= found.ordinal + after,
        )
        .order_by(table.c.ordinal)
    ).all()
    texts = {row.ordinal: SpokenText(text[row.start : row.end], row.speaker or "") for row in around}
    return Surroundings(
        document=str(name or found.document_id),
        start=found.start,
        segment=texts[found.ordinal],
        before=tuple(text for ordinal, text in texts.items() if ordinal < found.ordinal),
        after=tuple(text for ordinal, text in texts.items() if ordinal > found.ordinal),
    )
