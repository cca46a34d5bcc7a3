import pytest
import sqlalchemy as sa

from intercoder.core.codebook import Code, Codebook
from intercoder.core.coding.deduction import CoderValues
from intercoder.core.coding.given_answers import AnswerRow, CodedSheet, HumanCoding, HumanMemo, Place
from intercoder.core.decisions import Decision, decision_id
from intercoder.core.documents import Document, Span
from intercoder.core.errors import InputError
from intercoder.core.texts.segmentation import segment
from intercoder.stores import schema
from intercoder.stores.codebooks.codebooks import read_version, reserve_version, write_version
from intercoder.stores.corpus.enrichment import draw_enriched, rarest_yes
from intercoder.stores.corpus.intake import Source, import_source
from intercoder.stores.corpus.named_samples import keep_sample, read_sample
from intercoder.stores.corpus.named_segments import locate
from intercoder.stores.corpus.samples import Scope, choose, draw_scope
from intercoder.stores.database import reading, writing
from intercoder.stores.people.human_codings import Written, human_decisions, human_values, write_codings
from intercoder.stores.runs.decisions import decision_row
from intercoder.stores.runs.deductions import create_deductive_run
from intercoder.stores.runs.recorded import match
from intercoder.stores.study_folder import StudyFolder

CODES = (Code(id="c_1", label="Pride"), Code(id="c_2", label="Thrift"))


def fill(folder: StudyFolder, count: int = 6, name: str = "table.csv") -> None:
    documents = [Document(name=f"{name}#{n}", source=name, key=str(n), text=f"text {n}") for n in range(count)]
    source = Source(name=name, sha256=name, options={}, unit="row")
    import_source(
        folder.engine, folder.study.id, source, documents, lambda one: [Span(start=0, end=len(one.text))], []
    )


def make_book(folder: StudyFolder, codes: tuple[Code, ...] = CODES, *, exclusive: bool = False) -> Codebook:
    with writing(folder.engine) as connection:
        version = reserve_version(connection, folder.study.id, "", 1)
        before = read_version(connection, folder.study.id, version - 1)
        settings = Codebook(version=0, exclusive=exclusive, allow_unsure=True)
        write_version(connection, folder.study.id, version, codes, before, "ana", settings)
        return read_version(connection, folder.study.id, version)


@pytest.fixture
def filled(folder: StudyFolder) -> StudyFolder:
    fill(folder)
    return folder


@pytest.fixture
def ids(filled: StudyFolder) -> list[str]:
    return [row.segment_id for row in choose(filled.engine, filled.study.id, Scope())]


def coding(book: Codebook, segment_id: str, code: int | None, value: str, coder: str = "ana") -> HumanCoding:
    chosen = book.codes[code] if code is not None else None
    return HumanCoding.model_validate(
        {
            "coder": coder,
            "segment_id": segment_id,
            "code_id": chosen.id if chosen else None,
            "code_revision": chosen.revision if chosen else None,
            "label": chosen.label if chosen else None,
            "value": value,
            "position": 0 if book.exclusive else code or 0,
            "codebook_version": book.version,
            "exclusive": book.exclusive,
        }
    )


def write(
    folder: StudyFolder, *codings: HumanCoding, blank: tuple[tuple[str, str, str], ...] = ()
) -> list[Written]:
    return write_codings(folder.engine, folder.study.id, CodedSheet(codings=codings, memos=(), blank=blank))


def values(folder: StudyFolder, sample: str = "") -> dict[str, dict[str, dict[str, str]]]:
    found = human_values(folder.engine, folder.study.id, sample)
    return {one.name: {code: dict(of_code) for code, of_code in one.values.items()} for one in found}


def stored(folder: StudyFolder) -> int:
    with reading(folder.engine) as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(schema.decisions)).scalar_one())


def test_writing_the_same_again_changes_nothing(filled: StudyFolder, ids: list[str]) -> None:
    book = make_book(filled)
    codings = [coding(book, ids[1], 0, "yes"), coding(book, ids[0], 1, "unsure")]
    (first,) = write(filled, *codings)
    (second,) = write(filled, *codings)
    assert (first.new, first.segments, first.cells) == (2, 2, 2)
    assert (second.new, second.changed, second.unchanged) == (0, 0, 2)
    assert stored(filled) == 2
    assert values(filled) == {"ana": {"c_2": {ids[0]: "unsure"}, "c_1": {ids[1]: "yes"}}}


