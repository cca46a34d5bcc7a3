"""`train lora` and `train merge` from the command line, on a study and on a file."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from intercoder.cli.coding import progress
from intercoder.cli.training import lora_progress
from intercoder.core.study_toml import parse_study
from intercoder.stores.corpus.samples import Scope, choose
from intercoder.stores.people.hand_coding import HandCoder
from intercoder.stores.study_folder import open_study
from tests.cli.conftest import Call, command_line, replace
from tests.conftest import ROOT
from tests.stores.people.test_human_codings import make_book
from tests.training.adapting import make_base, make_prompts, write_lines, write_pairs

pytest.importorskip("torch")
pytest.importorskip("peft")
QUICK = ("--set", "rank=4", "--set", "batch_size=2", "--set", "max_length=4096", "--set", "dtype='float32'")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"hf:{make_base(tmp_path_factory.mktemp('bases') / 'tiny')}"


@pytest.fixture
def study(filled: Path) -> Path:
    """A study of which two segments are coded, and whose prompts are short."""
    folder = open_study(filled)
    make_prompts(filled / "prompts")
    book = make_book(folder)
    ana = HandCoder(folder.engine, folder.study.id, "ana")
    for row, code in zip(choose(folder.engine, folder.study.id, Scope()), ("c_1", "c_2"), strict=False):
        ana.give(book, row.segment_id, code)
    folder.close()
    return filled


def lora(*words: object, base: str, prompt: str = "expert_angle") -> tuple[object, ...]:
    return ("train", "lora", *words, "--base", base, "--prompt", prompt, *QUICK)


def test_an_adapter_lands_in_the_study_with_lines_for_its_settings(study: Path, base: str, command: Call) -> None:
    done = command(*lora(study, base=base), "--set", "max_steps=1", "--name", "ours")
    assert "learnt from 2 codes, 1 step" in done.out
    assert "No document was held out" in done.out
    lines = [line.removeprefix("  ") for line in done.out.splitlines() if line.startswith("  ")]
    written = parse_study("\n".join(['question = "Why?"', *lines]))
    assert written.coders[0].model == f"{base}#adapters/ours"
    assert (study / "adapters" / "ours" / "README.md").is_file()
    settings = study / "study.toml"
    replace(settings, model=f'"{base}#adapters/ours"', shots="0")
    assert command("run", "inductive", study, "--dry-run").code == 0


def test_what_is_dropped_is_counted_and_listed(tmp_path: Path, base: str, command: Call) -> None:
    good = {"quote": "I mend.", "code": "pride"}
    file = write_lines(tmp_path / "codes.jsonl", [good, good, "{", {"quote": "", "code": "pride"}])
    done = command(*lora(file, base=base), "--set", "max_steps=1")
    assert "3 pairs dropped:" in done.err
    assert "line 2: duplicate (as line 1)" in done.err
    assert "line 3: unreadable" in done.err
    assert "line 4: empty" in done.err
    assert (tmp_path / "adapters" / "tiny-expert_angle" / "card.json").is_file()
    told = command(*lora(file, base=base), "--set", "max_steps=1", "--json").objects
    assert [one["kind"] for one in told] == ["dropped"] * 3 + ["trained"]
    assert told[-1]["known"] is True
    assert told[-1]["card"]["data"]["dropped"] == {"duplicate": 1, "empty": 1, "unreadable": 1}


def test_a_program_is_told_every_step(tmp_path: Path, base: str, command: Call) -> None:
    file = write_pairs(tmp_path / "codes.jsonl", texts=3, documents=3)
    told = command(*lora(file, base=base), "--set", "max_steps=2", "--held-out", "0.3", "--json").objects
    assert [one["kind"] for one in told] == ["begin", "measured", "step", "measured", "step", "measured", "trained"]
    assert told[0] | {"name": ""} == {
        **{"kind": "begin", "name": "", "total": 2, "done": 0},
        **{"training": 4, "held_out": 2},
    }


def test_interrupted_it_says_how_to_go_on_and_does(
    tmp_path: Path, base: str, command: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(event: dict[str, Any]) -> None:
        if event["kind"] == "step" and event["done"] == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    file = write_pairs(tmp_path / "codes.jsonl", texts=3)
    words = (*lora(file, base=base), *("--set", "max_steps=4", "--set", "checkpoint_every=2", "--held-out", "0"))
    with monkeypatch.context() as patch:
        patch.setattr(progress, "print_json", stop)
        done = command(*words, "--json", code=130)
    assert "Run the same command again to go on" in done.err
    with monkeypatch.context() as patch:
        patch.setattr(progress, "print_json", stop)
        assert "again without --new to go on" in command(*words, "--json", "--new", code=130).err
    told = command(*words, "--json").objects
    assert [one["done"] for one in told[:-1]] == [2, 3, 4]
    assert told[-1]["kind"] == "trained"


class Terminal(io.StringIO):
    """Something that takes itself for a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_losses_and_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with lora_progress.listener(json=False) as listen:
        listen({"kind": "begin", "name": "ours", "total": 8, "done": 2, "training": 14, "held_out": 2})
        listen({"kind": "step", "done": 3, "total": 8, "loss": 2.5})
        listen({"kind": "measured", "done": 3, "total": 8, "loss": 1.25})
    shown = screen.getvalue()
    assert "ours: 14 codes to learn from, 2 held out; 8 steps, going on after step 2" in shown
    assert "loss 2.500, held out 1.250" in shown
    assert "3/8" in shown


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere.jsonl", "--base", "scripted:words", "--prompt", "expert_angle"], "no such file"),
        (
            ["codes.jsonl", "--base", "scripted:words", "--prompt", "expert_angle"],
            "no weights that could be loaded",
        ),
        (["codes.jsonl", "--base", "BASE", "--prompt", "expert_angel"], "Did you mean `expert_angle`?"),
        (["codes.jsonl", "--base", "BASE#x", "--prompt", "expert_angle"], "a model without one"),
        (["codes.jsonl", "--base", "BASE", "--prompt", "expert_angle", "--ending", "dot"], "no ending"),
        (["codes.jsonl", "--base", "BASE", "--prompt", "expert_angle", "--name", "../x"], "cannot be a name"),
        (["codes.jsonl", "--base", "BASE", "--prompt", "expert_angle", "--set", "rank=0"], "`rank`"),
        (["codes.jsonl", "--base", "BASE", "--prompt", "expert_angle", "--set", "rang=1"], "Did you mean `rank`?"),
        (["codes.jsonl", "--base", "BASE", "--prompt", "expert_angle", "--set", "rank"], "KEY=VALUE"),
        (["codes.jsonl", "--base", "BASE", "--prompt", "expert_angle", "--settings", "x.toml"], "cannot be read"),
        (
            ["codes.jsonl", "--base", "BASE", "--prompt", "expert_angle", "--settings", "codes.jsonl"],
            "not valid TOML",
        ),
        (["empty.jsonl", "--base", "BASE", "--prompt", "expert_angle"], "no pairs of quote and code"),
    ],
)
def test_what_cannot_be_trained_is_told(
    tmp_path: Path, base: str, command: Call, words: list[str], told: str
) -> None:
    write_pairs(tmp_path / "codes.jsonl", texts=2)
    write_lines(tmp_path / "empty.jsonl", ["{}"])
    done = command("train", "lora", *(word.replace("BASE", base) for word in words), code=2)
    assert told in done.err
    assert "->" in done.err
    assert not (tmp_path / "adapters").exists()


