"""Final estimates: shares, corrected shares, codes together."""

import math
import random
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from intercoder.core.coding.deduction import CoderValues, SegmentValues
from intercoder.core.errors import InputError
from intercoder.evals.estimates import cooccurrence, prediction_powered, proportion
from intercoder.evals.final_estimates import (
    PREDICTIONS,
    AnswerSums,
    FinalEstimates,
    estimate_code,
    final_estimates,
    majority,
)


def said(*values: str, start: int = 0) -> dict[str, Any]:
    return {f"s{start + place}": value for place, value in enumerate(values)}


def test_unsure_is_counted_and_left_out_of_the_share() -> None:
    found = estimate_code("c", said(*["yes"] * 6, *["no"] * 10, *["unsure"] * 4))
    assert (found.yes, found.no, found.unsure, found.unsure_share) == (6, 10, 4, 0.2)
    assert found.share == proportion(6, 16)


def test_a_sample_is_narrower_the_more_of_the_population_it_is() -> None:
    values = said(*["yes"] * 30, *["no"] * 60, *["unsure"] * 10)
    assert estimate_code("c", values, population=1000).share == proportion(30, 90, population=900)
    whole = estimate_code("c", values, population=100).share
    assert (whole.low, whole.high) == (whole.value, whole.value) == (1 / 3, 1 / 3)


def test_nothing_coded_is_undefined() -> None:
    for values in ({}, said("unsure", "unsure")):
        found = estimate_code("c", values, population=5)
        assert math.isnan(found.share.value) and math.isnan(found.corrected.value)
    assert math.isnan(estimate_code("c", {}).unsure_share)


def test_the_majority_of_those_who_decided() -> None:
    people = [said("yes", "yes", "no", "unsure", "unsure"), said("yes", "no", "no", "no"), said("no", "unsure")]
    assert majority(people) == {"s0": True, "s2": False, "s3": False}


def test_people_correct_the_model() -> None:
    final = said("yes", "yes", "no", "no", "unsure", "yes", "no", "no", "unsure")
    ana, ben = said("yes", "no", "no", "yes", "yes"), said("yes", "no", "yes", "yes", "unsure")
    expected = prediction_powered([1, 0, 1, 1], [1, 1, 0, 0.5], [0, 1, 0, 0, 0.5])
    assert estimate_code("c", final, people=[ana, ben]).corrected == expected


def test_weights_take_all_answers_of_the_model_for_the_rest() -> None:
    final = said("yes", "yes", "no", "no", "yes", "no")
    ana, weights = said("yes", "no", "no"), {"s0": 1.0, "s1": 1.0, "s2": 4.0}
    expected = prediction_powered([1, 0, 0], [1, 1, 0], [1, 1, 0, 0, 1, 0], weights=[1, 1, 4])
    assert estimate_code("c", final, people=[ana], weights=weights).corrected == expected


def test_the_calibration_sample_may_lie_outside_the_final_one() -> None:
    final, model, ana = said("yes", "no", "no", start=10), said("yes", "no", "no"), said("yes", "yes", "no")
    expected = prediction_powered([1, 1, 0], [1, 0, 0], [1, 0, 0])
    assert estimate_code("c", final, people=[ana], model=model).corrected == expected
    assert math.isnan(estimate_code("c", final, people=[ana]).corrected.value)


@pytest.mark.parametrize("enriched", [False, True])
def test_corrected_intervals_hold_the_share_that_people_would_find(enriched: bool) -> None:
    held, biased = 0, 0
    for seed in range(300):
        random = np.random.default_rng(seed)
        truth = random.random(2000) < 0.2
        model = np.where(random.random(2000) < 0.85, truth, random.random(2000) < 0.8)
        chance = np.where(model, 0.2, 0.05) if enriched else np.full(2000, 0.1)
        drawn = np.flatnonzero(random.random(2000) < chance)
        answers = ["yes" if yes else "no" for yes in model]
        people = {f"s{place}": "yes" if truth[place] else "no" for place in drawn}
        weights = {f"s{place}": 1 / chance[place] for place in drawn} if enriched else None
        found = estimate_code("c", said(*answers), people=[people], weights=weights)  # type: ignore[list-item]
        held += found.corrected.low <= 0.2 <= found.corrected.high
        biased += found.share.low <= 0.2 <= found.share.high
    assert held >= 275
    assert biased < 10


def test_all_codes_with_those_that_come_together() -> None:
    final = CoderValues(
        name="reader",
        role="coder",
        values={"a": said("yes", "yes", "no"), "b": said("yes", "unsure", "no"), "c": said("no", "no", "no")},
    )
    found = final_estimates(final, ["c", "a", "b"], population=3)
    assert [one.code_id for one in found.codes] == ["c", "a", "b"]
    assert (found.segments, found.together.n, found.together.counts) == (3, 3, {"a": 2, "b": 1})
    assert [(pair.first, pair.second, pair.together) for pair in found.together.pairs] == [("a", "b", 1)]


