"""Answers to revisions as drafts: checked like answers, kept in the store, and given together once confirmed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from intercoder.core.codebook import Code, Codebook
from intercoder.core.errors import InputError, StudyError
from intercoder.core.record import Record
from intercoder.core.revising.approvals import check_answer, settle
from intercoder.core.revisions import RecordedRevision, RevisionAnswer
from intercoder.graphs.codebook.answer_checks import APPROVED, Planned, checked, checked_name
from intercoder.graphs.codebook.answering import AnswerKind, same_round, waiting_revisions
from intercoder.stores.codebooks.draft_answers import DraftAnswer, delete_drafts, read_drafts, write_draft
from intercoder.stores.codebooks.revisions import newest, recorded_revisions, revision_numbered, write_answers
from intercoder.stores.database import reading, writing
from intercoder.stores.runs.runs import list_runs
from intercoder.stores.study_folder import StudyFolder


class Queued(Record):
    """A revision with the draft of an answer to it, if there is one."""

    recorded: RecordedRevision
    draft: DraftAnswer | None = None
    problem: str = ""
    """Why the draft cannot be confirmed any more; else empty."""

    @property
    def drafted(self) -> RecordedRevision:
        """The revision as it will be once the draft is confirmed."""
        if self.draft is None or self.recorded.status != "waiting":
            return self.recorded
        return self.recorded.model_copy(update={"answer": self.draft.answer})

    @property
    def open(self) -> bool:
        """Whether nobody has said anything to it yet."""
        return self.drafted.status == "waiting"


class Confirmed(Record):
    """What came of drafts that were confirmed."""

    recorded: tuple[RecordedRevision, ...]
    """Revisions that have their answers now, in order of their numbers."""
    passed_over: tuple[RecordedRevision, ...] = ()
    """Those that were answered by other means meanwhile, or wait no more: their drafts are gone."""
    kept: Mapping[int, str] = {}
    """Number of a revision -> why somebody else's draft could not be confirmed; it is kept."""
    left: tuple[int, ...] = ()
    """Numbers of those that others drafted and that stay drafts because only one's own were confirmed."""
    waiting: tuple[RecordedRevision, ...] = ()
    """Those of the run that wait still."""


class Review(Record):
    """All that people look at while they answer."""

    queue: tuple[Queued, ...] = ()
    """All revisions, in order of their numbers."""
    book: Codebook = Codebook(version=0)
    """The latest version."""
    pending: str = ""
    """The development run that waits for nobody any more and can go on."""


def review_state(folder: StudyFolder) -> Review:
    """What there is to answer, and beside it the codebook."""
    with reading(folder.engine) as connection:
        book = newest(connection, folder.study.id)
    return Review(queue=tuple(review_queue(folder)), book=book, pending=pending_round(folder))


def review_queue(folder: StudyFolder) -> list[Queued]:
    """All revisions that were proposed or made, in order of their numbers, with drafts as they stand."""
    with reading(folder.engine) as connection:
        book = newest(connection, folder.study.id)
        drafts = read_drafts(connection, folder.study.id)
    known = recorded_revisions(folder.engine, folder.study.id)
    queue = [Queued(recorded=one, draft=drafts.get(one.revision.id)) for one in known]
    problems = _problems(book, [one.drafted for one in queue])
    return [
        one.model_copy(update={"problem": problem})
        if one.draft is not None and (problem := problems.get(one.recorded.revision.id, ""))
        else one
        for one in queue
    ]


