"""The cut of the dendrogram: golden partitions, both penalties, what is never lost, bad input."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from intercoder.core.errors import InputError
from intercoder.evals.code_space import clusters, cut
from intercoder.evals.spaces.clustering import pair_distances

GOLDEN = Path(__file__).parents[4] / "shared" / "golden" / "merging.json"
CASES = json.loads(GOLDEN.read_text(encoding="utf-8"))["cases"] if GOLDEN.is_file() else []


def partition(numbers: list[int]) -> set[frozenset[int]]:
    """Places that are together; -1 is with nobody."""
    alone = [{place} for place, number in enumerate(numbers) if number == -1]
    together = [{place for place, n in enumerate(numbers) if n == number} for number in set(numbers) - {-1}]
    return set(map(frozenset, alone + together))


def angles(*degrees: float) -> np.ndarray:
    """Unit vectors in the plane."""
    radians = np.radians(degrees)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1)


@pytest.mark.shared
@pytest.mark.skipif(not CASES, reason=f"golden cases are not here: {GOLDEN}")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_golden_cases(case: dict[str, Any]) -> None:
    found = cut(
        case["embeddings"],
        case["examples"],
        linkage=case["args"]["linkage"],
        metric=case["args"]["metric"],
        lower=case["args"]["min"],
        upper=case["args"]["max"],
        example_penalty=False,
    )
    assert partition(found) == partition(case["output"]["clusters"])


def test_with_equal_thresholds_only_the_distance_counts() -> None:
    vectors = angles(0, 20, 90, 180)
    distance = 1 - math.cos(math.radians(20))
    examples = [["s1"], ["s2"], [], ["s3"]]
    assert cut(vectors, examples, lower=distance, upper=distance) == [0, 0, -1, -1]
    assert cut(vectors, examples, lower=distance - 1e-6, upper=distance - 1e-6) == [-1, -1, -1, -1]


@pytest.mark.parametrize(
    ("examples", "merged"),
    [
        ([["s1", "s2"], ["s1", "s2"]], True),  # the same examples: no penalty
        ([[], []], True),  # none at all: no difference known
        ([["s1"], ["s2"]], False),  # nothing in common: the whole penalty
        ([["s1"], []], False),
    ],
)
def test_labels_of_differing_examples_are_kept_apart(examples: list[list[str]], merged: bool) -> None:
    vectors = angles(0, 60)  # cosine distance 0.5
    assert (cut(vectors, examples, lower=0.3, upper=0.6) == [0, 0]) is merged
    assert cut(vectors, examples, lower=0.3, upper=0.6, example_penalty=False) == [0, 0]


def test_half_the_examples_in_common_cost_a_quarter_of_the_penalty() -> None:
    examples = [["s1", "s2", "s3"], ["s2", "s3", "s4"]]  # 2 of 4 in common
    found = clusters(angles(0, 60), examples, lower=0.2, upper=0.7)
    assert found[0].members == (0, 1)
    assert found[0].distance == pytest.approx(0.5 + 0.5 * 0.5**2)
    # The average label has 3 examples, the merged concept 4, and the second penalty is full at 9.
    assert found[0].penalty == pytest.approx(0.5 * ((4 - 3) / (9 - 3)) ** 2)


def test_large_concepts_are_kept_apart() -> None:
    many = [[f"s{n}" for n in range(6)], [f"s{n}" for n in range(6, 12)], ["t1", "t2"], ["t3", "t4"]]
    vectors = angles(0, 50, 180, 230)  # two pairs at cosine distance 0.357
    assert cut(vectors, many, lower=0.2, upper=0.4, example_penalty=False) == [-1, -1, 0, 0]
    # average (6 + 6 + 2 + 2) / 4 = 4, so o = min(1, (12 - 4) / (12 - 4)) = 1 and 0.357 + 0.2 > 0.4
    assert cut(vectors, many, lower=0.36, upper=0.4, example_penalty=False) == [0, 0, 1, 1]


def test_the_papers_rule_is_stricter_than_the_references() -> None:
    examples = [["s1", "s2", "s3"], ["s4", "s5", "s6"], ["s7"] * 9, ["s8", "s9", "s10", "s11"]]
    vectors = angles(0, 50, 150, 250)
    # average 10 / 3; merged 6 examples. reference: top 10, o = 0.4; paper: top 4, o = 1
    assert cut(vectors, examples, lower=0.2, upper=0.4, example_penalty=False) == [0, 0, -1, -1]
    assert cut(vectors, examples, lower=0.2, upper=0.4, example_penalty=False, size_rule="paper") == [-1] * 4


@pytest.mark.parametrize("size_rule", ["reference", "paper"])
@pytest.mark.parametrize("examples", [[["s1"], ["s2"], ["s3"]], [[], [], []]])
def test_where_no_label_has_several_examples_size_costs_nothing(size_rule: Any, examples: list[list[str]]) -> None:
    found = cut(angles(0, 50, 180), examples, lower=0.1, upper=0.4, size_rule=size_rule, example_penalty=False)
    assert found == [0, 0, -1]


def test_where_all_labels_have_as_many_examples_the_papers_rule_costs_nothing() -> None:
    examples = [["s1", "s2"], ["s3", "s4"], ["s5", "s6"]]
    arguments: dict[str, Any] = {"lower": 0.1, "upper": 0.4, "size_rule": "paper", "example_penalty": False}
    assert cut(angles(0, 50, 180), examples, **arguments) == [0, 0, -1]


def test_few_labels() -> None:
    assert cut([], [], lower=0.1, upper=0.2) == []
    assert cut([[1.0, 0.0]], [["s1"]], lower=0.1, upper=0.2) == [-1]
    assert cut([[1.0, 0.0], [2.0, 0.0]], [["s1"], ["s2"]], lower=0, upper=0) == [0, 0]


@pytest.mark.parametrize(
    ("linkage", "metric"), [("average", "cosine"), ("ward", "euclidean"), ("single", "cosine")]
)
def test_labels_at_one_place_are_one_concept_even_at_threshold_zero(linkage: Any, metric: Any) -> None:
    far = np.random.default_rng(3).normal(size=(3, 384)).astype(np.float32) * 40
    found = cut(far[[0, 1, 0, 2, 1]], [[]] * 5, linkage=linkage, metric=metric, lower=0, upper=0)
    assert found == [0, 1, 0, -1, 1]


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(2, 25),
    lower=st.floats(0, 1),
    wider=st.floats(0, 1),
    linkage=st.sampled_from(["average", "complete", "single"]),
)
def test_no_label_and_no_example_is_lost_and_order_does_not_matter(
    seed: int, count: int, lower: float, wider: float, linkage: Any
) -> None:
    draw = np.random.default_rng(seed)
    vectors = draw.normal(size=(count, 4))
    examples = [[f"s{n}" for n in draw.integers(0, 9, draw.integers(0, 5))] for _ in range(count)]
    found = clusters(vectors, examples, linkage=linkage, lower=lower, upper=lower + wider)
    members = [place for cluster in found for place in cluster.members]
    numbers = cut(vectors, examples, linkage=linkage, lower=lower, upper=lower + wider)
    assert len(members) == len(set(members))
    assert all(len(cluster.members) > 1 for cluster in found)
    assert {place for place, number in enumerate(numbers) if number >= 0} == set(members)
    assert set().union(*partition(numbers)) == set(range(count))
    kept = {s for together in partition(numbers) for place in together for s in examples[place]}
    assert kept == {s for ids in examples for s in ids}
    order = draw.permutation(count)
    again = cut(vectors[order], [examples[at] for at in order], linkage=linkage, lower=lower, upper=lower + wider)
    assert {frozenset(int(order[at]) for at in together) for together in partition(again)} == partition(numbers)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_pair_distances_are_scipys(metric: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intercoder.evals.spaces.distances.BLOCK", 4)
    vectors = np.random.default_rng(1).normal(size=(11, 6))
    vectors[7] = vectors[2] * (1 + 1e-9)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert pair_distances(vectors, metric) == pytest.approx(pdist(vectors, metric), abs=1e-12)


@pytest.mark.parametrize(
    ("changes", "where", "says"),
    [
        ({"lower": 0.6, "upper": 0.5}, "lower, upper", "out of order: lower is 0.6, upper is 0.5"),
        ({"lower": -0.1}, "lower, upper", "out of order"),
        ({"upper": math.nan}, "lower, upper", "out of order"),
        ({"linkage": "ward"}, "metric", "Euclidean"),
        ({"linkage": "centroid"}, "linkage", "`centroid`"),
        ({"metric": "manhattan"}, "metric", "`manhattan`"),
        ({"size_rule": "own"}, "size_rule", "`own`"),
        ({"examples": [["s1"]]}, "embeddings", "1 examples, but embeddings"),
        ({"embeddings": [[1, 0], [math.nan, 1]]}, "embeddings, row 1", "not finite"),
        ({"embeddings": [[0, 0], [0, 1]]}, "embeddings, row 0", "zeros"),
    ],
)
def test_bad_input_is_named(changes: dict[str, Any], where: str, says: str) -> None:
    arguments: dict[str, Any] = {
        "embeddings": np.eye(2),
        "examples": [[], []],
        "lower": 0.3,
        "upper": 0.5,
    } | changes
    with pytest.raises(InputError, match=says) as caught:
        cut(arguments.pop("embeddings"), arguments.pop("examples"), **arguments)
    assert caught.value.where == where
