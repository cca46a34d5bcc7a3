"""Revisions in a database: undo, versions that decisions name, and two people who answer at once."""

import shutil
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intercoder.core.codebook import Code, Codebook, CodeExample
from intercoder.core.codebooks.codebook_diff import diff
from intercoder.core.decisions import Decision, Failure, Wave, decision_id
from intercoder.core.errors import InputError, StudyError
from intercoder.core.protocols import Run
from intercoder.core.revisions import Revision, RevisionAnswer, revised
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import complete_versions, read_version
from intercoder.stores.codebooks.development import SqlDevelopmentStore, begin_development_run
from intercoder.stores.codebooks.revisions import (
    apply_answered,
    newest,
    record_answer,
    record_answers,
    recorded_revisions,
    revise_by_hand,
    revision_numbered,
    undo_to,
)
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.database import reading, writing
from intercoder.stores.runs.deductions import repeat_round
from intercoder.stores.study_folder import StudyFolder, open_study
from tests.graphs.conftest import fill, lines
from tests.stores.codebooks.proposals import (
    BUY,
    DROP,
    LEND,
    MEND,
    MERGE,
    REDEFINE,
    REDEFINE_AGAIN,
    RENAME,
    RULE,
    begin,
    draft,
    propose,
)
from tests.stores.conftest import SETTINGS
from tests.studies import new_study

