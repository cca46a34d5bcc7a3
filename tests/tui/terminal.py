"""The real program in a real terminal: tmux on a server of its own, keys sent, screens captured."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

LINE = 0.5
"""Seconds after which the screen is looked at again though nothing new came."""


class Terminal:
    """A terminal of some size, with a shell in it."""

    def __init__(self, folder: Path, width: int, height: int) -> None:
        self._tmux = ["tmux", "-S", str(folder / "tmux.sock"), "-f", "/dev/null"]
        self._folder = folder
        self._do("new-session", "-d", "-s", "main", "-x", str(width), "-y", str(height), "env PS1='READY> ' sh")
        pipe = folder / "output"
        os.mkfifo(pipe)
        self._output = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self._do("pipe-pane", "-t", "main", f"exec cat > '{pipe}'")

    def type(self, command: str) -> None:
        """A line for the shell."""
        self._do("send-keys", "-t", "main", "-l", command)
        self.press("Enter")

    def press(self, *keys: str) -> None:
        """Keys by tmux's names, such as `F6`, `C-q`, `a`."""
        for key in keys:
            self._do("send-keys", "-t", "main", key)

    def resize(self, width: int, height: int) -> None:
        """Give the window another size."""
        self._do("resize-window", "-t", "main", "-x", str(width), "-y", str(height))

    @property
    def screen(self) -> str:
        """What stands on it."""
        return self._do("capture-pane", "-t", "main", "-p")

    def wait_for(self, *texts: str, seconds: float = 120) -> str:
        """The screen once one of the texts stands on it, looked at whenever something was written.

        Fails with the screen if none does in time.
        """
        told = f"{' or '.join(texts)} did not appear"
        return self._wait(lambda seen: any(text in seen for text in texts), seconds, told)

    def wait_while(self, text: str, seconds: float = 120) -> str:
        """The screen once a text no longer stands on it; as `wait_for` in all else."""
        return self._wait(lambda seen: text not in seen, seconds, f"{text} did not go")

    def _wait(self, right: Callable[[str], bool], seconds: float, told: str) -> str:
        end = time.monotonic() + seconds
        while True:
            seen = self.screen
            if right(seen):
                return seen
            if time.monotonic() > end:
                pytest.fail(f"{told}:\n{seen}")
            ready, _, _ = select.select([self._output], [], [], LINE)
            if ready:
                os.read(self._output, 65536)

    def close(self) -> None:
        """End it, and whatever runs in it."""
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, check=False)
        os.close(self._output)

    def _do(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self._tmux, *arguments],
            capture_output=True,
            text=True,
            check=True,
            cwd=self._folder,
            env=_environment(),
        )
        return done.stdout


def _environment() -> dict[str, str]:
    """The environment, without the size of another terminal."""
    return {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "TMUX")}


@contextmanager
def terminal(folder: Path, width: int = 120, height: int = 40) -> Iterator[Terminal]:
    """A terminal in a directory; skips the test where there is no tmux."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    opened = Terminal(folder, width, height)
    try:
        yield opened
    finally:
        opened.close()
