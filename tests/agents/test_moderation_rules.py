"""Moderation without a model: what is most central and grounded stands, whoever said it in whatever order."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from intercoder.agents.moderation_rules import Candidate, best_of, choose, cluster, scores
from intercoder.core.agent_settings import ModerationKind
from intercoder.core.protocols import Vectors

KINDS: tuple[ModerationKind, ...] = ("medoid", "majority", "weighted")
EAST, NORTH, UP = np.eye(3, dtype=np.float32)


def units(rows: "Sequence[Sequence[float]] | Vectors") -> Vectors:
    matrix = np.asarray(rows, dtype=np.float32)
    return matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-6)


def said(*labels: str, coders: str = "") -> list[Candidate]:
    """One candidate a label, each by a coder of its own; or by the coders whose letters are given."""
    names = coders or "abcdefgh"
    return [Candidate(coder=name, label=label) for name, label in zip(names, labels, strict=False)]


def pick(
    candidates: Sequence[Candidate], vectors: Vectors, segment: Vectors = EAST, **options: object
) -> list[int]:
    """`choose`, with the settings of a new study where a test does not say."""
    settings = {"kind": "medoid", "groundedness": 1.0, "tau": 0.7, "weights": {}, "max_codes": 1} | options
    return choose(candidates, vectors, segment, **settings)  # type: ignore[arg-type]


finite = st.floats(-1, 1, width=32).filter(lambda value: abs(value) > 1e-3)
many = arrays.arrays(np.float32, st.tuples(st.integers(1, 7), st.just(5)), elements=finite).map(units)
words = st.sampled_from(["mending", "things", "with", "care", "at", "home"])
label = st.lists(words, min_size=1, max_size=7)


@st.composite
def panels(draw: st.DrawFn) -> tuple[list[Candidate], Vectors]:
    """Suggestions of up to four coders, some of whom gave several, with their embeddings."""
    vectors = draw(many)
    coder = st.sampled_from("abcd")
    return [Candidate(coder=draw(coder), label=" ".join(draw(label))) for _ in vectors], vectors


@given(panels(), st.floats(0, 2), st.randoms(use_true_random=False))
def test_the_medoid_does_not_depend_on_the_order(
    panel: tuple[list[Candidate], Vectors], g: float, dice: object
) -> None:
    candidates, vectors = panel
    segment = vectors.mean(axis=0)
    order = list(range(len(candidates)))
    dice.shuffle(order)  # type: ignore[attr-defined]
    shuffled = [candidates[place] for place in order]
    one = scores(candidates, vectors, segment, g)
    other = scores(shuffled, vectors[order], segment, g)
    assert other == pytest.approx(one[order], abs=1.1e-4)
    (first,) = pick(candidates, vectors, segment, groundedness=g)
    (second,) = pick(shuffled, vectors[order], segment, groundedness=g)
    # Only what is equal but for rounding may change places.
    assert one[order[second]] == pytest.approx(one[first], abs=2.1e-4)


@given(panels(), st.sampled_from(KINDS), st.integers(1, 4), st.floats(0.1, 1))
def test_what_is_chosen_are_different_suggestions_and_never_too_many(
    panel: tuple[list[Candidate], Vectors], kind: ModerationKind, most: int, tau: float
) -> None:
    candidates, vectors = panel
    chosen = pick(candidates, vectors, vectors[0], kind=kind, max_codes=most, tau=tau, weights={"a": 0.3, "b": 2.0})
    assert 1 <= len(chosen) <= most
    assert len(set(chosen)) == len(chosen)
    assert set(chosen) <= set(range(len(candidates)))
    of_cluster = {place: number for number, members in enumerate(cluster(vectors, tau)) for place in members}
    assert len({of_cluster[place] for place in chosen}) == len(chosen)


@given(st.sampled_from(KINDS), st.integers(1, 4), many)
def test_a_lone_suggestion_is_chosen(kind: ModerationKind, most: int, vectors: Vectors) -> None:
    alone = said("a very long label of more than five words")
    assert pick(alone, vectors[:1], vectors[-1], kind=kind, max_codes=most, weights={"a": 0.0}) == [0]


def test_the_medoid_is_what_lies_closest_to_the_others() -> None:
    vectors = units([[1, 0, 0], [1, 1, 0], [0, 1, 0]])
    assert pick(said("a", "b", "c"), vectors, UP) == [1]


def test_groundedness_lets_the_text_decide() -> None:
    vectors = units([[0, 1, 0], [0, 1, 0.1], [1, 0, 0]])
    assert pick(said("a", "b", "c"), vectors, EAST, groundedness=0.0) in ([0], [1])
    assert pick(said("a", "b", "c"), vectors, EAST, groundedness=1.0) == [2]


def test_each_word_beyond_five_costs_a_fifth() -> None:
    vectors = units([EAST, EAST, EAST])
    short, five, seven = "one", "one two three four five", "one two three four five six seven"
    assert scores(said(short, five, seven), vectors, EAST, 1.0).tolist() == [2.0, 2.0, 1.6]
    assert pick(said(seven, short, five), vectors, EAST) == [1]


def test_equal_suggestions_go_to_the_earlier_coder() -> None:
    vectors = units([EAST, EAST, EAST])
    for kind in KINDS:
        assert pick(said("a", "b", "c"), vectors, kind=kind) == [0]


NEARLY_EAST = [1.0, 0.2, 0.0]


def test_the_majority_is_of_coders_not_of_suggestions() -> None:
    vectors = units([NORTH, NORTH, NORTH, EAST, NEARLY_EAST])
    candidates = said("x", "x", "x", "y", "y", coders="aaabc")
    assert pick(candidates, vectors, NORTH, kind="majority", max_codes=1) in ([3], [4])
    assert pick(candidates, vectors, NORTH, kind="medoid", max_codes=1) == [0]


def test_weights_decide_whose_word_counts() -> None:
    vectors = units([NORTH, EAST, NEARLY_EAST])
    candidates = said("x", "y", "y")
    assert pick(candidates, vectors, NORTH, kind="majority") in ([1], [2])
    assert pick(candidates, vectors, NORTH, kind="weighted", weights={"a": 0.9, "b": 0.3, "c": 0.4}) == [0]
    assert pick(candidates, vectors, NORTH, kind="weighted", weights={"a": 0.6, "b": 0.3, "c": 0.4}) in ([1], [2])
    assert pick(candidates, vectors, NORTH, kind="weighted", weights={}) in ([1], [2])


def test_of_several_codes_those_stand_that_half_of_the_coders_back() -> None:
    vectors = units([EAST, NORTH, NEARLY_EAST, NORTH, EAST, UP])
    candidates = said("x", "y", "x", "y", "x", "z", coders="aabbcc")
    chosen = pick(candidates, vectors, EAST, kind="majority", max_codes=3)
    assert [candidates[place].label for place in chosen] == ["x", "y"]
    assert len(pick(candidates, vectors, EAST, kind="majority", max_codes=1)) == 1


def test_half_of_the_coders_are_enough() -> None:
    vectors = units([EAST, EAST, NORTH, NORTH])
    candidates = said("x", "x", "y", "y")
    assert pick(candidates, vectors, EAST, kind="majority", max_codes=3) == [0, 2]
    assert pick(candidates, vectors, EAST, kind="weighted", max_codes=3, weights={"a": 1.1}) == [0]


def test_where_nobody_agrees_one_code_stands() -> None:
    vectors = units([EAST, NORTH, UP])
    for kind in KINDS:
        assert pick(said("x", "y", "z"), vectors, NORTH, kind=kind, max_codes=3) == [1]


@given(many, st.floats(0.05, 1))
def test_clusters_part_the_suggestions(vectors: Vectors, tau: float) -> None:
    clusters = cluster(vectors, tau)
    assert sorted(place for members in clusters for place in members) == list(range(len(vectors)))
    assert all(members == sorted(members) for members in clusters)
    assert [members[0] for members in clusters] == sorted(members[0] for members in clusters)


@given(many)
def test_a_cluster_is_alike_on_average(vectors: Vectors) -> None:
    cosines = vectors.astype(float) @ vectors.astype(float).T
    clusters = cluster(vectors, 0.6)
    for one in clusters:
        for other in clusters:
            if one is not other:
                assert cosines[np.ix_(one, other)].mean() < 0.6 + 1e-4


def test_the_threshold_itself_is_alike_enough() -> None:
    pair = units([[1, 0, 0], [0.7, 0.51**0.5, 0]])
    assert cluster(pair, 0.7) == [[0, 1]]
    assert cluster(pair, 0.7002) == [[0], [1]]


def test_equal_suggestions_are_one_cluster_and_opposite_ones_are_not() -> None:
    vectors = units([EAST, -EAST, EAST, NORTH])
    assert cluster(vectors, 0.99) == [[0, 2], [1], [3]]
    assert cluster(vectors[:1], 0.5) == [[0]]


def test_of_several_moderators_the_most_central_stands_and_ties_go_to_the_earlier() -> None:
    suggestions = units([EAST, EAST, NEARLY_EAST])
    assert best_of(units([NORTH, EAST, UP]), suggestions) == 1
    assert best_of(units([EAST, EAST]), suggestions) == 0
    assert best_of(units([NORTH]), suggestions) == 0
    assert best_of(units([NORTH]), suggestions[:0]) == 0


@given(many, many)
def test_the_best_moderator_is_the_most_central_in_whatever_order_coders_spoke(
    candidates: Vectors, others: Vectors
) -> None:
    def centrality(place: int) -> float:
        rest = np.delete(candidates, place, axis=0)
        return float((np.concatenate([rest, others]) @ candidates[place]).mean())

    highest = max(map(centrality, range(len(candidates))))
    for spoken in (others, others[::-1]):
        assert centrality(best_of(candidates, spoken)) == pytest.approx(highest, abs=2e-4)
