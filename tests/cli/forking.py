"""Commands in processes of their own that are forked from one that has imported everything.

Importing is most of what a short command does, and tests that kill it dozens of times would pay for it each time. A
process that is forked is killed, stopped and waited for like any other. What such tests compare it with comes from
the command as a shell starts it.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TextIO, TypeAlias

MODULES = (
    "__main__",
    "chromadb.api.client",
    "chromadb.api.types",
    "chromadb_rust_bindings",
    "intercoder.agents.reviser",
    "intercoder.cli.main",
    "intercoder.cli.coding.results",
    "intercoder.formats.coding_sheets",
    "intercoder.graphs.jobs",
    "intercoder.llms.scripted",
    "intercoder.stores.memory.code_memory",
    "intercoder.stores.runs.export",
    "intercoder.stores.overview",
    "intercoder.stores.memory.chroma_store",
    "langchain_openai",
    "ruamel.yaml",
    "sentence_transformers",
    "sqlalchemy.dialects.sqlite",
    "typer._adapters",
)

# A fork that was made on macOS may not use its libraries.
_context: Any = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")
if sys.platform == "linux":
    _context.set_forkserver_preload(list(MODULES))


Fatal: TypeAlias = Callable[[str], bool]
"""Told each line of a command's output: whether it is the last one. It is sent to the command's process."""


@dataclass
class AtLine:
    """The line of that number, from 0."""

    number: int

    def __call__(self, line: str) -> bool:
        self.number -= 1
        return self.number == -1


@dataclass
class AtWords:
    """The first line with the last of some words, once lines before it, or itself, had those before them."""

    words: Sequence[str]

    def __call__(self, line: str) -> bool:
        while self.words and self.words[0] in line:
            self.words = self.words[1:]
        return not self.words


@dataclass
class AtStep:
    """The event, a line of JSON, that tells of a step of a training, after so many cells of a grid."""

    step: int
    after: int = 0

    def __call__(self, line: str) -> bool:
        event = json.loads(line)
        self.after -= event["kind"] == "worked"
        return self.after == 0 and event["kind"] == "step" and event["done"] == self.step


class Forked:
    """A command at work, with the names of `subprocess.Popen`. It heeds Ctrl-C.

    Args:
        arguments: What would follow `intercoder` in a shell.
        log: A file that what it says on standard error is added to.
        cwd: Where it works; here, if nothing is said.
        dies_at: The line of its output with which it kills itself with SIGKILL, before it does anything else: who
            reads the line and kills it then may come too late.
        errors: Whether those are lines of standard error.
    """

    def __init__(
        self,
        *arguments: object,
        log: Path,
        cwd: Path | None = None,
        dies_at: Fatal | None = None,
        errors: bool = False,
    ) -> None:
        ours, its = _context.Pipe(duplex=False)
        told = [str(argument) for argument in arguments]
        given = (told, its, str(log), str(cwd or Path.cwd()), dict(os.environ), dies_at, errors)
        self._process = _context.Process(target=_work, args=given)
        self._process.start()
        its.close()
        self.stdout: TextIO = os.fdopen(os.dup(ours.fileno()), encoding="utf-8")
        ours.close()
        self.pid: int = self._process.pid

    @property
    def returncode(self) -> int | None:
        """As of a process: the number of the signal, negative, where one ended it."""
        return self._process.exitcode  # type: ignore[no-any-return]

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()

    def terminate(self) -> None:
        """SIGTERM."""
        self._process.terminate()

    def wait(self) -> int:
        """Its exit code, when it is over."""
        self._process.join()
        assert self.returncode is not None
        return self.returncode

    def communicate(self) -> tuple[str, None]:
        """All that it prints from here on, when it is over."""
        with self.stdout:
            out = self.stdout.read()
        self.wait()
        return out, None


class _Watched:
    """A stream that ends its process with SIGKILL when a line is written whole."""

    def __init__(self, stream: TextIO, fatal: Fatal) -> None:
        self._stream, self._fatal, self._line = stream, fatal, ""

    def write(self, text: str) -> int:
        for part in text.splitlines(keepends=True):
            self._stream.write(part)
            self._line += part
            if part.endswith("\n"):
                line, self._line = self._line, ""
                if self._fatal(line):
                    self._stream.flush()
                    os.kill(os.getpid(), signal.SIGKILL)
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _work(
    arguments: list[str],
    out: Connection,
    log: str,
    folder: str,
    environment: dict[str, str],
    dies_at: Fatal | None,
    on_errors: bool,
) -> None:
    """Be the command."""
    from intercoder.cli.main import main

    gc.freeze()  # what was imported before: to walk through it is most of what a collection would cost
    os.dup2(out.fileno(), 1)
    out.close()
    with Path(log).open("ab") as errors:
        os.dup2(errors.fileno(), 2)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    # A shell's background jobs, which tests may be, ignore Ctrl-C, and so do their children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if dies_at is not None:
        name = "stderr" if on_errors else "stdout"
        setattr(sys, name, _Watched(getattr(sys, name), dies_at))
    sys.argv = ["intercoder", *arguments]
    main()
