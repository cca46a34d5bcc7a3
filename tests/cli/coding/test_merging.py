"""`merge` and `themes`: what they print, what they refuse, and how they are stopped."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from intercoder.cli.coding import progress
from tests.cli.conftest import Call, call, use_scripted
from tests.graphs.conftest import lines


@pytest.fixture(scope="module")
def coded_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with a finished run of 40 segments."""
    folder = tmp_path_factory.mktemp("coded")
    assert call("init", folder / "study", "--question", "Why do people repair things?").code == 0
    use_scripted(folder / "study")
    (folder / "notes.txt").write_text(lines(40), encoding="utf-8")
    assert call("import", folder / "study", folder / "notes.txt", "--unit", "paragraph").code == 0
    assert call("run", "inductive", folder / "study").code == 0
    return folder / "study"


@pytest.fixture
def coded(coded_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(coded_once, tmp_path / "study"))


def test_a_merge_shows_its_merges_the_codebook_and_how_to_undo_it(command: Call, coded: Path) -> None:
    done = command("merge", coded, "--lower", "0.6", "--upper", "0.8")
    beginning, first = done.err.splitlines()[:2]
    assert beginning == "merge-1: labels into concepts"
    assert re.fullmatch(r"merge-1: stage 1, spelling: \d+ concepts, \d+ merged", first)
    assert done.out.startswith("Merges of merge-1")
    assert "Codebook 2" in done.out
    assert done.out.splitlines()[-1] == f"To undo: intercoder merge {coded} --undo merge-1"
    undone = command("merge", coded, "--undo", "merge-1").out
    assert undone.startswith("merge-1 is undone: codebook version 3 has the ")
    assert "undone already" in command("merge", coded, "--undo", "merge-1", code=2).err
    assert re.search(r"merge-1 +undone", command("status", coded).out)


