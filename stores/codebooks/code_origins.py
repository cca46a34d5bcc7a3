"""Where the codes of a version come from, and who changed each last."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from intercoder.core.codebook import Codebook
from intercoder.core.record import Record
from intercoder.stores import schema
from intercoder.stores.database import reading


class LastChange(Record):
    """Who made a code what it is."""

    by: str
    """The person, or the run."""
    at: str
    """UTC, ISO 8601."""


class CodeOrigins(Record):
    """What a book does not say itself about where its codes come from."""

    changed: Mapping[str, LastChange]
    """Code id -> who changed it last."""
    labels: Mapping[str, str]
    """Id -> the last label of each code that a code of the book was split from or has taken in."""


def code_origins(engine: Engine, study_id: str, book: Codebook) -> CodeOrigins:
    """Origins of a version's codes."""
    table, entries = schema.code_revisions, schema.codebook_entries
    same = sa.and_(
        table.c.study_id == entries.c.study_id,
        table.c.code_id == entries.c.code_id,
        table.c.revision == entries.c.revision,
    )
    changed = (
        sa.select(table.c.code_id, table.c.author, table.c.created_at)
        .select_from(entries.join(table, same))
        .where(entries.c.study_id == study_id, entries.c.version == book.version)
    )
    ancestors = {one for code in book.codes for one in (code.lineage.split_from, *code.lineage.merged_from) if one}
    labels = (
        sa.select(table.c.code_id, table.c.label)
        .where(table.c.study_id == study_id, table.c.code_id.in_(sorted(ancestors)))
        .order_by(table.c.revision)
    )
    with reading(engine) as connection:
        return CodeOrigins(
            changed={
                row.code_id: LastChange(by=row.author, at=row.created_at) for row in connection.execute(changed)
            },
            labels={row.code_id: row.label for row in connection.execute(labels)} if ancestors else {},
        )
