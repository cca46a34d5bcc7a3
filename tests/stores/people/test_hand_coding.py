from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from intercoder.core.codebook import Code, Codebook
from intercoder.core.coding.given_answers import CodedSheet
from intercoder.core.coding.hand_coding import Move, Moves, RecentCodes, marked, pace
from intercoder.core.decisions import Decision
from intercoder.core.documents import Document, Segment
from intercoder.core.errors import InputError, StudyError
from intercoder.core.texts.quotes import Quote
from intercoder.stores import schema
from intercoder.stores.codebooks.code_uses import CodeUse, code_uses
from intercoder.stores.codebooks.codebooks import read_version, reserve_version, write_version
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.database import reading, writing
from intercoder.stores.people.hand_coding import HandCoder
from intercoder.stores.people.human_codings import human_decisions, human_values, write_codings
from intercoder.stores.runs.decisions import decision_row
from intercoder.stores.runs.deductions import create_deductive_run
from intercoder.stores.study_folder import StudyFolder
from tests.stores.conftest import SETTINGS
from tests.stores.people.test_human_codings import (
    CODES,
    coding,
    fill,
    filled,
    ids,
    make_book,
    stored,
    values,
    write,
)
from tests.studies import new_study

__all__ = ["filled", "ids"]
LENDING = Code(id="c_3", label="Lending")


@pytest.fixture
def ana(filled: StudyFolder) -> HandCoder:
    return HandCoder(filled.engine, filled.study.id, "ana")


def of(ana: HandCoder, segment_id: str) -> dict[str, str]:
    return dict(ana.coded(segment_id).values)


def test_a_keystroke_is_one_decision_with_its_quote(filled: StudyFolder, ids: list[str], ana: HandCoder) -> None:
    book = make_book(filled)
    segment = Segment(
        id=ids[0], document_id="d", document="a", unit="row", start=10, end=16, text="text 0", attributes={}
    )
    ana.give(book, ids[0], "c_1", quote=marked(segment, 0, 5), reason="says so")
    assert stored(filled) == 1
    with reading(filled.engine) as connection:
        row = connection.execute(sa.select(schema.decisions)).one()
    assert (row.role, row.run, row.coder, row.round, row.value, row.reason) == (
        "human",
        "",
        "ana",
        1,
        "yes",
        "says so",
    )
    assert (row.quote, row.quote_start, row.quote_end, row.verified) == ("text", 10, 14, True)
    assert (row.codebook_version, row.code_revision, row.label, row.supersedes) == (book.version, 1, "Pride", "")
    ana.give(book, ids[0], "c_1")
    assert stored(filled) == 1
    ana.give(book, ids[0], "c_1", "unsure")
    with reading(filled.engine) as connection:
        last = connection.execute(sa.select(schema.decisions).where(schema.decisions.c.round == 2)).one()
    assert (last.supersedes, last.value, last.quote) == (row.decision_id, "unsure", "text")


def test_what_was_taken_away_is_no_answer(filled: StudyFolder, ids: list[str], ana: HandCoder) -> None:
    book = make_book(filled)
    ana.give(book, ids[0], "c_1")
    ana.give(book, ids[0], "c_2", "no")
    ana.take_away(ids[0], "c_1")
    ana.take_away(ids[0], "c_1")
    assert stored(filled) == 3
    assert values(filled) == {"ana": {"c_2": {ids[0]: "no"}}}
    with reading(filled.engine) as connection:
        assert [one.code_id for one in human_decisions(connection, filled.study.id)] == ["c_2"]
    assert of(ana, ids[0]) == {"c_2": "no"}
    assert not ana.coded(ids[0]).done
    assert code_uses(filled.engine, filled.study.id, ["c_1", "c_2"]) == {"c_2": CodeUse(by_people=1)}
    ana.take_away(ids[0], "c_2")
    assert human_values(filled.engine, filled.study.id) == []


