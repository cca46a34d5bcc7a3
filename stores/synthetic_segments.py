"""Synthetic segments in the database: a table of their own, so that they can never be mistaken for data."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.engine import Engine

from intercoder.core.synthetic import SyntheticSegment


class SqlSyntheticStore:
    """Synthetic segments of a study, kept and dropped ones."""

    def __init__(self, engine: Engine, study_id: str) -> None:
        self.engine = engine
        self.study_id = study_id

    def written(self, origins: Sequence[str]) -> list[SyntheticSegment]:
        """All that was written under these origins, kept and dropped; by origin as given, then in order."""
        raise NotImplementedError

    def everything(self) -> list[SyntheticSegment]:
        """All synthetic segments of the study, by codebook version, code, value, origin and order of writing."""
        raise NotImplementedError

    def write(self, segments: Sequence[SyntheticSegment]) -> None:
        """Commit segments, in one transaction; those that are there already stay as they are."""
        raise NotImplementedError
