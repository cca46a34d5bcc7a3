"""Which disagreements tell most: properties of entropy and of the ranking, and each rule of the order alone."""

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intercoder.evals.agreement import agreement
from intercoder.evals.disagreements import (
    AMONG_MODELS,
    AMONG_PEOPLE,
    BETWEEN_PEOPLE_AND_MODEL,
    WITHIN_A_CODER,
    Answers,
    Disagreement,
    agreement_of,
    code_agreement,
    entropy,
    rank,
)

VALUES = ("no", "unsure", "yes")
said = st.sampled_from(["yes", "no", "unsure"])
maybe = st.sampled_from(["yes", "no", "unsure", ""])
answers = st.builds(
    Answers,
    people=st.lists(maybe, max_size=3).map(tuple),
    models=st.lists(maybe, max_size=4).map(tuple),
    final=maybe,
    changed=st.lists(st.booleans(), max_size=4).map(tuple),
)


def unit(place: int, *models: str, code: str = "c", order: int = 0, **more: object) -> Disagreement:
    one = Answers(models=models)._replace(**more)  # type: ignore[arg-type]
    return Disagreement(f"s{place}", code, place, order, one, entropy(one.votes))


@st.composite
def unit_lists(draw: st.DrawFn) -> list[Disagreement]:
    found = draw(st.lists(answers, max_size=12))
    return [
        Disagreement(f"s{place}", draw(st.sampled_from("ab")), place, 0, one, entropy(one.votes))
        for place, one in enumerate(found)
    ]


@given(st.lists(said, max_size=9))
def test_entropy_lies_between_0_and_the_log_of_answers_and_of_coders(votes: list[str]) -> None:
    bits = entropy(votes)
    assert 0 <= bits <= math.log2(max(1, min(3, len(votes)))) + 1e-12
    assert (bits == 0) == (len(set(votes)) < 2)


@given(st.lists(said, max_size=9), st.randoms())
def test_entropy_does_not_depend_on_the_order_of_coders(votes: list[str], shuffle: random.Random) -> None:
    other = list(votes)
    shuffle.shuffle(other)
    assert entropy(other) == entropy(votes)


@given(st.lists(said, min_size=1, max_size=6))
def test_entropy_does_not_depend_on_what_answers_are_called(votes: list[str]) -> None:
    renamed = [{"yes": "no", "no": "unsure", "unsure": "yes"}[vote] for vote in votes]
    assert entropy(renamed) == entropy(votes)


@given(unit_lists(), st.randoms())
def test_the_ranking_does_not_depend_on_the_order_given(units: list[Disagreement], shuffle: random.Random) -> None:
    other = list(units)
    shuffle.shuffle(other)
    agreed = {"a": 0.2, "b": math.nan}
    assert rank(other, agreed, {("s1", "a")}) == rank(units, agreed, {("s1", "a")})


@given(unit_lists())
def test_who_agrees_is_never_listed_and_who_differs_always(units: list[Disagreement]) -> None:
    listed = rank(units, {})
    for one in units:
        votes = {*one.answers.votes}
        against = one.answers.final and any(said not in ("", one.answers.final) for said in one.answers.people)
        differs = len(votes) > 1 or any(one.answers.changed) or bool(against)
        assert (one in listed) == differs


@given(unit_lists())
def test_more_divided_units_come_earlier(units: list[Disagreement]) -> None:
    bits = [one.entropy for one in rank(units, {"a": 0.5})]
    assert all(first >= second - 1e-9 for first, second in pairwise(bits))


def test_evenly_divided_before_one_against_many() -> None:
    odd, even = unit(0, "yes", "yes", "yes", "no"), unit(1, "yes", "yes", "no", "no")
    assert rank([odd, even], {}) == [even, odd]


