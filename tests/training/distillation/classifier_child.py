"""Trains a tiny classifier and is killed: after a step, or in the middle of writing a checkpoint."""

import sys
from pathlib import Path

from tests.training.distillation.classifying import learn
from tests.training.dying import dying

encoder, out, when, step = sys.argv[1:]
learn(encoder, Path(out), listen=dying(when, int(step)))