def test_a_changed_cell_supersedes_and_an_emptied_one_stays(filled: StudyFolder, ids: list[str]) -> None:
    book = make_book(filled)
    write(filled, coding(book, ids[0], 0, "yes"), coding(book, ids[1], 0, "yes"))
    (done,) = write(filled, coding(book, ids[0], 0, "no"), blank=(("ana", ids[1], "c_1"), ("ana", ids[2], "c_1")))
    assert (done.changed, done.emptied, done.blank) == (1, 1, 2)
    assert values(filled) == {"ana": {"c_1": {ids[0]: "no", ids[1]: "yes"}}}
    with reading(filled.engine) as connection:
        rows = connection.execute(sa.select(schema.decisions).order_by(schema.decisions.c.round)).all()
    last = rows[-1]
    assert (last.round, last.role, last.run, last.value, last.label) == (2, "human", "", "no", "Pride")
    assert last.supersedes == next(row.decision_id for row in rows if row.segment_id == ids[0])


def test_people_do_not_change_each_others_codings(filled: StudyFolder, ids: list[str]) -> None:
    book = make_book(filled)
    write(filled, coding(book, ids[0], 0, "yes"), coding(book, ids[0], 0, "no", "ben"))
    (done,) = write(filled, coding(book, ids[0], 0, "no"))
    assert (done.coder, done.changed) == ("ana", 1)
    assert values(filled) == {"ana": {"c_1": {ids[0]: "no"}}, "ben": {"c_1": {ids[0]: "no"}}}


def test_a_choice_is_yes_for_one_code_and_no_for_the_others(filled: StudyFolder, ids: list[str]) -> None:
    book = make_book(filled, exclusive=True)
    write(filled, coding(book, ids[0], 0, "yes"), coding(book, ids[1], None, "unsure"))
    write(filled, coding(book, ids[0], 1, "yes"))
    assert values(filled) == {
        "ana": {"c_1": {ids[0]: "no", ids[1]: "unsure"}, "c_2": {ids[0]: "yes", ids[1]: "unsure"}}
    }
    assert stored(filled) == 3


def test_a_revised_code_is_coded_anew_and_an_old_sheet_does_not_come_back(
    filled: StudyFolder, ids: list[str]
) -> None:
    old = make_book(filled)
    write(filled, coding(old, ids[0], 0, "yes"), coding(old, ids[0], 1, "yes"))
    new = make_book(filled, (CODES[0].model_copy(update={"definition": "Other."}), old.codes[1]))
    (done,) = write(filled, coding(new, ids[0], 0, "yes"), coding(new, ids[0], 1, "yes"))
    assert (done.changed, done.unchanged) == (1, 1)
    (late,) = write(filled, coding(old, ids[0], 0, "no"))
    assert (late.outdated, late.changed) == (1, 0)
    with reading(filled.engine) as connection:
        (decision,) = [one for one in human_decisions(connection, filled.study.id) if one.code_id == "c_1"]
    assert (decision.value, decision.code_revision, decision.codebook_version) == ("yes", 2, new.version)


def test_values_are_those_of_the_sample(filled: StudyFolder, ids: list[str]) -> None:
    book = make_book(filled)
    scope = Scope(sample=3, seed=2)
    keep_sample(
        filled.engine, filled.study.id, "calibration", scope, draw_scope(filled.engine, filled.study.id, scope)
    )
    drawn = read_sample(filled.engine, filled.study.id, "calibration")
    assert (len(drawn.segment_ids), drawn.weights, drawn.population) == (3, None, 6)
    write(filled, *(coding(book, one, 0, "yes") for one in ids))
    assert set(values(filled, "calibration")["ana"]["c_1"]) == set(drawn.segment_ids)
    assert list(values(filled)["ana"]["c_1"]) == ids
    with pytest.raises(InputError, match="There are: calibration"):
        read_sample(filled.engine, filled.study.id, "calibrations")


def test_a_memo_is_kept_once_and_replaced_by_the_next(filled: StudyFolder, ids: list[str]) -> None:
    def note(text: str) -> int:
        memo = HumanMemo(coder="ana", segment_id=ids[0], text=text)
        (done,) = write_codings(filled.engine, filled.study.id, CodedSheet(codings=(), memos=(memo,), blank=()))
        return done.memos

    assert [note("odd"), note("odd"), note("very odd"), note("odd")] == [1, 0, 1, 1]
    with reading(filled.engine) as connection:
        rows = connection.execute(sa.select(schema.memos)).all()
    assert sorted(row.text for row in rows) == ["odd", "odd", "very odd"]
    assert sum(row.supersedes == "" for row in rows) == 1


