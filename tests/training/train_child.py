"""Trains a tiny adapter and is killed: after a step, or in the middle of writing a checkpoint."""

import sys
from pathlib import Path

from tests.training.adapting import train_tiny
from tests.training.dying import dying

base, pairs, out, when, step = sys.argv[1:]
train_tiny(Path(base), Path(pairs), Path(out), listen=dying(when, int(step)))
