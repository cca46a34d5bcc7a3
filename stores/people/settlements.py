"""How people settled what coders differ on: a history for each unit, in which nothing is updated in place."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from intercoder.core.coding.settling import Settled, Unit, not_taken_back, standing, standing_steps
from intercoder.core.errors import InputError, StudyError
from intercoder.core.shown import one_line
from intercoder.stores import schema
from intercoder.stores.database import now, reading, writing

VALUES = ("yes", "no", "unsure")
_COLUMNS = tuple(column.name for column in schema.settlements.columns if column.name != "study_id")


def write_settlement(
    engine: Engine, study_id: str, settled: Settled, *, seen: int | None = None, at: str = ""
) -> Settled:
    """Write a person's word on a unit after all that was said of it before.

    Args:
        engine: The study's database.
        study_id: The study.
        settled: What is said; its number and time are given here.
        seen: Number of the step that the person saw stand, 0 for none: if another one stands by now, and it is
            somebody else's, they were first. None where the person saw nothing: then whatever another person said
            was first.
        at: When; by default now.

    Returns:
        The step as it was written, or the last one where that says the same.

    Raises:
        InputError: It has no note, no name or no value that there is.
        StudyError: Somebody else was first; says who.
    """
    _check(settled)
    with writing(engine) as connection:
        steps = _history(connection, study_id, settled.unit)
        said = not_taken_back(steps)
        stands = said[-1] if said else None
        _check_seen(stands, settled.by, seen)
        if stands is not None and stands.says == settled.says and stands.by == settled.by:
            return stands
        return _append(connection, study_id, settled, steps, at)


def take_back(engine: Engine, study_id: str, unit: Unit, by: str, *, at: str = "") -> Settled:
    """Take back the latest thing that was said of a unit, in a step that says nothing.

    What was said before that stands again; taken back again, it goes too, and so on until nothing is said of it.

    Args:
        engine: The study's database.
        study_id: The study.
        unit: Segment and code.
        by: Who takes it back: the person who said it.
        at: When; by default now.

    Returns:
        What stands now; one that is open says nothing.

    Raises:
        StudyError: There is nothing to take back, or somebody else said it.
    """
    with writing(engine) as connection:
        steps = _history(connection, study_id, unit)
        said = not_taken_back(steps)
        if not said:
            raise StudyError("nothing was said of this unit yet.", remedy="There is nothing to take back.")
        last = said[-1]
        if last.by != by:
            raise StudyError(
                f"it was {last.by} who {told(last)} at {last.created_at}.",
                remedy="Settle it anew with a note that says why; what they said stays on record.",
            )
        step = Settled(
            segment_id=unit[0], code_id=unit[1], run=last.run, by=by, codebook_version=last.codebook_version
        )
        written = _append(connection, study_id, step, steps, at)
        return standing([*steps, written]) or written


def read_settlements(
    connection: Connection, study_id: str, segments: Sequence[str] | None = None
) -> dict[Unit, Settled]:
    """Unit -> what stands of it, in the order in which units were first spoken of.

    Args:
        connection: An open connection.
        study_id: The study.
        segments: Only units of these; by default all.
    """
    return {step.unit: step for step in standing_steps(_read(connection, study_id, segments))}


def settlement_history(engine: Engine, study_id: str, unit: Unit) -> list[Settled]:
    """All that was said of a unit, oldest first."""
    with reading(engine) as connection:
        return _history(connection, study_id, unit)


def told(step: Settled) -> str:
    """What a person did, after their name: `settled it: yes`, `put it forward`."""
    if step.is_open:
        return "took it back"
    if not step.value:
        return "put it forward"
    return f"settled it: {one_line(step.label, 60)}" if step.label else f"settled it: {step.value}"


def _check(settled: Settled) -> None:
    if not settled.by.strip():
        raise InputError("nobody is named.", where="by", remedy="Say who settles it.")
    if not settled.note.strip():
        raise InputError(
            "a settlement needs a note.", where="note", remedy="Say why: colleagues and the reviser will ask."
        )
    if settled.value not in ("", *VALUES):
        raise InputError(
            f"{settled.value!r} is no value.", where="value", remedy=f"There are: {', '.join(VALUES)}."
        )
    if settled.is_open:
        raise InputError("nothing is said.", where="value", remedy="Give a value, or put it forward as evidence.")


def _check_seen(last: Settled | None, by: str, seen: int | None) -> None:
    if last is not None and last.by != by and seen != last.number:
        raise StudyError(
            f"{last.by} was first: {told(last)} at {last.created_at}. {one_line(last.note, 200)}".rstrip(),
            remedy="Look at it; then settle it anew if you do not agree.",
        )


def _append(connection: Connection, study_id: str, settled: Settled, steps: Sequence[Settled], at: str) -> Settled:
    number = steps[-1].number + 1 if steps else 1
    step = settled.model_copy(update={"number": number, "created_at": at or now()})
    connection.execute(sa.insert(schema.settlements).values(study_id=study_id, **step.model_dump()))
    return step


def _history(connection: Connection, study_id: str, unit: Unit) -> list[Settled]:
    steps = [step for step in _read(connection, study_id, [unit[0]]) if step.code_id == unit[1]]
    return sorted(steps, key=lambda step: step.number)  # clocks may go back, and differ between machines


def _read(connection: Connection, study_id: str, segments: Sequence[str] | None) -> list[Settled]:
    table = schema.settlements
    query = sa.select(table).where(table.c.study_id == study_id)
    if segments is not None:
        query = query.where(table.c.segment_id.in_(segments))
    query = query.order_by(table.c.created_at, table.c.segment_id, table.c.code_id, table.c.number)
    rows = connection.execute(query).mappings()
    return [Settled.model_validate({name: row[name] for name in _COLUMNS}) for row in rows]
