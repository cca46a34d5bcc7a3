"""What people settled or sent, as the reviser of a run's codes is told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from sqlalchemy.engine import Connection

from intercoder.core.coding.deduction import about_codes
from intercoder.core.coding.settling import PutForward, Settled, about_code, chosen_code, in_order
from intercoder.core.decisions import Decision
from intercoder.core.protocols import Run
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.corpus.segments import sample_ids
from intercoder.stores.people.settlements import read_settlements
from intercoder.stores.runs.runs import get_run
from intercoder.stores.runs.unit_decisions import run_decisions


def put_forward(
    connection: Connection, study_id: str, run: Run, code_ids: Sequence[str]
) -> Mapping[str, Sequence[PutForward]]:
    """Code id -> what people settled about it on the run's segments, and what they sent from anywhere.

    What they settled elsewhere, as on a calibration sample, is not shown unless they sent it: a codebook that was
    developed on a sample must not be tried on it.
    """
    steps = read_settlements(connection, study_id).values()
    if not steps:
        return {code: [] for code in code_ids}
    read = set(sample_ids(connection, study_id, run.sample))
    told = [step for step in steps if step.evidence or step.segment_id in read]
    version = cache(lambda number: read_version(connection, study_id, number))

    def chosen(step: Settled) -> str:
        return chosen_code(version(step.codebook_version), step)

    @cache
    def elsewhere(run_id: str, segment: str) -> tuple[Decision, ...]:
        source = get_run(connection, study_id, run_id)
        return tuple(run_decisions(connection, study_id, source, segment)) if source.deductive else ()

    def said(one: PutForward, code: str) -> tuple[Decision, ...]:
        step = one.settled
        if step.segment_id in read or not step.run:
            return ()
        source = version(get_run(connection, study_id, step.run).codebook_version)
        return tuple(about_codes(source, elsewhere(step.run, step.segment_id), [code])[code])

    return {
        code: in_order(one._replace(decisions=said(one, code)) for one in about_code(told, code, chosen))
        for code in code_ids
    }