def test_what_was_exported_is_exported_under_the_merged_codes(command: Call, coded: Path, tmp_path: Path) -> None:
    command("merge", coded, "--stage", "2", "--lower", "0.8")
    assert "decisions of merge-1" in command("export", coded, tmp_path / "a.csv", "--to", "csv").out
    assert (
        "decisions of inductive-1"
        in command("export", coded, tmp_path / "b.csv", "--to", "csv", "--run", "inductive-1").out
    )
    assert (tmp_path / "a.csv").read_text() != (tmp_path / "b.csv").read_text()
    command("merge", coded, "--undo", "merge-1")
    assert "decisions of inductive-1" in command("export", coded, tmp_path / "c.csv", "--to", "csv").out
    assert (tmp_path / "c.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_pairs_next_to_the_threshold_are_shown_and_nothing_is_merged(command: Call, coded: Path) -> None:
    out = command("merge", coded, "--inspect", "--lower", "0.5").out
    assert "Just under 0.5: tend to merge" in out
    assert "Just over 0.5: tend to stay apart" in out
    pairs = command("merge", coded, "--inspect", "--lower", "0.5", "--json").objects
    assert {pair["side"] for pair in pairs} == {"under", "over"}
    assert all((pair["distance"] <= 0.5) == (pair["side"] == "under") for pair in pairs)
    assert [run["id"] for run in command("status", coded, "--json").objects[0]["runs"]] == ["inductive-1"]


def test_a_dry_run_calls_nobody_and_says_what_is_missing(command: Call, coded: Path) -> None:
    out = command("merge", coded, "--dry-run").out
    assert "stages 1 to 4, thresholds 0.32 and 0.55. Nothing was called." in out
    assert re.search(r"scripted:words +labels, definitions, passages +this machine", out)
    (plan,) = command("merge", coded, "--dry-run", "--stage", "2", "--json").objects
    assert (plan["kind"], plan["definitions"], plan["definer"]) == ("plan", 0, "")
    out = command("merge", coded, "--dry-run", "--model", "openai:m@https://api.example.org/v1").out
    assert "api.example.org" in out
    assert "Would not start: " in out
    command("merge", coded, "--model", "openai:m@https://api.example.org/v1", code=2)
    assert [run["id"] for run in command("status", coded, "--json").objects[0]["runs"]] == ["inductive-1"]


def test_programs_get_one_object_a_line(command: Call, coded: Path) -> None:
    events = command("merge", coded, "--lower", "0.6", "--upper", "0.8", "--json")
    assert events.err == ""
    assert [events.objects[0]["kind"], events.objects[-1]["kind"]] == ["begin", "done"]
    assert {event["kind"] for event in events.objects} == {"begin", "step", "progress", "done"}
    done = events.objects[-1]
    assert done["labels"] > done["concepts"] >= done["codes"]
    assert command("merge", coded, "--undo", "merge-1", "--json").objects[0]["codebook_version"] == 3
    themes = command("themes", coded, "--json").objects
    assert [themes[0]["kind"], themes[-1]["kind"]] == ["begin", "done"]
    before = command("merge", coded, "--dry-run", "--json").objects[0]
    assert (before["run"], before["labels"]) == ("inductive-1", done["labels"])
    assert command("themes", coded, "--accept", "--json").objects[0]["kind"] == "accepted"


def test_themes_are_proposed_accepted_and_shown_above_their_codes(command: Call, coded: Path) -> None:
    out = command("themes", coded).out
    assert out.startswith("Themes of themes-1")
    assert out.splitlines()[-1] == f"To accept them: intercoder themes {coded} --accept"
    assert not re.search(r"^ {3}\S", command("codebook", "show", coded).out, re.MULTILINE)
    assert "accepted: codebook version 2" in command("themes", coded, "--accept").out
    shown = command("codebook", "show", coded).out
    assert re.search(r"^ \S.*\n( {6,}.*\n)*^ {3}\S", shown, re.MULTILINE)  # a code stands indented below its theme
    assert "find themes anew" in command("themes", coded, "--accept", code=2).err.lower()


@contextmanager
def impatient(*, json: bool) -> Iterator[Callable[[dict[str, Any]], None]]:
    def listen(event: dict[str, Any]) -> None:
        if event["kind"] == "step" and event["stage"] == 3:
            raise KeyboardInterrupt

    yield listen


def test_a_merge_that_is_stopped_says_so_and_resume_finishes_it(
    command: Call, coded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(progress, "listener", impatient)
        done = command("merge", coded, code=130)
    assert done.out.splitlines()[-1] == f"Go on with: intercoder resume {coded}"
    assert re.match(r"Stopped\. Kept: 0 answers, 2 of 5 steps settled\.", done.out)
    assert command("status", coded).out.splitlines()[-1] == f"Next: intercoder resume {coded}"
    assert "is not finished" in command("merge", coded, "--undo", "merge-1", code=2).err
    resumed = command("resume", coded)
    assert resumed.err.splitlines()[0] == "merge-1: going on after step 2"
    assert "To undo: intercoder merge" in resumed.out


def test_failures_are_listed_with_exit_code_1_and_merging_again_asks_for_them(command: Call, coded: Path) -> None:
    done = command("merge", coded, "--model", "scripted:broken", code=1)
    assert re.search(r"\d+ answers failed", done.out)
    assert done.out.splitlines()[-1] == f"Next: intercoder merge {coded} --run inductive-1"
    view = command("status", coded, "--json").objects[0]
    assert {failure["coder"] for failure in view["failures"]} == {"definer"}
    assert "nothing to retry" in command("retry", coded).out
    command("merge", coded)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--lower", "0.6", "--upper", "0.5"], "lower must not be above upper"),
        (["--lower", "3"], "--lower: input should be less than or equal to 2"),
        (["--upper", "nan"], "--upper: "),
        (["--run", "inductive-7"], "there is no run `inductive-7`"),
        (["--undo", "inductive-1"], "is not a merge"),
        (["--undo", "merge-1"], "there is no run `merge-1`"),
        (["--undo", "merge-1", "--inspect"], "each stand alone"),
        (["--model", "gpt-4"], "A reference begins with its backend"),
        (["--stage", "5"], "'--stage': Input should be"),
    ],
)
def test_wrong_arguments_are_named(command: Call, coded: Path, arguments: list[str], said: str) -> None:
    assert said in " ".join(re.sub("[│╭╰─╮╯]", " ", command("merge", coded, *arguments, code=2).err).split())


def test_a_study_without_a_run_has_nothing_to_merge(command: Call, filled: Path) -> None:
    assert "intercoder run inductive" in command("merge", filled, code=2).err
    assert "intercoder run inductive" in command("merge", filled, "--inspect", code=2).err
    assert "no codebook yet" in command("themes", filled, code=2).err
    assert "no themes were proposed yet" in command("themes", filled, "--accept", code=2).err
