"""Whether anybody has written to a study: how a screen learns of what others do."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from intercoder.stores.database import translated

_NUMBER = {
    "sqlite": "PRAGMA data_version",
    "postgresql": "SELECT pg_snapshot_xmax(pg_current_snapshot())",
}
"""What gives another number once somebody else committed."""


class Changes:
    """Watches a study's database on a connection of its own, which costs a few microseconds a look.

    Attributes:
        engine: The study's database.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._connection = engine.connect()
        self._seen = self._state()

    def any(self) -> bool:
        """Whether anything was committed since the last look, by this process or another.

        Raises:
            StudyError: The database cannot be read.
        """
        before, self._seen = self._seen, self._state()
        return self._seen != before

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _state(self) -> object:
        with translated(str(self.engine.url)):
            number = self._connection.execute(sa.text(_NUMBER[self.engine.dialect.name])).scalar_one()
            self._connection.rollback()
        return number
