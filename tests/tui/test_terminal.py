"""The real program in a real terminal, start to finish, with a model on this machine."""

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.llms.endpoints.fault_server import FaultServer, says
from tests.tui.terminal import Terminal, terminal

pytestmark = pytest.mark.long

CODEBOOK = """\
codes:
- label: repairing it themselves
  definition: Somebody repairs a thing themselves.
- label: what it costs
  definition: Prices, time or trouble that somebody weighs.
"""

PROPOSAL = {
    "evidence": [1],
    "rationale": "The excerpt names what the definition does not.",
    "kind": "definition",
    "text": "Somebody speaks of a thing that broke, and of what became of it.",
}
"""A small model's own proposals stand or fall by how its arithmetic is rounded; this one always stands."""


def command(terminal: Terminal, line: str, *seen: str, seconds: float = 60) -> str:
    """Type a command of ours and wait for what it says."""
    terminal.type(f"clear; '{sys.executable}' -m intercoder.cli.main {line}")
    return terminal.wait_for(*seen, seconds=seconds)


@pytest.mark.embedded
def test_import_run_approve_quit_resume(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    shutil.copy(root / "examples" / "interviews" / "helen.txt", tmp_path)
    (tmp_path / "book.yaml").write_text(CODEBOOK, encoding="utf-8")
    with FaultServer(says(json.dumps({"revisions": [PROPOSAL]}))) as server, terminal(tmp_path) as screen:
        command(screen, "init study --question 'Why do people repair things?'", "intercoder import study FILE")
        _settings(tmp_path / "study" / "study.toml", f"openai:reviser@{server.url}")
        command(screen, "import study helen.txt --unit turn", "Next: intercoder run")
        command(screen, "codebook import study book.yaml --author ana", "Next: intercoder run codevelop")
        command(screen, "run codevelop study -n 6", "Then go on:", seconds=300)

        seen = command(screen, "review study --by ana", " open ─")
        waiting = int(re.search(r"(\d+) to answer", seen)[1])  # type: ignore[index]
        for left in reversed(range(waiting)):
            screen.press("a")
            screen.wait_for(f"{left} of {waiting} open")
        screen.press("C-q")
        screen.wait_for("READY>")

        command(screen, "review study --by ana", f"0 of {waiting} open")
        screen.press("c")
        screen.wait_for("Confirm the round")
        screen.press("y")
        screen.wait_while("Confirm the round")
        screen.press("F6")
        screen.wait_for("round 2", seconds=300)
        screen.wait_for("waits for people", "done", seconds=300)
        screen.press("C-q")
        screen.wait_for("READY>")
        command(screen, "codebook versions study", "2 redefined")


def test_a_window_that_shrinks_and_grows(tmp_path: Path, example: Path) -> None:
    with terminal(tmp_path, 80, 24) as screen:
        screen.type(f"'{sys.executable}' -m intercoder.cli.main review '{example}' --by ana --screen corpus")
        screen.wait_for("helen.txt")
        screen.resize(40, 10)
        screen.wait_for("too small")
        screen.resize(80, 24)
        screen.wait_for("helen.txt")
        screen.press("C-q")
        screen.wait_for("READY>")


def test_without_a_terminal_it_says_what_to_do(tmp_path: Path, example: Path) -> None:
    import subprocess

    done = subprocess.run(
        [sys.executable, "-m", "intercoder.cli.main", "review", str(example)],
        capture_output=True,
        text=True,
        env={**os.environ, "HOME": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 2
    assert "this is no terminal" in done.stderr


def _settings(path: Path, reviser: str) -> None:
    """Make coders of a small model on this machine, and the reviser another one."""
    text = path.read_text(encoding="utf-8")
    changes = {
        "embedded:qwen2.5-coder-0.5b": "embedded:smollm2-135m",
        "repeat = true": "repeat = false",
        "rounds = 5": "rounds = 1",
        '[reviser]\nmodel = ""': f'[reviser]\nmodel = "{reviser}"',
    }
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