def test_people_against_the_model_before_models_among_themselves() -> None:
    models = unit(0, "yes", "no", people=("yes", "yes"), final="yes")
    people = unit(1, "no", "yes", people=("yes", "yes"), final="no")
    assert models.entropy == people.entropy
    assert rank([models, people], {}) == [people, models]


@pytest.mark.parametrize(
    ("found", "conflict"),
    [
        (Answers(people=("yes",), models=("no",), final="no"), BETWEEN_PEOPLE_AND_MODEL),
        (Answers(people=("yes",), models=("no", "yes"), final=""), BETWEEN_PEOPLE_AND_MODEL),
        (Answers(people=("yes", "no"), models=("yes",), final="yes"), BETWEEN_PEOPLE_AND_MODEL),
        (Answers(people=("yes", "no")), AMONG_PEOPLE),
        (Answers(people=("yes",), models=("no", "yes"), final="yes"), AMONG_MODELS),
        (Answers(models=("no", "yes"), final="yes"), AMONG_MODELS),
        (Answers(models=("no", "no"), final="no", changed=(True, False)), WITHIN_A_CODER),
    ],
)
def test_who_differs_is_told(found: Answers, conflict: int) -> None:
    assert found.differ
    assert found.conflict == conflict


def test_codes_with_less_agreement_come_first_then_document_order() -> None:
    known = {"good": 0.9, "bad": 0.1, "undefined": math.nan}
    units = [unit(place, "yes", "no", code=code) for place, code in enumerate(["undefined", "good", "bad", "bad"])]
    assert [one.place for one in rank(units, known)] == [2, 3, 1, 0]


def test_within_a_segment_codes_stand_as_in_the_book() -> None:
    first, second = unit(0, "yes", "no", code="b", order=0), unit(0, "yes", "no", code="a", order=1)
    assert rank([second, first], {}) == [first, second]


def test_settled_units_sink() -> None:
    even, odd = unit(0, "yes", "no"), unit(1, "yes", "yes", "no")
    assert rank([even, odd], {}, {even.unit}) == [odd, even]


def test_a_coder_that_contradicts_itself_comes_after_coders_that_differ() -> None:
    unstable = unit(0, "yes", "yes", changed=(True, False))
    apart = unit(1, "yes", "yes", "yes", "no")
    assert rank([unstable, apart], {}) == [apart, unstable]


def test_of_own_codes_more_labels_then_more_overruled_come_first() -> None:
    few, many, overruled = (
        unit(place, "a", "b")._replace(labels=labels, overruled=out, entropy=0.0)
        for place, (labels, out) in enumerate([(2, 0), (3, 0), (2, 1)])
    )
    assert rank([few, many, overruled], {}) == [many, overruled, few]
    assert many.conflict == AMONG_MODELS


@given(st.lists(st.lists(maybe, min_size=3, max_size=3), min_size=1, max_size=30))
def test_agreement_is_that_of_the_statistic_over_all_units(rows: list[list[str]]) -> None:
    counted: dict[Answers, int] = {}
    for row in rows:
        key = Answers(people=(row[0],), models=tuple(row[1:]))
        counted[key] = counted.get(key, 0) + 1
    found = code_agreement(counted, VALUES)
    if max(sum(map(bool, row)) for row in rows) < 2:
        assert math.isnan(found.value)
        return
    table = [[answer or None for answer in row] for row in rows]
    expected = agreement(table, "ac1", categories=VALUES)
    assert (found.value, found.n) == pytest.approx((expected.value, expected.n), nan_ok=True)


def test_positive_agreement_is_on_the_last_category() -> None:
    rows = [("yes", "yes"), ("yes", "no"), ("no", "no")]
    assert agreement_of(rows, [2, 2, 6], ("no", "yes"), "positive").value == pytest.approx(2 * 2 / (2 * 2 + 2))


def test_coders_met_late_are_told_of_like_the_others() -> None:
    found = code_agreement({Answers(models=("yes",)): 1, Answers(models=("yes", "no")): 3}, VALUES)
    assert found.value < 0
