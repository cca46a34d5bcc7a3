"""The real command, in processes of its own or in this one, and studies whose models need no weights."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from intercoder.cli.main import main

Command = Callable[..., subprocess.CompletedProcess[str]]
SCRIPTED = "scripted:words"


@dataclass(frozen=True)
class Done:
    """What a command left behind that ran in this process."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Its output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


Call = Callable[..., Done]


def command_line(*arguments: object) -> list[str]:
    """The installed command, run by this interpreter."""
    return [sys.executable, "-m", "intercoder.cli.main", *(str(argument) for argument in arguments)]


@pytest.fixture
def intercoder(tmp_path: Path) -> Command:
    """Run a command to its end in a process of its own; `code` is the exit code it must have."""

    def run(*arguments: object, code: int = 0, **options: object) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command_line(*arguments),
            capture_output=True,
            text=True,
            timeout=120,
            **{"cwd": tmp_path, **options},  # type: ignore[call-overload]
        )
        assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run


def call(*arguments: object) -> Done:
    """Run a command in this process, which is faster; what it changes here is put back.

    An error that the command does not turn into a message is raised: a traceback fails a test by itself.
    """
    words = [str(argument) for argument in arguments]
    environment, on_terminate = dict(os.environ), signal.getsignal(signal.SIGTERM)
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    given, sys.argv = sys.argv, ["intercoder", *words]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as ended:
        code = ended.code
    finally:
        sys.argv = given
        signal.signal(signal.SIGTERM, on_terminate)
        os.environ.clear()
        os.environ.update(environment)
    assert code is None or isinstance(code, int)
    return Done(code or 0, out.getvalue(), err.getvalue())


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a command in this process and a temporary directory; `code` is the exit code it must have."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object, code: int = 0) -> Done:
        done = call(*arguments)
        assert done.code == code, f"exit {done.code}\n{done.out}\n{done.err}"
        assert "Traceback" not in done.err
        return done

    return run


def use_scripted(study: Path, model: str = SCRIPTED) -> None:
    """Let the coders of a study that `init` made be scripted, and its embeddings be hashes."""
    file = study / "study.toml"
    text = file.read_text(encoding="utf-8")
    text = text.replace("embedded:qwen2.5-coder-0.5b", model).replace("embedded:minilm-l6", "scripted:hashing")
    file.write_text(text, encoding="utf-8")


@pytest.fixture
def made(command: Call, tmp_path: Path) -> Path:
    """A study as `init` makes it, its models scripted."""
    command("init", "study", "--question", "Why do people repair things?")
    use_scripted(tmp_path / "study")
    return tmp_path / "study"
