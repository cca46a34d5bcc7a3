"""The real command, in processes of its own or in this one, and studies whose models need no weights."""

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

from intercoder.cli.main import main
from tests.cli.killing import Stub
from tests.llms.endpoints.fault_server import FaultServer

Command = Callable[..., subprocess.CompletedProcess[str]]

TEXT = """\
I mend my own clothes because nobody else does it well.

Shops no longer sell parts for the kettle, so it went to the dump.

My neighbour borrowed our ladder and repaired the roof with it.

Okay.
"""
CODED = 4
"""Segments of TEXT, of which the last is too short for the scripted coders."""


@dataclass(frozen=True)
class Done:
    """What a command left behind that ran in this process."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Its output as JSON lines; NaN, which is no JSON, fails."""
        return [json.loads(line, parse_constant=no_json) for line in self.out.splitlines()]


def no_json(word: str) -> NoReturn:
    """Refuse what Python's reader takes for a number and others do not."""
    raise AssertionError(f"{word} is no JSON")


Call = Callable[..., Done]


def command_line(*arguments: object) -> list[str]:
    """The installed command, run by this interpreter."""
    return [sys.executable, "-m", "intercoder.cli.main", *(str(argument) for argument in arguments)]


def call(*arguments: object) -> Done:
    """Run a command in this process, which is faster; what it changes here is put back.

    An error that the command does not turn into a message is raised: a traceback fails a test by itself.
    """
    environment, on_terminate = dict(os.environ), signal.getsignal(signal.SIGTERM)
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    given, sys.argv = sys.argv, ["intercoder", *(str(argument) for argument in arguments)]
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
        assert "Traceback" not in done.stderr
        return done

    return run


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a command in this process and a temporary directory; `code` is the exit code it must have."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object, code: int = 0) -> Done:
        done = call(*arguments)
        assert done.code == code, f"exit {done.code}\n{done.out}\n{done.err}"
        return done

    return run


def replace(file: Path, **changes: str) -> None:
    """Change settings of a study.toml by their names; each must be there."""
    lines = file.read_text(encoding="utf-8").splitlines()
    for name, value in changes.items():
        places = [place for place, line in enumerate(lines) if line.startswith(f"{name} = ")]
        assert places, name
        for place in places:
            lines[place] = f"{name} = {value}"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def use_scripted(study: Path, model: str = "scripted:words") -> None:
    """Let the coders of a study that `init` made be scripted, and its embeddings be hashes."""
    file = study / "study.toml"
    text = file.read_text(encoding="utf-8")
    text = text.replace("embedded:qwen2.5-coder-0.5b", model).replace("embedded:minilm-l6", "scripted:hashing")
    file.write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`empty`: a study as `init` makes it, its models scripted; `filled`: the same with TEXT in it."""
    folder = tmp_path_factory.mktemp("templates")
    assert call("init", folder / "empty", "--question", "Why do people repair things?").code == 0
    use_scripted(folder / "empty")
    shutil.copytree(folder / "empty", folder / "filled")
    (folder / "notes.txt").write_text(TEXT, encoding="utf-8")
    assert call("import", folder / "filled", folder / "notes.txt", "--unit", "paragraph").code == 0
    return folder


@pytest.fixture
def made(templates: Path, tmp_path: Path) -> Path:
    """A study without texts; scripted models."""
    return Path(shutil.copytree(templates / "empty", tmp_path / "study"))


@pytest.fixture
def filled(templates: Path, tmp_path: Path) -> Path:
    """A study with the paragraphs of TEXT; scripted models."""
    return Path(shutil.copytree(templates / "filled", tmp_path / "study"))


@pytest.fixture(scope="module")
def stub() -> Stub:
    """Answers by rule, and strikes."""
    return Stub()


@pytest.fixture(scope="module")
def server(stub: Stub) -> Iterator[FaultServer]:
    """The server that the stub answers for."""
    with FaultServer(stub, record=False) as running:
        yield running
