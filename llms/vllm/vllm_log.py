"""Where vLLM writes: a file of its own, of which an error tells the end."""

from __future__ import annotations

import contextlib
import json
import logging
import multiprocessing
import multiprocessing.spawn
import os
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import platformdirs

from intercoder.llms.vllm import vllm_child

KEPT = 8
"""Logs that are kept; older ones go."""
SHOWN = 3
"""Lines of a log that an error shows."""
LINE_LENGTH = 300

_PREFIX = re.compile(r"^(\([^)]*pid=\d+\)\s*)?((DEBUG|INFO|WARNING|ERROR|CRITICAL)\s+[\d:, .-]+(\[[^\]]*\])?\s*)?")
_ERROR = re.compile(r"^[A-Za-z_][\w.]*(Error|Exception|Interrupt|Exit)\b(: .+)?$")


def folder_of_logs() -> Path:
    """Where vLLM's logs lie."""
    return platformdirs.user_log_path("intercoder", appauthor=False)


def new_log(name: str) -> Path:
    """A fresh, empty log for an engine of that name."""
    folder = folder_of_logs()
    folder.mkdir(parents=True, exist_ok=True)
    logs = sorted(folder.glob("vllm-*.log"), key=lambda file: file.stat().st_mtime)
    for old in logs[: max(0, len(logs) - KEPT + 1)]:
        old.unlink(missing_ok=True)
    place = 0
    while True:
        log = folder / f"vllm-{name}-{os.getpid()}-{place}.log"
        try:
            log.touch(mode=0o600, exist_ok=False)
            return log
        except FileExistsError:
            place += 1


def last_words(log: Path) -> str:
    """The end of a log on one line: the last error that it names, else its last lines."""
    try:
        lines = log.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    bare = [line for line in (_PREFIX.sub("", line).strip() for line in lines) if line]
    errors = [line for line in bare if _ERROR.match(line) and "Engine core init" not in line]
    told = list(dict.fromkeys(errors))[-1:] or bare[-SHOWN:]
    return " / ".join(line[:LINE_LENGTH] for line in told)


@contextlib.contextmanager
def written_to(log: Path) -> Iterator[None]:
    """While an engine starts: its processes write to the log, and so does vLLM in this one.

    Processes are started by a program of ours in place of the interpreter (`multiprocessing.set_executable`),
    because to point this process's own standard error elsewhere would take it from everybody else.
    """
    interpreter = multiprocessing.spawn.get_executable()
    with TemporaryDirectory(prefix="intercoder-vllm-") as folder:
        starter = Path(folder) / "python"
        child = shlex.join([sys.executable, "-I", "-S", vllm_child.__file__, str(log), sys.executable])
        starter.write_text(f'#!/bin/sh\nexec {child} "$@"\n', "utf-8")
        starter.chmod(0o700)
        settings = Path(folder) / "logging.json"
        settings.write_text(json.dumps(_logging(log)), "utf-8")
        own = "VLLM_LOGGING_CONFIG_PATH" not in os.environ and os.environ.get("VLLM_CONFIGURE_LOGGING", "1") == "1"
        if own:
            os.environ["VLLM_LOGGING_CONFIG_PATH"] = str(settings)
            _log_to(log)
        multiprocessing.set_executable(str(starter))
        try:
            yield
        finally:
            multiprocessing.set_executable(os.fsdecode(interpreter or sys.executable))
            if own:
                del os.environ["VLLM_LOGGING_CONFIG_PATH"]


def _log_to(log: Path) -> None:
    """What vLLM says while it is imported, before it reads its logging settings."""
    logger = logging.getLogger("vllm")
    if not logger.handlers:
        logger.addHandler(logging.FileHandler(log))
        logger.propagate = False


def _logging(log: Path) -> dict[str, object]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"plain": {"format": "%(levelname)s %(asctime)s [%(name)s] %(message)s"}},
        "handlers": {"file": {"class": "logging.FileHandler", "filename": str(log), "formatter": "plain"}},
        "loggers": {"vllm": {"handlers": ["file"], "level": "INFO", "propagate": False}},
    }