def test_sheets_and_keystrokes_answer_the_same_questions(
    filled: StudyFolder, ids: list[str], ana: HandCoder
) -> None:
    book = make_book(filled)
    write(filled, coding(book, ids[0], 0, "yes"), coding(book, ids[1], 0, "yes"))
    assert of(ana, ids[0]) == {"c_1": "yes"}
    ana.give(book, ids[0], "c_1", "no")
    ana.take_away(ids[1], "c_1")
    assert values(filled) == {"ana": {"c_1": {ids[0]: "no"}}}
    (done,) = write(filled, coding(book, ids[0], 0, "no"), coding(book, ids[1], 0, "yes"))
    assert (done.unchanged, done.new, done.changed) == (1, 1, 0)
    assert values(filled) == {"ana": {"c_1": {ids[0]: "no", ids[1]: "yes"}}}
    ana.give(book, ids[1], "c_1", "no")
    (done,) = write(filled, coding(book, ids[1], 0, "yes"), blank=(("ana", ids[2], "c_1"),))
    assert (done.changed, done.emptied) == (1, 0)
    assert of(ana, ids[1]) == {"c_1": "yes"}


def test_an_old_sheet_does_not_bring_back_what_was_taken_away(
    filled: StudyFolder, ids: list[str], ana: HandCoder
) -> None:
    old = make_book(filled)
    write(filled, coding(old, ids[0], 0, "yes"), coding(old, ids[1], 0, "yes"))
    ana.take_away(ids[1], "c_1")
    new = make_book(filled, (CODES[0].model_copy(update={"definition": "Other."}), old.codes[1]))
    ana.give(new, ids[0], "c_1")
    ana.take_away(ids[0], "c_1")
    (done,) = write(filled, coding(old, ids[0], 0, "yes"), coding(old, ids[1], 0, "yes"))
    assert (done.outdated, done.new) == (1, 1)
    assert values(filled) == {"ana": {"c_1": {ids[1]: "yes"}}}
    (done,) = write(filled, coding(new, ids[0], 0, "yes"))
    assert (done.outdated, done.new) == (0, 1)


def test_a_choice_among_all_codes_leaves_no_use_of_those_it_replaces(
    filled: StudyFolder, ids: list[str], ana: HandCoder
) -> None:
    book = make_book(filled, (*CODES, LENDING))
    for code in ("c_1", "c_2", "c_3"):
        ana.give(book, ids[0], code)
    ana.give(book, ids[1], "c_1")
    choice = make_book(filled, (*CODES, LENDING), exclusive=True)
    ana.give(choice, ids[0], "c_3")
    used = code_uses(filled.engine, filled.study.id, ["c_1", "c_2", "c_3"])
    assert used == {"c_1": CodeUse(by_people=1), "c_3": CodeUse(by_people=1)}


def test_uses_by_models_are_found_by_code_in_the_index(filled: StudyFolder, ids: list[str]) -> None:
    book = make_book(filled)
    runs = [create_deductive_run(filled.engine, filled.study, "final", book, ["c_1"], Scope()) for _ in range(2)]
    asked: list[tuple[str, Any]] = []
    sa.event.listen(filled.engine, "before_cursor_execute", lambda *args: asked.append((args[2], args[3])))
    assert code_uses(filled.engine, filled.study.id, ["c_1", "c_2"]) == {}
    with filled.engine.connect() as connection:
        for statement, values_ in [one for one in asked if "count(" in one[0]]:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values_).all()
            assert "ix_decisions_code (study_id=? AND run=? AND code_id=?)" in str(plan)
    assert sum("count(" in statement for statement, _ in asked) >= len(runs)


def test_of_models_what_was_superseded_or_undone_is_no_use(filled: StudyFolder, ids: list[str]) -> None:
    book = make_book(filled)
    kept, undone = (
        create_deductive_run(filled.engine, filled.study, "final", book, ["c_1"], Scope()) for _ in range(2)
    )
    rows = [
        decision_row(
            filled.study.id,
            Decision(
                id=f"{run.id}-{round_}-{segment}",
                run=run.id,
                round=round_,
                segment_id=segment,
                role="coder",
                coder="one",
                position=0,
                label=None,
                code_id="c_1",
                value="yes",
                codebook_version=book.version,
            ),
            f"{run.id}-1-{segment}" if round_ > 1 else "",
        )
        for run in (kept, undone)
        for round_, segments in ((1, ids[:3]), (2, ids[:1]))
        for segment in segments
    ]
    with writing(filled.engine) as connection:
        connection.execute(sa.insert(schema.decisions), rows)
        runs = schema.runs
        connection.execute(sa.update(runs).where(runs.c.run == undone.id).values(status="undone"))
    assert code_uses(filled.engine, filled.study.id, ["c_1", "c_2"]) == {"c_1": CodeUse(by_models=3)}


