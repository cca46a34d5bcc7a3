"""`train select`, as people use it."""

import csv
import json
import subprocess
from pathlib import Path

import pytest

from intercoder.core.study_toml import parse_study
from intercoder.stores.lease import Lease
from intercoder.stores.study_folder import open_study
from tests.cli.conftest import Call, command_line

CODES = [
    {"quote": "I mend my own clothes because nobody else does it well.", "code": "pride in mending"},
    {"quote": "Shops no longer sell parts for the kettle, so it went to the dump.", "code": "missing parts"},
    {"quote": "My neighbour borrowed our ladder and repaired the roof with it.", "code": "help among neighbours"},
    {"quote": "My neighbour borrowed our ladder and repaired the roof with it.", "code": "sharing tools"},
]
BOOK = "codes:\n  - label: neighbour help\n  - label: worn clothes\n"


@pytest.fixture(autouse=True)
def _nothing_pulled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No weights are loaded here: what needs them is undefined."""
    monkeypatch.setenv("INTERCODER_MODELS", str(tmp_path / "models"))


@pytest.fixture
def codes(tmp_path: Path) -> Path:
    file = tmp_path / "codes.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in CODES), encoding="utf-8")
    return file


@pytest.fixture
def coded(filled: Path, command: Call, tmp_path: Path) -> Path:
    """A study in which Ana coded two of the segments."""
    (tmp_path / "book.yaml").write_text(BOOK, encoding="utf-8")
    command("codebook", "import", filled, tmp_path / "book.yaml")
    command("sample", filled, "pilot", "-n", 4, "--coder", "ana")
    sheet = filled / "exports" / "pilot-ana.csv"
    with sheet.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with sheet.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerow(rows[0] | {"worn clothes": "yes", "neighbour help": "no"})
        writer.writerow(rows[2] | {"neighbour help": "yes"})
    command("import-coding", filled, sheet)
    return filled


def test_candidates_of_a_file_are_ranked_and_printed_for_study_toml(codes: Path, command: Call) -> None:
    done = command(
        "train", "select", codes, "-m", "scripted:words", "-m", "scripted:broken", "--shots", "0,2", "-k", 1
    )
    assert "words-expert_angle-0" in done.out
    pasted = done.out[done.out.index("[[coders]]") :]
    (coder,) = parse_study(f'question = "Why?"\n{pasted}').coders
    assert (coder.model, coder.prompt) == ("scripted:words", "expert_angle")
    assert "With 3 items the order is mostly chance" in done.err
    assert "BERTScore is undefined without an encoder: `intercoder models pull minilm-l6`" in done.err


def test_programs_get_one_object_a_candidate(codes: Path, command: Call) -> None:
    done = command(
        *("train", "select", codes, "-m", "scripted:words", "-m", "scripted:broken", "--shots", "0", "--json"),
        *("--prompts", "expert_angle,simplified_task", "--endings", "both"),
    )
    rows = done.objects
    assert len(rows) == 8
    assert {row["failures"] for row in rows if row["model"] == "scripted:broken"} == {3}
    assert [row["kept"] for row in rows] == ["yes"] * 3 + ["no"] * 5
    assert rows[-1]["rouge1"] == 0
    assert {row["ending"] for row in rows} == {"full_stop", "line_break"}


def test_what_was_answered_is_not_asked_again(codes: Path, command: Call) -> None:
    ask = ("train", "select", codes, "-m", "scripted:words", "--shots", "0", "--json")
    first, again = command(*ask).objects, command(*ask).objects
    assert all(row["seconds"] is not None for row in first)
    assert all(row["seconds"] is None for row in again)
    hidden = {"seconds": 0}
    assert [row | hidden for row in first] == [row | hidden for row in again]
    assert codes.with_name("codes.jsonl.answers.db").is_file()


def test_a_selection_that_was_killed_goes_on(codes: Path, command: Call, tmp_path: Path) -> None:
    ask = (
        "train",
        "select",
        codes,
        "-m",
        "scripted:words",
        "--prompts",
        "expert_angle",
        "--shots",
        "0-5",
        "--json",
    )
    killed = subprocess.Popen(command_line(*ask), cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert killed.stderr is not None
    for line in killed.stderr:
        if b"words-expert_angle-2" in line:
            break
    killed.kill()
    killed.wait()
    killed.stderr.close()
    seconds = {row["shots"]: row["seconds"] for row in command(*ask).objects}
    assert seconds[0] is None
    assert seconds[1] is None


def test_answers_may_be_kept_elsewhere(codes: Path, command: Call, tmp_path: Path) -> None:
    command("train", "select", codes, "-m", "scripted:words", "--shots", "0", "--log", tmp_path / "kept.db")
    assert (tmp_path / "kept.db").is_file()
    assert not codes.with_name("codes.jsonl.answers.db").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--write"], "no study.toml to write to"),
        (["--shots", "9"], "numbers of worked examples"),
        (["-n", "7"], "7 items are asked for, and people coded 3"),
        (["--prompts", "nope"], "no coder prompt `nope`"),
        (["--adapter", "nowhere"], "nowhere"),
        (["-m", "embedded:nope"], "nope"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_asked(
    codes: Path, command: Call, options: list[str], told: str
) -> None:
    model = [] if "-m" in options else ["-m", "scripted:words"]
    done = command("train", "select", codes, *model, *options, code=2)
    assert told in done.err
    assert "->" in done.err
    assert "questions" not in done.err


def test_a_study_that_nobody_coded_in_says_what_to_do(filled: Path, command: Call) -> None:
    done = command("train", "select", filled, code=2)
    assert "no pairs of quote and code" in done.err
    assert "intercoder review" in done.err


def test_the_kept_coders_are_written_into_study_toml(coded: Path, command: Call) -> None:
    before = (coded / "study.toml").read_text(encoding="utf-8")
    done = command("train", "select", coded, "--shots", "0,1", "--prompts", "all", "-k", 2, "--write")
    after = (coded / "study.toml").read_text(encoding="utf-8")
    assert [coder.shots for coder in open_study(coded).study.coders] == [0, 0]
    assert before.partition("[[coders]]")[0] == after.partition("[[coders]]")[0]
    assert before.partition("# Moderators")[2] == after.partition("# Moderators")[2]
    assert "2 coders written" in done.out
    command("run", "inductive", coded)


def test_writing_is_refused_while_a_run_is_going(coded: Path, command: Call) -> None:
    folder = open_study(coded)
    with Lease(folder.engine, folder.study.id, "inductive-1"):
        done = command("train", "select", coded, "--shots", "0", "--write", code=2)
    assert "inductive-1" in done.err
    assert "questions" not in done.err