def check_draft(
    folder: StudyFolder, number: int, answer: AnswerKind, *, by: str, note: str = "", after: tuple[Code, ...] = ()
) -> RevisionAnswer:
    """The answer as it would be drafted.

    Args:
        folder: The study.
        number: The revision's number.
        answer: What the person means to say.
        by: The person.
        note: Why; a rejection needs one.
        after: For `edit`: what the codes shall become.

    Raises:
        StudyError: There is no such revision, it does not wait, or somebody else was first; says who.
        InputError: It cannot stand beside the codebook, what was answered and what others drafted; or a rejection
            has no note.
    """
    name = checked_name(by)
    one = revision_numbered(folder.engine, folder.study.id, number)
    given = RevisionAnswer(revision_id=one.revision.id, answer=answer, after=after, note=note.strip(), by=name)
    check_answer(one, given)
    with reading(folder.engine) as connection:
        book = newest(connection, folder.study.id)
        drafts = read_drafts(connection, folder.study.id)
    _check_first(one, drafts.get(one.revision.id), name)
    if answer == "reject" and not given.note:
        raise InputError("a rejection needs a reason.", where=f"revision {number}", remedy="Write a note.")
    if one.answer is None:
        known = recorded_revisions(folder.engine, folder.study.id)
        others = [Queued(recorded=other, draft=drafts.get(other.revision.id)).drafted for other in known]
        checked(book, _approved(others, one), Planned(one, given, f"revision {number}"))
    return given


def draft_answer(
    folder: StudyFolder,
    number: int,
    answer: AnswerKind,
    *,
    by: str,
    at: str,
    note: str = "",
    after: tuple[Code, ...] = (),
) -> DraftAnswer:
    """Note what a person means to answer; nothing is answered before `confirm_drafts`.

    A person's later draft takes the place of their earlier one; of two people the first stands.

    Args:
        folder: The study.
        number: The revision's number.
        answer: What the person means to say.
        by: The person.
        at: Present time, UTC, ISO 8601 to the second.
        note: Why.
        after: For `edit`: what the codes shall become.

    Raises:
        StudyError, InputError: See `check_draft`; nothing is written then.
    """
    with writing(folder.engine) as connection:
        # Whoever else drafts at this moment waits for this transaction, so what is checked stays true.
        given = check_draft(folder, number, answer, by=by, note=note, after=after)
        one = revision_numbered(folder.engine, folder.study.id, number)
        if one.answer is not None:
            raise StudyError(
                f"revision {number} is answered so already, by {one.answer.by}.", remedy="Go on to the next one."
            )
        draft = write_draft(connection, folder.study.id, given, at)
    _check_first(one, draft, given.by)
    return draft


def undo_draft(folder: StudyFolder, by: str) -> RecordedRevision | None:
    """Take back the draft that a person made last on what waits. Returns its revision; None where there is none."""
    name = checked_name(by)
    with writing(folder.engine) as connection:
        known = recorded_revisions(folder.engine, folder.study.id)
        waiting = {one.revision.id for one in known if one.status == "waiting"}
        drafts = read_drafts(connection, folder.study.id).values()
        own = [one for one in drafts if one.answer.by == name and one.answer.revision_id in waiting]
        if not own:
            return None
        delete_drafts(connection, folder.study.id, [own[-1].answer.revision_id])
    return next(one for one in known if one.revision.id == own[-1].answer.revision_id)


def confirm_drafts(folder: StudyFolder, run_id: str, *, by: str, everyone: bool = False) -> Confirmed:
    """Give the answers that a person drafted for a run's revisions; or all, each in the name of who drafted it.

    They are recorded in one transaction. The codebook may have changed meanwhile: what somebody else drafted and
    does not fit any more is kept and told; where one's own does not fit, nothing is recorded.

    Args:
        folder: The study.
        run_id: The run whose revisions they are about.
        by: Who confirms.
        everyone: Also what others drafted; else it stays a draft.

    Raises:
        InputError: A draft of the person who confirms cannot be taken any more; says which and why.
    """
    name = checked_name(by)
    with writing(folder.engine) as connection:
        drafts = read_drafts(connection, folder.study.id)
        book = newest(connection, folder.study.id)
        known = recorded_revisions(folder.engine, folder.study.id)
        chosen = {key: draft for key, draft in drafts.items() if everyone or draft.answer.by == name}
        queue = [Queued(recorded=one, draft=chosen.get(one.revision.id)) for one in known]
        of_run = {one.revision.id for one in known if one.revision.run == run_id}
        fitting, problems = _sifted(book, queue)
        for queued in queue:
            own = queued.draft is not None and queued.draft.answer.by == name
            if own and queued.recorded.revision.id in of_run and queued.recorded.number in problems:
                raise problems[queued.recorded.number]
        given = [plan.answer for plan in fitting if plan.one.revision.id in of_run]
        over = [queued.recorded for queued in queue if queued.draft and queued.recorded.status != "waiting"]
        recorded = write_answers(connection, folder.study.id, given, confirmed_by=name)
        gone = [one.revision.id for one in (*recorded, *over)]
        delete_drafts(connection, folder.study.id, gone)
    left = [one for one in known if one.status == "waiting" and one.revision.id in of_run - set(gone)]
    return Confirmed(
        recorded=tuple(recorded),
        passed_over=tuple(over),
        kept={one.number: problems[one.number].message for one in left if one.number in problems},
        left=tuple(one.number for one in left if one.revision.id in drafts and one.revision.id not in chosen),
        waiting=tuple(left),
    )


