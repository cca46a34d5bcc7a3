"""One segment whole: its text with what stands around it, its attributes, who decided what about it, and memos."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from intercoder.core.coding.given_answers import HumanMemo
from intercoder.core.coding.settling import Settled
from intercoder.core.decisions import Decision
from intercoder.core.documents import Segment, SpokenText
from intercoder.core.record import Record
from intercoder.stores import schema
from intercoder.stores.corpus.named_samples import sample_names
from intercoder.stores.corpus.segments import sample_ids
from intercoder.stores.database import reading, writing
from intercoder.stores.people.coding_work import done_segments, read_page
from intercoder.stores.people.memos import write_memos
from intercoder.stores.people.settlements import read_settlements
from intercoder.stores.runs.coded_segments import CodedSegments


class Memo(Record):
    """What somebody noted about a segment, as it stands."""

    author: str
    text: str
    created_at: str


class SegmentDetails(Record):
    """A segment with all that is known of it."""

    segment: Segment
    before: tuple[SpokenText, ...]
    """Segments of the same kind just before it in its document."""
    after: tuple[SpokenText, ...]
    decisions: tuple[Decision, ...]
    """Those that stand: of people by name, then of runs, the latest first."""
    settled: tuple[Settled, ...]
    """How people settled what coders differ on."""
    memos: tuple[Memo, ...]
    """By author."""
    kept: bool = False
    """Whether what others said is kept from the person who looks."""


def segment_details(
    engine: Engine,
    study_id: str,
    segment_id: str,
    *,
    around: int = 3,
    only_by: str = "",
    coded: CodedSegments | None = None,
) -> SegmentDetails:
    """Read a segment with all that is known of it.

    Args:
        engine: The study's database.
        study_id: The study.
        segment_id: Which one.
        around: At most so many segments on either side.
        only_by: Only what this person said of it (see `kept_from`); empty for what everybody said.
        coded: What is known of runs and books, where that is at hand.

    Raises:
        StudyError: There is no such segment.
    """
    with reading(engine) as connection:
        page = read_page(connection, study_id, segment_id, around, around)
        coded = coded or CodedSegments(connection, study_id)
        decisions = coded.standing(connection, segment_id)
        settled = read_settlements(connection, study_id, [segment_id]).values()
        memos = _memos(connection, study_id, segment_id)
    return SegmentDetails(
        segment=page.segment,
        before=page.before,
        after=page.after,
        decisions=tuple(one for one in decisions if not only_by or (one.role, one.coder) == ("human", only_by)),
        settled=() if only_by else tuple(settled),
        memos=tuple(one for one in memos if only_by in ("", one.author)),
        kept=bool(only_by),
    )


def kept_from(
    engine: Engine, study_id: str, coder: str, *, blind: bool, shown: Collection[str] = ()
) -> Mapping[str, str]:
    """Segments about which a person who codes blind sees nothing of others yet, and a sample of each.

    Those are the segments of samples that people named (a run's own do not count) that the person is not done with.

    Args:
        engine: The study's database.
        study_id: The study.
        coder: The person who looks.
        blind: Whether people code blind in the study; else nothing is kept, and nothing read.
        shown: Samples that the person chose to see all the same.
    """
    found: dict[str, str] = {}
    if not blind:
        return found
    with reading(engine) as connection:
        for name in sample_names(connection, study_id):
            if name not in shown:
                found |= dict.fromkeys(sample_ids(connection, study_id, name), name)
        done = done_segments(connection, study_id, coder) if found else frozenset()
    return {segment_id: name for segment_id, name in found.items() if segment_id not in done}


def note(engine: Engine, study_id: str, coder: str, segment_id: str, text: str) -> None:
    """Write what a person notes about a segment in place of what they noted before; nothing takes it away."""
    with writing(engine) as connection:
        write_memos(connection, study_id, [HumanMemo(coder=coder, segment_id=segment_id, text=text)])


def _memos(connection: Connection, study_id: str, segment_id: str) -> list[Memo]:
    table = schema.memos
    rows = connection.execute(
        sa.select(table).where(table.c.study_id == study_id, table.c.target_id == segment_id)
    ).all()
    replaced = {row.supersedes for row in rows}
    standing = [row for row in rows if row.memo_id not in replaced and row.text]
    return [
        Memo(author=row.author, text=row.text, created_at=row.created_at)
        for row in sorted(standing, key=lambda row: (row.author, row.created_at))
    ]
