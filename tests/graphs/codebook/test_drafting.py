"""Drafts of answers: checked like answers, one a revision, and given together once they are confirmed."""

import pytest

from intercoder.core.errors import InputError, StudyError
from intercoder.core.protocols import Run
from intercoder.core.revising.revision_edits import edited
from intercoder.core.revising.revision_words import told
from intercoder.core.revisions import Revision, revised
from intercoder.graphs.codebook.answering import AnswerKind, answer_revision
from intercoder.graphs.codebook.draft_words import outcome, summary
from intercoder.graphs.codebook.drafting import (
    Confirmed,
    Queued,
    check_draft,
    confirm_drafts,
    draft_answer,
    review_queue,
    undo_draft,
)
from intercoder.stores.codebooks.draft_answers import DraftAnswer
from intercoder.stores.codebooks.revisions import revise_by_hand, revision_numbered
from intercoder.stores.study_folder import StudyFolder, open_study
from tests.stores.codebooks.proposals import (
    BUY,
    DROP,
    MEND,
    REDEFINE,
    REDEFINE_AGAIN,
    RENAME,
    RULE,
    SPLIT,
    begin,
    draft,
    propose,
)

FIRST = 4
"""Number of the first proposal: three additions made the book."""
REVISIONS = (REDEFINE, REDEFINE_AGAIN, RULE, RENAME, SPLIT, DROP)
AT = "2026-03-01T10:00:00Z"


@pytest.fixture
def run(study: StudyFolder) -> Run:
    """Revisions 4 to 9 wait."""
    made = begin(study, draft(study))
    propose(study, made, REVISIONS)
    return made


def number(revision: Revision) -> int:
    return FIRST + REVISIONS.index(revision)


def note(
    study: StudyFolder, revision: Revision, answer: AnswerKind = "approve", by: str = "ana", **more: object
) -> DraftAnswer:
    return draft_answer(study, number(revision), answer, by=by, at=AT, **more)  # type: ignore[arg-type]


def queued(study: StudyFolder, revision: Revision) -> Queued:
    return next(one for one in review_queue(study) if one.recorded.number == number(revision))


def statuses(study: StudyFolder) -> list[str]:
    return [revision_numbered(study.engine, study.study.id, FIRST + n).status for n in range(len(REVISIONS))]


def confirm(study: StudyFolder, run: Run, by: str = "ana", *, everyone: bool = True) -> Confirmed:
    return confirm_drafts(study, run.id, by=by, everyone=everyone)


def test_a_draft_answers_nothing_and_is_there_at_the_next_start(study: StudyFolder, run: Run) -> None:
    note(study, RULE, note=" Good. ")
    assert set(statuses(study)) == {"waiting"}
    later = queued(open_study(study.path), RULE)
    assert (later.recorded.status, later.drafted.status, later.open) == ("waiting", "approved", False)
    assert later.draft is not None
    assert (later.draft.answer.by, later.draft.answer.note) == ("ana", "Good.")
    assert queued(study, RENAME).open


def test_another_persons_draft_is_refused_with_who_was_first(study: StudyFolder, run: Run) -> None:
    note(study, RULE)
    for answer in ("approve", "reject"):
        with pytest.raises(StudyError, match="taken before: approved in draft by ana at 2026-03-01T10:00:00Z"):
            note(study, RULE, answer, by="ben", note="No.")
    undo_draft(study, "ana")
    assert note(study, RULE, by="ben").answer.by == "ben"


def test_what_was_answered_is_refused_with_who_was_first(study: StudyFolder, run: Run) -> None:
    answer_revision(study, number(RULE), "approve", by="ben")
    with pytest.raises(StudyError, match="answered before: approved by ben at 20"):
        note(study, RULE, "reject", note="No.")
    with pytest.raises(StudyError, match="answered so already, by ben"):
        note(study, RULE, by="ben")


def test_people_may_change_their_own_drafts(study: StudyFolder, run: Run) -> None:
    note(study, RULE)
    note(study, RULE, "reject", note="Too narrow.")
    assert queued(study, RULE).drafted.status == "rejected"


def test_the_last_draft_is_taken_back_first(study: StudyFolder, run: Run) -> None:
    note(study, RULE)
    note(study, REDEFINE)
    note(study, RENAME, by="ben")
    taken = [undo_draft(study, "ana") for _ in range(3)]
    assert [one and one.number for one in taken] == [number(REDEFINE), number(RULE), None]
    assert queued(study, RENAME).drafted.status == "approved"


def test_what_cannot_stand_beside_other_drafts_is_told_at_once(study: StudyFolder, run: Run) -> None:
    note(study, REDEFINE)
    with pytest.raises(InputError, match=f"contradicts revision {number(REDEFINE)}, which ana approved"):
        note(study, REDEFINE_AGAIN, by="ben")
    answer_revision(study, number(SPLIT), "approve", by="ben")
    assert note(study, RENAME).answer.by == "ana"


