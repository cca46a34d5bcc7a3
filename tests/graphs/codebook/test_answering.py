"""Answers to revisions: what is told at once, what is recorded, and answers files."""

from collections.abc import Sequence

import pytest

from intercoder.core.errors import InputError, StudyError
from intercoder.core.protocols import Run
from intercoder.core.revising.revision_edits import edited
from intercoder.core.revisions import RecordedRevision, Revision, revised
from intercoder.formats.answers_files import parse_answers
from intercoder.graphs.codebook.answering import (
    Answered,
    answer_revision,
    answer_revisions,
    apply_answers,
    waiting_revisions,
)
from intercoder.stores.codebooks.development import SqlDevelopmentStore
from intercoder.stores.codebooks.revisions import revise_by_hand, revision_numbered
from intercoder.stores.study_folder import StudyFolder
from tests.stores.codebooks.proposals import (
    BUY,
    DROP,
    MEND,
    MERGE,
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
REVISIONS = (REDEFINE, REDEFINE_AGAIN, RULE, RENAME, SPLIT, MERGE, DROP, DROP)


@pytest.fixture
def run(study: StudyFolder) -> Run:
    """Revisions 4 to 10 wait; 11 was dropped."""
    made = begin(study, draft(study))
    propose(study, made, REVISIONS, dropped=[7])
    return made


def number(revision: Revision) -> int:
    return FIRST + REVISIONS.index(revision)


def statuses(study: StudyFolder) -> list[str]:
    return [revision_numbered(study.engine, study.study.id, FIRST + n).status for n in range(len(REVISIONS))]


def approve(study: StudyFolder, *revisions: Revision, by: str = "ana") -> list[RecordedRevision]:
    return answer_revisions(study, [number(one) for one in revisions], "approve", by=by)


def test_answers_are_recorded_with_name_and_note(study: StudyFolder, run: Run) -> None:
    one = answer_revision(study, number(RULE), "approve", by=" ana ", note=" Good. ")
    assert one.answer is not None
    assert (one.status, one.answer.by, one.answer.note) == ("approved", "ana", "Good.")
    assert len(waiting_revisions(study)) == 6


def test_an_edit_is_what_is_applied(study: StudyFolder, run: Run) -> None:
    after = edited(REDEFINE, "Mended by oneself.")
    one = answer_revision(study, number(REDEFINE), "edit", by="ana", after=after)
    assert one.settled.after[0].definition == "Mended by oneself."
    answer_revisions(study, range(5, 11), "reject", by="ana")
    store = SqlDevelopmentStore(study.engine, study.study.id)
    assert store.apply_round(run.id)
    assert store.round(run.id).codes == ("c_mend",)
    assert store.book(run.id).codes[0].definition == "Mended by oneself."


def test_a_second_persons_answer_is_refused_with_who_was_first(study: StudyFolder, run: Run) -> None:
    approve(study, RULE)
    approve(study, RULE)
    for answer in ("approve", "reject"):
        with pytest.raises(StudyError, match="answered before: approved by ana at 20"):
            answer_revision(study, number(RULE), answer, by="ben")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (REDEFINE, REDEFINE_AGAIN, "definition of 'mending' was changed meanwhile"),
        (REDEFINE_AGAIN, REDEFINE, "definition of 'mending' was changed meanwhile"),
        (SPLIT, MERGE, "not in the book any more"),
        (DROP, MERGE, "not in the book any more"),
    ],
)
def test_what_contradicts_an_approved_one_is_told_at_once(
    study: StudyFolder, run: Run, first: Revision, second: Revision, why: str
) -> None:
    approve(study, first)
    with pytest.raises(InputError) as caught:
        approve(study, second, by="ben")
    assert f"revision {number(second)} contradicts revision {number(first)}, which ana approved" in (
        caught.value.message
    )
    assert why in caught.value.message
    assert answer_revision(study, number(second), "reject", by="ben").status == "rejected"


@pytest.mark.parametrize("order", [(RENAME, SPLIT), (SPLIT, RENAME)])
def test_a_code_is_split_whatever_it_is_called_by_now(
    study: StudyFolder, run: Run, order: tuple[Revision, Revision]
) -> None:
    for one in order:
        approve(study, one)
    store = SqlDevelopmentStore(study.engine, study.study.id)
    for one in (REDEFINE, REDEFINE_AGAIN, RULE, MERGE, DROP):
        answer_revision(study, number(one), "reject", by="ana", note="No.")
    assert store.apply_round(run.id)
    assert [code.label for code in store.book(run.id).codes] == ["mending", "buying new", "buying used", "lending"]


