"""What a recoding changed: what each coder said of each code before a round, and after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from intercoder.core.codebook import Codebook
from intercoder.core.coding.deduction import Asked, Round, asked
from intercoder.core.decisions import Decision, Failure, Value

RECODED = ("coder", "moderator")
"""Roles whose decisions are compared. Repeats are answers to another question."""


class Change(NamedTuple):
    """A decision that says something else than the one before it."""

    before: Decision
    after: Decision


class Failed(NamedTuple):
    """A question that got no answer, and the round it is of."""

    round: int
    failure: Failure


class Recoding(NamedTuple):
    """One round after the first."""

    number: int
    version: int
    codes: tuple[str, ...]
    """Ids of the codes that were coded in it."""
    again: int
    """Askeds that had been answered before."""
    first: int
    """Askeds answered for the first time."""
    lost: int
    """Askeds that had an answer and got none now."""
    changed: tuple[Change, ...]
    """In the order of the decisions."""

    def changed_of(self, code_id: str) -> Counter[tuple[Value, Value]]:
        """What was said of a code before and after, and how often; of a choice, changes away from it and to it."""
        about = (one for one in self.changed if code_id in (one.before.code_id, one.after.code_id))
        return Counter((_about(one.before, code_id), _about(one.after, code_id)) for one in about)


def recodings(
    rounds: Sequence[Round],
    books: Mapping[int, Codebook],
    decisions: Iterable[Decision],
    failures: Iterable[Failed],
) -> tuple[Recoding, ...]:
    """Compare what stood before each round with what stands after it.

    Args:
        rounds: All rounds of a run, first to last.
        books: The codebook versions of the rounds.
        decisions: All decisions of the run, in document order.
        failures: Askeds that got no answer.
    """
    by_round: dict[int, list[Decision]] = {one.number: [] for one in rounds}
    for decision in decisions:
        if decision.role in RECODED:
            by_round[decision.round].append(decision)
    lost: dict[int, set[Asked]] = {one.number: set() for one in rounds}
    for number, failure in failures:
        lost[number].add((failure.segment_id, failure.role, failure.coder, failure.code_id))
    stood: dict[Asked, Decision] = {}
    found = []
    exclusive = books[rounds[0].codebook_version].exclusive if rounds else False
    for one in rounds:
        book = books[one.codebook_version]
        if book.exclusive != exclusive:
            stood, exclusive = {}, book.exclusive
        said = {asked(decision, exclusive=book.exclusive): decision for decision in by_round[one.number]}
        if one.number > 1:
            found.append(_recoding(one, book, stood, said, lost[one.number]))
        stood = {**stood, **said}
        for question in lost[one.number] - set(said):
            stood.pop(question, None)
    return tuple(found)


def _recoding(
    one: Round,
    book: Codebook,
    stood: Mapping[Asked, Decision],
    said: Mapping[Asked, Decision],
    lost: set[Asked],
) -> Recoding:
    of_round = {"", *one.codes} if book.exclusive else set(one.codes)
    again = [question for question in stood if question[3] in of_round and question not in lost]
    changes = (Change(stood[question], decision) for question, decision in said.items() if question in stood)
    return Recoding(
        number=one.number,
        version=one.codebook_version,
        codes=one.codes,
        again=len(again),
        first=sum(question not in stood for question in said),
        lost=sum(question in stood for question in lost - set(said)),
        changed=tuple(change for change in changes if _answer(change.before) != _answer(change.after)),
    )


def _about(decision: Decision, code_id: str) -> Value:
    """What a decision says of one code; a choice of another code says No."""
    if decision.value == "unsure" or decision.code_id == code_id:
        return decision.value
    return "no"


def _answer(decision: Decision) -> tuple[str, str | None]:
    return decision.value, decision.code_id
