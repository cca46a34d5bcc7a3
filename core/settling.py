"""What people make of units on which coders differ: a settlement, or passages put forward as evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from intercoder.core.code_names import CodeNames
from intercoder.core.codebook import Codebook
from intercoder.core.decisions import Decision, Value
from intercoder.core.record import Record

Unit: TypeAlias = tuple[str, str]
"""Segment and code. No code where coders chose one of an exclusive book or found codes of their own."""


class Settled(Record):
    """One step in the history of a unit. Of all steps the one with the highest number stands."""

    segment_id: str
    code_id: str = ""
    number: int = 0
    """From 1; 0 where nothing was said yet."""
    run: str = ""
    """The run whose coders differed; empty where only people did."""
    value: Value = ""
    """Empty where the unit is only put forward, or where a settlement was taken back."""
    label: str = ""
    """The code that was settled on, where the unit is a whole segment."""
    note: str = ""
    by: str = ""
    evidence: bool = False
    """Whether the reviser shall see it."""
    codebook_version: int = 0
    created_at: str = ""

    @property
    def unit(self) -> Unit:
        """What it is about."""
        return self.segment_id, self.code_id

    @property
    def says(self) -> tuple[object, ...]:
        """What it comes to, whoever wrote it when."""
        return self.value, self.label, self.note, self.evidence

    @property
    def is_open(self) -> bool:
        """Whether it leaves the unit as if nobody had said anything."""
        return not self.value and not self.evidence


class PutForward(NamedTuple):
    """A settled unit as the reviser is told of it: what a person made of it for one code."""

    settled: Settled
    """With the value that it has for that code; in an exclusive book `no` for all but the code settled on."""
    decisions: tuple[Decision, ...] = ()
    """What coders said there of the code, where that is of another run than the one that is looked at."""


def before_last(steps: Sequence[Settled]) -> Settled | None:
    """What stood before the latest thing that a person did; None where nothing did.

    A step that says what stood two steps before it took the last one back: so one can go back step by step.

    Args:
        steps: The unit's history, oldest first.
    """
    stack = _undone(steps)
    return stack[-2] if len(stack) > 1 else None


def _undone(steps: Iterable[Settled]) -> list[Settled]:
    """The steps that were not taken back."""
    stack: list[Settled] = []
    for step in steps:
        earlier = stack[-2].says if len(stack) > 1 else _NOTHING
        if stack and step.says == earlier:
            stack.pop()
        else:
            stack.append(step)
    return stack


_NOTHING = Settled(segment_id="").says


def standing_steps(steps: Iterable[Settled]) -> Iterator[Settled]:
    """Of each unit the step that stands, in the order of their numbers' last; units left open are left out."""
    latest: dict[Unit, Settled] = {}
    for step in steps:
        known = latest.get(step.unit)
        if known is None or step.number > known.number:
            latest[step.unit] = step
    yield from (step for step in latest.values() if not step.is_open)


def chosen_code(book: Codebook, step: Settled) -> str:
    """Id of the code that a segment was settled on, by the book under which it was; empty if it is none of it."""
    found = CodeNames(book).find(step.label) if step.label else None
    return found.id if found else ""


def about_code(steps: Iterable[Settled], code_id: str, chosen: Callable[[Settled], str]) -> list[PutForward]:
    """What settled units say of one code, in the order given.

    Args:
        steps: Those that stand.
        code_id: The code.
        chosen: The code that a whole segment was settled on, by id.
    """
    found = []
    for step in steps:
        if step.code_id == code_id or (not step.code_id and step.value in ("", "unsure")):
            found.append(PutForward(step))
        elif not step.code_id:
            value: Value = "yes" if chosen(step) == code_id else "no"
            found.append(PutForward(step.model_copy(update={"value": value})))
    return found


def in_order(found: Iterable[PutForward]) -> list[PutForward]:
    """What was sent as evidence first, then what was settled; of each the latest first."""
    latest = sorted(found, key=lambda one: (one.settled.created_at, one.settled.unit), reverse=True)
    return sorted(latest, key=lambda one: not one.settled.evidence)
