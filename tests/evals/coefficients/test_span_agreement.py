"""Where the quotes are."""

import math
from typing import Any

import pytest

from intercoder.core.errors import InputError
from intercoder.evals.agreement import Span, spans

FIRST = [(75, 145, "c"), (220, 250, "c"), (30, 90, "k"), (150, 200, "k")]
SECOND = [(70, 150, "c"), (205, 225, "c"), (250, 270, "c"), (30, 90, "k"), (150, 200, "k")]


def of(spans_: list[tuple[int, int, str]], code: str) -> dict[str, list[tuple[int, int, str]]]:
    return {"text": [span for span in spans_ if span[2] == code]}


def test_krippendorffs_worked_example() -> None:
    """Krippendorff 2004, figure 2: two observers, 300 units of length, categories c and k."""
    lengths = {"text": 300}
    both = spans({"i": {"text": FIRST}, "j": {"text": SECOND}}, lengths)
    assert both.alpha.value == pytest.approx(0.8587, abs=1e-4)
    c = spans({"i": of(FIRST, "c"), "j": of(SECOND, "c")}, lengths)
    assert c.alpha.value == pytest.approx(0.7285, abs=2e-4)
    k = spans({"i": of(FIRST, "k"), "j": of(SECOND, "k")}, lengths)
    assert (k.alpha.value, k.overlap.value) == (1, 1)


def test_characters_in_common() -> None:
    found = spans({"ana": {"t": [(0, 10)]}, "ben": {"t": [(5, 20)]}}, {"t": 40})
    assert found.overlap.value == pytest.approx(5 / 20)
    assert math.isnan(found.overlap.low)


def test_codes_are_compared_apart() -> None:
    found = spans({"ana": {"t": [(0, 10, "x")]}, "ben": {"t": [(0, 10, "y")]}}, {"t": 40})
    assert found.overlap.value == 0
    assert found.alpha.value < 0


def test_overlapping_spans_of_a_rater_are_one() -> None:
    parts = spans({"ana": {"t": [(0, 6), (4, 10)]}, "ben": {"t": [(0, 10)]}}, {"t": 40})
    assert (parts.overlap.value, parts.alpha.value) == (1, 1)


def test_the_order_of_texts_and_raters_does_not_matter() -> None:
    texts = {"a": [(0, 5)], "b": [(3, 9)], "c": []}
    others = {"a": [(1, 5)], "b": [], "c": [(0, 4)]}
    lengths = {"a": 12, "b": 20, "c": 9}
    one = spans({"ana": texts, "ben": others}, lengths, interval="none")
    reversed_ = dict(reversed(lengths.items()))
    other = spans({"ben": others, "ana": texts}, reversed_, interval="none")
    assert one.alpha.value == pytest.approx(other.alpha.value)
    assert one.overlap.value == pytest.approx(other.overlap.value)


def test_intervals_are_over_texts() -> None:
    ana = {f"t{number}": [Span(5, 20)] for number in range(40)}
    ben = {f"t{number}": [Span(5, 20 if number % 3 else 30)] for number in range(40)}
    found = spans({"ana": ana, "ben": ben}, dict.fromkeys(ana, 100))
    for estimate in (found.overlap, found.alpha):
        assert estimate.low < estimate.value < estimate.high
        assert (estimate.n, estimate.undefined_draws) == (40, 0)
    assert found == spans({"ana": ana, "ben": ben}, dict.fromkeys(ana, 100))


def test_texts_that_someone_did_not_read_are_left_out() -> None:
    found = spans({"ana": {"a": [(0, 5)], "b": []}, "ben": {"a": [(0, 5)]}}, {"a": 10, "b": 10, "c": 10})
    assert (found.texts, found.left_out) == (1, 1)
    assert found.overlap.value == 1


def test_nothing_marked_is_undefined() -> None:
    found = spans({"ana": {"a": []}, "ben": {"a": []}}, {"a": 10})
    assert math.isnan(found.overlap.value)
    assert math.isnan(found.alpha.value)


@pytest.mark.parametrize(
    ("codings", "lengths", "where"),
    [
        ({"ana": {"t": [(0, 5)]}}, {"t": 10}, "codings"),
        ({"ana": {"t": [(0, 5)]}, "ben": {"s": [(0, 5)]}}, {"t": 10, "s": 10}, "codings"),
        ({"ana": {"t": [(0, 11)]}, "ben": {"t": []}}, {"t": 10}, "codings, ana, t"),
        ({"ana": {"t": []}, "ben": {"t": [(5, 5)]}}, {"t": 10}, "codings, ben, t"),
        ({"ana": {"t": [(-1, 5)]}, "ben": {"t": []}}, {"t": 10}, "codings, ana, t"),
        ({"ana": {"t": [], "s": []}, "ben": {"t": []}}, {"t": 10}, "lengths"),
    ],
)
def test_bad_spans_name_their_place(codings: Any, lengths: dict[str, int], where: str) -> None:
    with pytest.raises(InputError) as refused:
        spans(codings, lengths)
    assert refused.value.where == where
