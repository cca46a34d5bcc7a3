"""What coders of a run differ on, in a study on disk: found, ranked, shown side by side and settled."""

from pathlib import Path

import pytest

from intercoder.core.codebook import Codebook
from intercoder.core.errors import InputError, StudyError
from intercoder.core.protocols import Run
from intercoder.graphs.differing import disagreements
from intercoder.graphs.differing.agreement_view import agreement_table
from intercoder.graphs.differing.disagreement_words import Words
from intercoder.graphs.differing.disagreements import (
    NOTHING,
    PEOPLE,
    Disagreements,
    about,
    disagreeing_run,
    gather_disagreements,
    settlements_of,
    state_of,
    with_settlements,
)
from intercoder.graphs.differing.settling import find_unit, settle, take_settlement_back, unit_page
from intercoder.graphs.jobs import begin_inductive, execute
from intercoder.stores.corpus.named_samples import keep_sample
from intercoder.stores.corpus.samples import Scope, draw_scope
from intercoder.stores.runs.unit_decisions import SegmentLabels
from intercoder.stores.study_folder import StudyFolder
from tests.graphs.differing.disagreeing import MEND, MONEY, code_by_hand, ids, make_book, make_run, make_study

SAID = {
    #                       0 1 2 3 4
    "c_money": {"one": "ynnyn", "two": "ynnnn", "two*": "ynynn", "=": "ynnyn"},
    "c_mend": {"one": "ynuyn", "two": "ynnnn", "=": "ynnnn"},
}


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    return make_study(tmp_path / "study")


@pytest.fixture
def book(folder: StudyFolder) -> Codebook:
    return make_book(folder)


@pytest.fixture
def run(folder: StudyFolder, book: Codebook) -> Run:
    return make_run(folder, book, SAID)


def listed(folder: StudyFolder, found: Disagreements) -> list[tuple[int, str]]:
    assert found.run
    order = ids(folder, found.run)
    return [(order.index(one.segment_id), one.code_id) for one in found.units]


def test_units_on_which_coders_differ_are_listed_most_informative_first(folder: StudyFolder, run: Run) -> None:
    found = gather_disagreements(folder, disagreeing_run(folder))
    # Both coders differ on mending of 2 and 3 and on money of 3; mending is agreed on less. Last who changed.
    assert listed(folder, found) == [(2, "c_mend"), (3, "c_mend"), (3, "c_money"), (2, "c_money")]
    assert found.coders == ("one", "two")
    assert (found.compared, found.open_units) == (10, 4)
    assert found.agreement["c_mend"] < found.agreement["c_money"]
    told = Words(found).tell(found.units[-1])
    assert (told.code, told.coders, told.final) == ("money", (("one", "no"), ("two", "no")), "no")
    assert (told.changed, told.conflict) == (("two",), "asked again")


def test_people_are_held_against_what_stands_in_the_end(folder: StudyFolder, book: Codebook, run: Run) -> None:
    code_by_hand(folder, book, ids(folder, run), {"c_money": {"ana": "nn-y", "ben": "yn-y"}})
    found = gather_disagreements(folder, run)
    assert listed(folder, found)[0] == (2, "c_mend")
    first = next(one for one in found.units if one.unit == (ids(folder, run)[0], "c_money"))
    told = Words(found).tell(first)
    assert (told.people, told.conflict) == ((("ana", "no"), ("ben", "yes")), "people and model")
    assert found.people == ("ana", "ben")


def test_a_list_can_be_narrowed_to_a_code_and_a_sample(folder: StudyFolder, run: Run) -> None:
    assert listed(folder, gather_disagreements(folder, run, code="c_money")) == [(3, "c_money"), (2, "c_money")]
    drawn = draw_scope(folder.engine, folder.study.id, Scope(limit=3))
    keep_sample(folder.engine, folder.study.id, "few", Scope(limit=3), drawn)
    assert listed(folder, gather_disagreements(folder, run, sample="few")) == [(2, "c_mend"), (2, "c_money")]
    with pytest.raises(InputError, match="no sample 'many'"):
        gather_disagreements(folder, run, sample="many")


def test_a_settled_unit_sinks_and_rises_when_that_is_taken_back(folder: StudyFolder, run: Run) -> None:
    found = gather_disagreements(folder, run)
    unit = found.units[0].unit
    settle(folder, run, unit, "yes", "It is  repaired.", by="ana", at="2026-05-01T10:00:00Z")
    after = with_settlements(found, settlements_of(folder))
    assert after.units[-1].unit == unit
    assert after.open_units == 3
    assert after == gather_disagreements(folder, run)
    take_settlement_back(folder, unit, by="ana")
    assert with_settlements(after, settlements_of(folder)).units == found.units