def test_settings_come_from_a_file_and_words_win(tmp_path: Path, base: str, command: Call) -> None:
    file = write_pairs(tmp_path / "codes.jsonl", texts=2)
    settings = tmp_path / "settings.toml"
    settings.write_text('max_steps = 1\nrank = 2\ntargets = ["up_proj"]\n', encoding="utf-8")
    command(*lora(file, base=base), "--settings", settings, "--seed", "3", "--name", "few")
    card = json.loads((tmp_path / "adapters" / "few" / "card.json").read_text("utf-8"))["settings"]
    assert (card["rank"], card["max_steps"], card["targets"], card["seed"]) == (4, 1, ["up_proj"], 3)


def test_an_adapter_is_merged_into_a_folder(tmp_path: Path, base: str, command: Call) -> None:
    file = write_pairs(tmp_path / "codes.jsonl", texts=2)
    command(*lora(file, base=base), "--set", "max_steps=1", "--name", "ours")
    done = command("train", "merge", f"{base}#adapters/ours", "merged")
    assert f"use it as hf:{tmp_path / 'merged'}" in done.out
    assert (tmp_path / "merged" / "chat_template.jinja").is_file()
    assert "something here already" in command("train", "merge", f"{base}#adapters/ours", "merged", code=2).err


def test_commands_are_known_without_heavy_packages() -> None:
    done = subprocess.run(
        [*command_line("train", "--help")], capture_output=True, text=True, cwd=ROOT, timeout=60, check=True
    )
    assert "lora" in done.stdout
    assert "merge" in done.stdout
