"""A person's single changes to the codebook of a study: what they touch, and carrying them out.

The changes themselves are made by `core.codebooks.codebook_acts`, for the version that the person sees.
"""

from __future__ import annotations

from collections.abc import Sequence

from intercoder.core.codebook import Codebook
from intercoder.core.codebooks.codebook_checks import check_book
from intercoder.core.codebooks.codebook_conflicts import last_change, said
from intercoder.core.codebooks.codebook_diff import affected, diff
from intercoder.core.errors import InputError, StudyError
from intercoder.core.record import Record
from intercoder.core.revising.applying import apply
from intercoder.core.revisions import Revision, RevisionConflict
from intercoder.core.shown import counted, listed, one_line
from intercoder.graphs.codebook.answering import waiting_revisions
from intercoder.graphs.codebook.codebook_edits import CodebookChange, before_latest, go_back, latest_or_empty
from intercoder.stores.codebooks.code_uses import code_uses
from intercoder.stores.codebooks.codebook_versions import list_versions
from intercoder.stores.codebooks.revisions import revise_by_hand
from intercoder.stores.study_folder import StudyFolder

SHOWN = 5
"""Labels that are told by name."""


class Touched(Record):
    """What hangs on a change before it is made."""

    again: tuple[str, ...]
    """Labels of the codes that are to be coded again, or for the first time."""
    no_more: tuple[str, ...]
    """Labels of the codes that segments are not coded for any more: gone, or made a group."""
    by_models: int
    """Decisions of models about these codes as they are now."""
    by_people: int
    """Decisions of people about them."""
    waiting: int
    """Proposed revisions about the codes that the change names, which wait for an answer."""


class ChangedMeanwhile(InputError):
    """A change that does not fit what somebody else changed since the person looked; nothing of it is done."""


def touched(folder: StudyFolder, seen: Codebook, revisions: Sequence[Revision]) -> Touched:
    """What a change of the version that a person sees would touch.

    Raises:
        InputError: The book could not be coded with afterwards.
    """
    after = _changed(seen, revisions)
    again = affected(seen, after)
    kept = {code.id for code in after.leaves}
    no_more = [code for code in seen.leaves if code.id not in kept]
    uses = code_uses(folder.engine, folder.study.id, {*again, *(code.id for code in no_more)}).values()
    named = {code_id for one in revisions for code_id in one.code_ids}
    return Touched(
        again=tuple(code.label for code in after.leaves if code.id in again),
        no_more=tuple(code.label for code in no_more),
        by_models=sum(use.by_models for use in uses),
        by_people=sum(use.by_people for use in uses),
        waiting=sum(bool(named & set(one.revision.code_ids)) for one in waiting_revisions(folder)),
    )


def touched_words(found: Touched) -> list[str]:
    """What hangs on a change, a sentence each; empty where nothing does."""
    told = []
    if found.by_models or found.by_people:
        said_by = listed(
            [
                f"{counted(number, 'decision')} of {whose}"
                for number, whose in ((found.by_models, "models"), (found.by_people, "people"))
                if number
            ]
        )
        told.append(f"It touches {said_by}. They stay in the study, but do not hold for the new version.")
    if found.no_more:
        told.append(f"Not coded any more: {_some(found.no_more)}.")
    if found.again and (found.by_models or found.by_people):
        told.append(f"To be coded again: {_some(found.again)}.")
    if found.waiting:
        told.append(f"{counted(found.waiting, 'proposed revision')} about it may not fit any more.")
    return told


def carry_out(
    folder: StudyFolder, seen: Codebook, revisions: Sequence[Revision], author: str, note: str = ""
) -> CodebookChange:
    """Make a person's change the next version, on top of what others changed meanwhile.

    codebook.yaml is not written: that takes long for a long codebook (see `codebook_edits.exported`).

    Args:
        folder: The study.
        seen: The version that the person saw.
        revisions: What changes; empty for nothing.
        author: The person.
        note: Why.

    Raises:
        ChangedMeanwhile: Somebody changed the same since: says who, and what stands there now.
        InputError: The book could not be coded with afterwards.
    """
    before = latest_or_empty(folder)
    if not revisions:
        return CodebookChange(base=seen.version, before=before, after=before)
    _changed(seen, revisions)
    try:
        after = _applied(folder, revisions, author, note)
    except RevisionConflict as conflict:
        raise _explained(folder, seen, conflict) from None
    made = tuple(diff(before, after))
    return CodebookChange(base=seen.version, before=before, after=after, revisions=made)


def undo_latest(folder: StudyFolder, seen: Codebook, author: str) -> CodebookChange:
    """Undo the change that made the version that a person sees. codebook.yaml is not written.

    Raises:
        ChangedMeanwhile: It is not the latest any more.
        StudyError: There is nothing before it.
    """
    later = list_versions(folder.engine, folder.study.id, seen.version)
    if later:
        raise ChangedMeanwhile(
            f"{one_line(later[-1].by, 60)} made version {later[-1].book.version} meanwhile.",
            remedy="Look at what changed, and undo then if you still want to.",
        )
    return go_back(folder, author, seen=seen.version)


def undone_by_next(folder: StudyFolder) -> tuple[Codebook, tuple[Revision, ...]]:
    """The version that an undo would go back to, and what it would change.

    Raises:
        StudyError: There is nothing to undo.
    """
    books = [one.book for one in list_versions(folder.engine, folder.study.id)]
    number = before_latest(books)
    if not number:
        raise StudyError("there is no version before this one.", remedy="There is nothing to undo.")
    target = next(book for book in books if book.version == number)
    return target, tuple(diff(books[-1], target))


def _some(labels: Sequence[str]) -> str:
    """The first labels, and how many more there are."""
    first = [one_line(label, 40) for label in labels[:SHOWN]]
    more = len(labels) - len(first)
    return listed([*first, f"{more} more"] if more else first)


def _changed(book: Codebook, revisions: Sequence[Revision]) -> Codebook:
    """The book after revisions that were made for it, if it can be coded with."""
    after = apply(book, revisions)
    check_book(after, book)
    return after


def _applied(folder: StudyFolder, revisions: Sequence[Revision], author: str, note: str) -> Codebook:
    """The new version. The place that a code goes to in the order is let go where codes came or went meanwhile."""
    try:
        return revise_by_hand(folder.engine, folder.study.id, revisions, author, note)
    except RevisionConflict as conflict:
        others = [one for one in revisions if one.kind != "order"]
        if conflict.revision.kind != "order" or not others:
            raise
        return revise_by_hand(folder.engine, folder.study.id, others, author, note)


def _explained(folder: StudyFolder, seen: Codebook, conflict: RevisionConflict) -> ChangedMeanwhile:
    """Who was first, and what they said."""
    history = [(one.book, one.by) for one in list_versions(folder.engine, folder.study.id, seen.version)]
    kind = conflict.revision.kind
    field = conflict.field or (kind if kind in ("settings", "order") else "code")
    version, by = last_change(field, conflict.code_id, seen, history)
    was = seen.code(conflict.code_id)
    about = (
        f"the {field} of {was.label!r}" if was and field != "code" else repr(was.label) if was else f"the {field}"
    )
    if not version:
        return ChangedMeanwhile(conflict.message, remedy="Look at the newest version, and do it again.")
    now = one_line(said(history[-1][0], conflict.code_id, field), 120) or "nothing"
    return ChangedMeanwhile(
        f"{one_line(by, 60)} changed {about} in version {version}, while you looked at version {seen.version}. "
        f"It says now: {now}",
        remedy="Nothing of yours was done. Do it again if you still want to.",
    )