SEGMENTS = 4
words = st.sampled_from(["a", "b", "c d", "é\n", "#x"])
property_test = settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@st.composite
def books(draw: st.DrawFn) -> Codebook:
    """Books over the same few ids, with labels of their own."""
    ids = draw(st.lists(st.sampled_from(["c_1", "c_2", "c_3", "c_4"]), unique=True, min_size=1))
    codes: list[Code] = []
    for code_id in ids:
        pattern = draw(st.sampled_from(["", "x+"]))
        code = Code(
            id=code_id,
            label=f"{code_id} {draw(words)}",
            definition=draw(words),
            include=draw(st.lists(words, unique=True, max_size=2).map(tuple)),
            examples=draw(st.lists(st.builds(CodeExample, text=words), unique=True, max_size=2).map(tuple)),
            parent=draw(st.sampled_from(["", *(one.id for one in codes)])),
            kind="pattern" if pattern else "model",
            pattern=pattern,
        )
        codes.append(code)
    exclusive = draw(st.booleans()) and not any(code.pattern for code in codes)
    return Codebook(version=0, codes=tuple(codes), exclusive=exclusive, allow_unsure=draw(st.booleans()))


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with a few segments and no codebook."""
    path = tmp_path_factory.mktemp("revisions") / "study"
    folder = new_study(path, SETTINGS)
    fill(folder, lines(SEGMENTS))
    folder.close()
    return path


@pytest.fixture
def folder(empty: Path, tmp_path: Path) -> StudyFolder:
    return copied(empty, tmp_path / "study")


def copied(empty: Path, path: Path) -> StudyFolder:
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(empty, path)
    return open_study(path)


def latest(folder: StudyFolder) -> Codebook:
    with reading(folder.engine) as connection:
        return newest(connection, folder.study.id)


@property_test
@given(wanted=st.lists(books(), min_size=2, max_size=5), back=st.integers(0, 10))
def test_undo_restores_the_exact_book(empty: Path, tmp_path: Path, wanted: list[Codebook], back: int) -> None:
    folder = copied(empty, tmp_path / "study")
    made = [latest(folder)]
    for book in wanted:
        changes = diff(made[-1], book)
        if changes:
            made.append(revise_by_hand(folder.engine, folder.study.id, changes, "ana"))
            assert diff(made[-1], book) == []
    earlier = made[1:-1]
    if earlier:
        old = earlier[back % len(earlier)]
        again = undo_to(folder.engine, folder.study.id, old.version, "ben", latest=made[-1].version)
        assert again.hash == old.hash
        assert again.codes == old.codes
        assert again.version == made[-1].version + 1
        # What came between is there still.
        with reading(folder.engine) as connection:
            assert [read_version(connection, folder.study.id, book.version).hash for book in made[1:]] == [
                book.hash for book in made[1:]
            ]
    folder.close()


@property_test
@given(data=st.data())
def test_a_decision_names_a_version_that_holds_its_code_so(
    empty: Path, tmp_path: Path, data: st.DataObject
) -> None:
    folder = copied(empty, tmp_path / "study")
    store = SqlDevelopmentStore(folder.engine, folder.study.id)
    run = begin(folder, draft(folder))
    for _ in range(3):
        code_round(store, run)
        book = latest(folder)
        if data.draw(st.booleans(), label="by hand"):
            changes = diff(book, data.draw(books()))
            if changes:
                book = revise_by_hand(folder.engine, folder.study.id, changes, "ana")
        leaf = data.draw(st.sampled_from(book.codes))
        proposals = [
            revised("definition", leaf, definition=f"round {run.round}"),
            revised("include", leaf, include=(*leaf.include, f"round {run.round}")),
        ]
        for one in propose(folder, run, proposals):
            said = data.draw(st.sampled_from(["approve", "reject"]))
            store.answer(RevisionAnswer(revision_id=one.id, answer=said, by="ana"))
        if not store.apply_round(run.id):
            break
        run = store.run(run.id)
    with reading(folder.engine) as connection:
        complete = complete_versions(connection, folder.study.id)
        rows = connection.execute(sa.select(schema.decisions)).all()
        assert len(rows) >= SEGMENTS * 3
        for row in rows:
            assert row.codebook_version in complete
            code = read_version(connection, folder.study.id, row.codebook_version).code(row.code_id)
            assert code is not None
            assert code.revision == row.code_revision
    folder.close()


def code_round(store: SqlDevelopmentStore, run: Run) -> None:
    """Decide about every code of the round on every segment."""
    book, codes = store.book(run.id), store.round(run.id).codes
    decisions = [
        Decision(
            id=decision_id(run.id, run.round, segment.id, "coder", "reader", code.id),
            run=run.id,
            round=run.round,
            segment_id=segment.id,
            role="coder",
            coder="reader",
            position=0,
            label=code.label,
            code_id=code.id,
            code_revision=code.revision,
            value="yes",
            codebook_version=run.codebook_version,
        )
        for segment in store.segments(run.id, 0, run.total)
        for code in book.leaves
        if code.id in codes
    ]
    store.write_wave(run.id, Wave(start=0, stop=run.total, decisions=tuple(decisions)))


def test_a_book_that_cannot_be_coded_with_is_not_written(folder: StudyFolder) -> None:
    draft(folder)
    # Each alone was fine where two people read the same version; the second comes too late.
    for one, message in (
        (revised("rename", LEND, label="Buying"), "two codes have the label"),
        (revised("move", LEND, parent=LEND.id), "in a circle"),
        (revised("pattern", LEND, kind="pattern", pattern="("), "no regular expression"),
    ):
        with pytest.raises(InputError, match=message):
            revise_by_hand(folder.engine, folder.study.id, [one], "ben")
    assert latest(folder).version == 1
    assert len(recorded_revisions(folder.engine, folder.study.id)) == 3


def test_what_is_said_again_after_a_failure_stands_again(folder: StudyFolder) -> None:
    store = SqlDevelopmentStore(folder.engine, folder.study.id)
    run = begin(folder, draft(folder))
    code_round(store, run)
    run = repeat_round(folder.engine, folder.study.id, run.id)
    segment = store.segments(run.id, 0, 1)[0]
    failure = Failure(
        segment_id=segment.id, role="coder", coder="reader", kind="error", message="No.", code_id=MEND.id
    )
    store.write_wave(run.id, Wave(start=0, stop=run.total, failures=(failure,)))
    assert len(store.evidence(run.id, [MEND.id])[MEND.id]) == SEGMENTS - 1
    run = repeat_round(folder.engine, folder.study.id, run.id)
    code_round(store, run)
    stands = store.evidence(run.id, [MEND.id])[MEND.id]
    assert [one.round for one in stands] == [3, *[1] * (SEGMENTS - 1)]


def test_a_development_begun_anew_takes_the_place_of_one_that_is_not_over(folder: StudyFolder) -> None:
    old = begin(folder, draft(folder))
    first, second = propose(folder, old, [REDEFINE, RENAME])
    record_answer(folder.engine, folder.study.id, RevisionAnswer(revision_id=first.id, answer="approve", by="ana"))
    run = begin_development_run(folder.engine, folder.study, Scope())
    store = SqlDevelopmentStore(folder.engine, folder.study.id)
    assert (run.id, store.run(old.id).status) == ("codevelop-2", "undone")
    recorded = recorded_revisions(folder.engine, folder.study.id, run=old.id)
    assert [(one.status, one.version) for one in recorded] == [("approved", 2), ("undone", 0)]
    assert run.codebook_version == 2
    assert store.waiting(old.id) == []
    with pytest.raises(StudyError, match="waits no more: a new run was begun in place of codevelop-1"):
        record_answer(
            folder.engine, folder.study.id, RevisionAnswer(revision_id=second.id, answer="reject", by="ana")
        )


def test_a_development_that_cannot_begin_leaves_the_other_as_it_is(folder: StudyFolder) -> None:
    old = begin(folder, draft(folder))
    propose(folder, old, [REDEFINE])
    with pytest.raises(InputError, match="there are only 4 segments"):
        begin_development_run(folder.engine, folder.study, Scope(sample=SEGMENTS + 1))
    assert recorded_revisions(folder.engine, folder.study.id, run=old.id)[0].status == "waiting"


def test_a_round_codes_what_people_changed_by_hand_too(folder: StudyFolder) -> None:
    run = begin(folder, draft(folder))
    store = SqlDevelopmentStore(folder.engine, folder.study.id)
    (one,) = propose(folder, run, [REDEFINE])
    by_hand = revised("definition", BUY, definition="Somebody pays.")
    revise_by_hand(folder.engine, folder.study.id, [by_hand], "ben")
    store.answer(RevisionAnswer(revision_id=one.id, answer="approve", by="ana"))
    assert store.apply_round(run.id)
    assert store.round(run.id).codes == (MEND.id, BUY.id)
    assert store.book(run.id).version == 3

    (one,) = propose(
        folder, store.run(run.id), [revised("definition", store.book(run.id).codes[0], definition="x")]
    )
    revise_by_hand(folder.engine, folder.study.id, [revised("include", LEND, include=("tools",))], "ben")
    store.answer(RevisionAnswer(revision_id=one.id, answer="reject", by="ana"))
    assert store.apply_round(run.id)
    assert store.round(run.id).codes == (LEND.id,)

    revise_by_hand(
        folder.engine, folder.study.id, [Revision(kind="drop", before=(store.book(run.id).codes[2],))], "ben"
    )
    undo_to(folder.engine, folder.study.id, 4, "ben", latest=latest(folder).version)
    assert not store.apply_round(run.id)


def test_a_rounds_proposals_are_written_once(folder: StudyFolder) -> None:
    run = begin(folder, draft(folder))
    propose(folder, run, [REDEFINE])
    propose(folder, run, [REDEFINE, RENAME])
    assert len(recorded_revisions(folder.engine, folder.study.id, run=run.id)) == 1


def test_of_two_who_answer_at_once_exactly_one_wins(folder: StudyFolder) -> None:
    run = begin(folder, draft(folder))
    revisions = propose(folder, run, [revised("definition", MEND, definition=f"Number {n}.") for n in range(12)])
    people = ("ana", "ben", "caro")
    start = threading.Barrier(len(people))
    won: list[tuple[str, str]] = []
    lost: list[str] = []

    def answer(person: str) -> None:
        mine = open_study(folder.path)
        for one in revisions:
            start.wait()
            try:
                record_answer(
                    mine.engine, mine.study.id, RevisionAnswer(revision_id=one.id, answer="approve", by=person)
                )
                won.append((one.id, person))
            except StudyError as error:
                lost.append(error.message)
        mine.close()

    threads = [threading.Thread(target=answer, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one for one, _ in won) == sorted(one.id for one in revisions)
    assert len(lost) == len(revisions) * (len(people) - 1)
    recorded = recorded_revisions(folder.engine, folder.study.id, run=run.id)
    assert {(one.revision.id, one.answer.by) for one in recorded if one.answer} == set(won)
    assert all("was answered before: approved by" in message for message in lost)


def test_the_same_answer_again_changes_nothing_and_another_is_refused(folder: StudyFolder) -> None:
    (one,) = propose(folder, begin(folder, draft(folder)), [REDEFINE])
    said = RevisionAnswer(revision_id=one.id, answer="reject", note="No.", by="ana")
    first = record_answer(folder.engine, folder.study.id, said)
    assert first.status == "rejected"
    assert record_answer(folder.engine, folder.study.id, said) == first
    for other in (said.model_copy(update={"by": "ben"}), said.model_copy(update={"answer": "approve"})):
        with pytest.raises(StudyError, match="rejected by ana at "):
            record_answer(folder.engine, folder.study.id, other)


def test_several_answers_are_recorded_all_or_none(folder: StudyFolder) -> None:
    first, second, third = propose(folder, begin(folder, draft(folder)), [REDEFINE, RENAME, DROP], dropped=[2])
    answers = [RevisionAnswer(revision_id=one.id, answer="approve", by="ana") for one in (first, second, third)]
    with pytest.raises(StudyError, match="was dropped"):
        record_answers(folder.engine, folder.study.id, answers)
    assert not any(one.answer for one in recorded_revisions(folder.engine, folder.study.id, run=first.run))
    done = record_answers(folder.engine, folder.study.id, answers[:2])
    assert [one.status for one in done] == ["approved", "approved"]


def test_an_answer_to_no_revision_is_refused(folder: StudyFolder) -> None:
    with pytest.raises(StudyError, match="no revision 'r_x'"):
        record_answer(folder.engine, folder.study.id, RevisionAnswer(revision_id="r_x", answer="reject", by="ana"))
    with pytest.raises(StudyError, match="no revision 1"):
        revision_numbered(folder.engine, folder.study.id, 1)


def test_approved_revisions_make_one_version_and_say_so(folder: StudyFolder) -> None:
    run = begin(folder, draft(folder))
    first, second, third = propose(folder, run, [REDEFINE, RULE, RENAME])
    for one, said in ((first, "approve"), (second, "approve"), (third, "reject")):
        record_answer(folder.engine, folder.study.id, RevisionAnswer(revision_id=one.id, answer=said, by="ana"))
    with writing(folder.engine) as connection:
        before, after = apply_answered(connection, folder.study.id, run.id, run.round, "codevelop-1")
    assert (before.version, after.version) == (1, 2)
    mend = after.code("c_mend")
    assert mend is not None
    assert (mend.definition, mend.include, mend.revision) == (
        "Somebody mends a thing oneself.",
        ("clothes", "tools"),
        2,
    )
    assert after.code("c_buy") == before.code("c_buy")
    recorded = recorded_revisions(folder.engine, folder.study.id, run=run.id)
    assert [(one.status, one.version) for one in recorded] == [("approved", 2), ("approved", 2), ("rejected", 0)]


def test_what_does_not_fit_beside_the_others_is_left_out_and_kept_with_the_reason(folder: StudyFolder) -> None:
    run = begin(folder, draft(folder))
    twin = revised("rename", LEND, label="Getting  new things")
    revisions = propose(folder, run, [REDEFINE, REDEFINE_AGAIN, RENAME, twin, MERGE])
    answers = [RevisionAnswer(revision_id=one.id, answer="approve", by="ana") for one in revisions]
    record_answers(folder.engine, folder.study.id, answers)
    with writing(folder.engine) as connection:
        _, after = apply_answered(connection, folder.study.id, run.id, run.round, "codevelop-1")
    recorded = recorded_revisions(folder.engine, folder.study.id, run=run.id)
    assert [one.version for one in recorded] == [2, 0, 2, 0, 0]
    problems = [one.problem for one in recorded]
    assert "definition of 'mending' was changed meanwhile" in problems[1]
    assert "two codes have the label" in problems[3]
    assert "'getting new things' was changed meanwhile" in problems[4]
    assert [code.label for code in after.codes] == ["mending", "getting new things", "lending"]


def test_where_nothing_fits_no_version_is_made(folder: StudyFolder) -> None:
    run = begin(folder, draft(folder))
    (one,) = propose(folder, run, [REDEFINE])
    record_answer(folder.engine, folder.study.id, RevisionAnswer(revision_id=one.id, answer="approve", by="ana"))
    changed = revise_by_hand(
        folder.engine, folder.study.id, [revised("definition", MEND, definition="By hand.")], "ben"
    )
    with writing(folder.engine) as connection:
        assert apply_answered(connection, folder.study.id, run.id, run.round, "x") == (changed, changed)
    assert revision_numbered(folder.engine, folder.study.id, 4).problem


def test_an_edit_must_stay_within_its_kind(folder: StudyFolder) -> None:
    (one,) = propose(folder, begin(folder, draft(folder)), [REDEFINE])
    beyond = MEND.model_copy(update={"definition": "Other.", "label": "other"})
    for after, problem in (
        ((), "must say what the code becomes"),
        ((BUY,), "must hold the code 'mending' and no other"),
        ((beyond,), "changes definition only, not label"),
    ):
        with pytest.raises(InputError, match=problem):
            record_answer(
                folder.engine,
                folder.study.id,
                RevisionAnswer(revision_id=one.id, answer="edit", after=after, by="ana"),
            )
    assert revision_numbered(folder.engine, folder.study.id, 4).status == "waiting"


def test_rejected_and_reworded_proposals_count_as_refused(folder: StudyFolder) -> None:
    run = begin(folder, draft(folder))
    first, second, third = propose(folder, run, [REDEFINE, RENAME, RULE])
    store = SqlDevelopmentStore(folder.engine, folder.study.id)
    edited = revised("definition", MEND, definition="In other words.").after
    store.answer(RevisionAnswer(revision_id=first.id, answer="edit", after=edited, by="ana"))
    store.answer(RevisionAnswer(revision_id=second.id, answer="reject", by="ana"))
    assert [one.id for one in store.rejected()] == [first.id, second.id]
    assert store.rejected()[0].after == REDEFINE.after
    assert [one.id for one in store.waiting(run.id)] == [third.id]
