"""How a classifier is trained: every number in one frozen record."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from intercoder.core.classifiers import Pooling
from intercoder.core.record import Record

LEAST_LENGTH = 8
"""Tokens that an encoder must read at once."""


class ClassifierSettings(Record):
    """Settings of one training. The seed names none (seed 001); these are usual ones for small encoders."""

    model_config = ConfigDict(allow_inf_nan=False)

    pooling: Pooling = "mean"
    max_length: int = Field(default=256, ge=LEAST_LENGTH)
    """Most tokens that are read at once; fewer where the encoder takes fewer."""
    windows: bool = False
    """Whether a longer segment is read in windows; else its end is cut off."""
    overlap: int = Field(default=32, ge=0)
    """Tokens that two windows share."""
    learning_rate: float = Field(default=5e-5, gt=0)
    """The encoder's highest; it rises over the warmup and falls to 0 on a straight line."""
    head_learning_rate: float = Field(default=1e-3, gt=0)
    """The head's."""
    start: Literal["regression", "random"] = "regression"
    """What the head begins with: a logistic regression on the encoder as it is, or random numbers."""
    warmup: float = Field(default=0.1, ge=0, lt=1)
    """Share of the steps."""
    weight_decay: float = Field(default=0.01, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    epochs: float = Field(default=5.0, gt=0)
    max_steps: int = Field(default=0, ge=0)
    """Steps in all, whatever `epochs` says; 0 for none."""
    batch_size: int = Field(default=16, ge=1)
    """Segments that are in memory at the same time."""
    accumulation: int = Field(default=1, ge=1)
    """Batches to one step."""
    class_weights: Literal["balanced", "none"] = "balanced"
    """Whether the rarer answer to a code counts more, so that both count the same in all."""
    most_weight: float = Field(default=10.0, ge=1)
    """Bound of a class weight."""
    patience: int = Field(default=3, ge=0)
    """Measurements in a row without gain after which training stops; 0 never stops it."""
    checkpoint_every: int = Field(default=0, ge=0)
    """Steps between checkpoints, which are measured on the development part; 0 makes one an epoch, and none before
    three steps are done."""
    scaling: Literal["none", "temperature", "temperature_and_shift"] = "temperature"
    """What makes probabilities of logits, fitted on the development part (Guo et al. 2017)."""
    dtype: Literal["auto", "bfloat16", "float32"] = "auto"
    """Type of the numbers that the encoder computes with; `auto` is the one that is fastest here. The weights' is
    float32 while they are learnt."""
    seed: int = Field(default=0, ge=0, lt=2**32)

    @property
    def texts_a_step(self) -> int:
        """How many segments one step learns from."""
        return self.batch_size * self.accumulation
