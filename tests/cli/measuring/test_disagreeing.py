"""`disagreements` and `settle`, on a study whose coders' answers are written down."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from intercoder.stores.study_folder import StudyFolder
from tests.cli.conftest import Call
from tests.graphs.differing.disagreeing import code_by_hand, ids, make_book, make_run, make_study

EVIL = "\x1b[31mred [bold]money[/bold]\u202e 日本"
TEXTS = ("We save money.", EVIL, "Mending is fun.")
SAID = {"c_money": {"one": "yyn", "two": "ynn", "=": "ynn"}, "c_mend": {"one": "nny", "two": "nny"}}


@pytest.fixture
def study(tmp_path: Path) -> Iterator[StudyFolder]:
    folder = make_study(tmp_path / "study", TEXTS)
    book = make_book(folder)
    run = make_run(folder, book, SAID)
    code_by_hand(folder, book, ids(folder, run), {"c_mend": {"ana": "nnn"}})
    yield folder
    folder.close()


def segment(study: StudyFolder, place: int) -> str:
    from intercoder.graphs.differing.disagreements import disagreeing_run

    run = disagreeing_run(study)
    assert run
    return ids(study, run)[place]


def test_they_are_listed_with_who_said_what(command: Call, study: StudyFolder) -> None:
    out = command("disagreements", study.path).out
    assert "codevelop-1: 2 units on which coders differ, 2 of them open; two or more decided about 6." in out
    assert "\\u001b[31mred [bold]money[/bold]\\u202e 日本" in out
    assert "\x1b" not in out
    first, second = command("disagreements", study.path, "--json").objects
    assert (first["code"], first["coders"], first["final"]) == ("money", {"one": "yes", "two": "no"}, "no")
    assert (first["entropy"], first["between"], first["settled"]) == (1.0, "models", None)
    assert (second["people"], second["between"]) == ({"ana": "no"}, "people and model")
    assert command("disagreements", study.path, "--limit", 1, "--json").objects == [first]
    assert command("disagreements", study.path, "--code", "Mending", "--json").objects == [second]


def test_one_is_settled_and_taken_back(command: Call, study: StudyFolder) -> None:
    unit = (segment(study, 1), "money")
    out = command("settle", study.path, *unit, "yes", "--note", "It says so.", "--by", "ana").out
    assert out == f"{unit[0]}, money: ana settled it: yes.\n"
    assert "ana settled it: yes" in command("disagreements", study.path).out
    settled = command("disagreements", study.path, "--json").objects[-1]["settled"]
    assert (settled["value"], settled["note"], settled["run"]) == ("yes", "It says so.", "codevelop-1")
    assert "ana was first" in command("settle", study.path, *unit, "no", "--note", "No.", "--by", "b", code=2).err
    (step,) = command("settle", study.path, *unit, "no", "--note", "No.", "--by", "b", "--anew", "--json").objects
    assert (step["number"], step["by"]) == (2, "b")
    assert "it was b who" in command("settle", study.path, *unit, "--back", "--by", "ana", code=2).err
    command("settle", study.path, *unit, "--back", "--by", "b")
    assert command("disagreements", study.path, "--json").objects[-1]["settled"]["by"] == "ana"


def test_one_is_sent_to_the_reviser(command: Call, study: StudyFolder) -> None:
    unit = (segment(study, 1), "money")
    out = command("settle", study.path, *unit, "--evidence", "--note", "Which?", "--by", "ana").out
    assert "ana put it forward." in out
    out = command("settle", study.path, *unit, "unsure", "--note", "Odd.", "--by", "ana").out
    assert "ana settled it: unsure, sent to the reviser." in out


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["money", "yes"], "needs a note"),
        (["money"], "nothing is said"),
        (["mony", "yes", "--note", "x"], "Did you mean 'money'"),
        (["money", "yes", "--back"], "this goes alone"),
        (["money", "--back", "--by", "ana"], "nothing was said"),
        (["money", "perhaps", "--note", "x"], "perhaps"),
    ],
)
def test_what_cannot_be_said_is_refused(command: Call, study: StudyFolder, words: list[str], what: str) -> None:
    assert what in command("settle", study.path, segment(study, 0), *words, code=2).err


def test_names_that_nothing_has_are_told(command: Call, study: StudyFolder) -> None:
    assert "'love' is no code" in command("disagreements", study.path, "--code", "love", code=2).err
    assert "there is no run" in command("disagreements", study.path, "--run", "final-9", code=2).err
    assert "there is no sample" in command("disagreements", study.path, "--sample", "x", code=2).err
    assert (
        "no segment `s_x`"
        in command("settle", study.path, "s_x", "money", "no", "--note", "x", "--by", "a", code=2).err
    )
