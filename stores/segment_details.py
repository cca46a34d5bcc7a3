"""One segment whole: its text with what stands around it, its attributes, who decided what about it, and memos."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from intercoder.core.decisions import Decision
from intercoder.core.documents import Segment, SpokenText
from intercoder.core.record import Record
from intercoder.core.settling import Settled
from intercoder.stores import schema
from intercoder.stores.coded_segments import CodedSegments
from intercoder.stores.coding_work import done_segments, read_page
from intercoder.stores.database import reading
from intercoder.stores.named_samples import sample_names
from intercoder.stores.settlements import read_settlements
from intercoder.stores.unit_decisions import segment_place


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
    hidden: bool = False
    """Whether what others said is kept from the person who looks, because they code blind and are not done."""


def segment_details(
    engine: Engine, study_id: str, segment_id: str, *, around: int = 3, blind: str = ""
) -> SegmentDetails:
    """Read a segment with all that is known of it.

    Args:
        engine: The study's database.
        study_id: The study.
        segment_id: Which one.
        around: At most so many segments on either side.
        blind: A person who shall see no more of what others said than while coding: nothing about a segment of a
            sample in which they code until they are done with it. Empty for anybody else.

    Raises:
        StudyError: There is no such segment.
    """
    with reading(engine) as connection:
        page = read_page(connection, study_id, segment_id, around, around)
        hidden = bool(blind) and _must_not_see(connection, study_id, blind, segment_id)
        decisions = CodedSegments(connection, study_id).standing(connection, segment_id)
        settled = () if hidden else tuple(read_settlements(connection, study_id, [segment_id]).values())
        memos = _memos(connection, study_id, segment_id)
    if hidden:
        decisions = [one for one in decisions if one.coder == blind]
        memos = [one for one in memos if one.author == blind]
    return SegmentDetails(
        segment=page.segment,
        before=page.before,
        after=page.after,
        decisions=tuple(decisions),
        settled=settled,
        memos=tuple(memos),
        hidden=hidden,
    )


def _must_not_see(connection: Connection, study_id: str, coder: str, segment_id: str) -> bool:
    """Whether a segment is of a sample that a person has begun to code, and they are not done with it."""
    drawn, table = schema.sample_segments, schema.decisions
    samples = [
        name
        for name in sample_names(connection, study_id)
        if segment_place(connection, study_id, name, segment_id) is not None
    ]
    mine = sa.and_(table.c.study_id == study_id, table.c.run == "", table.c.coder == coder)
    begun = (
        sa.select(drawn.c.segment_id)
        .select_from(
            drawn.join(
                table, sa.and_(table.c.study_id == drawn.c.study_id, table.c.segment_id == drawn.c.segment_id)
            )
        )
        .where(drawn.c.study_id == study_id, drawn.c.sample.in_(samples), mine)
        .limit(1)
    )
    if not samples or connection.execute(begun).first() is None:
        return False
    return segment_id not in done_segments(connection, study_id, coder)


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