def test_codes_get_people_and_the_model_of_their_own() -> None:
    def coder(name: str, **codes: Any) -> CoderValues:
        return CoderValues(name=name, role="coder", values=codes)

    final = coder("reader", a=said("yes", "no", "no", start=5), b=said("no", "no", "yes", start=5))
    people = [coder("ana", a=said("yes", "no"), b=said("no", "no"))]
    model = coder("reader", a=said("yes", "yes"), b=said("no", "no"))
    found = final_estimates(final, ["a", "b"], people=people, model=model)
    assert found.codes[0].corrected == prediction_powered([1, 0], [1, 1], [1, 0, 0])
    assert found.codes[1].corrected == prediction_powered([0, 0], [0, 0], [0, 0, 1])


CODES = ("a", "b", "c")


def some_answers(draw: random.Random, segments: range, share: float) -> dict[str, dict[str, Any]]:
    """Segment id -> code -> answer, with gaps."""
    values = ("yes", "no", "no", "unsure")
    return {
        f"s{segment}": {code: draw.choice(values) for code in (*CODES, "other") if draw.random() < share}
        for segment in segments
    }


def by_code(name: str, answers: dict[str, dict[str, Any]]) -> CoderValues:
    values: dict[str, dict[str, Any]] = {}
    for segment, of_segment in answers.items():
        for code, value in of_segment.items():
            values.setdefault(code, {})[segment] = value
    return CoderValues(name=name, role="coder", values=values)


def plain(found: FinalEstimates) -> dict[str, Any]:
    """Where nan is like nan, and codes come in any order."""
    return found.model_dump(mode="json")


@pytest.mark.parametrize("seed", range(12))
def test_a_stream_gives_what_values_in_memory_give(seed: int) -> None:
    draw = random.Random(seed)
    answers = some_answers(draw, range(300), 0.8)
    people = [
        by_code(name, some_answers(draw, range(draw.randint(0, 250), 330), 0.2)) for name in "xyz"[: seed % 4]
    ]
    weights = {f"s{segment}": draw.choice((1.0, 5.0)) for segment in range(330)} if seed % 2 else None
    options: dict[str, Any] = {
        "population": draw.choice((None, 300, 5000)),
        "people": people,
        "model": by_code("model", some_answers(draw, range(330), 0.7)) if seed % 3 else None,
        "weights": weights,
    }
    final = by_code("reader", answers)
    streamed = final_estimates(iter(answers.items()), CODES, **options)
    assert plain(streamed) == plain(final_estimates(final, CODES, **options))
    assert streamed.together == cooccurrence(
        [code for code in CODES if of_segment.get(code) == "yes"]
        for of_segment in answers.values()
        if any(code in CODES for code in of_segment)
    )
    for found in streamed.codes:
        of_code, model = final.of(found.code_id), options["model"]
        said = list(of_code.values())
        assert (found.yes, found.no, found.unsure) == tuple(map(said.count, ("yes", "no", "unsure")))
        predicted = {**(model.of(found.code_id) if model else {}), **of_code}
        labels = majority(person.of(found.code_id) for person in people)
        labels = {segment: label for segment, label in labels.items() if segment in predicted}
        if len(labels) < 2:
            assert math.isnan(found.corrected.value)
            continue
        rest = [PREDICTIONS[value] for segment, value in of_code.items() if weights or segment not in labels]
        assert found.corrected == prediction_powered(
            [float(label) for label in labels.values()],
            [PREDICTIONS[predicted[segment]] for segment in labels],
            rest,
            weights=[weights[segment] for segment in labels] if weights else None,
        )


def test_of_a_stream_only_what_is_labelled_is_held() -> None:
    sums = AnswerSums(CODES, {"s1", "s3", "s1000"})
    answers = some_answers(random.Random(1), range(500), 1.0)
    assert sum(1 for _ in sums.counting(answers.items())) == 500
    assert sums.kept == {code: {segment: answers[segment][code] for segment in ("s1", "s3")} for code in CODES}
    assert {code: counts.total() for code, counts in sums.counts.items()} == dict.fromkeys(CODES, 500)


class Watched(dict[str, Any]):
    """A segment's answers that can be seen to live."""


def test_segments_are_let_go_once_they_are_counted() -> None:
    seen: list[weakref.ref[Watched]] = []

    def stream() -> Iterator[SegmentValues]:
        for segment in range(200):
            values = Watched(a="yes", b="no")
            seen.append(weakref.ref(values))
            assert sum(one() is not None for one in seen) < 4
            yield f"s{segment}", values

    people = [CoderValues(name="ana", role="human", values={"a": said(*["yes"] * 50)})]
    assert final_estimates(stream(), ["a", "b"], people=people).segments == 200


@pytest.mark.parametrize(
    ("ask", "where"),
    [
        (lambda: estimate_code("c", said("yes", "no"), population=1), "c"),
        (lambda: estimate_code("c", said(*["no"] * 5), people=[said("no", "no")], weights={"s0": 1.0}), "s1"),
    ],
)
def test_bad_input_names_the_place(ask: Callable[[], Any], where: str) -> None:
    with pytest.raises(InputError) as refused:
        ask()
    assert refused.value.where == where
    assert refused.value.remedy
