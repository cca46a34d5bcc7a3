"""What a training leaves while it goes on: checkpoints that are whole, and which training they belong to."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

from filelock import FileLock, Timeout
from pydantic import Field, ValidationError

from intercoder.core.errors import InputError, StudyBusy
from intercoder.core.record import Record

JOB = "job.json"
_STATE = "trainer_state.json"
"""File that transformers writes last into a checkpoint: a checkpoint without it is not whole."""


class Job(Record):
    """Which training a folder belongs to."""

    key: str
    """Hash of all that determines it."""
    mark: str = Field(default_factory=lambda: uuid4().hex)
    """Another one for each time that something is begun."""
    before: float | None = None
    """Held-out loss of the base, once it was measured."""


class Checkpoint(Record):
    """The state of a training after a step."""

    folder: Path
    step: int
    ended: bool
    """Whether there is nothing left to do."""
    best_step: int | None
    """The step with the lowest held-out loss so far."""
    history: tuple[dict[str, Any], ...]
    """What was measured so far, as transformers keeps it."""


class Workplace:
    """The folder of checkpoints beside the adapter or classifier that is to be.

    Args:
        out: Folder of what is trained.
    """

    def __init__(self, out: Path) -> None:
        self.folder = out.with_name(f".{out.name}.training")
        self._lock = FileLock(self.folder.with_suffix(".lock"), timeout=0)
        self._file = Path(self._lock.lock_file)

    def __enter__(self) -> Workplace:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except Timeout:
            raise StudyBusy(
                "this is being trained by another process.",
                where=str(self.folder),
                remedy="Wait for it, or choose another name.",
            ) from None
        return self

    def __exit__(self, *_: object) -> None:
        self._file.unlink(missing_ok=True)  # while it is held, so that nobody else's is taken away
        self._lock.release()

    def take_up(self, key: str, *, new: bool) -> Job:
        """The job that is to be done here, begun or gone on with. One in which nothing was trained yet gives way.

        Args:
            key: Hash of all that determines the training.
            new: Whether what another training left is thrown away.

        Raises:
            InputError: Another training was begun here and not ended.
        """
        if new:
            self.remove()
        known = self._job()
        if known is not None and known.key != key:
            if self._is_bare():
                return self.take_up(key, new=True)
            raise InputError(
                "a training with other data or settings was begun here and not ended.",
                where=str(self.folder),
                remedy="Give it the same data and settings to go on, `--new` to throw its checkpoints away, or "
                "another `--name`.",
            )
        job = known or Job(key=key)
        self.keep(job)
        return job

    def job(self, key: str) -> Job | None:
        """What was begun of this very training and not ended; None for nothing."""
        job = self._job()
        return job if job is not None and job.key == key else None

    def begun(self, key: str) -> bool:
        """Whether this very training was begun here and not ended."""
        return self.job(key) is not None

    def keep(self, job: Job) -> None:
        """Write down which training this is."""
        self.folder.mkdir(parents=True, exist_ok=True)
        new = self.folder / f".{JOB}.new"
        new.write_text(job.model_dump_json(), encoding="utf-8")
        new.replace(self.folder / JOB)

    def last(self) -> Checkpoint | None:
        """The latest whole checkpoint; those that were broken off while being written are removed."""
        found = []
        for folder in self.folder.glob("checkpoint-*"):
            checkpoint = _read(folder)
            if checkpoint is None:
                shutil.rmtree(folder)
            else:
                found.append(checkpoint)
        return max(found, key=lambda one: one.step, default=None)

    def at(self, step: int) -> Path:
        """Folder of the checkpoint after a step."""
        return self.folder / f"checkpoint-{step}"

    def remove(self) -> None:
        """Throw all checkpoints away; first what says that something was begun here."""
        (self.folder / JOB).unlink(missing_ok=True)
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def _is_bare(self) -> bool:
        """Whether nothing is here but what says that something was begun."""
        return [one.name for one in self.folder.iterdir()] == [JOB]

    def _job(self) -> Job | None:
        try:
            return Job.model_validate_json((self.folder / JOB).read_bytes())
        except (FileNotFoundError, ValidationError):
            return None


def _read(folder: Path) -> Checkpoint | None:
    try:
        state = json.loads((folder / _STATE).read_text("utf-8"))
        return Checkpoint(
            folder=folder,
            step=state["global_step"],
            ended=state["stateful_callbacks"]["TrainerControl"]["args"]["should_training_stop"],
            best_step=state["best_global_step"],
            history=state["log_history"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def going_on(every: int, *, measuring: bool) -> dict[str, Any]:
    """Arguments of transformers' Trainer under which a training can be stopped anywhere and gone on with.

    Args:
        every: Steps between checkpoints, which are measured.
        measuring: Whether there is anything to measure on; the best checkpoint is kept then.
    """
    return {
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "save_steps": every,
        "save_total_limit": 2,
        "eval_strategy": "steps" if measuring else "no",
        "eval_steps": every if measuring else None,
        "load_best_model_at_end": measuring,
        "metric_for_best_model": "eval_loss" if measuring else None,
        "greater_is_better": False if measuring else None,
        "restore_callback_states_from_checkpoint": True,
    }
