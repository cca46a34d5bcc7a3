"""Runs in processes of their own: started so that they outlive whoever starts them, and stopped from anywhere.

A run that is started here writes what it says to a file in the study's `runs/`; like any other run it is watched in
the store. Nothing but a signal reaches it, and it needs nobody to be there.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from intercoder.core.errors import StudyError
from intercoder.core.record import Record
from intercoder.stores.lease import Holder, busy, read_holder
from intercoder.stores.runs.runs import list_runs
from intercoder.stores.study_folder import StudyFolder

PATIENCE = 120.0
"""Seconds after which nobody waits any longer for a process to begin."""
BETWEEN = 0.05
"""Seconds between two looks."""
KEPT = 40
"""Logs that are kept, newest first."""
LINES = 8
"""Lines of a log that are shown of a process that did not begin."""
_NEW = "begun"


class Started(Record):
    """A process that was started."""

    run: str
    """Its run; empty where there is none, as after a retry that found nothing to do."""
    pid: int
    log: Path
    code: int | None = None
    """Its exit code, where it is over already."""
    said: str = ""
    """The last that it said, where it is over already."""


class LastWords(NamedTuple):
    """The error that a process ended with, as it was printed."""

    error: str
    remedy: str


class Stopping(Record):
    """A run that was told to stop."""

    run: str
    pid: int
    firmly: bool


def start(
    folder: StudyFolder,
    arguments: Sequence[str],
    options: Sequence[str] = (),
    *,
    patience: float = PATIENCE,
    given_up: Callable[[], bool] = lambda: False,
) -> Started:
    """Start `intercoder ARGUMENTS STUDY OPTIONS` as a process of its own, and wait until its run has begun.

    Keys come from the environment, as always; neither they nor texts stand in the arguments or the log.

    Args:
        folder: The study.
        arguments: The command, such as `["run", "codevelop"]`.
        options: What follows the study.
        patience: Seconds to wait. A process that is slower goes on all the same.
        given_up: Whether nobody waits any longer, as when a program that is to show it is left.

    Raises:
        StudyBusy: A run is at work on the study.
        StudyError: The process ended before its run began; says what it said.
    """
    holder = read_holder(folder.engine, folder.study.id)
    if holder is not None:
        raise busy(holder)
    before = _worked(folder)
    # -P: a module of the folder from which the user calls must not take the place of one of ours.
    command = [sys.executable, "-P", "-m", "intercoder.cli.main", *arguments, str(folder.path.resolve()), *options]
    with _new_log(folder) as file:
        log = Path(file.name)
        file.write(f"$ {shlex.join(['intercoder', *arguments, str(folder.path), *options])}\n".encode())
        file.flush()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=_environment(),
        )
    run = _await(folder, process, patience, given_up)
    code = process.poll()
    if code is None:
        # Whoever started it must take note of its end, or it would seem to live on.
        threading.Thread(target=process.wait, name="reaper", daemon=True).start()
    else:
        run = _began(before, _worked(folder))
        if not run and code != 0:
            raise _not_begun(log, code)
    log = _named(log, run) if run else log
    return Started(run=run, pid=process.pid, log=log, code=code, said="" if code is None else log_tail(log, 1))


def stop(folder: StudyFolder, *, firmly: bool = False) -> Stopping:
    """Tell the run that is at work to stop, as Ctrl-C does: it keeps what was answered, and can be resumed.

    Returns at once; a run ends when what is under way has been answered.

    Args:
        folder: The study.
        firmly: Send SIGTERM rather than SIGINT, for a run that did not heed the latter.

    Raises:
        StudyError: No run is at work, it is on another machine, or it may not be stopped from here.
    """
    holder = read_holder(folder.engine, folder.study.id)
    if holder is None:
        raise StudyError("no run is at work on this study.", remedy="There is nothing to stop.")
    if not holder.here:
        raise StudyError(
            f"run `{holder.run}` is working on another machine, {holder.host}.",
            remedy=f"Stop it there: `intercoder stop {folder.argument}`, or `kill -INT {holder.pid}`.",
        )
    if holder.pid == os.getpid():
        raise StudyError(
            f"`{holder.run}` is being done by this very program.", remedy="It takes a moment; wait for it."
        )
    firmly = firmly or _ignores_interrupts(holder.pid)
    try:
        os.kill(holder.pid, signal.SIGTERM if firmly else signal.SIGINT)
    except ProcessLookupError:
        raise StudyError(f"run `{holder.run}` has just ended.", remedy="There is nothing to stop.") from None
    except PermissionError:
        raise StudyError(
            f"run `{holder.run}` (process {holder.pid}) belongs to another user.",
            remedy="Ask whoever started it to stop it.",
        ) from None
    return Stopping(run=holder.run, pid=holder.pid, firmly=firmly)


def wait_until_stopped(folder: StudyFolder, stopping: Stopping, seconds: float) -> bool:
    """Wait so many seconds at most for a run that was told to stop; whether it has given the study back."""
    until = time.monotonic() + seconds
    while _holds(folder, stopping.pid):
        if time.monotonic() > until:
            return False
        time.sleep(BETWEEN)
    return True


def run_log(folder: StudyFolder, run: str) -> Path | None:
    """The newest log of a run that was started as a process of its own; None for one that was not."""
    logs = [file for file in _logs(folder) if file.name.rpartition(".")[0].partition(".")[0] == run]
    return logs[-1] if logs else None


def log_tail(log: Path, lines: int, longest: int = 64_000) -> str:
    """The last lines of a log that are not empty, of at most its last `longest` bytes."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - longest))
            text = file.read().decode("utf-8", errors="replace")
    except OSError as error:
        return f"({log.name} cannot be read: {error.strerror})"
    written = [line.rstrip() for line in text.splitlines() if line.strip()]
    return "\n".join(written[-lines:])


