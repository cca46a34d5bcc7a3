"""What a dynamic ensemble saved: about how many segments the other coders were not asked."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from intercoder.core.protocols import Run
from intercoder.core.record import Record
from intercoder.core.shown import counted
from intercoder.core.study import Study
from intercoder.stores import schema
from intercoder.stores.database import reading


class EnsembleCounts(Record):
    """Calls of coders in a run with a dynamic ensemble; repairs are not counted."""

    first: str
    """The coder that is asked first."""
    asks: int
    """How often it is asked about each segment."""
    others: int
    """How many other coders there are."""
    segments: int
    """Segments that were read."""
    asked: int
    """Those about which the others were asked."""

    @property
    def saved(self) -> int:
        """Calls of the others that were not needed."""
        return self.others * (self.segments - self.asked)

    @property
    def more(self) -> int:
        """Calls of the first coder beyond one a segment."""
        return (self.asks - 1) * self.segments

    def __str__(self) -> str:
        whom = "The other coder was" if self.others == 1 else "The other coders were"
        return (
            f"{whom} asked about {self.asked:,} of {counted(self.segments, 'segment')}: {self.saved:,} of "
            f"{counted(self.others * self.segments, 'call')} saved, for {self.more:,} more of {self.first}."
        )


def coders_heard(study_id: str, run_id: str) -> sa.Subquery:
    """Segments (`segment_id`) and who read them in a run (`coder`), whether or not the answer could be used."""
    told = [
        sa.select(table.c.segment_id, table.c.coder).where(
            table.c.study_id == study_id, table.c.run == run_id, table.c.role == "coder"
        )
        for table in (schema.decisions, schema.failures)
    ]
    return sa.union(*told).subquery()


def ensemble_counts(engine: Engine, study_id: str, run: Run) -> EnsembleCounts | None:
    """Count who was asked in a run; None for one whose ensemble is not dynamic."""
    if run.graph != "inductive":
        return None
    study = Study.model_validate_json(run.settings)
    if not study.ensemble.dynamic:
        return None
    first = study.asked_first.name
    read = coders_heard(study_id, run.id)
    counted_segments = sa.select(sa.func.count(sa.distinct(read.c.segment_id)))
    with reading(engine) as connection:
        segments = connection.execute(counted_segments).scalar_one()
        asked = connection.execute(counted_segments.where(read.c.coder != first)).scalar_one()
    return EnsembleCounts(
        first=first, asks=study.ensemble.asks, others=len(study.coders) - 1, segments=segments, asked=asked
    )
