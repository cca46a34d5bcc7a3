import pytest
import sqlalchemy as sa

from intercoder.core.documents import Document
from intercoder.core.errors import StudyError
from intercoder.core.texts.segmentation import segment
from intercoder.stores import schema
from intercoder.stores.corpus.drawn_samples import find_or_draw
from intercoder.stores.corpus.intake import Source, import_source
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.database import reading, writing
from intercoder.stores.people.coding_work import done_segments, read_page, segments_with, work_segments, works
from intercoder.stores.people.hand_coding import HandCoder
from intercoder.stores.people.others_answers import others_answers
from intercoder.stores.runs.runs import create_run
from intercoder.stores.study_folder import StudyFolder
from tests.stores.people.test_human_codings import coding, filled, ids, make_book, write

__all__ = ["filled", "ids"]


def done(folder: StudyFolder, coder: str) -> set[str]:
    with reading(folder.engine) as connection:
        return set(done_segments(connection, folder.study.id, coder))


def test_samples_and_all_segments_can_be_coded(filled: StudyFolder, ids: list[str]) -> None:
    drawn, new = find_or_draw(filled, "first", Scope(sample=3, seed=1), enriched=False)
    again, newer = find_or_draw(filled, "first", Scope(sample=3, seed=1), enriched=False)
    assert (drawn, new, newer) == (again, True, False)
    found = works(filled.engine, filled.study.id)
    assert [(one.sample, one.unit, one.size, one.population) for one in found] == [
        ("first", "row", 3, 6),
        ("", "row", 6, 6),
    ]
    assert work_segments(filled.engine, filled.study.id, found[1]) == tuple(ids)
    sampled = work_segments(filled.engine, filled.study.id, found[0])
    assert len(sampled) == 3
    assert set(sampled) < set(ids)


def test_done_in_one_look_is_done_one_by_one(filled: StudyFolder, ids: list[str]) -> None:
    book, ana = make_book(filled), HandCoder(filled.engine, filled.study.id, "ana")
    ana.finish(book, ids[0])
    ana.give(book, ids[1], "c_1")
    ana.finish(book, ids[2])
    ana.take_away(ids[2], "c_1")
    alone = make_book(filled, exclusive=True)
    ana.give(alone, ids[3], "c_1")
    ana.give(alone, ids[4], "", "unsure")
    ana.give(alone, ids[5], "c_1")
    ana.take_away(ids[5], "c_1")
    write(filled, coding(book, ids[0], 0, "yes", coder="ben"))
    assert done(filled, "ana") == {ids[0], ids[3], ids[4]} == {one for one in ids if ana.coded(one).done}
    assert done(filled, "ben") == set()


def test_a_page_shows_what_stands_around(folder: StudyFolder) -> None:
    text = "One.\n\nTwo.\n\nThree.\n\nFour."
    document = Document(name="a.txt", source="a.txt", text=text, attributes={"age": 40}, context="a note")
    source = Source(name="a.txt", sha256="a", options={}, unit="paragraph")
    import_source(
        folder.engine, folder.study.id, source, [document], lambda one: segment(one.text, "paragraph"), []
    )
    (work,) = works(folder.engine, folder.study.id)
    order = work_segments(folder.engine, folder.study.id, work)
    with reading(folder.engine) as connection:
        page = read_page(connection, folder.study.id, order[1], before=2, after=1)
        with pytest.raises(StudyError):
            read_page(connection, folder.study.id, "s_none")
    assert (page.segment.text, page.segment.document, page.segment.attributes) == ("Two.", "a.txt", {"age": 40})
    assert text[page.segment.start : page.segment.end] == "Two."
    assert page.segment.context == "a note"
    assert [[one.text for one in side] for side in (page.before, page.after)] == [["One."], ["Three."]]
    assert list(segments_with(folder.engine, folder.study.id, order, "o")) == [
        (order[0], "One."),
        (order[1], "Two."),
        (order[3], "Four."),
    ]
    assert [one for one, _ in segments_with(folder.engine, folder.study.id, order, "THREE")] == [order[2]]


def test_others_are_seen_by_those_who_are_done(filled: StudyFolder, ids: list[str]) -> None:
    book = make_book(filled)
    ana, ben = (HandCoder(filled.engine, filled.study.id, name) for name in ("ana", "ben"))
    ben.give(book, ids[0], "c_1", reason="clear")
    ben.finish(book, ids[0])

    def seen(blind: bool) -> list[tuple[str, str | None, str, str]]:
        answers = others_answers(filled.engine, filled.study.id, ana.coded(ids[0]), blind=blind)
        return [(one.who, one.decision.label, one.decision.value, one.compared) for one in answers]

    ana.give(book, ids[0], "c_2")
    assert seen(blind=True) == []
    assert seen(blind=False) == [("ben", "Pride", "yes", ""), ("ben", "Thrift", "no", "differs")]
    ana.give(book, ids[0], "c_1")
    assert seen(blind=True) == [("ben", "Pride", "yes", "agrees"), ("ben", "Thrift", "no", "differs")]
    ana.take_away(ids[0], "c_2")
    assert seen(blind=True) == []


def test_looking_at_others_costs_the_same_however_much_a_run_reads(filled: StudyFolder, ids: list[str]) -> None:
    run = create_run(filled.engine, filled.study, "inductive", Scope())
    ana = HandCoder(filled.engine, filled.study.id, "ana")
    ana.finish(make_book(filled), ids[0])

    def work() -> int:
        """Hundreds of steps that the database takes."""
        counted = []
        with filled.engine.connect() as connection:
            opened = connection.connection.driver_connection
            assert opened is not None
            opened.set_progress_handler(lambda: counted.append(1), 100)
        others_answers(filled.engine, filled.study.id, ana.coded(ids[0]), blind=True)
        return len(counted)

    before = work()
    drawn = schema.sample_segments
    with writing(filled.engine) as connection:
        one = connection.execute(sa.select(drawn).where(drawn.c.sample == run.sample)).mappings().first()
        assert one is not None
        more = [{**one, "position": 100 + at, "segment_id": f"s_{at}"} for at in range(5000)]
        connection.execute(sa.insert(drawn), more)
    assert work() <= before + 5
