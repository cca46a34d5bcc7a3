"""What people make of units on which coders differ: a settlement, or passages put forward as evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeAlias

from pydantic import Field

from intercoder.core.codebook import Codebook
from intercoder.core.codebooks.code_names import CodeNames
from intercoder.core.decisions import Decision, Value
from intercoder.core.record import Record

Unit: TypeAlias = tuple[str, str]
"""Segment and code. No code where coders chose one of an exclusive book or found codes of their own."""


class Settled(Record):
    """One step in the history of a unit, or what stands of it (see `standing`)."""

    segment_id: str
    code_id: str = ""
    number: int = 0
    """From 1; 0 where nothing was said yet."""
    run: str = ""
    """The run whose coders differed; empty where only people did."""
    value: Value = ""
    """Empty where the unit is only put forward, or where the step takes another back."""
    label: str = ""
    """The code that was settled on, where the unit is a whole segment."""
    note: str = ""
    by: str = ""
    evidence: bool = False
    """Whether the reviser shall see it."""
    codebook_version: int = 0
    created_at: str = ""
    asked: str = Field(default="", exclude=True)
    """Of what stands: what somebody else noted who put it forward. No part of a step, and not stored."""

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
        """Whether it says nothing: as a step, it takes back the latest that was not taken back before."""
        return not self.value and not self.evidence


class PutForward(NamedTuple):
    """A settled unit as the reviser is told of it: what a person made of it for one code."""

    settled: Settled
    """With the value that it has for that code; in an exclusive book `no` for all but the code settled on."""
    decisions: tuple[Decision, ...] = ()
    """What coders said there of the code, where that is of another run than the one that is looked at."""


def not_taken_back(steps: Iterable[Settled]) -> list[Settled]:
    """The steps that say something still, of a unit's history in the order of their numbers."""
    stack: list[Settled] = []
    for step in steps:
        if not step.is_open:
            stack.append(step)
        elif stack:
            stack.pop()
    return stack


def standing(steps: Iterable[Settled]) -> Settled | None:
    """What stands of a unit; None where nothing does.

    That is the last step that was not taken back. Where it only puts the unit forward, what was settled before
    stands with it: under the name and with the note of who settled it, with the last step's number, and what that
    one notes in `asked`.

    Args:
        steps: The unit's history, in the order of their numbers.
    """
    said = not_taken_back(steps)
    last = said[-1] if said else None
    settled = next((step for step in reversed(said) if step.value), None)
    if last is None or settled is None or settled is last:
        return last
    return settled.model_copy(update={"evidence": True, "number": last.number, "asked": last.note})


def standing_steps(steps: Iterable[Settled]) -> Iterator[Settled]:
    """Of each unit what stands, in the order of first mention; units left open are left out."""
    history: dict[Unit, list[Settled]] = {}
    for step in steps:
        history.setdefault(step.unit, []).append(step)
    for of_unit in history.values():
        found = standing(sorted(of_unit, key=lambda step: step.number))
        if found is not None:
            yield found


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
