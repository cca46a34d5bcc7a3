"""What the environment says to torch and transformers, set before either is imported."""

from __future__ import annotations

import os


def prepare() -> None:
    """Make OpenMP threads sleep while they wait, and loading show no bars; what is already set stays.

    By default the threads spin. On a machine that does anything else at the same time, a spinning thread takes
    the processor from the very thread it waits for: with two busy neighbours on two cores, decoding was
    measured to be three to seven times slower than with sleeping threads. The library's bars would be drawn
    across the run's own progress. Only effective before torch and transformers are imported.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