def test_what_is_only_sent_stays_open_and_keeps_what_was_settled(folder: StudyFolder, run: Run) -> None:
    unit = gather_disagreements(folder, run).units[0].unit
    sent = settle(folder, run, unit, "", "Look at this.", by="ana", evidence=True)
    assert (sent.value, sent.evidence) == ("", True)
    assert gather_disagreements(folder, run).units[0].unit == unit
    settled = settle(folder, run, unit, "no", "Fun is no repair.", by="ana")
    assert (settled.value, settled.evidence) == ("no", True)
    again = settle(folder, run, unit, "", "Look once more.", by="ana", evidence=True)
    assert (again.value, again.note, again.number) == ("no", "Look once more.", 3)


def test_a_unit_is_shown_with_all_that_was_said_of_it(folder: StudyFolder, book: Codebook, run: Run) -> None:
    segment = ids(folder, run)[2]
    code_by_hand(folder, book, [segment], {"c_money": {"ana": "y"}})
    page = unit_page(folder, run, (segment, "c_money"), context=1)
    assert [(one.role, one.coder, one.said, one.changed) for one in page.sayings] == [
        ("human", "ana", "yes", False),
        ("coder", "one", "no", False),
        ("coder", "two", "no", True),
        ("repeat", "two", "yes", True),
        ("moderator", "moderator", "no", False),
    ]
    assert (page.place.document, page.place.segment.text) == ("talk.txt", "Mending is fun.")
    assert [one.text for one in (*page.place.before, *page.place.after)] == [
        "Nothing to say.",
        "Money is short, so we save.",
    ]
    assert page.final == "no"
    quote = page.sayings[1].decision.quote
    assert quote.start is not None
    assert page.place.segment.text[quote.start - page.place.start :].startswith(quote.text)
    assert page.code == book.code("c_money")
    assert page.settled is None


def test_what_a_person_said_of_another_wording_does_not_count_and_is_shown(folder: StudyFolder) -> None:
    first = make_book(folder)
    changed = MONEY.model_copy(update={"definition": "Anything dear.", "revision": 2})
    run = make_run(folder, make_book(folder, changed, MEND), SAID)
    segment = ids(folder, run)[0]
    code_by_hand(folder, first, [segment], {"c_money": {"ana": "n"}})
    assert all(one.segment_id != segment for one in gather_disagreements(folder, run).units)
    saying = unit_page(folder, run, (segment, "c_money")).sayings[0]
    assert (saying.coder, saying.outdated) == ("ana", True)


@pytest.mark.parametrize("exclusive", [False, True])
def test_coders_stand_in_the_order_of_their_names_whatever_they_said_first(
    folder: StudyFolder, exclusive: bool
) -> None:
    apart = {"c_money": {"two": "y"}, "c_mend": {"one": "y"}}
    chosen = {"": {"one": ["c_mend"], "two": ["c_money"]}}
    run = make_run(folder, make_book(folder, exclusive=exclusive), chosen if exclusive else apart)
    assert gather_disagreements(folder, run).coders == ("one", "two")


def test_of_codes_that_exclude_one_another_the_unit_is_a_segment(folder: StudyFolder) -> None:
    book = make_book(folder, exclusive=True)
    choices = {"": {"one": ["c_money", "u", "c_mend"], "two": ["c_mend", "u", "c_mend"], "=": ["c_money"]}}
    run = make_run(folder, book, choices)
    code_by_hand(folder, book, ids(folder, run)[1:2], {"c_money": {"ana": "y"}})
    found = gather_disagreements(folder, run)
    assert listed(folder, found) == [(0, ""), (1, "")]
    told = Words(found).tell(found.units[0])
    assert (told.coders, told.final, told.code) == ((("one", "money"), ("two", "mending")), "money", "")
    assert Words(found).tell(found.units[1]).people == (("ana", "money"),)
    assert about(found, "c_mend").units == found.units[:1]
    page = unit_page(folder, run, found.units[0].unit)
    assert [one.said for one in page.sayings] == ["money", "mending", "money"]
    assert page.choices == ("money", "mending")
    step = settle(folder, run, page.unit, "yes", "Costs.", by="ana", label="MENDING")
    assert (step.label, step.code_id) == ("mending", "")
    with pytest.raises(InputError, match="exclude one another"):
        settle(folder, run, page.unit, "no", "Neither.", by="ana")
    with pytest.raises(InputError, match="no code"):
        settle(folder, run, page.unit, "yes", "Costs.", by="ana", label="love")


def test_of_codes_that_coders_found_more_labels_come_first(study: StudyFolder) -> None:
    result = execute(study, lambda: begin_inductive(study, Scope()), lambda _: None)
    assert result
    run = result.run
    found = gather_disagreements(study, disagreeing_run(study))
    assert found.run_id == run.id
    assert found.units
    labels = [one.labels for one in found.units]
    assert labels == sorted(labels, reverse=True)
    assert min(labels) >= 2
    page = unit_page(study, run, found.units[0].unit)
    assert {one.role for one in page.sayings} == {"coder", "moderator"}
    assert page.choices
    step = settle(study, run, page.unit, "yes", "The better word.", by="ana", label=page.choices[0])
    assert step.label == page.choices[0]
    assert gather_disagreements(study, run).units[-1].unit == page.unit
    assert NOTHING not in page.choices


