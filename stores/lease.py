"""One run at a time: a run holds a lease on its study; people go on making short writes meanwhile.

A lease whose holder is dead is taken over. On the same machine that is known from the process table (its id
and the time it started, so a reused id does not count); from another machine by a heartbeat that stopped.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from types import TracebackType
from typing import Any, NamedTuple, Self

import psutil
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from intercoder.core.errors import StudyBusy, StudyError
from intercoder.stores import schema
from intercoder.stores.database import reading, writing

HEARTBEAT = 15.0
"""Seconds between signs of life."""
PATIENCE = 120.0
"""Seconds without a sign of life after which a holder on another machine counts as dead."""

NAMELESS = "(about to begin)"
"""What the lease says before the run has a name."""


class Lease:
    """A context manager: `with Lease(engine, study_id) as lease: ...; lease.name("inductive-1")`.

    Raises:
        StudyBusy: A living run holds it; the message says which, where and as which process.
    """

    def __init__(self, engine: Engine, study_id: str, run: str = NAMELESS) -> None:
        self._engine = engine
        self._study_id = study_id
        self._run = run
        self._token = secrets.token_hex(8)
        self._over = threading.Event()
        self._pulse = threading.Thread(target=self._beat, name="lease", daemon=True)

    def __enter__(self) -> Self:
        """Take the lease."""
        with writing(self._engine) as connection:
            table = schema.leases
            mine = table.c.study_id == self._study_id
            holder = connection.execute(sa.select(table).where(mine)).one_or_none()
            if holder is not None and _alive(holder):
                raise busy(holder)
            connection.execute(sa.delete(table).where(mine))
            connection.execute(
                sa.insert(table).values(
                    study_id=self._study_id,
                    run=self._run,
                    token=self._token,
                    host=socket.gethostname(),
                    pid=os.getpid(),
                    process_started=psutil.Process().create_time(),
                    heartbeat=time.time(),
                )
            )
        self._pulse.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the lease back."""
        self._over.set()
        self._pulse.join()
        with writing(self._engine) as connection:
            table = schema.leases
            connection.execute(
                sa.delete(table).where(table.c.study_id == self._study_id, table.c.token == self._token)
            )

    def name(self, run: str) -> None:
        """Say which run holds the lease, once that is known."""
        table = schema.leases
        with writing(self._engine) as connection:
            connection.execute(
                sa.update(table)
                .where(table.c.study_id == self._study_id, table.c.token == self._token)
                .values(run=run)
            )

    def _beat(self) -> None:
        table = schema.leases
        while not self._over.wait(HEARTBEAT):
            try:
                with writing(self._engine) as connection:
                    connection.execute(
                        sa.update(table)
                        .where(table.c.study_id == self._study_id, table.c.token == self._token)
                        .values(heartbeat=time.time())
                    )
            except StudyError:
                continue  # a missed sign of life is not worth the run; the run's own writes will tell


class Holder(NamedTuple):
    """A living run that holds a study's lease."""

    run: str
    pid: int
    host: str
    process_started: float
    """Seconds since the epoch."""

    @property
    def here(self) -> bool:
        """Whether it is a process of this machine."""
        return self.host == socket.gethostname()

    @property
    def named(self) -> bool:
        """Whether the run is known; it is not while it is being begun."""
        return self.run != NAMELESS


def read_holder(engine: Engine, study_id: str) -> Holder | None:
    """The living run that is working on the study now, if one is."""
    table = schema.leases
    with reading(engine) as connection:
        row = connection.execute(sa.select(table).where(table.c.study_id == study_id)).one_or_none()
    if row is None or not _alive(row):
        return None
    return Holder(run=row.run, pid=row.pid, host=row.host, process_started=row.process_started)


def lease_holder(engine: Engine, study_id: str) -> str | None:
    """Name of the run that is working on the study now, if one is."""
    holder = read_holder(engine, study_id)
    return holder.run if holder is not None else None


def busy(holder: Any) -> StudyBusy:
    """The refusal of whoever else would begin: which run is at work, where and as which process."""
    return StudyBusy(
        f"run `{holder.run}` is working on this study (process {holder.pid} on {holder.host}).",
        remedy="Wait for it, or stop it with `intercoder stop`; `intercoder status` shows it.",
    )


def _alive(holder: Any) -> bool:
    if holder.host != socket.gethostname():
        return bool(time.time() - holder.heartbeat < PATIENCE)
    try:
        process = psutil.Process(holder.pid)
        started = process.create_time()
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
    return bool(abs(started - holder.process_started) < 1.0)
