"""Commands in processes of their own that are forked from one that has imported everything.

Importing is most of what a short command does, and tests that kill it dozens of times would pay for it each time. A
process that is forked is killed, stopped and waited for like any other. What such tests compare it with comes from
the command as a shell starts it.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TextIO

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


class Forked:
    """A command at work, with the names of `subprocess.Popen`. It heeds Ctrl-C.

    Args:
        arguments: What would follow `intercoder` in a shell.
        log: A file that what it says on standard error is added to.
        cwd: Where it works; here, if nothing is said.
    """

    def __init__(self, *arguments: object, log: Path, cwd: Path | None = None) -> None:
        ours, its = _context.Pipe(duplex=False)
        told = [str(argument) for argument in arguments]
        given = (told, its, str(log), str(cwd or Path.cwd()), dict(os.environ))
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


def _work(arguments: list[str], out: Connection, log: str, folder: str, environment: dict[str, str]) -> None:
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
    sys.argv = ["intercoder", *arguments]
    main()
