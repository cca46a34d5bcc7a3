import itertools
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intercoder.core.codebook import Code
from intercoder.core.coding import refinement
from intercoder.core.coding.refinement import LabelToPlace, Placement, adaptive_tau, cosines, folded, refine
from intercoder.core.protocols import Vectors
from intercoder.stores.memory.exact_memory import ExactCodeMemory


def to_place(labels: Sequence[str], thresholds: Sequence[float]) -> list[LabelToPlace]:
    return [
        LabelToPlace(label=label, founds=Code(id=f"c{at}", label=label), threshold=tau)
        for at, (label, tau) in enumerate(zip(labels, thresholds, strict=True))
    ]


def unit(rows: npt.ArrayLike) -> Vectors:
    vectors = np.asarray(rows, np.float64)
    scaled: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return scaled


def _dot(one: Vectors, other: Vectors) -> float:
    return math.fsum(float(a) * float(b) for a, b in zip(one, other, strict=True))


def place_naively(labels: Sequence[LabelToPlace], vectors: Vectors, compared: Vectors) -> list[tuple[str, float]]:
    """The rule, word for word, one label after the other."""
    codes: list[tuple[str, Code, Vectors]] = []
    outcome = []
    for item, vector, query in zip(labels, vectors, compared, strict=True):
        wording = " ".join(item.label.casefold().split())
        same = [code for known, code, _ in codes if known == wording]
        cosine = [round(_dot(query, row), 4) for *_, row in codes]
        best = max(cosine, default=math.nan)
        if same:
            outcome.append((same[0].id, 1.0))
        elif codes and best >= item.threshold:
            outcome.append((codes[cosine.index(best)][1].id, best))
        else:
            codes.append((wording, item.founds, vector))
            outcome.append((item.founds.id, best))
    return outcome


# Few, small whole coordinates: many equal cosines, and labels that differ in case and white space alone.
_coordinates = st.tuples(*[st.integers(-2, 2)] * 3).filter(any)
_sequences = st.lists(
    st.tuples(
        st.sampled_from(["low", "Low", " LOW ", "high", "a b", "A  b", "c", "d", "e", "f", "g", "h"]),
        _coordinates,
        _coordinates,
        st.sampled_from([0.5, 0.7, 0.7071, 0.9, 1.0]),
    ),
    min_size=1,
    max_size=30,
)


@given(_sequences, st.integers(1, 30), st.data())
def test_the_outcome_is_the_rule_s_and_does_not_depend_on_waves(
    sequence: list[tuple[str, tuple[int, ...], tuple[int, ...], float]], inner: int, data: st.DataObject
) -> None:
    names, rows, queries, thresholds = zip(*sequence, strict=True)
    labels, vectors, compared = to_place(names, thresholds), unit(rows), unit(queries)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(labels)))) | {0, len(labels)})
    memory = ExactCodeMemory()
    cut: list[Placement] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refinement, "WAVE", inner)
        for start, stop in itertools.pairwise(cuts):
            part = slice(start, stop)
            cut += refine(labels[part], vectors[part], memory, compared=compared[part])
    whole = refine(labels, vectors, ExactCodeMemory(), compared=compared)
    assert [placement.model_dump_json() for placement in cut] == [item.model_dump_json() for item in whole]
    naive = place_naively(labels, vectors, compared)
    assert [(placement.code_id, repr(placement.similarity + 0.0)) for placement in whole] == [
        (code_id, repr(similarity + 0.0)) for code_id, similarity in naive
    ]
    founded = [placement.founded.id for placement in whole if placement.founded]
    assert [match.code_id for match in memory.nearest(vectors[:1], 99)[0]] == sorted(
        founded, key=lambda code: (-float(cosines(vectors[0], vectors[[int(code[1:])]])[0]), int(code[1:]))
    )


def test_waves_give_bit_equal_similarities_with_many_dimensions() -> None:
    random = np.random.default_rng(3)
    centres = random.standard_normal((40, 384))
    vectors = unit(centres[random.integers(0, 40, 700)] + 0.6 * random.standard_normal((700, 384)))
    labels = to_place([f"label {at}" for at in range(700)], [0.7] * 700)
    whole = refine(labels, vectors, ExactCodeMemory())
    memory = ExactCodeMemory()
    single = [refine([item], vectors[at : at + 1], memory)[0] for at, item in enumerate(labels)]
    assert [item.model_dump_json() for item in whole] == [item.model_dump_json() for item in single]
    assert 40 < sum(item.founded is not None for item in whole) < 700


