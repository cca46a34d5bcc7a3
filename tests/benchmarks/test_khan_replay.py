"""Recorded labels through calibration: a subset of the benchmark, no model asked."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.khan_replay import (
    Cell,
    by_cell,
    by_item,
    by_rubric,
    calibrated,
    effect,
    people_by_item,
    read,
    replay,
)
from intercoder.core.deductive_settings import Calibration
from intercoder.evals.agreement import agreement

QUICK = Calibration(resamples=200)


@pytest.mark.shared
def test_recorded_labels_are_replayed(shared_data: Path) -> None:
    recorded = read(shared_data / "khan_saq")
    assert (len(recorded.items), len(recorded.runs)) == (20, 45)
    cells = [Cell("Llama 3.1 8b", rubric) for rubric in ("Empty", "Criteria Only", "Full")]
    found = {cell: replay(recorded, cell, QUICK) for cell in cells}
    assert {cell.rubric: replayed.together.verdict for cell, replayed in found.items()} == {
        "Empty": "revise",
        "Criteria Only": "revise",
        "Full": "revise",
    }
    values = [replayed.together.human_model.ac1.value for replayed in found.values()]
    assert values == sorted(values)
    assert {replayed.repeat.verdict for replayed in found.values()} == {"consistent"}
    assert len(by_item(found)) == 1 + 3 * 20
    assert len(by_cell(found)) == 1 + 3
    assert len(people_by_item(found)) == 1 + 20
    assert [line[0] for line in by_rubric(found)[4:]][-1] == "Full less Empty"


@pytest.mark.shared
def test_people_agree_as_the_table_says(shared_data: Path) -> None:
    recorded = read(shared_data / "khan_saq")
    responses = recorded.items["7"]
    model = recorded.runs[Cell("OpenAI o3", "Full")][0]
    found = calibrated(recorded, model, responses, QUICK)
    first, second, third = ([labels[response] for response in responses] for labels in recorded.people.values())
    pairs = [(first, second), (first, third), (second, third)]
    expected = [agreement(list(zip(*pair, strict=True)), "ac1").value for pair in pairs]
    assert found.human_human.ac1.value == pytest.approx(np.mean(expected), abs=1e-12)


@pytest.mark.shared
def test_labels_that_are_not_0_or_1_are_missing_and_counted(shared_data: Path) -> None:
    recorded = read(shared_data / "khan_saq")
    missing = {
        cell: sum(label is None for labels in runs for label in labels.values())
        for cell, runs in recorded.runs.items()
    }
    assert sum(missing.values()) == 40
    cell = Cell("Claude 3.5 Haiku", "Empty")
    assert replay(recorded, cell, QUICK).missing == missing[cell] == 12


def test_an_effect_is_a_mean_over_items() -> None:
    assert effect(np.array([[0.1, 0.3], [0.1, 0.3]])) == "+0.200 (+0.100 to +0.300)"
