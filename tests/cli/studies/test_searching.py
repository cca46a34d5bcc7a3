"""`search` finds segments in the whole study, and says what there is where a name is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import call

ROWS = """id,text,who
1,I repaired the kettle,Ana
2,The kettle went to the dump,Ben
3,[bold]markup[/bold] \x1b[31mred,Ana
4,我们修理旧电器,Ben
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study with a table."""
    path = tmp_path / "study"
    call("init", path, "--question", "What is said?", "--model", "scripted:words")
    (tmp_path / "rows.csv").write_text(ROWS, encoding="utf-8")
    call("import", path, tmp_path / "rows.csv", "--unit", "row", "--text-column", "text", "--id-column", "id")
    return path


def test_words_are_found(study: Path) -> None:
    done = call("search", study, "kett")
    assert "I repaired the kettle" in done.out
    assert "2 segments of 4" in done.out
    assert "[bold]" not in done.out


def test_results_for_programs(study: Path) -> None:
    (one,) = call("search", study, "修理", "--json").objects
    assert (one["place"], one["document"], one["text"], one["codes"]) == (4, "rows.csv#4", "我们修理旧电器", [])
    assert one["segment_id"].startswith("s_")


def test_the_first_few_are_printed(study: Path) -> None:
    done = call("search", study, "--limit", 1)
    assert "4 segments of 4; the first 1 are shown, more with --limit" in done.out
    assert len(call("search", study, "--limit", 3, "--json").objects) == 3


def test_a_text_drives_no_terminal(study: Path) -> None:
    done = call("search", study, "markup")
    assert "[bold]markup[/bold] \\u001b[31mred" in done.out
    assert "\x1b" not in done.out


def test_nothing_found_is_no_error(study: Path) -> None:
    done = call("search", study, "nowhere")
    assert (done.code, done.out.strip()) == (0, "0 segments of 4")


def test_a_document_and_words_go_together(study: Path) -> None:
    assert len(call("search", study, "kettle", "--document", "rows.csv#2", "--json").objects) == 1


@pytest.mark.parametrize("what", ["code", "coder", "speaker", "document"])
def test_a_name_that_is_not_there_is_told(study: Path, what: str) -> None:
    done = call("search", study, f"--{what}", "kettel")
    assert done.code == 2
    assert f"there is no {what} 'kettel'." in done.err


def test_codes_are_shown_and_filtered_by(study: Path) -> None:
    call("run", "inductive", study)
    found = call("search", study, "kettle", "--json").objects
    label = next(label for one in found for label in one["codes"])
    assert all(label in one["codes"] for one in call("search", study, "--code", label, "--json").objects)
    assert "there is no code" in call("search", study, "--code", label + "x").err
