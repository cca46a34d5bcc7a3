"""Codebook versions in the database: numbered, immutable once complete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from intercoder.core.codebook import Code, Codebook, CodeExample, Lineage
from intercoder.core.revising.approvals import numbered
from intercoder.stores import schema
from intercoder.stores.database import insert_new, now


def reserve_version(connection: Connection, study_id: str, run: str, round_: int, author: str = "") -> int:
    """Take the next version number for a run's round; codes join it wave by wave."""
    versions = schema.codebook_versions
    last = connection.execute(
        sa.select(sa.func.max(versions.c.version)).where(versions.c.study_id == study_id)
    ).scalar()
    version = int(last or 0) + 1
    connection.execute(
        sa.insert(versions).values(
            study_id=study_id,
            version=version,
            run=run,
            round=round_,
            complete=False,
            author=author,
            created_at=now(),
        )
    )
    return version


def add_codes(connection: Connection, study_id: str, version: int, codes: Sequence[Code], author: str = "") -> None:
    """Append codes to a version that is not complete yet. A revision that is there already stays as it is.

    `author` is who made new revisions; by default the run that founded the code.
    """
    if not codes:
        return
    entries = schema.codebook_entries
    last = connection.execute(
        sa.select(sa.func.max(entries.c.position)).where(
            entries.c.study_id == study_id, entries.c.version == version
        )
    ).scalar()
    first = 0 if last is None else int(last) + 1
    insert_new(
        connection,
        schema.codes,
        [
            {
                "study_id": study_id,
                "code_id": code.id,
                "lineage": code.lineage.model_dump(),
                "created_at": now(),
            }
            for code in codes
        ],
    )
    insert_new(connection, schema.code_revisions, [_revision_row(study_id, code, author) for code in codes])
    connection.execute(
        sa.insert(entries),
        [
            {
                "study_id": study_id,
                "version": version,
                "position": first + place,
                "code_id": code.id,
                "revision": code.revision,
            }
            for place, code in enumerate(codes)
        ],
    )


def write_version(
    connection: Connection,
    study_id: str,
    version: int,
    codes: Sequence[Code],
    before: Codebook,
    author: str,
    settings: Codebook | None = None,
) -> None:
    """Fill a reserved version and close it; codes that differ from those before get free revision numbers.

    Its settings are those of the book before, unless another book is given for them.
    """
    revisions = schema.code_revisions
    latest = {
        row.code_id: int(row.latest)
        for row in connection.execute(
            sa.select(revisions.c.code_id, sa.func.max(revisions.c.revision).label("latest"))
            .where(revisions.c.study_id == study_id)
            .group_by(revisions.c.code_id)
        )
    }
    add_codes(connection, study_id, version, numbered(codes, before, latest), author)
    write_settings(connection, study_id, version, settings or before)
    complete_version(connection, study_id, version)


def complete_versions(connection: Connection, study_id: str) -> list[int]:
    """Numbers of the versions that are complete, oldest first."""
    versions = schema.codebook_versions
    query = (
        sa.select(versions.c.version)
        .where(versions.c.study_id == study_id, versions.c.complete)
        .order_by(versions.c.version)
    )
    return [int(version) for version in connection.execute(query).scalars()]


def complete_version(connection: Connection, study_id: str, version: int) -> None:
    """Close a version; from now on it never changes."""
    versions = schema.codebook_versions
    connection.execute(
        sa.update(versions)
        .where(versions.c.study_id == study_id, versions.c.version == version)
        .values(complete=True)
    )


def copy_version(connection: Connection, study_id: str, old: int, author: str) -> int:
    """Make a new version equal to an old one, code by code and revision by revision. Returns its number."""
    book = read_version(connection, study_id, old)
    version = reserve_version(connection, study_id, "", 1, author=author)
    write_settings(connection, study_id, version, book)
    add_codes(connection, study_id, version, book.codes)
    complete_version(connection, study_id, version)
    return version


def write_settings(connection: Connection, study_id: str, version: int, book: Codebook) -> None:
    """Give a reserved version the settings of a book."""
    versions = schema.codebook_versions
    connection.execute(
        sa.update(versions)
        .where(versions.c.study_id == study_id, versions.c.version == version)
        .values(exclusive=book.exclusive, allow_unsure=book.allow_unsure)
    )


def is_exclusive(connection: Connection, study_id: str, version: int) -> bool:
    """Whether a segment gets exactly one code of a version."""
    versions = schema.codebook_versions
    query = sa.select(versions.c.exclusive).where(versions.c.study_id == study_id, versions.c.version == version)
    return bool(connection.execute(query).scalar())


def read_version(connection: Connection, study_id: str, version: int) -> Codebook:
    """A version with its codes in order; counts are left out."""
    entries, revisions, codes = schema.codebook_entries, schema.code_revisions, schema.codes
    of_code = sa.and_(codes.c.study_id == entries.c.study_id, codes.c.code_id == entries.c.code_id)
    of_revision = sa.and_(
        revisions.c.study_id == entries.c.study_id,
        revisions.c.code_id == entries.c.code_id,
        revisions.c.revision == entries.c.revision,
    )
    query = (
        sa.select(revisions, codes.c.lineage.label("founding"))
        .select_from(entries.join(revisions, of_revision).join(codes, of_code))
        .where(entries.c.study_id == study_id, entries.c.version == version)
        .order_by(entries.c.position)
    )
    found = tuple(_code(row) for row in connection.execute(query))
    versions = schema.codebook_versions
    head = connection.execute(
        sa.select(versions).where(versions.c.study_id == study_id, versions.c.version == version)
    ).one_or_none()
    if head is None:
        return Codebook(version=version, codes=found)
    return Codebook(
        version=version, codes=found, exclusive=head.exclusive, allow_unsure=head.allow_unsure, run=head.run
    )


def _revision_row(study_id: str, code: Code, author: str) -> dict[str, Any]:
    return {
        "study_id": study_id,
        "code_id": code.id,
        "revision": code.revision,
        "label": code.label,
        "definition": code.definition,
        "include": list(code.include),
        "exclude": list(code.exclude),
        "examples": [example.model_dump() for example in code.examples],
        "negative_examples": [example.model_dump() for example in code.negative_examples],
        "parent": code.parent,
        "kind": code.kind,
        "pattern": code.pattern,
        "colour": code.colour,
        "author": author or code.lineage.run,
        "created_at": now(),
        "lineage": code.lineage.model_dump() if code.revision > 1 else None,
    }


def _code(row: Any) -> Code:
    return Code(
        id=row.code_id,
        label=row.label,
        definition=row.definition,
        include=tuple(row.include),
        exclude=tuple(row.exclude),
        examples=tuple(CodeExample.model_validate(example) for example in row.examples),
        negative_examples=tuple(CodeExample.model_validate(example) for example in row.negative_examples),
        parent=row.parent,
        kind=row.kind,
        pattern=row.pattern,
        colour=row.colour,
        revision=row.revision,
        lineage=Lineage.model_validate(row.lineage or row.founding),
    )
