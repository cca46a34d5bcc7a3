"""`train lora --grid`: what is refused before anything is trained."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Call

BASES = ["--bases", "embedded:smollm2-135m"]


@pytest.fixture
def codes(tmp_path: Path) -> Path:
    file = tmp_path / "codes.jsonl"
    lines = [{"quote": f"I mend thing {n}.", "code": "pride"} for n in range(4)]
    file.write_text("".join(f"{json.dumps(one)}\n" for one in lines), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "an adapter needs its base"),
        (["--base", "embedded:smollm2-135m"], "an adapter needs its prompt"),
        (["--grid", "nowhere.toml"], "the file cannot be read"),
        ([*BASES, "--grid", "nowhere.toml"], "names its bases itself"),
        ([*BASES, "--prompt", "expert_angle"], "a grid has many"),
        ([*BASES, "--name", "mine"], "a grid has many"),
        ([*BASES, "--set", "held_out=0"], "none is held out"),
        ([*BASES, "--set", "ranks=1"], "no setting `ranks`"),
    ],
)
def test_what_cannot_be_trained_is_told(codes: Path, command: Call, options: list[str], told: str) -> None:
    done = command("train", "lora", codes, *options, code=2)
    assert told in done.err
    assert "->" in done.err
    assert not Path("adapters").exists()


def test_cells_that_fail_are_listed_and_told_apart(codes: Path, command: Call, tmp_path: Path) -> None:
    bases = f"hf:{tmp_path / 'one'},hf:{tmp_path / 'two'}"
    done = command(
        *("train", "lora", codes, "--bases", bases, "--prompts", "expert_angle", "--endings", "full_stop", "--csv"),
        code=1,
    )
    assert len(done.out.splitlines()) == 3
    assert "There is no such folder" in done.out
    assert "2 of 2 cells failed" in done.err
