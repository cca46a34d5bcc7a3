"""Opening the study's database: pragmas, migrations, and errors a person can act on."""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError

from intercoder.core.errors import StudyError

SCHEMA_REVISION = "0009"
"""The newest migration; a database that names another one is migrated, or refused if it is unknown."""


def now() -> str:
    """Present time, UTC, ISO 8601 to the second."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def connect(url: str, *, create: bool = False) -> Engine:
    """Open a database and bring its schema up to date.

    Args:
        url: SQLAlchemy URL, such as `sqlite:///my-study/study.db`.
        create: Make the tables if the database is new.

    Raises:
        StudyError: The file is not a database, was made by a newer version, or cannot be written.
    """
    engine = sa.create_engine(url, connect_args={"timeout": 30} if url.startswith("sqlite") else {})
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _set_pragmas)
    with translated(url):
        _migrate(engine, create)
    return engine


def _set_pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _migrate(engine: Engine, create: bool) -> None:
    revision = _revision(engine)
    if revision == SCHEMA_REVISION:
        return
    if revision is None and not create:
        raise StudyError(
            "the database holds no study.", where=_place(engine), remedy="Make one with `intercoder init`."
        )
    # Alembic is only needed to change a schema, and slow to import.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "intercoder.stores:migrations")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise StudyError(
            f"this study was made by a newer version of intercoder (schema {revision}; "
            f"this version knows {SCHEMA_REVISION}).",
            where=_place(engine),
            remedy="Upgrade with `pip install --upgrade intercoder`. Nothing was changed.",
        )
    # SQLite changes a schema within a transaction only where one was begun: a process that is killed here must
    # leave the old schema whole, and of two that open the study at once the second waits and finds the new one.
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _place(engine: Engine) -> str:
    return engine.url.database or str(engine.url)


def remove(file: Path) -> None:
    """Take away a SQLite database with the files beside it, where they are."""
    for ending in ("", "-wal", "-shm", "-journal"):
        file.with_name(file.name + ending).unlink(missing_ok=True)


def remove_if_damaged(file: Path) -> None:
    """Take away a SQLite database that can be made again, if it is none.

    Raises:
        StudyError: It cannot be opened.
    """
    with translated(str(file)), closing(sqlite3.connect(file, timeout=30)) as connection:
        try:
            connection.execute("PRAGMA schema_version")
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            remove(file)


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turn a database's own errors, SQLAlchemy's or SQLite's, into ones that name the place and the remedy."""
    try:
        yield
    except DBAPIError as error:
        raise _explain(place, str(error.orig)) from error
    except sqlite3.Error as error:
        raise _explain(place, str(error)) from error


def _explain(place: str, cause: str) -> StudyError:
    place = place.removeprefix("sqlite:///")
    if "disk is full" in cause:
        return StudyError(
            "the disk is full; nothing of the last step was written, all before it is safe.",
            where=place,
            remedy="Free some space, then `intercoder resume`.",
        )
    if "disk I/O error" in cause:
        return StudyError(
            "the disk cannot be read or written; nothing of the last step was written, all before it is safe.",
            where=place,
            remedy="Look for a full or failing disk or a limit on file sizes, then `intercoder resume`.",
        )
    if "readonly" in cause or "unable to open" in cause:
        return StudyError(
            "the database cannot be opened or written.", where=place, remedy="Check the folder's permissions."
        )
    if "locked" in cause:
        return StudyError(
            "the database is locked by another program.", where=place, remedy="Close it and try again."
        )
    if "not a database" in cause or "malformed" in cause:
        return StudyError(
            "the file is damaged or not a study database.", where=place, remedy="Restore it from a backup."
        )
    return StudyError(f"the database failed: {cause}", where=place)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A short write transaction that takes the write lock at once: writers queue, never deadlock."""
    with translated(str(engine.url)), engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.rollback()
            raise
        connection.commit()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A read-only view of the committed state."""
    with translated(str(engine.url)), engine.connect() as connection:
        yield connection


def insert_new(connection: Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows; those whose primary key is there already are left as they are."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgres_insert

        connection.execute(postgres_insert(table).on_conflict_do_nothing(), rows)
    else:
        from sqlalchemy.dialects.sqlite import insert as sqlite_insert

        connection.execute(sqlite_insert(table).on_conflict_do_nothing(), rows)
