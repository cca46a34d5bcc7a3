"""What each step of a training learns from: drawn beforehand, so that a training can be gone on with anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from random import Random

from intercoder.llms.classifiers.windows import Windows
from intercoder.training.distillation.classifier_settings import ClassifierSettings

ALIKE = 8
"""Steps whose texts are put together by length."""


def total_steps(texts: int, settings: ClassifierSettings) -> int:
    """Steps of a training on so many texts."""
    return settings.max_steps or ceil(settings.epochs * texts / settings.texts_a_step)


def order(texts: Sequence[Windows], steps: int, settings: ClassifierSettings) -> list[int]:
    """Places of the texts that all steps learn from, one step after the other.

    Texts come as often as there are epochs, in an order that the seed draws anew for each. Of a few steps' texts
    those of like length are learnt from together, so that little is padded; the steps are then shuffled.
    """
    size, wanted = settings.texts_a_step, steps * settings.texts_a_step
    stream: list[int] = []
    while len(stream) < wanted:
        epoch = Random(f"{settings.seed} {len(stream)}")
        stream += epoch.sample(range(len(texts)), len(texts))
    found: list[int] = []
    for start in range(0, wanted, ALIKE * size):
        near = sorted(stream[start : min(start + ALIKE * size, wanted)], key=lambda place: texts[place].size)
        cut = [near[at : at + size] for at in range(0, len(near), size)]
        found += [place for step in Random(f"{settings.seed} {start}").sample(cut, len(cut)) for place in step]
    return found
