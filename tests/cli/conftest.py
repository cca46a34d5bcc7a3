"""The real command in processes of its own."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., subprocess.CompletedProcess[str]]


def command_line(*arguments: object) -> list[str]:
    """The installed command, run by this interpreter."""
    return [sys.executable, "-m", "intercoder.cli.main", *(str(argument) for argument in arguments)]


@pytest.fixture
def intercoder(tmp_path: Path) -> Command:
    """Run a command to its end; `code` is the exit code it must have."""

    def run(*arguments: object, code: int = 0, **options: object) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command_line(*arguments),
            capture_output=True,
            text=True,
            timeout=120,
            cwd=tmp_path,
            **options,  # type: ignore[call-overload]
        )
        assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run
