"""People's answers to revisions: checked against the codebook and one another, then recorded in the store.

Every way to answer one goes through here: the command line, an answers file, a program's own screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from intercoder.core.codebook import Code
from intercoder.core.errors import InputError, IntercoderError
from intercoder.core.record import Record
from intercoder.core.revising.approvals import answered_before
from intercoder.core.revising.revision_edits import edited, edited_codes
from intercoder.core.revisions import RecordedRevision, Revision, RevisionAnswer
from intercoder.formats.answers_files import AnswersFile, WrittenAnswer
from intercoder.graphs.codebook.answer_checks import APPROVED, Planned, checked, checked_name
from intercoder.stores.codebooks.revisions import newest, record_answers, recorded_revisions, revision_numbered
from intercoder.stores.database import reading
from intercoder.stores.study_folder import StudyFolder

AnswerKind: TypeAlias = Literal["approve", "edit", "reject"]


class Answered(Record):
    """What an answers file did."""

    answered: tuple[RecordedRevision, ...]
    """Revisions that it answered now, in order of their numbers."""
    waiting: tuple[RecordedRevision, ...]
    """Those of the run that wait still."""


def answer_revision(
    folder: StudyFolder,
    number: int,
    answer: AnswerKind,
    *,
    by: str,
    note: str = "",
    after: tuple[Code, ...] = (),
) -> RecordedRevision:
    """Record a person's answer to a revision. The first answer stands; the same one again changes nothing.

    Args:
        folder: The study.
        number: The revision's number.
        answer: What the person says.
        by: The person.
        note: Why.
        after: For `edit`: what the codes shall become (see `core.revising.revision_edits`).

    Raises:
        StudyError: There is no such revision, nobody was asked about it, or it has another answer; says whose.
        InputError: The name is blank or too long; the revision as it would be approved does not fit the codebook,
            contradicts one approved before, changes nothing, or would break the book. Nothing is recorded then.
    """
    return answer_revisions(folder, [number], answer, by=by, note=note, after=after)[0]


def answer_revisions(
    folder: StudyFolder,
    numbers: Sequence[int],
    answer: AnswerKind,
    *,
    by: str,
    note: str = "",
    after: tuple[Code, ...] = (),
) -> list[RecordedRevision]:
    """Give revisions the same answer: all of them, or none where one cannot take it; see `answer_revision`."""
    name = checked_name(by)
    planned = []
    for number in dict.fromkeys(numbers):
        one = revision_numbered(folder.engine, folder.study.id, number)
        given = RevisionAnswer(revision_id=one.revision.id, answer=answer, after=after, note=note.strip(), by=name)
        planned.append(Planned(one, given))
    return _recorded(folder, planned)


def apply_answers(folder: StudyFolder, run_id: str, answers: AnswersFile) -> Answered:
    """Record the answers of a file to a run's revisions: all of them, or none where one cannot be taken.

    Answers that were recorded before, with the same content, are passed over. What is approved without being named
    (`others`) need not fit beside what is: it is left out when the next version is made, which is kept with it, or
    rejected where it would push out one that was named.

    Args:
        folder: The study.
        run_id: The run.
        answers: As `formats.answers_files.read_answers` reads them.

    Raises:
        InputError: Revisions do not exist in the run (those that wait are named), one is named twice, or its answer
            cannot be taken; see `answer_revision`.
        StudyError: A revision has another answer; says whose.
    """
    by = checked_name(answers.by, f"{answers.source}: by")
    recorded = recorded_revisions(folder.engine, folder.study.id, run=run_id)
    planned = [plan for plan in _planned(answers, by, recorded) if plan.one.answer != plan.answer]
    done = _recorded(folder, planned)
    left = [one for one in waiting_revisions(folder) if one.revision.run == run_id]
    return Answered(answered=tuple(sorted(done, key=lambda one: one.number)), waiting=tuple(left))


def waiting_revisions(folder: StudyFolder) -> list[RecordedRevision]:
    """All revisions of the study that wait for a person, in order of their numbers."""
    return [one for one in recorded_revisions(folder.engine, folder.study.id) if one.status == "waiting"]


def same_round(one: RecordedRevision, other: RecordedRevision) -> bool:
    """Whether two revisions are of the same round of the same run, so that one version is made of both."""
    return (one.revision.run, one.revision.round) == (other.revision.run, other.revision.round)


def _recorded(folder: StudyFolder, planned: Sequence[Planned]) -> list[RecordedRevision]:
    """Check the answers beside one another and those given before, then record them."""
    with reading(folder.engine) as connection:
        book = newest(connection, folder.study.id)
    known = recorded_revisions(folder.engine, folder.study.id)
    approved = [one for one in known if one.status in APPROVED and not one.version and not one.problem]
    kept: list[Planned] = []
    for plan in planned:
        if plan.one.status == "waiting":
            plan = checked(book, [one for one in approved if same_round(one, plan.one)], plan)
            approved += [plan.settled] if plan.settled.status in APPROVED else []
        kept.append(plan)
    return record_answers(folder.engine, folder.study.id, [plan.answer for plan in kept])


def _planned(answers: AnswersFile, by: str, recorded: Sequence[RecordedRevision]) -> list[Planned]:
    """The answers of a file, each with its revision; then those that it gives to all others that wait."""
    found: dict[str, Planned] = {}
    for written, one in zip(answers.answers, _named(answers, recorded), strict=True):
        before = found.get(one.revision.id)
        if before is not None:
            raise InputError(
                f"revision {one.number} is answered twice; first in {before.place}.",
                where=written.place,
                remedy="Leave one of the two.",
            )
        given = _given(written, one, by)
        if one.answer is not None and one.answer != given:
            raise answered_before(one)
        found[one.revision.id] = Planned(one, given, written.place)
    if answers.others:
        others = [one for one in recorded if one.status == "waiting" and one.revision.id not in found]
        for one in others:
            note = f"by the line `others` of {answers.source}"
            given = RevisionAnswer(revision_id=one.revision.id, answer=answers.others, note=note, by=by)
            found[one.revision.id] = Planned(one, given, f"{answers.source}: others", blanket=True)
    return list(found.values())


def _named(answers: AnswersFile, recorded: Sequence[RecordedRevision]) -> list[RecordedRevision]:
    """The revisions that a file names, in its order."""
    known: dict[int | str, RecordedRevision] = {one.number: one for one in recorded}
    known |= {one.revision.id: one for one in recorded}
    missing = [written for written in answers.answers if written.revision not in known]
    if missing:
        names = ", ".join(str(written.revision) for written in missing)
        waiting = ", ".join(str(one.number) for one in recorded if one.status == "waiting")
        raise InputError(
            f"there is no revision {names} in this run.",
            where=missing[0].place,
            remedy=f"Revisions that wait: {waiting}." if waiting else "No revision waits.",
        )
    found = [known[written.revision] for written in answers.answers]
    for written, one in zip(answers.answers, found, strict=True):
        if one.dropped:
            raise InputError(
                f"nobody is asked about revision {one.number}; it was dropped: {one.dropped}",
                where=written.place,
                remedy="Take it out of the file.",
            )
    return found


def _given(written: WrittenAnswer, one: RecordedRevision, by: str) -> RevisionAnswer:
    after = _after(written, one.revision) if written.answer == "edit" else ()
    return RevisionAnswer(
        revision_id=one.revision.id, answer=written.answer, after=after, note=written.note.strip(), by=by
    )


def _after(written: WrittenAnswer, revision: Revision) -> tuple[Code, ...]:
    try:
        if written.draft is not None:
            return edited_codes(revision, written.draft)
        return edited(revision, written.text)
    except IntercoderError as error:
        raise InputError(error.message, where=error.where or written.place, remedy=error.remedy) from None
