"""The end of vLLM's engine: none of its processes is left, whatever they wait for."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

from intercoder.llms.vllm.vllm_start import StartedEngine


class Llm:
    """An engine that says that it has ended."""

    def __init__(self) -> None:
        self.ended: list[float | None] = []

    def shutdown(self, timeout: float | None = None) -> None:
        self.ended.append(timeout)


def started(llm: Any, *workers: psutil.Process) -> StartedEngine:
    encoder: Any = None
    return StartedEngine(llm, encoder, 1, 0, False, Path("log"), None, workers)


def test_a_worker_that_waits_for_ever_is_killed() -> None:
    worker = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    known = psutil.Process(worker.pid), psutil.Process(gone.pid)
    gone.wait()
    llm = Llm()
    started(llm, *known).end()
    assert len(llm.ended) == 1
    assert worker.wait() < 0
    assert worker.stdin is not None
    worker.stdin.close()
