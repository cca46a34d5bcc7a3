"""Drafts of answers: one a revision, the first person's; kept in the order in which they were made."""

from intercoder.core.codebook import Code
from intercoder.core.revisions import RevisionAnswer
from intercoder.stores.codebooks.draft_answers import DraftAnswer, delete_drafts, read_drafts, write_draft
from intercoder.stores.database import reading, writing
from intercoder.stores.study_folder import StudyFolder

AT = "2026-03-01T10:00:00Z"


def write(folder: StudyFolder, revision: str, by: str = "ana", at: str = AT, **more: object) -> DraftAnswer:
    answer = RevisionAnswer.model_validate({"revision_id": revision, "answer": "approve", "by": by, **more})
    with writing(folder.engine) as connection:
        return write_draft(connection, folder.study.id, answer, at)


def drafts(folder: StudyFolder) -> dict[str, DraftAnswer]:
    with reading(folder.engine) as connection:
        return read_drafts(connection, folder.study.id)


def test_a_draft_is_read_as_it_was_written(folder: StudyFolder) -> None:
    after = (Code(id="c", label="mending", definition="Repair.\nAt home."),)
    written = write(folder, "r_1", answer="edit", after=after, note="Plainer.")
    assert drafts(folder) == {"r_1": written}
    assert (written.answer.after, written.answer.note) == (after, "Plainer.")
    assert written.created_at == "2026-03-01T10:00:00.000000Z"


def test_of_two_people_the_first_stands(folder: StudyFolder) -> None:
    first = write(folder, "r_1")
    assert write(folder, "r_1", by="ben", answer="reject") == first
    assert drafts(folder) == {"r_1": first}


def test_a_persons_later_draft_takes_the_place_of_the_earlier_one(folder: StudyFolder) -> None:
    write(folder, "r_1")
    write(folder, "r_2")
    later = write(folder, "r_1", answer="reject", note="No.")
    assert later.answer.answer == "reject"
    assert list(drafts(folder)) == ["r_2", "r_1"]


def test_drafts_of_one_second_keep_their_order(folder: StudyFolder) -> None:
    for revision in ("r_3", "r_1", "r_2"):
        write(folder, revision)
    write(folder, "r_0", at="2026-03-01T10:00:01Z")
    assert list(drafts(folder)) == ["r_3", "r_1", "r_2", "r_0"]
    assert drafts(folder)["r_2"].created_at == "2026-03-01T10:00:00.000002Z"


def test_drafts_are_taken_away_by_name(folder: StudyFolder) -> None:
    write(folder, "r_1")
    write(folder, "r_2")
    with writing(folder.engine) as connection:
        delete_drafts(connection, folder.study.id, ["r_1", "r_none"])
    assert list(drafts(folder)) == ["r_2"]


def test_what_was_drafted_last_comes_last_though_a_clock_went_back(folder: StudyFolder) -> None:
    write(folder, "r_2", at="2026-03-01T10:00:05Z")
    write(folder, "r_1", at="2026-03-01T10:00:04Z")
    assert list(drafts(folder)) == ["r_2", "r_1"]
    assert drafts(folder)["r_1"].created_at == "2026-03-01T10:00:05.000001Z"
