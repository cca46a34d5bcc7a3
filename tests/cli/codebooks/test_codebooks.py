"""People and the codebook: bringing it in, editing it, comparing versions, going back, and colliding."""

import csv
import getpass
import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from intercoder.stores.codebooks.revisions import recorded_revisions
from intercoder.stores.study_folder import open_study
from tests.cli.conftest import Call, command_line

DRAFT = """\
# Our first draft
allow_unsure: true
codes:
- label: mending   # the core
  definition: Somebody mends a thing themselves.
  include:
  - clothes
  examples:
  - I mend my own clothes
- label: discarding
  definition: A thing goes to the dump.
- label: hashtags
  kind: pattern
  pattern: '#\\w+'
"""


@pytest.fixture
def drafted(command: Call, made: Path, tmp_path: Path) -> Path:
    """A study whose first codebook version is DRAFT."""
    (tmp_path / "draft.yaml").write_text(DRAFT, encoding="utf-8")
    command("codebook", "import", made, "draft.yaml", "--author", "ana")
    return made


@pytest.fixture
def copy(drafted: Path, tmp_path: Path) -> Path:
    """A copy of version 1 that somebody edits elsewhere."""
    file = tmp_path / "copy.yaml"
    file.write_text((drafted / "codebook.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    return file


def replace_in(file: Path, *pairs: tuple[str, str]) -> None:
    text = file.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")


def test_a_first_codebook_is_brought_in(command: Call, made: Path, tmp_path: Path) -> None:
    (tmp_path / "draft.yaml").write_text(DRAFT, encoding="utf-8")
    told = command("codebook", "import", made, "draft.yaml", "--author", "ana", "--note", "to begin with").out
    assert told.splitlines()[:2] == ["The codebook", "  coders may say `unsure`"]
    assert (
        "mending\n  added\n    + definition: Somebody mends a thing themselves.\n    + include: clothes\n" in told
    )
    assert told.endswith(f"Codebook version 1: 3 codes.\nNext: intercoder run codevelop {made}\n")
    revisions = recorded_revisions(open_study(made).engine, open_study(made).study.id)
    assert {one.revision.author for one in revisions} == {"ana"}
    assert {one.answer.note for one in revisions if one.answer} == {"to begin with"}
    text = (made / "codebook.yaml").read_text(encoding="utf-8")
    assert text.startswith("# Our first draft\nversion: 1\nhash: ")
    assert "  label: mending   # the core\n" in text
    again = command("codebook", "import", made, "draft.yaml").out
    assert again == "Nothing to change: codebook version 1 says the same.\n"


def test_codes_that_a_file_without_a_version_does_not_have_are_dropped(
    command: Call, drafted: Path, tmp_path: Path
) -> None:
    (tmp_path / "new.yaml").write_text("codes:\n- label: Mending\n  definition: Repairing.\n", encoding="utf-8")
    told = command("codebook", "import", drafted, "new.yaml").out
    assert "discarding\n  dropped\n    - definition: A thing goes to the dump.\n" in told
    assert "compared with version 1: 2 codes that it does not have were dropped." in told
    assert getpass.getuser() in command("codebook", "versions", drafted).out


def test_tables_come_back_too(command: Call, drafted: Path, tmp_path: Path) -> None:
    for form in ("csv", "md"):
        file = tmp_path / f"book.{form}"
        file.write_text(command("codebook", "show", drafted, "--format", form).out, encoding="utf-8")
        assert "Nothing to change" in command("codebook", "import", drafted, file).out
        replace_in(file, ("Somebody mends", f"Anybody in {form} mends"))
        assert f"+ Anybody in {form} mends a thing" in command("codebook", "import", drafted, file).out
        command("codebook", "undo", drafted)


def test_changes_of_two_people_go_together(command: Call, drafted: Path, copy: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.yaml"
    theirs.write_text(copy.read_text(encoding="utf-8"), encoding="utf-8")
    replace_in(
        theirs, ("thing themselves", "thing themselves or with friends"), ("- clothes", "- clothes\n  - shoes")
    )
    command("codebook", "import", drafted, theirs, "--author", "ben")
    replace_in(copy, ("goes to the dump", "is thrown out"), ("- clothes", "- clothes\n  - tools"))
    told = command("codebook", "import", drafted, copy, "--author", "cara").out
    assert "- A thing goes to the dump.\n    + A thing is thrown out.\n" in told
    assert "The file was made from version 1; what version 2 changed is kept." in told
    rows = list(csv.DictReader(command("codebook", "show", drafted, "--format", "csv").out.splitlines()))
    assert rows[0]["definition"] == "Somebody mends a thing themselves or with friends."
    assert rows[0]["include"] == "clothes | shoes | tools"
    assert "Nothing to change: codebook version 3" in command("codebook", "import", drafted, copy).out


def test_where_two_people_changed_the_same_all_three_are_shown(command: Call, drafted: Path, copy: Path) -> None:
    mine = copy.with_name("mine.yaml")
    mine.write_text(copy.read_text(encoding="utf-8"), encoding="utf-8")
    replace_in(copy, ("thing themselves", "thing with friends"))
    command("codebook", "import", drafted, copy, "--author", "ben")
    command("codebook", "import", drafted, copy.with_name("draft.yaml"), "--author", "eve")
    command("codebook", "undo", drafted, "--author", "ben")
    replace_in(mine, ("thing themselves", "thing alone"), ("label: discarding", "label: throwing out"))
    before = command("codebook", "versions", drafted).out
    error = command("codebook", "import", drafted, mine, code=2).err
    assert error == (
        f"error: {mine}: was made from version 1, and differs from version 4 in one place that both changed. "
        "Nothing was imported.\n"
        "  mending: definition\n"
        "    version 1:\n"
        "      Somebody mends a thing themselves.\n"
        "    your file:\n"
        "      Somebody mends a thing alone.\n"
        "    version 4 (changed by ben in version 4):\n"
        "      Somebody mends a thing with friends.\n"
        "  -> Write there what version 4 says and import the file again; then change these places with "
        f"`intercoder codebook edit {drafted}`.\n"
    )
    assert command("codebook", "versions", drafted).out == before
    replace_in(mine, ("thing alone", "thing with friends"))
    assert "renamed\n    - discarding\n    + throwing out\n" in command("codebook", "import", drafted, mine).out


def test_a_code_added_twice_under_one_label_is_refused(command: Call, drafted: Path, copy: Path) -> None:
    mine = copy.with_name("mine.yaml")
    mine.write_text(copy.read_text(encoding="utf-8") + "- id: c_mine\n  label: Borrowing\n", encoding="utf-8")
    copy.write_text(copy.read_text(encoding="utf-8") + "- label: borrowing\n", encoding="utf-8")
    command("codebook", "import", drafted, copy)
    error = command("codebook", "import", drafted, mine, code=2).err
    assert "two codes have the label 'Borrowing'" in error


def test_a_file_of_another_study_is_refused_until_its_head_is_taken_out(
    command: Call, drafted: Path, copy: Path
) -> None:
    replace_in(copy, ("version: 1", "version: 9"))
    error = command("codebook", "import", drafted, copy, code=2).err
    assert "was made from codebook version 9, which this study does not have." in error
    copy.write_text(
        re.sub(r"hash: \w+", "hash: 0123456789ab", copy.read_text().replace("version: 9", "version: 1"))
    )
    error = command("codebook", "import", drafted, copy, code=2).err
    assert "take `version` and `hash` out of its head" in error
    copy.write_text(re.sub(r"(version|hash): \w+\n", "", copy.read_text()))
    assert "Nothing to change" in command("codebook", "import", drafted, copy).out


def test_the_studys_own_file_is_read_and_brought_up_to_date(command: Call, drafted: Path) -> None:
    own = drafted / "codebook.yaml"
    replace_in(own, ("label: discarding", "label: throwing out  # or recycling?"))
    command("codebook", "import", drafted, own)
    text = own.read_text(encoding="utf-8")
    assert "label: throwing out  # or recycling?\n" in text
    assert "version: 2\n" in text
    assert command("codebook", "import", drafted, own).out.startswith("Nothing to change: codebook version 2")


def test_edits_that_were_not_imported_survive_what_others_do(command: Call, drafted: Path, copy: Path) -> None:
    own = drafted / "codebook.yaml"
    replace_in(own, ("label: discarding", "label: throwing out"))
    mine = own.read_text(encoding="utf-8")
    replace_in(copy, ("thing themselves", "thing alone"))
    told = command("codebook", "import", drafted, copy).out
    assert own.read_text(encoding="utf-8") == mine
    new = drafted / "codebook.new.yaml"
    assert f"{own} has edits that were not imported (made from version 1), so it was left as it is." in told
    assert f"Version 2 stands in {new}." in told
    assert f"intercoder codebook import {drafted} {own}\n" in told
    command("codebook", "import", drafted, own)
    assert not new.exists()
    text = own.read_text(encoding="utf-8")
    assert "throwing out" in text
    assert "thing alone" in text


def test_a_syntax_error_is_named_and_the_last_good_version_stays(command: Call, drafted: Path) -> None:
    own = drafted / "codebook.yaml"
    replace_in(own, ("  definition: A thing goes", " definition: A thing goes"))
    broken = own.read_text(encoding="utf-8")
    error = command("codebook", "import", drafted, own, code=2).err
    assert re.match(rf"error: {re.escape(str(own))}:line \d+, column \d+: is no YAML: ", error)
    assert "Codebook 1" in command("codebook", "show", drafted).out
    assert own.read_text(encoding="utf-8") == broken


def test_a_codebook_is_taken_from_a_run(command: Call, filled: Path) -> None:
    command("run", "inductive", filled)
    assert "Nothing to change" in command("codebook", "import", filled, "--from-run", "inductive-1").out
    first = command("codebook", "show", filled, "--format", "csv").out
    (filled.parent / "b.yaml").write_text("codes: [{label: one}]", encoding="utf-8")
    command("codebook", "import", filled, "b.yaml")
    told = command("codebook", "import", filled, "--from-run", "inductive-1", "--author", "ana").out
    assert "It equals version 1.\n" in told
    assert re.sub("version 1", "version 3", first) == command("codebook", "show", filled, "--format", "csv").out
    assert "merge-1" in command("codebook", "import", filled, "--from-run", "merge-1", code=2).err
    error = command("codebook", "import", filled, code=2).err
    assert error.startswith("error: name either a file or a run.")


def test_undo_makes_a_new_version_equal_to_an_old_one(command: Call, drafted: Path, copy: Path) -> None:
    replace_in(copy, ("label: discarding", "label: throwing out"))
    command("codebook", "import", drafted, copy)
    told = command("codebook", "undo", drafted, "--author", "ana").out
    assert "throwing out\n  renamed\n    - throwing out\n    + discarding\n" in told
    assert "Codebook version 3: 3 codes.\nIt equals version 1.\n" in told
    old, new = (command("codebook", "show", drafted, "--version", n, "--format", "yaml").out for n in (1, 3))
    assert old.replace("version: 1", "version: 3") == new
    assert "Nothing to change" in command("codebook", "undo", drafted, "--to", "1").out
    assert "there is no codebook version 9" in command("codebook", "undo", drafted, "--to", "9", code=2).err


def test_there_is_nothing_before_the_first_version(command: Call, drafted: Path, templates: Path) -> None:
    assert "there is no version before this one" in command("codebook", "undo", drafted, code=2).err
    for words in (["show"], ["undo"], ["versions"], ["diff"]):
        error = command("codebook", words[0], templates / "empty", code=2).err
        assert "the study has no codebook yet" in error
        assert "codebook edit" in error


def test_versions_are_listed_and_compared(command: Call, drafted: Path, copy: Path) -> None:
    replace_in(copy, ("thing themselves", "thing alone"), ("- clothes\n", "- clothes and shoes\n"))
    command("codebook", "import", drafted, copy, "--author", "ben")
    listed = command("codebook", "versions", drafted).out
    assert re.search(r"2 +\d{4}-\d\d-\d\d \d\d:\d\d +ben +3 +1 redefined, include rules of 1 code", listed)
    assert re.search(r"1 +\d{4}-\d\d-\d\d \d\d:\d\d +ana +3 +settings, 3 added", listed)
    text = command("codebook", "diff", drafted).out
    assert text == command("codebook", "diff", drafted, 1, 2).out
    assert text == (
        "Codebook, version 1 to 2\nmending\n"
        "  definition changed\n    - Somebody mends a thing themselves.\n    + Somebody mends a thing alone.\n"
        "  include rule added\n    + clothes and shoes\n"
    ).replace("  include rule added\n", "  include rule changed\n    - clothes\n")
    assert "- Somebody mends a thing alone." in command("codebook", "diff", drafted, 2, 1).out
    markdown = command("codebook", "diff", drafted, 1, 2, "--format", "md").out
    assert markdown.startswith("# Codebook, version 1 to 2\n\n## mending\n\n- definition changed\n")
    assert "  - Somebody mends a thing ~~themselves.~~\n  - Somebody mends a thing **alone.**\n" in markdown
    assert command("codebook", "diff", drafted, 2, 2).out == "Codebook, version 2 to 2: no difference\n"


def test_what_codes_mean_is_shown(command: Call, drafted: Path) -> None:
    shown = command("codebook", "show", drafted).out
    assert "Codebook 1, 3 codes: `unsure` is allowed" in shown
    for words in (
        "include: clothes",
        "pattern: #\\w+",
        'e.g. "I mend my own clothes"',
        "A thing goes to the dump.",
    ):
        assert words in shown


def editor(folder: Path, script: str) -> Path:
    """An editor that changes its file as a shell script says; the file is $1."""
    file = folder / "editor.sh"
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)
    return file


def at_terminal(*words: object, answers: str = "", **variables: str) -> tuple[int, str]:
    """Run a command at a terminal of 80 columns; `answers` are typed ahead. Its exit code and what it shows."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "80", "TERM": "xterm", **variables}
    process = subprocess.Popen(
        command_line(*words), stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    )
    os.close(theirs)
    os.write(ours, answers.encode())
    shown = b""
    while part := _read(ours):
        shown += part
    os.close(ours)
    return process.wait(60), shown.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the program closed it
        return b""


def plain(shown: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", shown)


def edit(study: Path, program: Path, *more: str, answers: str = "") -> tuple[int, str]:
    code, shown = at_terminal("codebook", "edit", study, *more, answers=answers, VISUAL="", EDITOR=str(program))
    return code, plain(shown)


@pytest.mark.parametrize("words", [["show"], ["diff"], ["versions"], ["show", "-f", "yaml"], ["diff", "-f", "md"]])
def test_nothing_in_a_codebook_drives_a_terminal(
    command: Call, words: list[str], drafted: Path, copy: Path
) -> None:
    replace_in(
        copy,
        ("a thing themselves.", f'"[red]{"very " * 40}\\e[2J\\u202e"'),
        ("definition: Somebody", "definition:"),
    )
    replace_in(copy, ("definition: mends ", "definition: "), ("label: discarding", 'label: "[bold]bin\\u0007"'))
    command("codebook", "import", drafted, copy)
    code, shown = at_terminal("codebook", *words[:1], drafted, *words[1:])
    assert code == 0
    assert not re.search("[\x07\u202e]|\x1b(?!\\[[0-9;]*m)", shown)
    if words != ["versions"]:
        assert "bin\\" in plain(shown)
    lines = [line for line in plain(shown).split("\n") if not line.startswith("Next: ")]
    assert max(map(len, lines)) <= 80 or "-f" in words


def test_a_difference_is_in_colour_and_legible_without(command: Call, drafted: Path, copy: Path) -> None:
    replace_in(copy, ("thing themselves", "thing alone"))
    command("codebook", "import", drafted, copy)
    _, shown = at_terminal("codebook", "diff", drafted)
    assert "\x1b[31m- \x1b[0mSomebody mends a thing \x1b[1;31mthemselves.\x1b[0m" in shown
    assert "\x1b[32m+ \x1b[0mSomebody mends a thing \x1b[1;32malone.\x1b[0m" in shown
    assert "    - Somebody mends a thing themselves.\n    + Somebody mends a thing alone.\n" in plain(shown)


def test_edit_takes_in_what_was_saved_and_keeps_comments(drafted: Path, tmp_path: Path) -> None:
    program = editor(tmp_path, "sed -i 's/goes to the dump/is thrown out/; s/# the core/# the very core/' \"$1\"")
    code, shown = edit(drafted, program, "--author", "cara")
    assert code == 0
    assert "    - A thing goes to the dump.\n    + A thing is thrown out.\nCodebook version 2: 3 codes.\n" in shown
    assert "# the very core\n" in (drafted / "codebook.yaml").read_text(encoding="utf-8")


def test_edit_without_a_change_makes_nothing(drafted: Path, tmp_path: Path) -> None:
    before = (drafted / "codebook.yaml").read_bytes()
    assert edit(drafted, editor(tmp_path, 'touch "$1"')) == (0, "Nothing was changed.\n")
    assert (drafted / "codebook.yaml").read_bytes() == before


MISTYPED = """\
if grep -q deffinition "$1"; then sed -i 's/deffinition/definition/' "$1"
else sed -i 's/definition: A thing goes/deffinition: Any thing goes/' "$1"; fi"""


def test_edit_offers_to_go_on_after_an_error(drafted: Path, tmp_path: Path) -> None:
    code, shown = edit(drafted, editor(tmp_path, MISTYPED), answers="y\n")
    assert code == 0
    assert "the key `deffinition` is not known.\n  -> Did you mean `definition`?" in shown
    assert "Edit again?" in shown
    assert "+ Any thing goes to the dump." in shown


def test_what_was_typed_is_kept_when_somebody_gives_up(drafted: Path, tmp_path: Path) -> None:
    code, shown = edit(drafted, editor(tmp_path, MISTYPED), answers="n\n")
    assert code == 2
    (kept,) = set(re.findall(r"Your text is kept: *\s*(\S+codebook\.yaml)", shown))
    assert "deffinition: Any thing goes" in Path(kept).read_text(encoding="utf-8")


def test_where_nobody_can_be_asked_edit_ends_with_the_error(
    command: Call, drafted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", str(editor(tmp_path, MISTYPED)))
    error = command("codebook", "edit", drafted, code=2).err
    assert "Your text is kept: " in error
    monkeypatch.setenv("VISUAL", "no-such-editor --wait")
    assert (
        "the editor `no-such-editor --wait` cannot be started" in command("codebook", "edit", drafted, code=2).err
    )
    monkeypatch.setenv("VISUAL", str(editor(tmp_path, "exit 3")))
    assert "ended with 3" in command("codebook", "edit", drafted, code=2).err


def test_a_first_codebook_is_written_in_the_editor(made: Path, tmp_path: Path) -> None:
    program = editor(tmp_path, "sed -i 's/^- label:$/- label: waiting/' \"$1\"")
    code, shown = edit(made, program)
    assert code == 0
    assert "waiting\n  added\nCodebook version 1: 1 code.\n" in shown


def test_somebody_else_may_change_the_codebook_while_one_edits(
    command: Call, drafted: Path, copy: Path, tmp_path: Path
) -> None:
    replace_in(copy, ("goes to the dump", "is sold"))
    words = " ".join(map(str, command_line("codebook", "import", drafted, copy, "--author", "ben")))
    program = editor(tmp_path, f"{words} > /dev/null\nsed -i 's/goes to the dump/is thrown out/' \"$1\"")
    code, shown = edit(drafted, program, answers="n\n")
    assert code == 2
    assert "version 2 (changed by ben in version 2):\n      A thing is sold." in shown
    assert "Your text is kept: " in shown


def test_single_changes_need_no_editor(command: Call, drafted: Path) -> None:
    told = command("codebook", "rename", drafted, "MENDING", "repairing", "--author", "ben").out
    assert "mending\n  renamed\n    - mending\n    + repairing\nCodebook version 2: 3 codes.\n" in told
    command("codebook", "add", drafted, "keeping", "--definition", "Not thrown out.")
    assert 'now under "keeping"' in command("codebook", "move", drafted, "repairing", "keeping").out
    assert "+ #2190a4" in command("codebook", "recolour", drafted, "repairing", "teal").out
    parts = ("to the dump: Far away.", "to the cellar")
    assert (
        'split into "to the dump" and "to the cellar"'
        in command("codebook", "split", drafted, "discarding", *parts).out
    )
    command("codebook", "merge", drafted, "to the cellar", "to the dump", "--label", "getting rid")
    command("codebook", "drop", drafted, "hashtags", "--note", "nobody uses them")
    told = command("codebook", "show", drafted, "--format", "csv").out
    assert [row["label"] for row in csv.DictReader(told.splitlines())] == ["getting rid", "keeping", "repairing"]
    assert "colour: '#2190a4'" in (drafted / "codebook.yaml").read_text(encoding="utf-8")
    assert "dropped" in command("codebook", "diff", drafted).out
    error = command("codebook", "drop", drafted, "repare", code=2).err
    assert error.startswith("error: CODE: there is no code 'repare' in version 8.\n  -> Did you mean 'repairing'?")


def test_undo_again_and_again_goes_back_change_by_change(command: Call, drafted: Path) -> None:
    command("codebook", "rename", drafted, "mending", "repairing")
    command("codebook", "drop", drafted, "hashtags")
    for equal in (2, 1):
        assert f"It equals version {equal}." in command("codebook", "undo", drafted).out
    assert "there is no version before this one" in command("codebook", "undo", drafted, code=2).err
