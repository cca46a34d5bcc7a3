"""The first thing that vLLM's engine process runs: its output goes to a file, and it does not outlive its parent.

Run as a script, without the package, so nothing but the standard library is imported here.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys

_SET_PARENT_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of prctl(2), kept across execve; Linux only."""


def main(log: str, program: str, *arguments: str) -> None:
    """Become the program, with what it writes going to the log.

    Args:
        log: File that output is appended to.
        program: Path of the Python interpreter.
        arguments: What it is started with.
    """
    import ctypes

    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)
    # Weights are always in a folder: nothing has to be asked of a hub.
    os.environ["HF_HUB_OFFLINE"] = "1"
    # Without this a program that is killed would leave an engine behind, with all the memory it holds.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
    os.execv(program, [program, *arguments])  # noqa: S606 - the interpreter itself, no shell is wanted


if __name__ == "__main__":
    main(*sys.argv[1:])
