"""What deductive coding works with: the pieces of its rounds, which decisions stand, and values as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Literal, Protocol, TypeAlias, TypeVar

from intercoder.core.codebook import Codebook
from intercoder.core.decisions import Decision, Role, Value
from intercoder.core.deductive_settings import CLASSIFIER
from intercoder.core.record import Record


class CoderValues(Record):
    """What one coder decided, code by code: the form in which deductive coders are tested and compared."""

    name: str
    role: Role
    values: Mapping[str, Mapping[str, Value]]
    """Code id -> segment id -> `yes`, `no` or `unsure`, in document order. What was not decided is no key.

    Of an exclusive book, a chosen code is `yes` and every other `no`.
    """
    by_classifier: Mapping[str, int] = {}
    """Of a coder asked again: code id -> decisions that a classifier made. It says the same each time, which tells
    nothing of whether a coder repeats itself: these are no values."""

    def of(self, code_id: str) -> Mapping[str, Value]:
        """Segment id -> decision about one code; empty where the coder never decided about it."""
        return self.values.get(code_id, {})


class Round(Record):
    """What one round of a deductive run codes."""

    number: int
    codebook_version: int
    codes: tuple[str, ...]
    """Ids of the codes that are coded in it."""


class RecordedAnswer(Record):
    """What somebody decided earlier about a code on a segment, as a table tells it."""

    value: Literal["yes", "no", "unsure"]
    code_id: str = ""
    """The chosen code; only where the answer is a choice in an exclusive book."""
    reason: str = ""
    quote: str = ""


PATTERN = "pattern"
"""Coder of the codes that a regular expression finds."""
FINAL = "final"
"""Name under which the values that stand in the end are given."""
Asked: TypeAlias = tuple[str, str, str, str]
"""What a question was about: segment, role, coder and code; no code where one question chooses among all."""
SegmentValues: TypeAlias = tuple[str, Mapping[str, Value]]
"""A segment's id, and what was decided about it: code id -> value. What was not decided is no key."""


class Said(Protocol):
    """As much of a decision as says what stands: a `Decision`, or a row without its words."""

    @property
    def segment_id(self) -> str:
        """What it is about."""

    @property
    def role(self) -> Role:
        """As what its coder spoke."""

    @property
    def coder(self) -> str:
        """Name of the coder."""

    @property
    def code_id(self) -> str | None:
        """The code; None for a choice of none."""

    @property
    def value(self) -> Value:
        """Whether the code applies."""

    @property
    def round(self) -> int:
        """The run's round in which it was said."""

    @property
    def model(self) -> str:
        """Reference of the model that said it."""


Saying = TypeVar("Saying", bound=Said)


def asked(decision: Said, *, exclusive: bool) -> Asked:
    """The question that a decision answers, in a book that is exclusive or not."""
    return decision.segment_id, decision.role, decision.coder, "" if exclusive else decision.code_id or ""


def superseding(
    decisions: Iterable[Decision], earlier: Iterable[Decision], failed: Mapping[Asked, int], *, exclusive: bool
) -> list[Decision]:
    """The decisions of a round that are to be kept, each with what it supersedes.

    Args:
        decisions: What was decided in the round.
        earlier: What coders decided about the same segments in earlier rounds, oldest first.
        failed: The latest round in which a question got no answer.
        exclusive: Whether the round's book is.

    Returns:
        All but those that say what stands already, of the same revision of the code. What a failure has overthrown
        since does not stand, and is said anew.
    """
    before = {asked(one, exclusive=exclusive): one for one in earlier}
    kept = []
    for decision in decisions:
        question = asked(decision, exclusive=exclusive)
        old = before.get(question)
        stands = old is not None and failed.get(question, 0) <= old.round
        if (
            old is None
            or not stands
            or (old.content, old.code_revision) != (decision.content, decision.code_revision)
        ):
            kept.append(decision if old is None else decision.model_copy(update={"supersedes": old.id}))
    return kept


