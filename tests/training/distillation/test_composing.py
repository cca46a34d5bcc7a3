"""Training sets of a size and a share of written segments."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intercoder.core.classifier_results import Head
from intercoder.core.codebook import Code
from intercoder.core.errors import InputError
from intercoder.core.synthetic import SyntheticSegment, Written
from intercoder.training.distillation.composing import Mix, compose, drawn, in_place_of, mix, wanted
from tests.training.distillation.studies import BUYING, REPAIR, item

CODES = (REPAIR, BUYING)


def written(code: Code, value: Written, place: int = 0) -> SyntheticSegment:
    return SyntheticSegment(
        id=f"y_{code.id}{value}{place}",
        origin="o",
        code_id=code.id,
        code_revision=1,
        codebook_version=1,
        value=value,
        call=place,
        text=f"{code.label} {value} {place}",
        temperature=0.7,
        seed=0,
    )


@pytest.mark.parametrize(
    ("total", "share", "expected"),
    [
        (0, 0.8, Mix(60, 240)),
        (0, 0.0, Mix(60, 0)),
        (100, 0.8, Mix(20, 80)),
        (100, 0.95, Mix(5, 95)),
        (60, 0.0, Mix(60, 0)),
        (75, 0.2, Mix(60, 15)),
    ],
)
def test_a_set_has_its_size_and_share(total: int, share: float, expected: Mix) -> None:
    assert mix(total, share, 60) == expected


@pytest.mark.parametrize(
    ("total", "share", "told"),
    [(100, 0.2, "takes 80 that people coded, and the training part has 60"), (4, 0.95, "none that people coded")],
)
def test_a_set_that_cannot_be_is_told(total: int, share: float, told: str) -> None:
    with pytest.raises(InputError, match=told) as raised:
        mix(total, share, 60)
    assert raised.value.remedy


def test_the_remedy_of_a_set_that_is_too_large_works() -> None:
    with pytest.raises(InputError) as raised:
        mix(100, 0.2, 61)
    most = int(raised.value.remedy.split("Ask for ")[1].split()[0])
    assert mix(most, 0.2, 61).human <= 61


@given(st.integers(0, 500), st.sampled_from(["yes_no", "multi_label", "one_of_k"]))
def test_what_is_written_is_spread_evenly(number: int, head: Head) -> None:
    asked = wanted(CODES, head, number)
    assert sum(one.count for one in asked) == number
    counts = [one.count for one in asked]
    assert not counts or max(counts) - min(counts) <= 1
    assert {one.value for one in asked} <= ({"yes"} if head == "one_of_k" else {"yes", "no"})
    assert len({(one.code.id, one.value) for one in asked}) == len(asked)


@given(st.integers(1, 40), st.integers(0, 20))
def test_people_s_segments_are_drawn_by_their_decisions(number: int, seed: int) -> None:
    items = [item(f"text {n}", {"c_1": n % 4 == 0}) for n in range(40)]
    chosen = drawn(items, number, seed)
    assert len(chosen) == len({one.segment.id for one in chosen}) == number
    assert abs(sum(one.targets["c_1"] for one in chosen) - number / 4) < 1
    assert chosen == drawn(items, number, seed)


def test_of_a_written_segment_other_codes_are_known_only_if_they_exclude_it() -> None:
    people = [item("one", {"c_1": True}), item("two", {"c_1": False, "c_2": True})]
    people.append(item("three", {"c_2": False}))
    made = [written(REPAIR, "yes"), written(REPAIR, "no"), written(BUYING, "yes")]
    several = compose(people, made, CODES, "multi_label")
    assert [dict(one.targets) for one in several.items] == [
        {"c_1": True},
        {"c_1": False, "c_2": True},
        {"c_2": False},
        {"c_1": True},
        {"c_1": False},
        {"c_2": True},
    ]
    assert [one.text for one in several.items[3:]] == [one.text for one in made]
    choice = compose([], [written(REPAIR, "yes"), written(BUYING, "yes")], CODES, "one_of_k")
    assert [dict(one.targets) for one in choice.items] == [
        {"c_1": True, "c_2": False},
        {"c_1": False, "c_2": True},
    ]


def test_a_set_in_which_all_are_alike_is_refused() -> None:
    people = [item(f"text {n}", {"c_1": True}) for n in range(3)]
    with pytest.raises(InputError, match="`repair` was not given to"):
        compose(people, (), (REPAIR,), "yes_no")
    assert Counter(
        value
        for one in compose(people, [written(REPAIR, "no")], (REPAIR,), "yes_no").items
        for value in one.targets.values()
    ) == {True: 3, False: 1}


@given(st.integers(0, 8), st.integers(0, 8), st.integers(1, 20), st.integers(0, 5))
def test_in_place_of_written_segments_stand_people_s_of_the_same_answers(
    yes: int, no: int, number: int, seed: int
) -> None:
    training = [item(f"text {n}", {"c_1": n % 4 == 0}) for n in range(60)]
    human = drawn(training, number, seed)
    texts = [written(REPAIR, "yes", n) for n in range(yes)] + [written(REPAIR, "no", n) for n in range(no)]
    found = in_place_of(texts, human, training, [REPAIR], "yes_no", seed)
    assert Counter(one.targets["c_1"] for one in found) == Counter({True: yes, False: no})
    ids = [one.segment.id for one in (*human, *found)]
    assert len(ids) == len(set(ids)), "none twice"
    assert all(one in training for one in found)


def test_in_place_of_an_answer_that_people_gave_too_seldom_stands_nothing() -> None:
    training = [item(f"text {n}", {"c_1": n < 3}) for n in range(20)]
    texts = [written(REPAIR, "yes", n) for n in range(3)]
    assert len(in_place_of(texts, (), training, [REPAIR], "yes_no", 0)) == 3
    assert not in_place_of(texts, training[:1], training, [REPAIR], "yes_no", 0), "one of the three is beside them"


def test_of_a_segment_in_place_of_a_written_one_its_answer_alone_is_learnt() -> None:
    training = [item(f"text {n}", {"c_1": n % 10 == 0, "c_2": n % 10 == 1}) for n in range(200)]
    texts = [written(code, value, n) for code in CODES for value in ("yes", "no") for n in range(10)]
    found = in_place_of(texts, (), training, CODES, "multi_label", 0)
    assert Counter(pair for one in found for pair in one.targets.items()) == Counter(
        {(code.id, value): 10 for code in CODES for value in (True, False)}
    )
    both = [item("both", {"c_1": True, "c_2": True})]
    texts = [written(REPAIR, "yes"), written(BUYING, "yes")]
    assert len(in_place_of(texts, (), both, CODES, "multi_label", 0)) == 2


def test_of_exclusive_codes_a_segment_in_place_of_a_written_one_has_one_and_not_the_others() -> None:
    training = [item(f"text {n}", {"c_1": n % 2 == 0} | ({"c_2": n % 2 == 1} if n % 3 else {})) for n in range(20)]
    found = in_place_of([written(REPAIR, "yes", n) for n in range(5)], (), training, CODES, "one_of_k", 0)
    assert [one.targets for one in found] == [{"c_1": True, "c_2": False}] * 5