def by_codes(queue: Sequence[Queued], *, everything: bool = False) -> list[tuple[str, list[Queued]]]:
    """Label of a code (empty for the book), and the revisions about it; codes in the order of their first revision.

    Args:
        queue: All revisions.
        everything: Also those that were answered, dropped or undone.
    """
    groups: dict[str, tuple[str, list[Queued]]] = {}
    for queued in queue:
        if everything or queued.recorded.status == "waiting":
            revision = queued.recorded.revision
            first = next(iter((*revision.before, *revision.after)), None)
            key, label = (first.id, first.label) if first else ("", "")
            groups.setdefault(key, (label, []))[1].append(queued)
    return list(groups.values())


def open_per_code(queue: Sequence[Queued]) -> dict[str, int]:
    """Code id -> revisions about it to which nobody has said anything yet."""
    return Counter(code_id for one in queue if one.open for code_id in one.recorded.revision.code_ids)


def pending_round(folder: StudyFolder) -> str:
    """The development run that waits for nobody any more and can go on; empty if there is none."""
    runs = [run for run in list_runs(folder.engine, folder.study.id) if run.graph == "codevelop"]
    return runs[-1].id if runs and not runs[-1].over and not waiting_revisions(folder) else ""


def _problems(book: Codebook, drafted: Sequence[RecordedRevision]) -> dict[str, str]:
    """Revision id -> why it does not fit the book beside the others of its round, of those not in it yet."""
    rounds: dict[tuple[str, int], list[RecordedRevision]] = {}
    for one in drafted:
        if one.status in APPROVED and not one.version and not one.problem:
            rounds.setdefault((one.revision.run, one.revision.round), []).append(one)
    return {key: why for ones in rounds.values() for key, why in settle(book, ones).problems.items() if why}


def _sifted(book: Codebook, queue: Sequence[Queued]) -> tuple[list[Planned], dict[int, InputError]]:
    """The drafts on revisions that wait: those that can stand beside one another, and why others cannot."""
    plans = [
        Planned(queued.recorded, queued.draft.answer, f"revision {queued.recorded.number}")
        for queued in queue
        if queued.draft is not None and queued.recorded.status == "waiting"
    ]
    standing = [queued.recorded for queued in queue]
    fitting: list[Planned] = []
    problems: dict[int, InputError] = {}
    for plan in plans:
        try:
            fitting.append(checked(book, _approved(standing, plan.one), plan))
        except InputError as error:
            problems[plan.one.number] = error
        else:
            standing.append(plan.settled)
    return fitting, problems


def _approved(others: Sequence[RecordedRevision], one: RecordedRevision) -> list[RecordedRevision]:
    """Revisions of the same round that are approved, or will be, and that are not in the book yet."""
    return [
        other
        for other in others
        if other.status in APPROVED
        and not other.version
        and not other.problem
        and other.revision.id != one.revision.id
        and same_round(other, one)
    ]


def _check_first(one: RecordedRevision, draft: DraftAnswer | None, by: str) -> None:
    if draft is not None and draft.answer.by != by:
        status = one.model_copy(update={"answer": draft.answer}).status
        at = f"{draft.created_at.partition('.')[0]}Z"
        raise StudyError(
            f"revision {one.number} was taken before: {status} in draft by {draft.answer.by} at {at}.",
            remedy="The first answer stands until they take it back.",
        )