def test_enter_gives_every_other_code_a_no(filled: StudyFolder, ids: list[str], ana: HandCoder) -> None:
    exact = Code(id="c_4", label="Numbers", kind="pattern", pattern="[0-9]+")
    group = Code(id="c_5", label="Feelings")
    pride = CODES[0].model_copy(update={"parent": "c_5"})
    book = make_book(filled, (group, pride, CODES[1], LENDING, exact))
    ana.give(book, ids[0], "c_2")
    assert not ana.coded(ids[0]).done
    move = ana.finish(book, ids[0])
    assert of(ana, ids[0]) == {"c_1": "no", "c_2": "yes", "c_3": "no"}
    assert ana.coded(ids[0]).done
    assert not ana.finish(book, ids[0]).changes
    ana.redo(move.reverse)
    assert of(ana, ids[0]) == {"c_2": "yes"}
    for code in ("c_4", "c_5", "c_9"):
        with pytest.raises(InputError):
            ana.give(book, ids[0], code)


def test_done_follows_the_newest_version_that_was_coded_under(
    filled: StudyFolder, ids: list[str], ana: HandCoder
) -> None:
    book = make_book(filled)
    ana.finish(book, ids[0])
    later = make_book(filled, (*CODES, LENDING))
    assert ana.coded(ids[0]).done
    move = ana.give(later, ids[0], "c_1")
    assert not ana.coded(ids[0]).done
    ana.redo(move.reverse)
    assert ana.coded(ids[0]).done
    ana.redo(move)
    ana.finish(later, ids[0])
    assert of(ana, ids[0]) == {"c_1": "yes", "c_2": "no", "c_3": "no"}
    shorter = make_book(filled, CODES)
    ana.give(book, ids[1], "c_1")
    ana.give(later, ids[1], "c_2")
    assert not ana.coded(ids[1]).done
    ana.finish(shorter, ids[1])
    assert ana.coded(ids[1]).done


def test_an_exclusive_book_takes_one_choice(filled: StudyFolder, ids: list[str], ana: HandCoder) -> None:
    book = make_book(filled, exclusive=True)
    with pytest.raises(InputError, match="none is chosen"):
        ana.finish(book, ids[0])
    first = ana.give(book, ids[0], "c_1")
    assert ana.coded(ids[0]).done
    second = ana.give(book, ids[0], "c_2", quote=Quote(text="text", start=0, end=4))
    assert of(ana, ids[0]) == {"c_1": "no", "c_2": "yes"}
    third = ana.give(book, ids[0], "", "unsure")
    assert ana.coded(ids[0]).unsure
    assert ana.coded(ids[0]).done
    for move in (third, second, first):
        ana.redo(move.reverse)
    assert of(ana, ids[0]) == {}
    assert not ana.coded(ids[0]).done
    for move in (first, second):
        ana.redo(move)
    (stands,) = ana.coded(ids[0]).decisions
    assert (stands.code_id, stands.quote.text) == ("c_2", "text")
    ana.take_away(ids[0], "c_2")
    assert of(ana, ids[0]) == {}
    with pytest.raises(InputError, match="exactly one"):
        ana.give(book, ids[0], "c_1", "no")


def test_between_exclusive_and_other_versions_nothing_is_lost(
    filled: StudyFolder, ids: list[str], ana: HandCoder
) -> None:
    alone = make_book(filled, exclusive=True)
    first = ana.give(alone, ids[0], "c_1", reason="because")
    several = make_book(filled)
    second = ana.give(several, ids[0], "c_2")
    assert of(ana, ids[0]) == {"c_1": "yes", "c_2": "yes"}
    assert ana.coded(ids[0]).decision("c_1").reason == "because"  # type: ignore[union-attr]
    ana.redo(second.reverse)
    assert of(ana, ids[0]) == {"c_1": "yes", "c_2": "no"}
    ana.redo(first.reverse)
    assert of(ana, ids[0]) == {}
    ana.redo(first)
    ana.redo(second)
    again = make_book(filled, exclusive=True)
    third = ana.give(again, ids[0], "c_2")
    assert of(ana, ids[0]) == {"c_1": "no", "c_2": "yes"}
    ana.redo(third.reverse)
    assert of(ana, ids[0]) == {"c_1": "yes", "c_2": "yes"}


