"""The benchmark of a classifier's speed, at a toy size; nothing is said of how fast it is."""

from pathlib import Path

import pytest

from benchmarks.classifier_speed import measure
from benchmarks.distillation_studies import immigration, subset


@pytest.mark.shared
@pytest.mark.embedded
@pytest.mark.long
def test_each_way_of_coding_has_a_rate(shared_data: Path) -> None:
    found = measure(subset(immigration(shared_data), 80), sample=4, model="scripted:words", steps=1)
    rates = found["segments a second"]
    assert list(rates) == [
        "classifier alone, 80 segments",
        "run final, 80 segments",
        "run final, the same 4",
        "scripted:words, the same 4",
    ]
    assert min(rates.values()) > 0
    times = found["times scripted:words"]
    assert times["run final, the same"] == pytest.approx(
        rates["run final, the same 4"] / rates["scripted:words, the same 4"]
    )
