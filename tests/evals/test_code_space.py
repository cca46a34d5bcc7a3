"""Metrics of code spaces: the golden cases, what is undefined, what the order does not change, bad input."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intercoder.core.errors import InputError
from intercoder.evals.code_space import CodeSpaceMetrics, coder_weights, measure

GOLDEN = Path(__file__).parents[3] / "shared" / "golden" / "code_space.json"
CASES = json.loads(GOLDEN.read_text(encoding="utf-8"))["cases"] if GOLDEN.is_file() else []
METRICS = ("coverage", "overlap", "novelty", "divergence")
LABELS = ["a", "b", "c"]
APART = 1.2 - 1.2 * np.eye(3)


def measured(case: dict[str, Any], novelty: str) -> dict[str, CodeSpaceMetrics]:
    return measure(
        case["coders"],
        distances=case["distances"],
        labels=[concept["label"] for concept in case["concepts"]],
        alternatives={concept["label"]: concept["alternatives"] for concept in case["concepts"]},
        groups=case["groups"],
        neighbor_threshold=case["neighbor_threshold"],
        novelty=novelty,  # type: ignore[arg-type]
    )


@pytest.mark.shared
@pytest.mark.skipif(not CASES, reason=f"golden cases are not here: {GOLDEN}")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_golden_cases(case: dict[str, Any]) -> None:
    graded, paper = measured(case, "reference"), measured(case, "paper")
    assert len(graded) == len(case["expected_reference"])
    for name, expected in case["expected_reference"].items():
        found = graded[name.removeprefix("group: ")]
        assert {metric: getattr(found, metric) for metric in METRICS} == pytest.approx(
            {metric: expected[metric] for metric in METRICS}, abs=1e-9
        )
        assert (found.size, found.concepts) == (expected["count"], expected["consolidated"])
        assert paper[name.removeprefix("group: ")].novelty == pytest.approx(
            case["expected_paper_novelty"][name], abs=1e-9
        )
    sizes = np.array([len(space) for space in case["coders"].values()])
    weights = [case["weights"][coder] for coder in case["coders"]]
    assert coder_weights(sizes).tolist() == pytest.approx(weights)


def test_a_distance_of_just_the_threshold_makes_neighbors() -> None:
    coders: dict[str, dict[str, list[str]]] = {"A": {"a": []}, "B": {"b": [], "c": []}}
    near = APART.copy()
    near[0, 1] = near[1, 0] = 0.1 + 0.2
    found = measure(coders, distances=near, labels=LABELS, neighbor_threshold=0.3)
    assert found["A"].overlap == pytest.approx(2 / 3)
    assert measure(coders, distances=near, labels=LABELS, neighbor_threshold=0.29)["A"].overlap == 0


def test_an_empty_code_space_has_no_metrics() -> None:
    found = measure({"A": {"a": []}, "B": {}}, distances=APART, labels=LABELS, neighbor_threshold=0.3)
    assert all(math.isnan(getattr(found["B"], metric)) for metric in METRICS)
    assert (found["B"].size, found["B"].concepts) == (0, 0)
    assert found["A"].coverage == 1


def test_without_a_novel_concept_novelty_is_undefined() -> None:
    coders: dict[str, dict[str, list[str]]] = {"A": {"a": [], "b": []}, "B": {"a": [], "b": []}}
    for novelty in ("paper", "reference"):
        found = measure(
            coders,
            distances=APART,
            labels=LABELS,
            neighbor_threshold=0.3,
            novelty=novelty,  # type: ignore[arg-type]
        )
        assert math.isnan(found["A"].novelty)
        assert found["A"].coverage == 1
        assert found["A"].divergence == 0


def test_a_coder_alone_overlaps_with_nobody() -> None:
    found = measure(
        {"A": {"a": [], "b": [], "c": []}},
        distances=APART,
        labels=LABELS,
        groups={"all": ["A"]},
        neighbor_threshold=0.3,
    )
    for metrics in found.values():
        assert metrics.coverage == metrics.novelty == 1
        assert math.isnan(metrics.overlap)
        assert math.isnan(metrics.divergence)


def test_code_spaces_of_one_label_weigh_one() -> None:
    assert coder_weights(np.array([1, 1, 1])).tolist() == [1, 1, 1]
    assert coder_weights(np.array([0, 1, 1])).tolist() == [0, 1, 1]
    assert coder_weights(np.array([], dtype=np.int64)).tolist() == []


def test_undefined_figures_are_null_in_json() -> None:
    found = measure({"A": {}}, distances=APART, labels=LABELS, neighbor_threshold=0.3)["A"]
    assert json.loads(found.model_dump_json())["coverage"] is None


def random_team(seed: int, labels: int = 12) -> tuple[dict[str, dict[str, list[str]]], np.ndarray, list[str]]:
    """A random team over labels at random places."""
    draw = np.random.default_rng(seed)
    names = [f"label {at}" for at in range(labels)]
    sizes = draw.integers(0, labels, size=4)
    coders = {
        f"coder {at}": {str(name): ["s1"] for name in draw.choice(names, size, replace=False)}
        for at, size in enumerate(sizes)
    }
    return coders, draw.normal(size=(labels, 5)), names


def close(first: dict[str, CodeSpaceMetrics], second: dict[str, CodeSpaceMetrics]) -> bool:
    return first.keys() == second.keys() and all(
        first[name].model_dump() == pytest.approx(second[name].model_dump(), abs=1e-9, nan_ok=True)
        for name in first
    )


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), order=st.permutations(range(12)), coders=st.permutations(range(4)))
def test_the_order_of_labels_and_coders_changes_nothing(seed: int, order: list[int], coders: list[int]) -> None:
    team, vectors, labels = random_team(seed)
    groups = {"pair": ["coder 0", "coder 3"]}
    there = measure(team, embeddings=vectors, labels=labels, groups=groups, neighbor_threshold=0.6)
    again = measure(
        {f"coder {at}": dict(reversed(team[f"coder {at}"].items())) for at in coders},
        embeddings=vectors[order],
        labels=[labels[at] for at in order],
        groups={"pair": ["coder 3", "coder 0"]},
        neighbor_threshold=0.6,
    )
    assert close(there, again)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_embeddings_give_what_their_cosine_distances_give(seed: int) -> None:
    team, vectors, labels = random_team(seed)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    distances = np.maximum(1 - unit @ unit.T, 0)
    assert close(
        measure(team, embeddings=vectors * 3, labels=labels, neighbor_threshold=0.6),
        measure(team, distances=distances.tolist(), labels=labels, neighbor_threshold=0.6),
    )


def test_labels_of_several_blocks_are_counted_as_those_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    team, vectors, labels = random_team(7, labels=50)
    whole = measure(team, embeddings=vectors, labels=labels, neighbor_threshold=0.6)
    monkeypatch.setattr("intercoder.evals.spaces.distances.BLOCK", 7)
    assert close(whole, measure(team, embeddings=vectors, labels=labels, neighbor_threshold=0.6))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert close(whole, measure(team, distances=1 - unit @ unit.T, labels=labels, neighbor_threshold=0.6))


def test_merged_labels_lead_to_their_concept_and_the_members_code_spaces_stay() -> None:
    coders = {"A": {"a": ["s1"], "alpha": ["s2"]}, "B": {"alpha": ["s1"], "b": ["s3"]}}
    before = json.dumps(coders)
    found = measure(
        coders, distances=APART, labels=LABELS, alternatives={"a": ["alpha", "a"]}, neighbor_threshold=0.3
    )
    assert (found["A"].size, found["A"].concepts) == (2, 1)
    assert (found["B"].size, found["B"].concepts) == (2, 2)
    assert json.dumps(coders) == before


def changed(row: int, column: int, value: float) -> np.ndarray:
    distances = APART.copy()
    distances[row, column] = value
    return distances


@pytest.mark.parametrize(
    ("changes", "where", "says"),
    [
        ({"distances": APART[:2]}, "distances", "not square"),
        ({"distances": APART[:2, :2]}, "distances", "3 labels, but distances for 2"),
        ({"distances": changed(2, 1, 0.4)}, "distances, row 1, column 2", "the other way round"),
        ({"distances": changed(1, 2, math.nan)}, "distances, row 1, column 2", "not a finite number"),
        ({"distances": changed(0, 2, -0.5)}, "distances, row 0, column 2", "negative"),
        ({"distances": changed(1, 1, 1.0)}, "distances, row 1, column 1", "to itself"),
        ({"distances": [[0, 1], [1]]}, "distances", "one length"),
        ({"distances": None}, "distances, embeddings", "either"),
        ({"embeddings": np.eye(3)}, "distances, embeddings", "either"),
        ({"distances": None, "embeddings": np.eye(2)}, "embeddings", r"3 labels, but embeddings of shape \(2, 2\)"),
        ({"distances": None, "embeddings": np.diag([1, 0, 1])}, "embeddings, row 1", "zeros"),
        ({"distances": None, "embeddings": np.diag([1, 1, np.inf])}, "embeddings, row 2", "not finite"),
        ({"coders": {"A": {"apples": []}}}, "coders, `A`", "`apples` is neither"),
        ({"labels": ["a", "b", "a"]}, "labels, entry 2", "twice"),
        ({"alternatives": {"x": ["y"]}}, "alternatives, `x`", "not among"),
        ({"alternatives": {"a": ["b"]}}, "alternatives, `a`", "two concepts"),
        ({"alternatives": {"a": "alpha"}}, "alternatives, `a`", "list"),
        ({"groups": {"g": ["Z"]}}, "groups, `g`", "no coder `Z`"),
        ({"groups": {"A": ["A"]}}, "groups, `A`", "name of a coder"),
        ({"neighbor_threshold": math.nan}, "neighbor_threshold", "nan"),
        ({"novelty": "new"}, "novelty", "`new`"),
    ],
)
def test_bad_input_is_named(changes: dict[str, Any], where: str, says: str) -> None:
    good: dict[str, Any] = {
        "coders": {"A": {"a": []}, "B": {"b": [], "c": []}},
        "distances": APART,
        "labels": LABELS,
        "neighbor_threshold": 0.3,
    }
    arguments = good | changes
    with pytest.raises(InputError, match=says) as caught:
        measure(arguments.pop("coders"), **arguments)
    assert caught.value.where == where