def test_segments_are_found_by_id_document_and_row(filled: StudyFolder, ids: list[str]) -> None:
    fill(filled, 1, "other.csv")
    text = Document(name="a.txt", source="a.txt", text="One.\n\nTwo.")
    source = Source(name="a.txt", sha256="1", options={}, unit="paragraph")
    import_source(filled.engine, filled.study.id, source, [text], lambda one: segment(one.text, "paragraph"), [])
    with reading(filled.engine) as connection:
        found = locate(
            connection,
            filled.study.id,
            [
                Place(ids[2]),
                Place("", "table.csv#1"),
                Place("", "", "3"),
                Place("", "", "0"),
                Place("", "table.csv#0", "0"),
                Place("", "a.txt"),
                Place("s_none"),
                Place("", "", "99"),
            ],
        )
    assert [
        found.segments.get(place) for place in (Place(ids[2]), Place("", "table.csv#1"), Place("", "", "3"))
    ] == [
        (ids[2],),
        (ids[1],),
        (ids[3],),
    ]
    assert found.segments[Place("", "table.csv#0", "0")] == (ids[0],)
    assert "stands in 2 files" in found.problems[Place("", "", "0")]
    assert "is cut into 2 segments" in found.problems[Place("", "a.txt")]
    assert {Place("s_none"), Place("", "", "99")} < set(found.problems)


def row(place: Place, code: str, value: str, attempt: int = 1) -> AnswerRow:
    return AnswerRow.model_validate(
        {"where": f"t.csv:row {place.key}", "place": place, "code": code, "value": value, "attempt": attempt}
    )


def test_recorded_answers_are_matched_with_segments_and_codes(filled: StudyFolder, ids: list[str]) -> None:
    book = make_book(filled)
    rows = [row(Place("", "", "1"), "pride", "yes"), row(Place("", "", "1"), "c_1", "no", 2)]
    found = match(filled, book, rows)
    assert {attempt: {key: one.value for key, one in of.items()} for attempt, of in found.items()} == {
        1: {(ids[1], "c_1"): "yes"},
        2: {(ids[1], "c_1"): "no"},
    }
    wrong = [
        row(Place("", "", "77"), "Pride", "yes"),
        row(Place("", "", "2"), "Prid", "yes"),
        row(Place("", "", "3"), "Pride", ""),
        row(Place("", "", "1"), "PRIDE", "no"),
    ]
    with pytest.raises(InputError) as caught:
        match(filled, book, [*rows, *wrong])
    for part in ("no id '77'", "Did you mean 'Pride'?", "has no value", "has another answer already", "4 problems"):
        assert part in str(caught.value)


def test_recorded_choices_of_an_exclusive_book(filled: StudyFolder, ids: list[str]) -> None:
    book = make_book(filled, exclusive=True)
    rows = [row(Place(ids[0]), "Thrift", ""), row(Place(ids[1]), "", "unsure"), row(Place(ids[2]), "Pride", "no")]
    found = match(filled, book, rows)[1]
    assert {key: (one.value, one.code_id) for key, one in found.items()} == {
        (ids[0], ""): ("yes", "c_2"),
        (ids[1], ""): ("unsure", ""),
    }


def test_the_rarest_code_is_a_segments_stratum() -> None:
    answers = CoderValues(
        name="final",
        role="moderator",
        values={"a": dict.fromkeys("123", "yes"), "b": {"1": "yes", "2": "no", "4": "unsure"}},
    )
    assert rarest_yes(list("12345"), answers) == ["b", "a", "a", "", ""]


def test_an_enriched_sample_is_drawn_evenly_and_weighted(filled: StudyFolder) -> None:
    fill(filled, 100, "more.csv")
    book = make_book(filled)
    engine, study = filled.engine, filled.study.id
    with pytest.raises(InputError, match="coded 0 of these segments"):
        draw_enriched(engine, study, Scope(sample=20))
    run = create_deductive_run(engine, filled.study, "codevelop", book, ["c_1"], Scope())
    ids = [one.segment_id for one in choose(engine, study, Scope())]
    decisions = [
        Decision(
            id=decision_id(run.id, 1, one, "coder", "reader", "c_1"),
            run=run.id,
            round=1,
            segment_id=one,
            role="coder",
            coder="reader",
            position=0,
            label="Pride",
            code_id="c_1",
            code_revision=1,
            value="yes" if place < 5 else "no",
            codebook_version=book.version,
        )
        for place, one in enumerate(ids)
    ]
    with writing(engine) as connection:
        connection.execute(sa.insert(schema.decisions), [decision_row(study, one, "") for one in decisions])
    drawn, scope = draw_enriched(engine, study, Scope(sample=20))
    again, _ = draw_enriched(engine, study, Scope(sample=20))
    assert drawn == again
    assert scope.stratify == "model:codevelop-1"
    keep_sample(engine, study, "rare", scope, drawn)
    kept = read_sample(engine, study, "rare")
    assert kept.weights is not None
    assert sorted(kept.weights.values()) == [1.0] * 5 + [101 / 15] * 15
    assert sum(kept.weights.values()) == pytest.approx(kept.population) == pytest.approx(106)
