"""`revisions`: list, show, page, approve, edit, reject, export."""

import re
import sys
from pathlib import Path

import pytest

from intercoder.core.revisions import Revision, revised
from intercoder.formats.answers_files import read_answers
from intercoder.stores.codebooks.revisions import revise_by_hand
from intercoder.stores.study_folder import open_study
from tests.cli.conftest import Call, replace
from tests.stores.codebooks.proposals import (
    BUY,
    DROP,
    MEND,
    MERGE,
    REDEFINE,
    REDEFINE_AGAIN,
    RENAME,
    RULE,
    SPLIT,
    begin,
    draft,
    propose,
)

EVIL = "\x1b[31mred [bold]rule[/bold]\u202e"


@pytest.fixture
def waiting(filled: Path) -> Path:
    """A study in which revisions 4 to 9 wait, and 10 was dropped."""
    folder = open_study(filled)
    revisions = [REDEFINE, RULE, RENAME, SPLIT, MERGE, DROP, REDEFINE_AGAIN]
    propose(folder, begin(folder, draft(folder)), revisions, dropped=[6])
    folder.close()
    return filled


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An editor that replaces words as the file beside it says, one pair a line."""
    script = tmp_path / "editor.py"
    script.write_text(
        "import sys, pathlib\n"
        "file, orders = pathlib.Path(sys.argv[1]), pathlib.Path(__file__).with_name('orders.txt')\n"
        "text = file.read_text()\n"
        "pathlib.Path(__file__).with_name('shown.txt').write_text(text)\n"
        "for line in orders.read_text().splitlines():\n"
        "    text = text.replace(*line.split(' -> '))\n"
        "file.write_text(text)\n"
    )
    monkeypatch.setenv("EDITOR", f"{sys.executable} {script}")
    monkeypatch.delenv("VISUAL", raising=False)
    return tmp_path / "orders.txt"


def test_a_study_without_revisions_says_so(command: Call, filled: Path) -> None:
    assert "No revision waits." in command("revisions", filled).out
    assert command("revisions", filled, "--json").out == ""


def test_those_that_wait_are_listed_by_code(command: Call, waiting: Path) -> None:
    out = command("revisions", waiting).out
    assert "definition changed: Somebody mends a thing oneself." in out
    assert "include rule added: tools" in out
    assert 'split into "buying new" and "buying used"' in out
    lines = out.splitlines()
    places = {
        n: next(at for at, line in enumerate(lines) if line.lstrip().startswith(f"{n} ")) for n in range(4, 10)
    }
    # Codes in the order of their first revision, the revisions of one code together.
    assert sorted(places, key=lambda n: places[n]) == [4, 5, 6, 7, 8, 9]
    assert "6 revisions wait for an answer: 4, 5, 6, 7, 8, 9." in out
    assert f"intercoder run codevelop {waiting}" in out
    assert "it changes nothing" not in out


def test_all_are_listed_with_what_became_of_them(command: Call, waiting: Path) -> None:
    command("revisions", waiting, "approve", 5, "--by", "ana", "--note", "Yes, tools.")
    out = command("revisions", waiting, "--all").out
    assert "dropped: it changes nothing." in out
    assert "approved by ana at 20" in out
    assert "codebook version 1" in out
    assert "note: Yes, tools." in out
    every = command("revisions", waiting, "--all", "--json").objects
    assert [one["number"] for one in every] == list(range(1, 11))
    assert [one["status"] for one in every[3:]] == [
        "waiting",
        "approved",
        "waiting",
        "waiting",
        "waiting",
        "waiting",
        "dropped",
    ]
    assert every[4]["answer"]["note"] == "Yes, tools."
    assert every[3]["revision"]["after"][0]["definition"] == "Somebody mends a thing oneself."


def test_a_revision_is_shown_with_its_difference_reason_and_cost(command: Call, waiting: Path) -> None:
    out = command("revisions", waiting, "show", 4).out
    assert "- Somebody mends a thing.\n" in out
    assert "+ Somebody mends a thing oneself.\n" in out
    assert "Why: Coders differ." in out
    assert "by reviser in codevelop-1, round 1, for codebook version 1" in out
    assert "Coded again if approved: 1 of 3 codes, 4 of 12 decisions of each coder." in out
    assert f"intercoder revisions {waiting} approve 4" in out
    shown = command("revisions", waiting, "show", 7, "--json").objects[0]
    assert shown["recoding"]["decisions"] == 8  # both parts of the split
    assert shown["passages"] == []


def test_answers_are_recorded_and_what_is_left_is_told(command: Call, waiting: Path) -> None:
    out = command("revisions", waiting, "approve", 4, 5, "--by", "ana").out
    assert "Revision 4 is approved by ana: mending, definition changed" in out
    assert "4 revisions wait for an answer: 6, 7, 8, 9." in out
    out = command("revisions", waiting, "edit", 6, "--text", "acquiring", "--by", "ana", "--note", "Shorter.").out
    assert "Revision 6 is edited by ana: buying, renamed: acquiring" in out
    out = command("revisions", waiting, "reject", 7, 8, 9, "--note", "No.", "--by", "ana").out
    assert "No revision waits." in out
    assert f"Next: intercoder run codevelop {waiting}" in out
    assert "As edited:" in command("revisions", waiting, "show", 6).out


def test_who_answers_is_you_unless_said(command: Call, waiting: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "dora")
    (one,) = command("revisions", waiting, "reject", 4, "--note", "No.", "--json").objects
    assert (one["status"], one["answer"]["by"]) == ("rejected", "dora")


def test_whoever_the_machine_does_not_know_says_who_they_are(
    command: Call, waiting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr("getpass.getuser", unknown)
    refused = command("revisions", waiting, "approve", 4, code=2)
    assert "--by: your user name is not known here." in refused.err
    command("revisions", waiting, "approve", 4, "--by", "ana")


def test_a_second_answer_is_refused_with_who_was_first(command: Call, waiting: Path) -> None:
    command("revisions", waiting, "approve", 4, "--by", "ana")
    for words in (("approve", 4), ("reject", 4, "--note", "No."), ("edit", 4, "--text", "x"), ("edit", 4)):
        err = command("revisions", waiting, *words, "--by", "ben", code=2).err
        assert "revision 4 was answered before: approved by ana at 20" in err
    err = command("revisions", waiting, "edit", 10, code=2).err
    assert "revision 10 was dropped" in err


def test_a_revision_is_edited_in_an_editor(command: Call, waiting: Path, editor: Path) -> None:
    editor.write_text("oneself -> at home\n")
    out = command("revisions", waiting, "edit", 4, "--by", "ana").out
    assert "Somebody mends a thing at home." in out
    shown = editor.with_name("shown.txt").read_text()
    assert "# Why: Coders differ." in shown
    editor.write_text("buying used -> renting\n")
    (one,) = command("revisions", waiting, "edit", 7, "--json").objects
    assert [code["label"] for code in one["answer"]["after"]] == ["buying new", "renting"]


def test_what_was_written_is_not_lost_where_it_cannot_be_read(command: Call, waiting: Path, editor: Path) -> None:
    editor.write_text("definition: -> definiton:\noneself -> at home\n")
    err = command("revisions", waiting, "edit", 4, code=2).err
    kept = Path(err.partition("Your text is kept: ")[2].strip())
    assert "revision-4.yaml:line 7: the code 'mending': the key `definiton` is not known" in err
    assert "Did you mean `definition`?" in err
    kept.write_text(kept.read_text().replace("definiton", "definition"))
    out = command("revisions", waiting, "edit", 4, "--file", kept).out
    assert "Somebody mends a thing at home." in out


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ("", "there is no editor"),
        ("no-such-editor", "cannot be started"),
        ("false", "ended with 1"),
        ("'", "is no command"),
    ],
)
def test_an_editor_that_is_not_there_is_told(
    command: Call, waiting: Path, monkeypatch: pytest.MonkeyPatch, variable: str, message: str
) -> None:
    monkeypatch.setenv("EDITOR", variable)
    monkeypatch.delenv("VISUAL", raising=False)
    err = command("revisions", waiting, "edit", 4, code=2).err
    assert message in err
    assert "6 revisions wait" in command("revisions", waiting).out


def test_an_edit_saved_as_it_was_records_nothing(command: Call, waiting: Path, editor: Path) -> None:
    editor.write_text("")
    assert "nothing was edited" in command("revisions", waiting, "edit", 4, code=2).err
    assert "6 revisions wait" in command("revisions", waiting).out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("show",), "nothing is named"),
        (("show", 4, 5), "2 are named"),
        (("show", "four"), "'four' is no number"),
        (("show", 99), "no revision 99"),
        (("approve",), "the numbers of one or more revisions"),
        (("approve", 4, 99), "no revision 99"),
        (("approve", 4, "--text", "x"), "--text: this option does not go with `approve`"),
        (("approve", 4, "--by", " "), "--by: the name is blank"),
        (("--note", "x"), "--note: this option does not go with the list"),
        (("show", 4, "--all"), "does not go with `show`"),
        (("edit", 4, "--text", ""), "is empty"),
        (("edit", 7, "--text", "x"), "has not one text"),
        (("edit", 9), "`drop` cannot be edited"),
        (("edit", 4, "--text", "x", "--file", "y"), "give one of the two"),
        (("edit", 4, "--file", "none.yaml"), "no such file"),
        (("edit", 4, "--text", "Somebody mends a thing."), "changes nothing"),
        (("approve", 7, 8), "revision 8 contradicts revision 7"),
        (("page", "repairing"), "there is no code 'repairing'"),
        (("export",), "the file to write"),
    ],
)
def test_bad_input_is_told_and_nothing_is_recorded(
    command: Call, waiting: Path, words: tuple[object, ...], message: str
) -> None:
    err = command("revisions", waiting, *words, code=2).err
    assert message in err
    assert "6 revisions wait" in command("revisions", waiting).out


def test_texts_drive_no_terminal_and_no_markup(command: Call, filled: Path) -> None:
    folder = open_study(filled)
    evil = MEND.model_copy(update={"label": EVIL})
    book = draft(folder, (evil, BUY))
    propose(folder, begin(folder, book), [revised("include", evil, include=(EVIL,))])
    folder.close()
    for words in ((), ("--all",), ("show", 3)):
        out = command("revisions", filled, *words).out
        assert "\x1b" not in out
        assert "\u202e" not in out
        assert "[bold]rule[/bold]" in out
    command("revisions", filled, "export", "evil.toml")
    assert "\x1b" not in Path("evil.toml").read_text()
    assert read_answers(Path("evil.toml")).answers == ()


def test_an_answers_file_to_fill_in(command: Call, waiting: Path) -> None:
    out = command("revisions", waiting, "export", "answers.toml", "--by", "ana").out
    assert "6 revisions to answer" in out
    file = Path("answers.toml")
    text = file.read_text()
    assert "# Revision 4, mending: definition changed: Somebody mends a thing oneself." in text
    assert read_answers(file).by == "ana"
    file.write_text(
        "\n".join(line.removeprefix("# ") if "[[" in line or " = " in line else line for line in text.splitlines())
    )
    assert [one.revision for one in read_answers(file).answers] == [4, 5, 6, 7, 8, 9]
    assert "there is such a file" in command("revisions", waiting, "export", "answers.toml", code=2).err
    assert (
        "a file of the study itself" in command("revisions", waiting, "export", waiting / "study.toml", code=2).err
    )


@pytest.fixture
def developed(command: Call, made: Path, interviews: list[Path]) -> Path:
    """A study whose codebook was tried on a sample, and waits for people."""
    replace(made / "study.toml", context_before="0")
    command("import", made, *interviews, "--unit", "turn")
    folder = open_study(made)
    tags = Revision(
        kind="add",
        after=(BUY.model_copy(update={"id": "c_q", "label": "questions", "kind": "pattern", "pattern": r"\?"}),),
    )
    codes = [MEND, BUY.model_copy(update={"definition": "Shops sell parts or do not."})]
    revise_by_hand(
        folder.engine, folder.study.id, [*(Revision(kind="add", after=(code,)) for code in codes), tags], "ana"
    )
    folder.close()
    command("run", "codevelop", made, "-n", 30, code=3)
    return made


def test_a_round_is_looked_at_answered_and_goes_on(command: Call, developed: Path) -> None:
    waiting = [one["number"] for one in command("revisions", developed, "--json").objects]
    assert waiting
    out = command("revisions", developed, "show", waiting[0]).out
    assert "It rests on 1 passage:" in out
    assert "reader: " in out
    assert re.search(r"  1\. \S+\.txt, \w+: ", out)
    assert "»" in out
    assert "scripted:words, prompt reviser/" in out
    shown = command("revisions", developed, "show", waiting[0], "--json").objects[0]
    assert {said["role"] for passage in shown["passages"] for said in passage["said"]} >= {"coder"}

    command("revisions", developed, "approve", waiting[0], "--by", "ana")
    for number in waiting[1:]:
        command("revisions", developed, "reject", number, "--note", "No.", "--by", "ana")
    done = command("run", "codevelop", developed, code=3) if waiting else None
    assert done is not None
    applied = command("revisions", developed, "--all", "--json").objects[waiting[0] - 1]
    assert (applied["status"], applied["version"]) == ("approved", 2)


def test_what_failed_in_the_last_round_of_development_is_asked_again(
    command: Call, made: Path, interviews: list[Path]
) -> None:
    command("import", made, *interviews, "--unit", "turn")
    folder = open_study(made)
    added = [Revision(kind="add", after=(code,)) for code in (MEND, BUY)]
    revise_by_hand(folder.engine, folder.study.id, added, "ana")
    folder.close()
    settings = made / "study.toml"
    settings.write_text(settings.read_text().replace("scripted:words", "scripted:flaky"))
    out = command("run", "codevelop", made, "-n", 40, code=3).out
    assert f"Ask them again: intercoder run codevelop {made} --new" in out
    assert f"`intercoder run codevelop {made} --new`" in command("retry", made, code=2).err

    for one in command("revisions", made, "--json").objects:
        command("revisions", made, "reject", one["number"], "--note", "No.", "--by", "ana")
    done = command("run", "codevelop", made, "--json", code=1).objects[-1]
    assert done["failures"] > 0
    assert "intercoder retry" in command("status", made).out
    again = command("retry", made, "--json", code=3).objects
    progress = [one for one in again if one["kind"] == "progress"][-1]
    assert progress["calls"] == done["failures"] == 36
    assert progress["recalled"] == progress["asked"] == 160
    assert (again[-1]["round"], again[-1]["failures"]) == (2, 4)


def test_a_codes_page_shows_numbers_words_and_passages(command: Call, developed: Path) -> None:
    out = command("revisions", developed, "page", "Mending").out
    assert "Round 1 of codevelop-1, codebook version 1, 30 segments." in out
    for column in ("Yes", "No", "unsure", "p (Holm)", "kappa", "95% interval", "in words"):
        assert column in out
    assert re.search(r"\nNo:\n  1\. \S+\.txt, \w+: ", out)
    assert "fail" not in out
    pages = command("revisions", developed, "page", "--json").objects
    assert [page["label"] for page in pages] == ["mending", "buying", "questions"]
    (coder,) = pages[0]["coders"]
    assert coder["yes"] + coder["no"] + coder["unsure"] == 30
    (exact,) = pages[2]["coders"]
    assert exact["in_words"] == "exact: found by a pattern"
    assert exact["p"] is None


def test_a_page_of_a_codebook_that_was_never_tried_is_refused(command: Call, filled: Path) -> None:
    err = command("revisions", filled, "page", code=2).err
    assert "no codebook was tried" in err
    assert "intercoder run codevelop" in err
