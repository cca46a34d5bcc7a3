"""The table of agreement: a calibration's numbers where there is one, else those of `intercoder agreement`."""

import math
from pathlib import Path

import pytest

from intercoder.core.codebook import Code
from intercoder.core.coding.codings import Coder, coding_table
from intercoder.evals.agreement import per_code
from intercoder.evals.interval import Estimate
from intercoder.graphs.deductive.deductive_jobs import judge
from intercoder.graphs.differing.agreement_view import (
    AgreementTable,
    CodeAgreement,
    Pairs,
    agreement_run,
    agreement_state,
    agreement_table,
)
from intercoder.graphs.differing.disagreements import PEOPLE
from intercoder.graphs.jobs import begin_inductive, execute
from intercoder.stores.codebooks.verdicts import read_verdicts
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.runs.codings import run_coders
from intercoder.stores.study_folder import StudyFolder
from tests.graphs.differing.disagreeing import MEND, MONEY, code_by_hand, ids, make_book, make_run, make_study

SAID = {
    "c_money": {"one": "ynuyn", "two": "ynnny", "two*": "ynynn", "=": "ynnyn"},
    "c_mend": {"one": "nnnnn", "two": "nnnnn", "=": "nnnnn"},
}


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    return make_study(tmp_path / "study")


def expected(folder: StudyFolder, coders: list[Coder]) -> dict[str, tuple[float, float, float, float]]:
    import pandas as pd

    segments, rows = coding_table(coders)
    frame = pd.DataFrame(rows, index=segments, columns=[one.name for one in coders], dtype=object)
    found = per_code(frame)
    return {
        one.code: (one.agreement.value, one.agreement.low, one.positive.value, one.positive.low)
        for one in found.codes
    }


def test_without_a_calibration_models_agree_as_the_command_has_it(folder: StudyFolder) -> None:
    run = make_run(folder, make_book(folder), SAID)
    table = agreement_table(folder, agreement_run(folder))
    assert (table.run_id, table.calibrated, table.coders) == (run.id, False, ("one", "two"))
    readers = [one for one in run_coders(folder, run) if one.role == "coder"]
    money, mend = table.rows
    assert (
        money.models.ac1.value,
        money.models.ac1.low,
        money.models.positive.value,
        money.models.positive.low,
    ) == pytest.approx(expected(folder, readers)["money"])
    assert (money.n, money.prevalence, money.verdict) == (5, 0.4, "")
    assert math.isnan(money.people.ac1.value)
    assert (mend.models.ac1.value, math.isnan(mend.models.positive.value)) == (1.0, True)
    assert {name: rest for name, *rest in money.counts} == {"one": [2, 2, 1], "two": [2, 3, 0]}


def test_people_alone(folder: StudyFolder) -> None:
    book = make_book(folder)
    segments = ids(folder, make_run(folder, book, {}, position=0))
    code_by_hand(folder, book, segments, {"c_money": {"ana": "yynn", "ben": "yynn"}})
    table = agreement_table(folder, agreement_run(folder, PEOPLE))
    assert (table.run_id, table.people) == ("", ("ana", "ben"))
    assert table.rows[0].people.ac1.value == 1.0
    assert (table.rows[0].n, table.rows[0].prevalence) == (4, 0.5)
    assert table.rows[1].n == 0
    assert table.scale("ac1") == table.scale("positive") == (0.0, 1.0)


def test_one_person_is_held_against_what_stands_in_the_end(folder: StudyFolder) -> None:
    book = make_book(folder)
    run = make_run(folder, book, SAID)
    code_by_hand(folder, book, ids(folder, run), {"c_money": {"ana": "ynnyn"}})
    row = agreement_table(folder, run).rows[0]
    assert row.model.ac1.value == row.model.positive.value == 1.0
    assert row.model.ac1.n == 5


def test_of_a_calibration_its_own_numbers_are_shown(folder: StudyFolder) -> None:
    book = make_book(folder)
    run = make_run(folder, book, SAID, "calibrate")
    code_by_hand(folder, book, ids(folder, run), {"c_money": {"ana": "ynnyn", "ben": "ynnnn"}})
    judge(folder, run)
    later = make_run(folder, book, SAID, "final")
    assert agreement_run(folder) == run
    assert agreement_run(folder, later.id) == later
    table = agreement_table(folder, run)
    (verdict,) = (one for one in read_verdicts(folder.engine, folder.study.id) if one.coder == "final")
    money, mend = table.rows
    assert (money.verdict, money.reason) == (verdict.verdict, verdict.statistics["reason"])
    assert money.people.ac1.value == verdict.statistics["human_human"]["ac1"]["value"]
    assert money.model.positive.value == verdict.statistics["human_model"]["positive"]["value"]
    assert (mend.verdict, money.outdated) == ("", False)
    before = agreement_state(folder, run)
    assert agreement_state(folder, run) == before
    make_book(folder, MONEY.model_copy(update={"definition": "Dear.", "revision": 2}), MEND)
    assert agreement_state(folder, run) != before
    assert agreement_table(folder, run).rows[0].outdated


def test_of_codes_that_exclude_one_another_each_is_a_yes_or_no(folder: StudyFolder) -> None:
    book = make_book(folder, exclusive=True)
    choices = ["c_money", "c_mend", "c_mend", "u"]
    run = make_run(folder, book, {"": {"one": choices, "two": choices[::-1], "=": choices}})
    table = agreement_table(folder, run)
    readers = [one for one in run_coders(folder, run) if one.role == "coder"]
    for row in table.rows:
        assert row.models.ac1.value == pytest.approx(expected(folder, readers)[row.name][0])
    assert [row.prevalence for row in table.rows] == [pytest.approx(1 / 3), pytest.approx(2 / 3)]


def test_of_codes_that_coders_found_labels_count_as_the_code_they_became(study: StudyFolder) -> None:
    result = execute(study, lambda: begin_inductive(study, Scope()), lambda _: None)
    assert result
    table = agreement_table(study, agreement_run(study))
    assert table.coders == ("ana", "ben", "caro")
    assert table.rows
    shares = [row.prevalence for row in table.rows]
    assert shares == sorted(shares, reverse=True)
    assert all(-1 <= row.models.ac1.value <= 1 for row in table.rows)
    assert {row.n for row in table.rows} == {40}
    ensemble = next(one for one in run_coders(study, result.run) if one.name == "ensemble")
    first = table.rows[0]
    given = sum(first.name in labels for labels in ensemble.labels.values())
    assert first.prevalence == pytest.approx(given / 40)


def test_only_ac1_can_lie_below_0() -> None:
    below = Estimate(value=-0.4, se=0.1, low=-0.6, high=-0.2, n=9, statistic="ac1")
    pairs = Pairs(below, below)
    row = CodeAgreement(Code(id="c", label="c"), "c", 9, 0.5, pairs, pairs, pairs, "", "", False, (), "", ())
    table = AgreementTable("", False, (), (), (row,))
    assert (table.scale("ac1"), table.scale("positive")) == ((-1.0, 1.0), (0.0, 1.0))