def test_where_no_edit_helps_none_is_advised(study: StudyFolder, run: Run) -> None:
    approve(study, SPLIT)
    with pytest.raises(InputError) as caught:
        approve(study, MERGE)
    assert caught.value.remedy.startswith(
        f"Only one of them can stand: reject revision {number(MERGE)}, or take back"
    )
    approve(study, REDEFINE)
    with pytest.raises(InputError) as caught:
        approve(study, REDEFINE_AGAIN)
    assert caught.value.remedy == f"Edit revision {number(REDEFINE_AGAIN)} so that both fit, or reject it."


def test_several_at_once_are_approved_all_or_none(study: StudyFolder, run: Run) -> None:
    with pytest.raises(InputError, match="contradicts revision 4"):
        approve(study, REDEFINE, RULE, REDEFINE_AGAIN)
    assert set(statuses(study)[:-1]) == {"waiting"}
    assert [one.status for one in approve(study, REDEFINE, RULE, RENAME)] == ["approved"] * 3


def test_what_does_not_fit_the_codebook_any_more_is_told(study: StudyFolder, run: Run) -> None:
    revise_by_hand(study.engine, study.study.id, [revised("definition", MEND, definition="By hand.")], "ben")
    with pytest.raises(InputError, match="revision 4 cannot be approved: the definition of 'mending' was changed"):
        approve(study, REDEFINE)
    approve(study, RULE)


def test_an_edit_that_changes_nothing_or_breaks_the_book_is_refused(study: StudyFolder, run: Run) -> None:
    for revision, text, why in ((REDEFINE, MEND.definition, "changes nothing"), (RENAME, "Lending", "two codes")):
        with pytest.raises(
            InputError, match=f"the edit of revision {number(revision)} cannot be approved: .*{why}"
        ):
            answer_revision(study, number(revision), "edit", by="ana", after=edited(revision, text))
    with pytest.raises(InputError, match="must say what the code becomes"):
        answer_revision(study, number(DROP), "edit", by="ana", after=())
    assert set(statuses(study)[:-1]) == {"waiting"}


