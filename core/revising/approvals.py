"""What people's answers to revisions do: which answers are taken, and the book that the approved ones make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.codebook_checks import check_book
from intercoder.core.errors import InputError, StudyError
from intercoder.core.revising.applying import apply
from intercoder.core.revisions import (
    FIELDS,
    RecordedRevision,
    Revision,
    RevisionAnswer,
    RevisionConflict,
    revised,
)


class Settled(NamedTuple):
    """What came of approved revisions."""

    book: Codebook
    """The book with all those that fit."""
    problems: Mapping[str, str]
    """Revision id, in order -> why it was left out; empty for one that was applied."""


def check_answer(known: RecordedRevision, answer: RevisionAnswer) -> None:
    """Refuse an answer that cannot be taken. The same answer given by the same person again is let pass.

    Raises:
        StudyError: Nobody was asked about the revision, or is any more; or it was answered before: says by whom and
            how.
        InputError: It is an edit into what this kind of revision cannot become.
    """
    if known.dropped:
        raise StudyError(
            f"revision {known.number} was dropped: {known.dropped}", remedy="Edit the codebook by hand instead."
        )
    if known.status == "undone":
        raise StudyError(
            f"revision {known.number} waits no more: a new run was begun in place of {known.revision.run}.",
            remedy="Edit the codebook by hand instead.",
        )
    if known.answer not in (None, answer):
        raise answered_before(known)
    if answer.answer == "edit":
        _check_edit(known, answer.after)


def answered_before(one: RecordedRevision) -> StudyError:
    """The error for an answer to a revision that has another one."""
    by = one.answer.by if one.answer else ""
    return StudyError(
        f"revision {one.number} was answered before: {one.status} by {by} at {one.answered_at}.",
        remedy="The first answer stands. Change the codebook itself with `intercoder codebook edit`.",
    )


def settle(book: Codebook, approved: Sequence[RecordedRevision]) -> Settled:
    """Apply approved revisions in order. One that does not fit any more, or would break the book, is left out."""
    problems: dict[str, str] = {}
    for one in approved:
        try:
            after = apply(book, [one.settled])
            check_book(after, before=book)
        except (RevisionConflict, InputError) as error:
            problems[one.revision.id] = error.message
        else:
            book, problems[one.revision.id] = after, ""
    return Settled(book, problems)


def numbered(codes: Sequence[Code], before: Codebook, latest: Mapping[str, int]) -> list[Code]:
    """Codes with their revision numbers: those that differ from the book before get the next free ones.

    Args:
        codes: The codes.
        before: The book before.
        latest: Code id -> highest number that was ever given to it.
    """
    known = {code.id: code for code in before.codes}
    return [
        code if code == known.get(code.id) else code.model_copy(update={"revision": latest.get(code.id, 0) + 1})
        for code in codes
    ]


def _check_edit(known: RecordedRevision, after: Sequence[Code]) -> None:
    revision = known.revision
    where = f"revision {known.number}"
    if not after:
        raise InputError(
            "an edit must say what the code becomes.", where=where, remedy="Give it, or reject the revision."
        )
    if revision.kind in FIELDS:
        _check_fields(revision, after, where)


def _check_fields(revision: Revision, after: Sequence[Code], where: str) -> None:
    """An edit of one code's fields holds that code, with no other fields changed."""
    was = revision.before[0]
    if [code.id for code in after] != [was.id]:
        raise InputError(
            f"an edit of this revision must hold the code {was.label!r} and no other.",
            where=where,
            remedy=f"Its id is {was.id}.",
        )
    names = FIELDS[revision.kind]
    kept = revised(revision.kind, was, **{name: getattr(after[0], name) for name in names}).after[0]
    for name in sorted(set(Code.model_fields) - {"revision", "lineage"}):
        if getattr(kept, name) != getattr(after[0], name):
            raise InputError(
                f"a revision of kind {revision.kind!r} changes {' and '.join(names)} only, not {name}.",
                where=where,
                remedy="Leave the rest as it is; change it with `intercoder codebook edit`.",
            )