def test_a_draft_may_be_checked_without_being_written(study: StudyFolder, run: Run) -> None:
    after = edited(REDEFINE, "Somebody mends a thing.")
    with pytest.raises(InputError, match="it changes nothing in the codebook"):
        check_draft(study, number(REDEFINE), "edit", by="ana", after=after)
    assert check_draft(study, number(REDEFINE), "edit", by="ana", after=edited(REDEFINE, "Mended.")).by == "ana"
    assert queued(study, REDEFINE).open


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_rejection_needs_a_reason(study: StudyFolder, run: Run, reason: str) -> None:
    with pytest.raises(InputError, match="a rejection needs a reason"):
        note(study, RULE, "reject", note=reason)


def test_confirmed_drafts_are_answers_each_of_its_author(study: StudyFolder, run: Run) -> None:
    note(study, RULE)
    note(study, REDEFINE, "edit", after=edited(REDEFINE, "Mended by oneself."))
    note(study, DROP, "reject", by="ben", note="We need it.")
    done = confirm(study, run)
    said = [(one.number, one.status, one.answer.by if one.answer else "") for one in done.recorded]
    assert said == [
        (number(REDEFINE), "edited", "ana"),
        (number(RULE), "approved", "ana"),
        (number(DROP), "rejected", "ben"),
    ]
    assert [one.number for one in done.waiting] == [number(one) for one in (REDEFINE_AGAIN, RENAME, SPLIT)]
    assert [one.confirmed_by for one in done.recorded] == ["", "", "ana"]
    assert "; confirmed by ana; note: We need it." in told(queued(study, DROP).recorded)
    assert all(one.draft is None for one in review_queue(study))
    assert confirm(study, run).recorded == ()


def test_what_others_drafted_stays_a_draft_unless_all_are_confirmed(study: StudyFolder, run: Run) -> None:
    note(study, RULE)
    note(study, DROP, "reject", by="ben", note="We need it.")
    said = summary(review_queue(study), "ana")
    assert f"You: approved {number(RULE)}." in said
    assert f"ben: rejected {number(DROP)}." in said
    assert "y: give yours, 1 approved; 5 still wait" in said
    assert "a: give all, also ben's 1, each in the name of who drafted it; 4 still wait." in said
    done = confirm(study, run, everyone=False)
    assert [one.number for one in done.recorded] == [number(RULE)]
    assert done.left == (number(DROP),)
    assert f"Drafted by others and left to them: {number(DROP)}." in outcome(done)
    assert (queued(study, DROP).recorded.status, queued(study, DROP).drafted.status) == ("waiting", "rejected")
    assert "You drafted nothing." in summary(review_queue(study), "ana")


def test_a_draft_on_what_was_answered_meanwhile_is_dropped_and_told(study: StudyFolder, run: Run) -> None:
    note(study, RULE)
    note(study, REDEFINE)
    answer_revision(study, number(RULE), "reject", by="ben", note="No.")
    assert queued(study, RULE).drafted.status == "rejected"
    done = confirm(study, run)
    assert [one.number for one in done.recorded] == [number(REDEFINE)]
    assert [(one.number, one.status) for one in done.passed_over] == [(number(RULE), "rejected")]
    assert queued(study, RULE).draft is None


def test_where_the_codebook_changed_meanwhile_nothing_is_recorded_and_drafts_are_kept(
    study: StudyFolder, run: Run
) -> None:
    note(study, RULE)
    note(study, REDEFINE)
    revise_by_hand(study.engine, study.study.id, [revised("definition", MEND, definition="By hand.")], "caro")
    assert "was changed meanwhile" in queued(study, REDEFINE).problem
    assert not queued(study, RULE).problem
    with pytest.raises(InputError, match=f"revision {number(REDEFINE)} cannot be approved"):
        confirm(study, run)
    assert set(statuses(study)) == {"waiting"}
    assert not queued(study, RULE).open
    note(study, REDEFINE, "reject", note="Changed by hand.")
    assert len(confirm(study, run).recorded) == 2


def test_what_somebody_else_drafted_and_does_not_fit_any_more_holds_up_nobody(study: StudyFolder, run: Run) -> None:
    note(study, REDEFINE, by="ben")
    note(study, RENAME)
    revise_by_hand(study.engine, study.study.id, [revised("definition", MEND, definition="By hand.")], "caro")
    done = confirm(study, run)
    assert [one.number for one in done.recorded] == [number(RENAME)]
    assert list(done.kept) == [number(REDEFINE)]
    assert number(REDEFINE) in [one.number for one in done.waiting]
    assert not queued(study, REDEFINE).open


def test_drafts_of_another_run_are_left_alone(study: StudyFolder, run: Run) -> None:
    note(study, RULE)
    other = begin(study, revise_by_hand(study.engine, study.study.id, [revised("rename", BUY, label="got")], "ana"))
    assert confirm(study, other).recorded == ()
    assert not queued(study, RULE).open