def test_unsure_only_where_the_book_allows_it(filled: StudyFolder, ids: list[str], ana: HandCoder) -> None:
    make_book(filled)
    with writing(filled.engine) as connection:
        version = reserve_version(connection, filled.study.id, "", 1)
        before = read_version(connection, filled.study.id, version - 1)
        write_version(connection, filled.study.id, version, CODES, before, "ana", Codebook(version=0))
        book = read_version(connection, filled.study.id, version)
    with pytest.raises(InputError, match="does not allow"):
        ana.give(book, ids[0], "c_1", "unsure")
    assert stored(filled) == 0


def test_a_memo_is_kept_taken_away_and_undone(filled: StudyFolder, ids: list[str], ana: HandCoder) -> None:
    first = ana.note(ids[0], "odd")
    assert ana.coded(ids[0]).memo == "odd"
    second = ana.note(ids[0], "")
    assert ana.coded(ids[0]).memo == ""
    ana.redo(second.reverse)
    assert ana.coded(ids[0]).memo == "odd"
    ana.redo(first.reverse)
    assert ana.coded(ids[0]).memo == ""
    assert not ana.note(ids[0], " ").changes


def test_undo_refuses_what_was_changed_since(filled: StudyFolder, ids: list[str], ana: HandCoder) -> None:
    book = make_book(filled)
    move = ana.give(book, ids[0], "c_1")
    elsewhere = HandCoder(filled.engine, filled.study.id, "ana")
    elsewhere.give(book, ids[0], "c_2")
    ana.redo(move.reverse)
    assert of(ana, ids[0]) == {"c_2": "yes"}
    ana.redo(move)
    elsewhere.give(book, ids[0], "c_1", "no")
    with pytest.raises(StudyError, match="changed since"):
        ana.redo(move.reverse)
    assert of(ana, ids[0]) == {"c_1": "no", "c_2": "yes"}


def test_another_persons_answers_are_their_own(filled: StudyFolder, ids: list[str], ana: HandCoder) -> None:
    book = make_book(filled)
    ben = HandCoder(filled.engine, filled.study.id, "ben")
    ana.give(book, ids[0], "c_1")
    ben.give(book, ids[0], "c_1", "no")
    ben.take_away(ids[0], "c_1")
    assert values(filled) == {"ana": {"c_1": {ids[0]: "yes"}}}


def test_a_new_move_forgets_what_was_taken_back() -> None:
    moves = Moves()
    assert (moves.last, moves.next) == (None, None)
    one, two = (Move(segment_id=name, words="memo", memo_after="x") for name in "ab")
    moves.add(one)
    moves.add(Move(segment_id="c", words="nothing"))
    assert moves.last == one
    moves.take_back()
    assert moves.last is None
    assert moves.next == one
    moves.add(two)
    assert (moves.last, moves.next) == (two, None)
    moves.forget(two)
    assert moves.last is None


def test_digits_stay_with_codes_that_are_used() -> None:
    codes = [f"c_{place}" for place in range(12)]
    recent = RecentCodes()
    recent.fill(codes)
    assert recent.places == codes[:9]
    recent.use("c_8")
    recent.use("c_10")
    assert recent.places == [*codes[:7], "c_10", "c_8"]
    recent.use("c_3")
    recent.use("c_11")
    assert recent.places == [*codes[:6], "c_11", "c_10", "c_8"]
    recent.fill(codes[:4])
    assert recent.places == codes[:4]


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("give"),
            st.sampled_from(["c_1", "c_2", "c_3"]),
            st.sampled_from(["yes", "no", "unsure"]),
            st.integers(0, 3),
        ),
        st.tuples(st.just("away"), st.sampled_from(["c_1", "c_2"]), st.just(""), st.just(0)),
        st.tuples(st.just("done"), st.just(""), st.just(""), st.integers(0, 3)),
        st.tuples(st.just("memo"), st.sampled_from(["", "a", "b"]), st.just(""), st.just(0)),
    ),
    max_size=8,
)


