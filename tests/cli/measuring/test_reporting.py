"""`report` as people use it."""

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import CODED, Call, call


@pytest.fixture(scope="module")
def coded(templates: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study that was run once. Read only."""
    study = Path(shutil.copytree(templates / "filled", tmp_path_factory.mktemp("coded") / "study"))
    assert call("run", "inductive", study).code == 0
    return study


def test_a_report_lands_in_the_study_and_tells_what_was_coded(command: Call, coded: Path) -> None:
    out = command("report", coded).out
    file = coded / "reports" / "inductive-1.html"
    assert str(file) in out
    page = file.read_text(encoding="utf-8")
    assert "Why do people repair things?" in page
    assert f"{CODED} segments of 1 document were coded in inductive-1 by 3 model coders" in page
    assert "--reference FILE" in page


def test_people_s_codings_are_compared_with_the_models(command: Call, coded: Path, tmp_path: Path) -> None:
    table = tmp_path / "people.csv"
    table.write_text("document,coder,code\nnotes.txt,anna,mending\nnotes.txt,ben,mending\n", encoding="utf-8")
    command("report", coded, "--reference", table, "--out", "with people.html")
    page = Path("with people.html").read_text(encoding="utf-8")
    assert "Codings of anna and ben are compared with theirs." in page
    assert "people and ensemble" in page


def test_codings_of_other_texts_are_refused_with_both_names(command: Call, coded: Path, tmp_path: Path) -> None:
    table = tmp_path / "people.csv"
    table.write_text("document,coder,code\nother.txt,anna,mending\n", encoding="utf-8")
    err = command("report", coded, "--reference", table, "--out", "x.html", code=2).err
    assert "other.txt" in err
    assert "notes.txt" in err
    assert not Path("x.html").exists()


def test_a_report_never_overwrites_the_study(command: Call, coded: Path) -> None:
    before = (coded / "study.db").read_bytes()
    assert "a file of the study itself" in command("report", coded, "--out", coded / "study.db", code=2).err
    assert (coded / "study.db").read_bytes() == before


def test_a_study_without_a_run_says_which_command_comes_first(command: Call, filled: Path) -> None:
    assert "intercoder run inductive" in command("report", filled, code=2).err


def test_open_shows_the_file_that_was_written(
    command: Call, coded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("typer.launch", shown.append)
    command("report", coded, "--out", "mine.html", "--open")
    assert shown == [(tmp_path / "mine.html").resolve().as_uri()]
