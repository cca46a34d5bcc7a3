"""Coding by hand: what a person has said of a segment, when they are done with it, what a keystroke changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from intercoder.core.codebook import Code, Codebook
from intercoder.core.coding.deduction import spread
from intercoder.core.decisions import Decision, Value
from intercoder.core.documents import Segment
from intercoder.core.record import Record
from intercoder.core.texts.quotes import Quote

Books: TypeAlias = Callable[[int], Codebook]
"""Gives a codebook version by its number."""
Said: TypeAlias = tuple[object, ...]
"""All that a decision says, whenever it was said."""


def asked_codes(book: Codebook) -> tuple[Code, ...]:
    """The codes that people give: those that are no other's parent and that no pattern finds."""
    return tuple(code for code in book.leaves if code.kind != "pattern")


def question_of(decision: Decision, book: Codebook) -> str:
    """What a person's decision about a segment answers: the code's id, or empty for a choice among all."""
    return "" if book.exclusive else decision.code_id or ""


def said(decision: Decision | None) -> Said:
    """All that a decision says, to be compared; empty where nothing was said or it was taken away."""
    if decision is None or not decision.value:
        return ()
    return *decision.content, decision.codebook_version, decision.code_revision


def marked(segment: Segment, start: int, end: int) -> Quote:
    """The words of a segment between two of its code points, without white space around them.

    Returns:
        The quote, its offsets in the document; an empty one without offsets where no words are left.
    """
    words = segment.text[start:end]
    inner = words.strip()
    if not inner:
        return Quote(text="")
    first = segment.start + start + words.index(inner[0])
    return Quote(text=inner, start=first, end=first + len(inner))


class HandCoded(Record):
    """What one person has said of one segment, as it stands."""

    segment_id: str
    coder: str
    decisions: tuple[Decision, ...] = ()
    """In order of the codes; in an exclusive book at most one."""
    values: Mapping[str, Value] = {}
    """Code id -> yes, no or unsure; also of codes that a choice among all leaves out."""
    version: int = 0
    """The latest codebook version they said something under; 0 where they said nothing."""
    done: bool = False
    """Whether every code of that version has an answer."""
    memo: str = ""

    def decision(self, code_id: str) -> Decision | None:
        """What they decided about a code, or chose or were unsure about in an exclusive book."""
        named = [one for one in self.decisions if one.code_id == code_id]
        return named[0] if named else None

    @property
    def unsure(self) -> bool:
        """Whether they are unsure which code of an exclusive book to choose."""
        return any(one.code_id is None and one.value == "unsure" for one in self.decisions)


class Move(Record):
    """What one keystroke changed: enough to take it back, and to do it again."""

    segment_id: str
    words: str
    """What was done, in a few words."""
    before: tuple[Decision, ...] = ()
    """What the person had said of the segment."""
    after: tuple[Decision, ...] = ()
    memo_before: str = ""
    memo_after: str = ""

    @property
    def changes(self) -> bool:
        """Whether anything was changed at all."""
        return (
            sorted(map(said, self.before), key=repr) != sorted(map(said, self.after), key=repr)
            or self.memo_before != self.memo_after
        )

    @property
    def reverse(self) -> Move:
        """The move that takes it back."""
        return self.model_copy(
            update={
                "before": self.after,
                "after": self.before,
                "memo_before": self.memo_after,
                "memo_after": self.memo_before,
            }
        )


class Moves:
    """Moves that can be taken back, and done again: of one sitting, without limit."""

    def __init__(self) -> None:
        self._done: list[Move] = []
        self._undone: list[Move] = []

    def add(self, move: Move) -> None:
        """Remember a move; what was taken back before it cannot be done again."""
        if move.changes:
            self._done.append(move)
            self._undone.clear()

    @property
    def last(self) -> Move | None:
        """The move to be taken back next."""
        return self._done[-1] if self._done else None

    @property
    def next(self) -> Move | None:
        """The move to be done again next."""
        return self._undone[-1] if self._undone else None

    def take_back(self) -> None:
        """The last move was taken back."""
        self._undone.append(self._done.pop())

    def do_again(self) -> None:
        """The next move was done again."""
        self._done.append(self._undone.pop())

    def forget(self, move: Move) -> None:
        """A move cannot be taken back or done again any more."""
        self._done = [one for one in self._done if one is not move]
        self._undone = [one for one in self._undone if one is not move]


class RecentCodes:
    """Nine places for codes, so that a digit gives one; a code keeps its place as long as it is used.

    Args:
        codes: Ids of the codes that have the places first.
    """

    PLACES = 9

    def __init__(self, codes: Iterable[str] = ()) -> None:
        self.places: list[str] = list(dict.fromkeys(codes))[: self.PLACES]
        self._used: list[str] = []

    def use(self, code_id: str) -> None:
        """A code was given: where it has no place it takes that of the code that was not used for longest."""
        self._used = [one for one in self._used if one != code_id] + [code_id]
        if code_id in self.places:
            return
        if len(self.places) < self.PLACES:
            self.places.append(code_id)
            return
        idle = min(self.places, key=lambda one: (self._age(one), -self.places.index(one)))
        self.places[self.places.index(idle)] = code_id

    def fill(self, codes: Sequence[str]) -> None:
        """Take codes that are gone off their places, and give free ones to others, in order."""
        self.places = [one for one in self.places if one in codes]
        free = [one for one in codes if one not in self.places]
        self.places += free[: self.PLACES - len(self.places)]

    def _age(self, code_id: str) -> int:
        return self._used.index(code_id) if code_id in self._used else -1


def coded(segment_id: str, coder: str, decisions: Iterable[Decision], books: Books, memo: str = "") -> HandCoded:
    """What a person's standing decisions about a segment come to."""
    stands = tuple(decisions)
    values = {
        code_id: value for one in stands for code_id, value in spread(books(one.codebook_version), one) if value
    }
    version = max((one.codebook_version for one in stands), default=0)
    return HandCoded(
        segment_id=segment_id,
        coder=coder,
        decisions=stands,
        values=values,
        version=version,
        done=bool(version) and is_done(values, books(version)),
        memo=memo,
    )


def is_done(values: Mapping[str, Value], book: Codebook) -> bool:
    """Whether a person has answered for every code of a book."""
    return all(values.get(code.id) for code in asked_codes(book))


def pace(seconds: Sequence[float]) -> float | None:
    """Median seconds a segment; None where none was done yet."""
    if not seconds:
        return None
    ordered = sorted(seconds)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
