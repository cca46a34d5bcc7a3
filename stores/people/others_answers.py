"""What models and other people said of a segment: shown to a person who codes once they are done with it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.engine import Connection, Engine

from intercoder.core.coding.deduction import PATTERN
from intercoder.core.coding.hand_coding import HandCoded
from intercoder.core.decisions import Decision
from intercoder.core.record import Record
from intercoder.stores.database import reading
from intercoder.stores.people.human_codings import human_decisions
from intercoder.stores.runs.runs import read_runs
from intercoder.stores.runs.unit_decisions import run_decisions

RUNS = 6
"""The latest so many runs are looked at."""


class OthersAnswer(Record):
    """One answer of somebody else."""

    decision: Decision
    compared: str
    """`agrees` or `differs`; empty where there is nothing to compare it with."""

    @property
    def who(self) -> str:
        """Who said it: a person, or a model's coder with its run."""
        one = self.decision
        return one.coder if one.role == "human" else f"{one.coder} ({one.run})"


def others_answers(engine: Engine, study_id: str, mine: HandCoded, *, blind: bool) -> tuple[OthersAnswer, ...]:
    """What others said of a segment: people by name, then runs, the latest first.

    Of each model's coder only the latest run that said something of the code counts. What was merely asked again
    for the repeat test is left out, and so are patterns that were not found.

    Args:
        engine: The study's database.
        study_id: The study.
        mine: What the person who looks said of it.
        blind: Whether they may see nothing before they are done; then nothing is read either.
    """
    if blind and not mine.done:
        return ()
    with reading(engine) as connection:
        people = human_decisions(connection, study_id, segment=mine.segment_id)
        said = [one for one in people if one.coder != mine.coder]
        said += _models(connection, study_id, mine.segment_id)
    return tuple(OthersAnswer(decision=one, compared=_compared(one, mine)) for one in said)


def _models(connection: Connection, study_id: str, segment_id: str) -> Iterator[Decision]:
    runs = [run for run in reversed(read_runs(connection, study_id)) if run.status != "undone"]
    seen: set[tuple[str, str, str]] = set()
    for run in runs[:RUNS]:
        said = [
            one
            for one in run_decisions(connection, study_id, run, segment_id)
            if one.role != "repeat" and (one.coder, one.value) != (PATTERN, "no")
        ]
        new = [one for one in said if (one.role, one.coder, one.code_id or "") not in seen]
        seen |= {(one.role, one.coder, one.code_id or "") for one in new}
        yield from new


def _compared(theirs: Decision, mine: HandCoded) -> str:
    """Whether another's answer agrees with the person's own."""
    value = mine.values.get(theirs.code_id or "")
    if mine.unsure and theirs.code_id is None and theirs.value == "unsure":
        return "agrees"
    if not value:
        return ""
    # Who found the code in the text says that it applies.
    return "agrees" if value == (theirs.value or "yes") else "differs"
