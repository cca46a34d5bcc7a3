"""The history of a study's codebook: its versions, when they were made, and by whom."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from intercoder.core.codebook import Codebook
from intercoder.core.record import Record
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.database import reading


class CodebookVersion(Record):
    """A version and where it comes from."""

    book: Codebook
    author: str
    """The person, or the agent of a run; may be empty."""
    created_at: str
    """UTC, ISO 8601."""

    @property
    def by(self) -> str:
        """Who made it, in words: the person, or else the run."""
        return self.author or self.book.run or "unknown"


def list_versions(engine: Engine, study_id: str, after: int = 0) -> list[CodebookVersion]:
    """Complete versions in order, from the one after `after`; without counts."""
    versions = schema.codebook_versions
    query = (
        sa.select(versions)
        .where(versions.c.study_id == study_id, versions.c.complete, versions.c.version > after)
        .order_by(versions.c.version)
    )
    with reading(engine) as connection:
        rows = connection.execute(query).all()
        return [
            CodebookVersion(
                book=read_version(connection, study_id, row.version), author=row.author, created_at=row.created_at
            )
            for row in rows
        ]