def test_equal_wordings_merge_whatever_the_embedding_and_the_threshold_say() -> None:
    names = ["Too busy", "too  BUSY", "Café", "Cafe\u0301", "STRASSE", "straße"]
    labels = to_place(names, [1.5] * 6)
    for memory_is_used in (False, True):
        memory = ExactCodeMemory()
        vectors = unit(np.eye(6))
        if memory_is_used:
            placed = [refine([item], vectors[at : at + 1], memory)[0] for at, item in enumerate(labels)]
        else:
            placed = refine(labels, vectors, memory)
        assert [item.code_id for item in placed] == ["c0", "c0", "c2", "c2", "c4", "c4"]
        assert [item.similarity for item in placed[1::2]] == [1.0] * 3
        assert placed[1].label == "Too busy"
        assert len(memory) == 3


def test_of_equally_similar_codes_the_oldest_takes_the_label() -> None:
    labels = to_place(["left", "right", "between", "between again"], [0.99, 0.99, 0.7, 0.7])
    vectors = unit([[1, 0], [0, 1], [1, 1], [1, 1]])
    placed = refine(labels, vectors, ExactCodeMemory())
    assert [item.code_id for item in placed] == ["c0", "c1", "c0", "c0"]
    assert placed[2].similarity == 0.7071


def test_the_first_label_has_no_similarity_and_a_founding_one_keeps_that_of_its_neighbour() -> None:
    labels = to_place(["one", "two"], [0.7, 0.7])
    first, second = refine(labels, unit([[1.0, 0.0], [1.0, 1.1]]), ExactCodeMemory())
    assert math.isnan(first.similarity)
    assert second.founded == labels[1].founds
    assert second.similarity == pytest.approx(0.6727)


def test_what_is_compared_may_be_another_text_than_what_is_remembered() -> None:
    labels = to_place(["one", "two", "three"], [0.9] * 3)
    remembered, compared = unit([[1, 0], [0, 1], [1, 1]]), unit([[0, 1], [1, 0], [0, 1]])
    placed = refine(labels, remembered, ExactCodeMemory(), compared=compared)
    assert [item.code_id for item in placed] == ["c0", "c0", "c2"]


def test_vectors_that_do_not_fit_are_refused() -> None:
    labels = to_place(["one", "two"], [0.7, 0.7])
    memory = ExactCodeMemory()
    with pytest.raises(ValueError, match="2 labels"):
        refine(labels, unit([[1, 0]]), memory)
    with pytest.raises(ValueError, match="finite"):
        refine(labels, np.array([[1, 0], [np.nan, 0]], np.float32), memory)
    assert len(memory) == 0
    assert refine([], np.empty((0, 2), np.float32), memory) == []


def test_folding_keeps_words_apart() -> None:
    assert folded(" A\tB\n") == "a b"
    assert folded("ab") != folded("a b")


@given(st.floats(0, 1), st.none() | st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1))
def test_adaptive_threshold_stays_between_its_bounds(q: float, cosine: float | None, a: float, b: float) -> None:
    lo, hi = min(a, b), max(a, b)
    assert lo - 5e-5 <= adaptive_tau(q, cosine, lo, hi) <= hi + 5e-5


@given(st.floats(0, 1), st.floats(0, 1), st.floats(-1, 1), st.floats(-1, 1))
def test_adaptive_threshold_rises_with_length_and_disagreement(p: float, q: float, c: float, d: float) -> None:
    low, high = adaptive_tau(min(p, q), max(c, d)), adaptive_tau(max(p, q), min(c, d))
    assert low <= high


def test_adaptive_threshold_at_marked_places() -> None:
    assert adaptive_tau(0, None) == 0.6
    assert adaptive_tau(1, None) == 0.7
    assert adaptive_tau(0.5, 0.5) == 0.7
    assert adaptive_tau(1, 0.2) == 0.78
    assert adaptive_tau(1, -1) == 0.8
    for bad in ((-0.1, 0.5), (1.1, 0.5), (0.5, 1.5), (math.nan, 0.5), (0.5, math.nan)):
        with pytest.raises(ValueError, match="not between"):
            adaptive_tau(*bad)
    with pytest.raises(ValueError, match="lo not above hi"):
        adaptive_tau(0.5, 0.5, 0.8, 0.6)