def standing_of(book: Codebook, said: Iterable[Saying], failed: Mapping[Asked, int]) -> Iterator[Saying]:
    """Of decisions those that stand under a book. Of a stream it holds one segment's at a time.

    Args:
        book: The version of the run's present round.
        said: Decisions, each segment's together and the oldest round first.
        failed: The latest round in which a question got no answer.

    Returns:
        Of each coder the latest about each code, or in an exclusive book the latest at all; none where the coder
        failed in a later round, or the book does not hold the code. Segment by segment as they come; within one by
        code in the order of the book, coders before the moderator before repeats, each by name.
    """
    order = {code.id: place for place, code in enumerate(book.leaves)}
    exclusive = book.exclusive

    def stands(question: Asked, decision: Saying) -> bool:
        known = decision.code_id in order or (exclusive and decision.value == "unsure")
        return known and failed.get(question, 0) <= decision.round

    def place(decision: Saying) -> tuple[int, str, str]:
        return order.get(decision.code_id or "", -1), decision.role, decision.coder

    for _, of_segment in groupby(said, key=attrgetter("segment_id")):
        latest = {asked(decision, exclusive=exclusive): decision for decision in of_segment}
        yield from sorted((one for question, one in latest.items() if stands(question, one)), key=place)


def spread(book: Codebook, decision: Said) -> Iterator[tuple[str, Value]]:
    """What a decision says of each code it is about: of all codes in an exclusive book, where one was chosen."""
    if not book.exclusive:
        yield decision.code_id or "", decision.value
        return
    for code in book.leaves:
        if decision.value == "unsure":
            yield code.id, "unsure"
        else:
            yield code.id, "yes" if code.id == decision.code_id else "no"


def classified_again(decision: Said) -> bool:
    """Whether a decision is a classifier's that was asked again (see `CoderValues.by_classifier`)."""
    return decision.role == "repeat" and decision.model.startswith(CLASSIFIER)


def values_of(book: Codebook, decisions: Iterable[Said]) -> list[CoderValues]:
    """Decisions that stand, as values by coder: coders, then the moderator, then repeats, each by name."""
    found: dict[tuple[Role, str], dict[str, dict[str, Value]]] = {}
    again: dict[tuple[Role, str], Counter[str]] = {}
    for decision in decisions:
        coder = decision.role, decision.coder
        values, by_classifier = found.setdefault(coder, {}), classified_again(decision)
        for code_id, value in spread(book, decision):
            if by_classifier:
                again.setdefault(coder, Counter())[code_id] += 1
            else:
                values.setdefault(code_id, {})[decision.segment_id] = value
    return [
        CoderValues(name=name, role=role, values=values, by_classifier=again.get((role, name), {}))
        for (role, name), values in sorted(found.items(), key=lambda one: one[0])
    ]


def about_codes(
    book: Codebook, decisions: Iterable[Decision], code_ids: Iterable[str]
) -> dict[str, list[Decision]]:
    """Code id -> the decisions that say something of it, each with what it says of that code."""
    found: dict[str, list[Decision]] = {code_id: [] for code_id in code_ids}
    for decision in decisions:
        for code_id, value in spread(book, decision):
            if code_id in found:
                found[code_id].append(decision.model_copy(update={"value": value}))
    return found


def is_final(decision: Said, *, moderated: bool) -> bool:
    """Whether a decision is what stands for its segment in the end.

    Args:
        decision: One that stands among its coder's.
        moderated: Whether a moderator settled the run.
    """
    if decision.coder == PATTERN:
        return True
    return decision.role == ("moderator" if moderated else "coder")


def final_by_segment(book: Codebook, standing: Iterable[Said], *, moderated: bool) -> Iterator[SegmentValues]:
    """What stands in the end, segment by segment, as `final_of` has it code by code.

    Args:
        book: The version of the run's present round.
        standing: Decisions that stand, each segment's together.
        moderated: Whether a moderator settled the run.
    """
    for segment_id, of_segment in groupby(standing, key=attrgetter("segment_id")):
        final = [one for one in of_segment if is_final(one, moderated=moderated)]
        final.sort(key=lambda one: one.coder == PATTERN)
        if final:
            yield segment_id, {code_id: value for one in final for code_id, value in spread(book, one)}


def final_of(values: Sequence[CoderValues], *, moderated: bool) -> CoderValues:
    """The values that stand in the end, of all coders' values; where a pattern decides, its own."""
    role = "moderator" if moderated else "coder"
    merged: dict[str, dict[str, Value]] = {}
    for coder in sorted(values, key=lambda one: one.name == PATTERN):
        if coder.role == role or coder.name == PATTERN:
            for code_id, of_code in coder.values.items():
                merged.setdefault(code_id, {}).update(of_code)
    return CoderValues(name=FINAL, role="moderator", values=merged)
