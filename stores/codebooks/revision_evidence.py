"""What a revision rests on: the decisions that it names, with the texts they were made about."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from intercoder.core.coding.findings import Excerpt, Said
from intercoder.core.decisions import Decision
from intercoder.core.revisions import Revision
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import is_exclusive
from intercoder.stores.corpus.segments import spoken_texts
from intercoder.stores.database import reading
from intercoder.stores.runs.decisions import read_decision


def read_evidence(engine: Engine, study_id: str, revision: Revision) -> list[Excerpt]:
    """The passages that a revision rests on, each with what was said of its codes there, in the order cited.

    In an exclusive book, a coder that chose another code said No of these.
    """
    table = schema.decisions
    wanted = sa.and_(table.c.study_id == study_id, table.c.decision_id.in_(revision.evidence))
    with reading(engine) as connection:
        found = {row.decision_id: read_decision(row) for row in connection.execute(sa.select(table).where(wanted))}
        exclusive = is_exclusive(connection, study_id, revision.base_version)
        cited = [found[one] for one in revision.evidence if one in found]
        texts = spoken_texts(connection, study_id, [one.segment_id for one in cited])
    said: dict[str, list[Said]] = {}
    for decision in cited:
        said.setdefault(decision.segment_id, []).append(_said(decision, revision, exclusive=exclusive))
    return [
        Excerpt(segment_id=segment, **texts[segment]._asdict(), said=tuple(of_segment))
        for segment, of_segment in said.items()
        if segment in texts
    ]


def _said(decision: Decision, revision: Revision, *, exclusive: bool) -> Said:
    other = exclusive and decision.value == "yes" and decision.code_id not in revision.code_ids
    return Said(
        decision_id=decision.id,
        role=decision.role,
        coder=decision.coder,
        value="no" if other else decision.value,
        reason=decision.reason,
        quote=decision.quote.text,
        verified=decision.quote.verified,
    )
