"""Whether people's answers to revisions can stand: beside the codebook, and beside what was approved before."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from intercoder.core.codebook import Codebook
from intercoder.core.errors import InputError
from intercoder.core.revising.applying import apply
from intercoder.core.revising.approvals import settle
from intercoder.core.revisions import RecordedRevision, RevisionAnswer, RevisionConflict

LONGEST_NAME = 128
"""Characters of a person's name."""
APPROVED = ("approved", "edited")
"""Where revisions stand that are to be applied."""


class Planned(NamedTuple):
    """An answer that is about to be recorded."""

    one: RecordedRevision
    answer: RevisionAnswer
    place: str = ""
    blanket: bool = False
    """Whether it is given to all revisions that a file does not name."""

    @property
    def settled(self) -> RecordedRevision:
        """The revision as it will be."""
        return self.one.model_copy(update={"answer": self.answer})


def checked_name(by: str, where: str = "--by") -> str:
    """A person's name, without white space around it.

    Raises:
        InputError: It is blank, too long, or holds line breaks or other control characters.
    """
    name = by.strip()
    if not name:
        raise InputError("it is not said who answers.", where=where, remedy="Give a name.")
    if len(name) > LONGEST_NAME or any(unicodedata.category(one).startswith("C") for one in name):
        raise InputError(
            f"this is no name: at most {LONGEST_NAME} letters, without line breaks.",
            where=where,
            remedy="Give a shorter one.",
        )
    return name


def checked(book: Codebook, approved: Sequence[RecordedRevision], plan: Planned) -> Planned:
    """The answer, if it can stand. A blanket one, which nobody gave by name, gives way instead.

    Args:
        book: The latest version.
        approved: Revisions of the round that people approved and that are not in the book yet.
        plan: The answer to a revision that waits.

    Raises:
        InputError: The revision does not fit the book, changes nothing, would break it, or contradicts another one.
    """
    if plan.answer.answer == "reject":
        return plan
    if not plan.blanket:
        _check_alone(book, plan.settled, plan.place)
    before = settle(book, sorted(approved, key=_number)).problems
    after = settle(book, sorted([*approved, plan.settled], key=_number)).problems
    pushed_out = [one for one in approved if after[one.revision.id] and not before[one.revision.id]]
    problem = after[plan.one.revision.id] or next((after[one.revision.id] for one in pushed_out), "")
    if not problem or (plan.blanket and not pushed_out):
        return plan
    if plan.blanket:
        note = f"It contradicts revision {pushed_out[0].number}, which was approved by name."
        return plan._replace(answer=plan.answer.model_copy(update={"answer": "reject", "note": note}))
    raise _contradiction(book, approved, plan, problem)


def _number(one: RecordedRevision) -> int:
    return one.number


def _check_alone(book: Codebook, settled: RecordedRevision, place: str) -> None:
    """Refuse what does not fit the codebook as it is, or leaves it as it is."""
    made = settle(book, [settled])
    problem = made.problems[settled.revision.id]
    if not problem and made.book.hash == book.hash:
        problem = "it changes nothing in the codebook."
    if problem:
        what = "the edit of revision" if settled.status == "edited" else "revision"
        raise InputError(
            f"{what} {settled.number} cannot be approved: {problem}",
            where=place,
            remedy="Edit it so that it fits, or reject it." if _editable(book, [settled]) else "Reject it.",
        )


def _editable(book: Codebook, revisions: Sequence[RecordedRevision]) -> bool:
    """Whether other words may help revisions that do not fit: not where a code is gone, or another than it was."""
    try:
        apply(book, [one.settled for one in revisions])
    except RevisionConflict as conflict:
        return bool(conflict.field)
    return True


def _contradiction(book: Codebook, approved: Sequence[RecordedRevision], plan: Planned, problem: str) -> InputError:
    """The error for a revision that cannot stand beside those approved; the one that it contradicts is named."""
    number = plan.one.number
    for other in approved:
        both = sorted([other, plan.settled], key=_number)
        if any(settle(book, both).problems.values()):
            by = other.answer.by if other.answer else ""
            remedy = (
                f"Edit revision {number} so that both fit, or reject it."
                if _editable(book, both)
                else f"Only one of them can stand: reject revision {number}, or take back the answer to revision "
                f"{other.number} while it is a draft."
            )
            return InputError(
                f"revision {number} contradicts revision {other.number}, which {by} approved: {problem}",
                where=plan.place,
                remedy=remedy,
            )
    return InputError(
        f"revision {number} cannot stand beside those approved before: {problem}",
        where=plan.place,
        remedy="Edit it so that it fits, or reject it.",
    )