def test_people_alone_can_be_compared(folder: StudyFolder, book: Codebook, run: Run) -> None:
    segments = ids(folder, run)
    code_by_hand(folder, book, segments, {"c_money": {"ana": "ynn", "ben": "yyn"}})
    assert disagreeing_run(folder, PEOPLE) is None
    found = gather_disagreements(folder, None)
    assert [one.unit for one in found.units] == [(segments[1], "c_money")]
    assert [one.coder for one in unit_page(folder, None, found.units[0].unit).sayings] == ["ana", "ben"]
    assert settle(folder, None, found.units[0].unit, "yes", "Yes.", by="ana").run == ""


def test_what_cannot_be_settled_is_refused(folder: StudyFolder, run: Run) -> None:
    segment = ids(folder, run)[0]
    with pytest.raises(StudyError, match="no segment"):
        settle(folder, run, ("s_none", "c_money"), "yes", "Yes.", by="ana")
    with pytest.raises(InputError, match="no code"):
        settle(folder, run, (segment, "c_none"), "yes", "Yes.", by="ana")
    with pytest.raises(InputError, match="Did you mean 'money'"):
        find_unit(folder, run, segment, "mony")
    assert find_unit(folder, run, segment, " MONEY ") == (segment, "c_money")


def test_without_anything_coded_it_says_so(folder: StudyFolder) -> None:
    with pytest.raises(StudyError, match="nothing was coded yet"):
        disagreeing_run(folder)


def test_the_latest_run_that_has_begun_is_taken(folder: StudyFolder, book: Codebook, run: Run) -> None:
    make_run(folder, book, {}, "final", position=0)
    assert disagreeing_run(folder) == run
    later = make_run(folder, book, SAID, "final")
    assert disagreeing_run(folder) == later
    assert disagreeing_run(folder, run.id) == run


def test_a_change_of_decisions_is_noticed(folder: StudyFolder, book: Codebook, run: Run) -> None:
    before, people = state_of(folder, run), state_of(folder, None)
    assert state_of(folder, run) == before
    code_by_hand(folder, book, ids(folder, run), {"c_money": {"ana": "y"}})
    assert state_of(folder, run) != before
    assert state_of(folder, None) != people


def test_a_label_that_looks_like_two_is_one(study: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin_inductive(study, Scope())
    time, both = (
        one.model_copy(update={"label": label}) for one, label in ((MONEY, "Time"), (MEND, "time; money"))
    )
    monkeypatch.setattr(disagreements, "book_of", lambda *_: Codebook(version=1, codes=(time, both)))

    def found(**said: tuple[str, ...]) -> Disagreements:
        labels = {("moderator" if name == "moderator" else "coder", name): of for name, of in said.items()}
        monkeypatch.setattr(disagreements, "run_labels", lambda *_: [SegmentLabels(0, "s_1", labels, ())])
        return gather_disagreements(study, run)

    one = found(ana=("time; money",), ben=("Time", "money"), moderator=("time; money",))
    (unit,) = one.units
    assert unit.labels == 3
    told = Words(one).tell(unit)
    assert (told.coders, told.final) == ((("ana", "time; money"), ("ben", "money; time")), "time; money")
    assert {row.name: row.prevalence for row in agreement_table(study, run).rows} == {"time; money": 1, "Time": 0}
    assert found(ana=("time; money",), ben=("money; time",)).units
    assert about(found(ana=("time; money",), ben=("money",)), time.id).units == ()
    assert len(about(found(ana=("time; money",), ben=("money",)), both.id).units) == 1
    assert len(about(found(ana=("time", "money"), ben=("money",)), time.id).units) == 1


def test_a_segment_can_be_settled_on_a_whole_label_only(study: StudyFolder) -> None:
    result = execute(study, lambda: begin_inductive(study, Scope()), lambda _: None)
    assert result
    page = unit_page(study, result.run, gather_disagreements(study, result.run).units[0].unit)
    first, *rest = page.sayings
    assert page._replace(sayings=(first._replace(said="time; money"), *rest)).choices[0] == "time; money"


def test_what_somebody_else_sends_is_not_settled_under_their_name(folder: StudyFolder, run: Run) -> None:
    unit = gather_disagreements(folder, run).units[0].unit
    settle(folder, run, unit, "no", "Fun is no repair.", by="ana")
    sent = settle(folder, run, unit, "", "Is it?", by="ben", evidence=True, seen=1)
    assert (sent.value, sent.evidence, sent.by) == ("", True, "ben")
    stands = unit_page(folder, run, unit).settled
    assert stands is not None
    assert (stands.value, stands.by, stands.evidence) == ("no", "ana", True)
    assert gather_disagreements(folder, run).units[-1].unit == unit
    again = settle(folder, run, unit, "yes", "It is.", by="ben", seen=stands.number)
    assert (again.value, again.evidence) == ("yes", True)