def last_words(log: Path) -> LastWords | None:
    """The last error that a log tells, with what to do about it; None where there is none."""
    words = None
    for line in log_tail(log, 100).splitlines():
        if line.startswith("error: "):
            words = LastWords(line.removeprefix("error: "), "")
        elif line.startswith("  -> ") and words is not None:
            words = words._replace(remedy=line.removeprefix("  -> "))
    return words


def _await(
    folder: StudyFolder, process: subprocess.Popen[bytes], patience: float, given_up: Callable[[], bool]
) -> str:
    """Name of the process's run, once it has one; empty where it ended before or took too long."""
    until = time.monotonic() + patience
    while process.poll() is None and time.monotonic() < until and not given_up():
        holder = _holds(folder, process.pid)
        if holder is not None and holder.named:
            return holder.run
        time.sleep(BETWEEN)
    return ""


def _holds(folder: StudyFolder, pid: int) -> Holder | None:
    holder = read_holder(folder.engine, folder.study.id)
    return holder if holder is not None and holder.here and holder.pid == pid else None


def _worked(folder: StudyFolder) -> dict[str, float]:
    """Run -> seconds that processes have worked on it."""
    return {run.id: run.seconds for run in list_runs(folder.engine, folder.study.id)}


def _began(before: dict[str, float], after: dict[str, float]) -> str:
    """The run on which a process has worked in the meantime; empty if it came to none."""
    worked = [run for run, seconds in after.items() if seconds > before.get(run, 0.0)]
    return worked[-1] if worked else ""


def _not_begun(log: Path, code: int) -> StudyError:
    """What a process said that ended before its run began."""
    words = last_words(log)
    if words is not None:
        return StudyError(words.error, remedy=words.remedy)
    said = [line for line in log_tail(log, LINES + 1).splitlines() if not line.startswith("$ ")]
    told = "\n".join(said) or "it said nothing"
    return StudyError(
        f"the run did not begin (exit code {code}): {told}", remedy=f"All that was said stands in {log}."
    )


def _environment() -> dict[str, str]:
    """Ours, without what would colour a log."""
    return {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "CLICOLOR_FORCE")}


def _ignores_interrupts(pid: int) -> bool:
    """Whether a process was started so that Ctrl-C does not reach it, as shells start jobs in the background."""
    with suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("SigIgn:"):
                return bool(int(line.split()[1], 16) >> (signal.SIGINT - 1) & 1)
    return False


def _new_log(folder: StudyFolder) -> BinaryIO:
    """A log for a run whose name is not known yet; the oldest ones make room."""
    place = folder.path / "runs"
    try:
        place.mkdir(exist_ok=True)
        for old in _logs(folder)[: -KEPT + 1]:
            old.unlink(missing_ok=True)
        return _free(place, _NEW).open("xb")
    except OSError as error:
        raise StudyError(
            f"the run's log cannot be written: {error.strerror}.",
            where=str(place),
            remedy="Free some space, or see to the folder's permissions.",
        ) from error


def _named(log: Path, run: str) -> Path:
    """The log under its run's name: `inductive-1.log`, of the next process that works on it `inductive-1.2.log`."""
    try:
        return log.rename(_free(log.parent, run))
    except OSError:
        return log


def _free(place: Path, stem: str) -> Path:
    taken = {file.name for file in place.glob(f"{stem}.*log")}
    number = 1
    while (name := f"{stem}.log" if number == 1 else f"{stem}.{number}.log") in taken:
        number += 1
    return place / name


def _logs(folder: StudyFolder) -> list[Path]:
    """All logs, oldest first."""

    def age(file: Path) -> tuple[float, int]:
        try:
            return file.stat().st_mtime, len(file.name)
        except OSError:
            return 0.0, 0

    return sorted((folder.path / "runs").glob("*.log"), key=age)
