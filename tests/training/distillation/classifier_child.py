"""Trains a tiny classifier and is killed: after a step, or in the middle of writing a checkpoint."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from transformers import Trainer

from tests.training.distillation.classifying import learn

encoder, out, when, step = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])


def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def listen(event: dict[str, Any]) -> None:
    if when == "after" and event["kind"] == "step" and event["done"] == step:
        die()


if when == "saving":
    save = Trainer._save_rng_state

    def save_or_die(self: Any, folder: str) -> None:
        if self.state.global_step == step:
            die()
        save(self, folder)

    Trainer._save_rng_state = save_or_die

learn(encoder, out, listen=listen)
