import hashlib
from collections import Counter
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intercoder.core.errors import InputError
from intercoder.core.record import AttributeValue
from intercoder.core.texts.sampling import draw, draw_evenly

IDS = st.lists(st.text(max_size=5), min_size=1, max_size=60, unique=True)
SEEDS = st.integers()
VALUES = st.one_of(st.none(), st.booleans(), st.integers(0, 2), st.sampled_from(["a", "b", ""]))


def stratum(value: AttributeValue) -> tuple[bool, AttributeValue]:
    return isinstance(value, bool), value


@given(IDS, SEEDS, st.data())
def test_size_order_and_repetition(ids: list[str], seed: int, data: st.DataObject) -> None:
    n = data.draw(st.integers(1, len(ids)))
    positions = draw(ids, n, seed=seed)
    assert len(positions) == n
    assert positions == sorted(set(positions))
    assert set(positions) <= set(range(len(ids)))
    assert positions == draw(ids, n, seed=seed)


@given(IDS, SEEDS)
def test_a_larger_sample_holds_the_smaller(ids: list[str], seed: int) -> None:
    samples = [set(draw(ids, n, seed=seed)) for n in range(1, len(ids) + 1)]
    assert all(smaller < larger for smaller, larger in pairwise(samples))
    assert samples[-1] == set(range(len(ids)))


@given(IDS, SEEDS, st.data())
def test_the_order_of_the_ids_does_not_decide(ids: list[str], seed: int, data: st.DataObject) -> None:
    n = data.draw(st.integers(1, len(ids)))
    shuffled = data.draw(st.permutations(ids))
    assert {ids[p] for p in draw(ids, n, seed=seed)} == {shuffled[p] for p in draw(shuffled, n, seed=seed)}


@given(IDS, SEEDS, st.data())
def test_each_stratum_gets_its_share_to_within_one(ids: list[str], seed: int, data: st.DataObject) -> None:
    strata = data.draw(st.lists(VALUES, min_size=len(ids), max_size=len(ids)))
    n = data.draw(st.integers(1, len(ids)))
    positions = draw(ids, n, seed=seed, strata=strata)
    assert len(positions) == n
    assert positions == sorted(set(positions))
    sizes = Counter(map(stratum, strata))
    drawn = Counter(stratum(strata[position]) for position in positions)
    for key, size in sizes.items():
        assert abs(drawn[key] - Fraction(n * size, len(ids))) < 1


def test_shares_go_to_the_largest_remainders() -> None:
    strata = ["a"] * 6 + ["b"] * 3 + ["c"]
    ids = [str(i) for i in range(10)]
    assert Counter(strata[p] for p in draw(ids, 5, seed=1, strata=strata)) == {"a": 3, "b": 2}
    assert Counter(strata[p] for p in draw(ids, 9, seed=1, strata=strata)) == {"a": 5, "b": 3, "c": 1}


def test_one_stratum_is_no_stratum() -> None:
    ids = [str(i) for i in range(30)]
    assert draw(ids, 7, seed=3, strata=[None] * 30) == draw(ids, 7, seed=3)


def test_true_is_not_1() -> None:
    strata: list[AttributeValue] = [True, True, 1, 1]
    assert Counter(map(stratum, (strata[p] for p in draw(list("abcd"), 2, seed=0, strata=strata)))) == {
        (True, True): 1,
        (False, 1): 1,
    }


def test_a_sample_is_the_same_on_every_machine_and_in_every_release() -> None:
    ids = [f"s_{i}" for i in range(1000)]
    ranks = {p: hashlib.sha256(f'[42,"{ids[p]}"]'.encode()).hexdigest() for p in range(1000)}
    assert draw(ids, 8, seed=42) == sorted(sorted(ranks, key=ranks.__getitem__)[:8])
    assert draw(ids, 8, seed=42) == [169, 247, 394, 416, 461, 493, 864, 974]


def test_every_id_is_as_likely() -> None:
    ids = [str(i) for i in range(10)]
    counts = Counter(position for seed in range(1000) for position in draw(ids, 3, seed=seed))
    assert all(240 < counts[position] < 360 for position in range(10))


@pytest.mark.parametrize("n", [0, -1])
def test_a_sample_has_at_least_one(n: int) -> None:
    with pytest.raises(InputError, match="at least 1"):
        draw(["a"], n, seed=0)


@pytest.mark.parametrize("ids", [[], ["a", "b"]])
def test_a_sample_has_at_most_all(ids: list[str]) -> None:
    with pytest.raises(InputError, match=f"only {len(ids)} segments"):
        draw(ids, 3, seed=0)


def test_strata_are_for_each_id() -> None:
    with pytest.raises(ValueError, match="1 strata for 2 ids"):
        draw(["a", "b"], 1, seed=0, strata=["x"])


def test_strata_give_evenly_as_far_as_they_reach() -> None:
    ids = [f"s{n}" for n in range(30)]
    strata = ["rare"] * 2 + ["some"] * 8 + [""] * 20
    places, weights = draw_evenly(ids, 15, seed=3, strata=strata)
    drawn = [strata[place] for place in places]
    assert [drawn.count(name) for name in ("rare", "some", "")] == [2, 6, 7]
    assert sum(weights) == pytest.approx(30)
    assert [weight for place, weight in zip(places, weights, strict=True) if strata[place] == "rare"] == [1.0, 1.0]
    assert places == sorted(set(places))


def test_every_stratum_must_fit_into_an_even_sample() -> None:
    with pytest.raises(InputError, match="at least 3"):
        draw_evenly(["a", "b", "c"], 2, seed=0, strata=["x", "y", "z"])
    with pytest.raises(InputError, match="only 3 segments"):
        draw_evenly(["a", "b", "c"], 4, seed=0, strata=["x", "x", "x"])
