"""What is measured of a classifier beside what it says."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from intercoder.training.distillation import measuring
from intercoder.training.distillation.parts import Parts
from tests.training.distillation.studies import BUYING, REPAIR, item


class Reader:
    """A classifier that says nothing of interest."""

    def __init__(self, head: str) -> None:
        self.card = SimpleNamespace(head=head)

    def probabilities(self, texts: list[str]) -> Any:
        return np.zeros((len(texts), 2))

    logits = probabilities

    def truncated(self, texts: list[str]) -> float:
        return 0.0


@pytest.mark.parametrize(("head", "seconds"), [("multi_label", 1.0), ("one_of_k", 2.0)])
def test_time_is_of_a_question_and_each_of_several_codes_is_one(
    monkeypatch: pytest.MonkeyPatch, head: str, seconds: float
) -> None:
    clock = iter((0.0, 10.0))
    monkeypatch.setattr(measuring, "load_classifier", lambda folder: Reader(head))
    monkeypatch.setattr(measuring, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    items = [item(f"text {place}", {"c_1": True}) for place in range(5)]
    material: Any = SimpleNamespace(
        parts=Parts((), tuple(items[:2]), tuple(items[2:]), 0),
        codes=(REPAIR, BUYING),
        data=SimpleNamespace(items=items, head=head),
    )
    assert measuring.predict(Path("nowhere"), material).seconds == seconds