@pytest.mark.parametrize(
    ("by", "problem"),
    [
        ("", "it is not said who answers"),
        ("  ", "it is not said who answers"),
        ("a\nb", "this is no name"),
        ("a\x1b[2J", "this is no name"),
        ("x" * 129, "at most 128 letters"),
    ],
)
def test_a_name_is_needed(study: StudyFolder, run: Run, by: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        approve(study, RULE, by=by)


def test_what_nobody_is_asked_about_takes_no_answer(study: StudyFolder, run: Run) -> None:
    for number_, message in ((11, "was dropped: it changes nothing"), (12, "no revision 12"), (0, "no revision 0")):
        with pytest.raises(StudyError, match=message):
            answer_revision(study, number_, "approve", by="ana")


def from_file(study: StudyFolder, run: Run, *answers: str, by: str = "ana", others: str = "") -> Answered:
    head = [f'by = "{by}"', *([f'others = "{others}"'] if others else [])]
    return apply_answers(study, run.id, parse_answers("\n".join([*head, *answers]), "f.toml"))


def entry(revision: Revision | int | str, answer: str, *lines: str) -> str:
    name = number(revision) if isinstance(revision, Revision) else revision
    named = f"revision = {name}" if isinstance(name, int) else f'revision = "{name}"'
    return "\n".join(["[[answers]]", named, f'answer = "{answer}"', *lines])


def told(revisions: Sequence[RecordedRevision]) -> list[tuple[int, str]]:
    return [(one.number, one.status) for one in revisions]


def test_a_file_answers_what_it_names_and_the_rest_waits(study: StudyFolder, run: Run) -> None:
    done = from_file(
        study,
        run,
        entry(f"r_{run.id}_1_2", "approve", 'note = "Good."'),
        entry(REDEFINE, "edit", 'text = "Mended by oneself."'),
        entry(SPLIT, "edit", "[[answers.codes]]", 'label = "buying new"', "[[answers.codes]]", 'label = "renting"'),
    )
    assert told(done.answered) == [(4, "edited"), (6, "approved"), (8, "edited")]
    assert [one.number for one in done.waiting] == [5, 7, 9, 10]
    split = revision_numbered(study.engine, study.study.id, 8).settled
    assert [code.label for code in split.after] == ["buying new", "renting"]
    assert [code.lineage.split_from for code in split.after] == [BUY.id, BUY.id]


def test_a_file_given_twice_changes_nothing(study: StudyFolder, run: Run) -> None:
    answers = [entry(REDEFINE, "edit", 'text = "Mended."'), entry(RENAME, "reject", 'note = "No."')]
    first = from_file(study, run, *answers)
    again = from_file(study, run, *answers)
    assert len(first.answered) == 2
    assert again.answered == ()
    assert again.waiting == first.waiting


def test_a_file_that_says_something_else_is_refused_with_who_was_first(study: StudyFolder, run: Run) -> None:
    approve(study, RENAME, by="ben")
    with pytest.raises(StudyError, match="revision 7 was answered before: approved by ben at"):
        from_file(study, run, entry(RULE, "approve"), entry(RENAME, "reject"))
    assert revision_numbered(study.engine, study.study.id, number(RULE)).status == "waiting"


@pytest.mark.parametrize("named", [99, "r_x", 1])
def test_revisions_that_do_not_exist_are_named_beside_those_that_wait(
    study: StudyFolder, run: Run, named: int | str
) -> None:
    with pytest.raises(InputError) as caught:
        from_file(study, run, entry(RULE, "approve"), entry(named, "approve"), entry(98, "reject"), others="reject")
    assert f"there is no revision {named}, 98 in this run" in caught.value.message
    assert caught.value.where == "f.toml: answers 2"
    assert "4, 5, 6, 7, 8, 9, 10" in caught.value.remedy
    assert set(statuses(study)[:-1]) == {"waiting"}


@pytest.mark.parametrize(
    ("answers", "message", "where"),
    [
        ([entry(RULE, "approve"), entry("r_codevelop-1_1_2", "reject")], "answered twice", "f.toml: answers 2"),
        ([entry(DROP, "edit", 'text = "x"')], "has not one text", "f.toml: answers 1"),
        ([entry(11, "approve")], "it was dropped", "f.toml: answers 1"),
        (
            [entry(REDEFINE_AGAIN, "approve"), entry(REDEFINE, "approve")],
            "contradicts revision 5",
            "f.toml: answers 2",
        ),
        ([entry(RENAME, "edit", 'text = "mending"')], "two codes have the label", "f.toml: answers 1"),
    ],
)
def test_answers_that_cannot_be_taken_are_told_with_their_place(
    study: StudyFolder, run: Run, answers: list[str], message: str, where: str
) -> None:
    with pytest.raises(InputError) as caught:
        from_file(study, run, *answers, others="reject")
    assert message in caught.value.message
    assert caught.value.where == where
    assert set(statuses(study)[:-1]) == {"waiting"}


def test_all_others_are_rejected_where_the_file_says_so(study: StudyFolder, run: Run) -> None:
    done = from_file(study, run, entry(RULE, "approve"), others="reject")
    assert statuses(study) == ["rejected", "rejected", "approved", *["rejected"] * 4, "dropped"]
    assert done.waiting == ()
    assert len(done.answered) == 7


def test_all_others_are_approved_but_never_push_out_one_that_was_named(study: StudyFolder, run: Run) -> None:
    from_file(study, run, entry(REDEFINE_AGAIN, "approve"), entry(MERGE, "approve"), others="approve")
    # 4 would push out 5; 7 and 8 would push out 9. 10 comes after 9, and is left out when the version is made.
    assert statuses(study)[:-1] == [
        "rejected",
        "approved",
        "approved",
        "rejected",
        "rejected",
        "approved",
        "approved",
    ]
    rejected = revision_numbered(study.engine, study.study.id, 4)
    assert rejected.answer is not None
    assert rejected.answer.note == "It contradicts revision 5, which was approved by name."
    store = SqlDevelopmentStore(study.engine, study.study.id)
    assert store.apply_round(run.id)
    assert [code.label for code in store.book(run.id).codes] == ["mending", "having others' things"]
    assert store.book(run.id).codes[0].definition == "A thing is mended."
    assert "not in the book any more" in revision_numbered(study.engine, study.study.id, 10).problem


def test_people_and_files_may_answer_in_turns(study: StudyFolder, run: Run) -> None:
    approve(study, DROP, by="ben")
    done = from_file(study, run, entry(REDEFINE, "approve"), others="reject")
    assert told(done.answered) == [(4, "approved"), *((n, "rejected") for n in range(5, 10))]
    assert done.waiting == ()