@given(steps=STEPS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_was_done_can_be_undone_and_redone(
    steps: list[tuple[str, str, str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = new_study(tmp_path_factory.mktemp("undo") / "s", SETTINGS)
    fill(folder, 1)
    codes = (*CODES, LENDING)
    books = [make_book(folder, codes, exclusive=place % 2 == 1) for place in range(4)]
    ana = HandCoder(folder.engine, folder.study.id, "ana")

    def state() -> tuple[object, ...]:
        now = ana.coded("s_x")
        return dict(now.values), now.memo, now.done, [(one.code_id, one.value, one.quote) for one in now.decisions]

    moves, states = [], [state()]
    for kind, what, value, place in steps:
        try:
            if kind == "give":
                move = ana.give(books[place], "s_x", what, value)  # type: ignore[arg-type]
            elif kind == "away":
                move = ana.take_away("s_x", what)
            elif kind == "memo":
                move = ana.note("s_x", what)
            else:
                move = ana.finish(books[place], "s_x")
        except InputError:
            continue
        moves.append(move)
        states.append(state())
    for _ in range(2):
        for place in reversed(range(len(moves))):
            ana.redo(moves[place].reverse)
            assert state() == states[place]
        for place, move in enumerate(moves):
            ana.redo(move)
            assert state() == states[place + 1]
    folder.close()


@contextmanager
def counting_steps(engine: Engine) -> Iterator[list[None]]:
    """A list that grows with each ten instructions that SQLite carries out."""
    steps: list[None] = []

    def watch(connection: Any, *_: object) -> None:
        connection.set_progress_handler(lambda: steps.append(None), 10)

    sa.event.listen(engine, "checkout", watch)
    try:
        yield steps
    finally:
        sa.event.remove(engine, "checkout", watch)


def test_a_keystroke_costs_the_same_however_much_was_coded(
    filled: StudyFolder, ids: list[str], ana: HandCoder
) -> None:
    book = make_book(filled)
    move = ana.give(book, ids[0], "c_1")
    with counting_steps(filled.engine) as few:
        ana.give(book, ids[0], "c_1", "no")
    example = move.after[0]
    rows = [
        decision_row(
            filled.study.id, example.model_copy(update={"id": f"x_{place}", "segment_id": f"s_{place}"}), ""
        )
        for place in range(20_000)
    ]
    with writing(filled.engine) as connection:
        connection.execute(sa.insert(schema.decisions), rows)
    with counting_steps(filled.engine) as many:
        ana.give(book, ids[0], "c_1", "yes")
    assert 0 < len(many) < 2 * len(few), "in steps of the database's program"


def test_pace_is_the_median() -> None:
    assert pace([]) is None
    assert pace([9.0, 1.0, 5.0]) == 5.0
    assert pace([1.0, 3.0]) == 2.0


@given(text=st.text(max_size=12), start=st.integers(0, 12), end=st.integers(0, 12), at=st.integers(0, 5))
def test_a_marked_quote_is_the_documents_own_words(text: str, start: int, end: int, at: int) -> None:
    document = Document(name="a", source="a", text="x" * at + text)
    segment = Segment(
        id="s", document_id="d", document="a", unit="row", start=at, end=at + len(text), text=text, attributes={}
    )
    quote = marked(segment, start, end)
    if quote.start is None:
        assert not text[start:end].strip()
    else:
        assert document.text[quote.start : quote.end] == quote.text == text[start:end].strip()


def test_an_import_keeps_counting_where_the_keystrokes_were(
    filled: StudyFolder, ids: list[str], ana: HandCoder
) -> None:
    book = make_book(filled)
    for value in ("yes", "no", "yes"):
        ana.give(book, ids[0], "c_1", value)
    write_codings(
        filled.engine,
        filled.study.id,
        CodedSheet(codings=(coding(book, ids[0], 0, "no"), coding(book, ids[1], 0, "no")), memos=(), blank=()),
    )
    ana.give(book, ids[1], "c_1", "yes")
    assert values(filled) == {"ana": {"c_1": {ids[0]: "no", ids[1]: "yes"}}}
    assert stored(filled) == 6
