"""`report` on runs with a codebook that stands before."""

from pathlib import Path

import pytest

from intercoder.core.decisions import Value
from intercoder.core.protocols import Run
from intercoder.stores.runs.runs import set_status
from intercoder.stores.study_folder import StudyFolder
from tests.cli.conftest import call
from tests.evals.report.deductive.test_deductive_report import CODES, HALF, TEXTS
from tests.evals.report.deductive_studies import begin, code, make_study, store_of, write_book


@pytest.fixture
def coded(tmp_path: Path) -> tuple[StudyFolder, Run]:
    """A development that waits, and a final coding that is under way."""
    folder = make_study(tmp_path / "study", TEXTS, "reader")
    book = write_book(folder, CODES)
    run = begin(folder, "codevelop", book)
    values: list[Value] = HALF
    code(folder, run.id, {("coder", "reader"): {one.id: values for one in CODES}})
    set_status(folder.engine, folder.study.id, run.id, "waiting")
    begin(folder, "final", book)
    return folder, store_of(folder).run(run.id)


def test_the_latest_run_that_is_finished_or_waits_is_reported(coded: tuple[StudyFolder, Run]) -> None:
    folder, run = coded
    done = call("report", folder.path)
    assert done.code == 0, done.err
    page = (folder.path / "reports" / f"{run.id}.html").read_text(encoding="utf-8")
    assert "20 segments (unit: row) of 20 documents were coded in codevelop-1" in page


def test_a_run_without_a_decision_says_how_to_go_on(coded: tuple[StudyFolder, Run]) -> None:
    folder, _ = coded
    done = call("report", folder.path, "--run", "final-1")
    assert done.code == 2
    assert "`final-1` has no decision yet" in done.err


def test_codings_in_a_file_are_refused_with_the_command_that_reads_them(
    coded: tuple[StudyFolder, Run], tmp_path: Path
) -> None:
    folder, _ = coded
    table = tmp_path / "people.csv"
    table.write_text("document,coder,code\nnotes.csv#1,ana,mending\n", encoding="utf-8")
    done = call("report", folder.path, "--reference", table)
    assert done.code == 2
    assert "intercoder import-coding" in done.err


@pytest.mark.parametrize("seconds", ["0", "-1", "soon"])
def test_seconds_that_are_none_are_refused(coded: tuple[StudyFolder, Run], seconds: str) -> None:
    folder, _ = coded
    assert call("report", folder.path, "--human-seconds", seconds).code == 2
