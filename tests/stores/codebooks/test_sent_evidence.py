"""What the reviser of a study on disk is shown of what people settled or sent."""

from pathlib import Path

import pytest

from intercoder.core.coding.settling import PutForward
from intercoder.graphs.deductive.findings import gather_findings
from intercoder.graphs.differing.settling import settle, take_settlement_back
from intercoder.stores.codebooks.development import SqlDevelopmentStore
from intercoder.stores.corpus.named_samples import keep_sample
from intercoder.stores.corpus.samples import Scope, draw_scope
from intercoder.stores.study_folder import StudyFolder
from tests.graphs.differing.disagreeing import ids, make_book, make_run, make_study

SAID = {"c_money": {"one": "ynnyn", "two": "ynnnn"}, "c_mend": {"one": "ynuyn", "two": "ynnnn"}}


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    return make_study(tmp_path / "study")


def told(found: list[PutForward]) -> list[tuple[str, str]]:
    return [(one.settled.value, one.settled.note) for one in found]


def test_what_people_said_comes_first_with_the_decisions_it_is_about(folder: StudyFolder) -> None:
    run = make_run(folder, make_book(folder), SAID)
    segments = ids(folder, run)
    settle(folder, run, (segments[4], "c_money"), "yes", "A dump costs.", by="ana", at="2026-05-01T10:00:00Z")
    settle(
        folder, run, (segments[1], "c_money"), "", "And this?", by="ben", evidence=True, at="2026-04-01T10:00:00Z"
    )
    store = SqlDevelopmentStore(folder.engine, folder.study.id)
    findings = gather_findings(store, run.id, ["c_money", "c_mend"])
    excerpts = findings["c_money"].excerpts
    assert [one.segment_id for one in excerpts[:3]] == [segments[1], segments[4], segments[3]]
    assert [(one.by_person, one.settled, one.note) for one in excerpts[:3]] == [
        (True, "", "And this?"),
        (True, "yes", "A dump costs."),
        (False, "", ""),
    ]
    assert [said.coder for said in excerpts[0].said] == ["one", "two"]
    assert not any(one.by_person for one in findings["c_mend"].excerpts)
    assert len(gather_findings(store, run.id, ["c_money"], 1)["c_money"].excerpts) == 1
    take_settlement_back(folder, (segments[1], "c_money"), by="ben")
    assert gather_findings(store, run.id, ["c_money"])["c_money"].excerpts[0].note == "A dump costs."


def test_the_reviser_sees_why_it_was_settled_and_why_it_was_sent(folder: StudyFolder) -> None:
    run = make_run(folder, make_book(folder), SAID)
    unit = ids(folder, run)[4], "c_money"
    settle(folder, run, unit, "yes", "A dump costs.", by="ana")
    settle(folder, run, unit, "", "And who pays?", by="ben", evidence=True, seen=1)
    findings = gather_findings(SqlDevelopmentStore(folder.engine, folder.study.id), run.id, ["c_money"])
    first = findings["c_money"].excerpts[0]
    assert (first.settled, first.note) == ("yes", "A dump costs. And who pays?")


def test_from_another_sample_only_what_was_sent_is_shown(folder: StudyFolder) -> None:
    book = make_book(folder)
    tried = make_run(folder, book, SAID, "calibrate")
    segments = ids(folder, tried)
    drawn = draw_scope(folder.engine, folder.study.id, Scope(limit=2))
    keep_sample(folder.engine, folder.study.id, "few", Scope(limit=2), drawn)
    from intercoder.stores.runs.deductions import create_deductive_run

    run = create_deductive_run(folder.engine, folder.study, "codevelop", book, ["c_money", "c_mend"], "few")
    settle(folder, tried, (segments[4], "c_money"), "yes", "Kept blind.", by="ana")
    settle(folder, tried, (segments[3], "c_money"), "yes", "Look.", by="ana", evidence=True)
    store = SqlDevelopmentStore(folder.engine, folder.study.id)
    (sent,) = store.put_forward(run.id, ["c_money"])["c_money"]
    assert sent.settled.note == "Look."
    assert [one.value for one in sent.decisions] == ["yes", "no"]
    (excerpt,) = gather_findings(store, run.id, ["c_money"])["c_money"].excerpts
    assert [one.decision_id for one in excerpt.said] == [one.id for one in sent.decisions]


def test_a_segment_settled_on_one_of_many_codes_tells_of_the_codes_that_were_given(folder: StudyFolder) -> None:
    book = make_book(folder, exclusive=True)
    run = make_run(folder, book, {"": {"one": ["c_money", "u"], "two": ["c_mend", "u"]}})
    segments = ids(folder, run)
    settle(folder, run, (segments[0], ""), "yes", "Costs.", by="ana", label="money")
    settle(folder, run, (segments[1], ""), "unsure", "Who knows.", by="ana")
    store = SqlDevelopmentStore(folder.engine, folder.study.id)
    forward = store.put_forward(run.id, ["c_money", "c_mend"])
    assert ("yes", "Costs.") in told(list(forward["c_money"]))
    assert ("no", "Costs.") in told(list(forward["c_mend"]))
    findings = gather_findings(store, run.id, ["c_money", "c_mend"])
    assert [(one.settled, one.note) for one in findings["c_mend"].excerpts if one.by_person] == [("no", "Costs.")]
