"""Development rounds: answers tested against guessing, and passages to look at."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from intercoder.core.codebook import Code, Codebook
from intercoder.core.coding.deduction import CoderValues
from intercoder.core.decisions import Role
from intercoder.evals.development import choose_excerpts, coder_findings
from intercoder.evals.development_words import verdict
from intercoder.evals.randomness import binary, choice, holm, repeat_test

SEGMENTS = [f"s{place:02}" for place in range(60)]


def book(*codes: str, exclusive: bool = False, pattern: str = "") -> Codebook:
    made = [Code(id=code, label=code, kind="pattern" if code == pattern else "model") for code in codes]
    return Codebook(version=1, codes=tuple(made), exclusive=exclusive)


def values(name: str, role: Role = "coder", **codes: Any) -> CoderValues:
    return CoderValues(name=name, role=role, values=codes)


def answers(yes: int, no: int, unsure: int = 0) -> Mapping[str, str]:
    said = ["yes"] * yes + ["no"] * no + ["unsure"] * unsure
    return dict(zip(SEGMENTS, said, strict=False))


def test_yes_and_no_are_tested_and_adjusted_over_codes() -> None:
    reader = values("reader", a=answers(10, 40, 7), b=answers(25, 25), c=answers(0, 30))
    found = coder_findings(book("a", "b", "c", "never"), [reader])
    tests = [binary(10, 50).p, binary(25, 50).p, binary(0, 30).p]
    assert [found[code][0].p for code in "abc"] == tests
    assert [found[code][0].p_holm for code in "abc"] == pytest.approx(holm(tests))
    assert (found["a"][0].yes, found["a"][0].no, found["a"][0].unsure) == (10, 40, 7)
    assert found["never"] == ()


def test_only_the_codes_of_the_round_are_tested_and_adjusted_for() -> None:
    reader = values("reader", a=answers(10, 40), b=answers(20, 30))
    found = coder_findings(book("a", "b"), [reader], ["b"])
    assert list(found) == ["b"]
    assert found["b"][0].p_holm == found["b"][0].p


def test_each_coder_is_adjusted_on_its_own_and_moderators_are_not_tested() -> None:
    coders = [values("one", a=answers(10, 40), b=answers(20, 30)), values("two", b=answers(18, 30))]
    moderator = values("moderator", "moderator", a=answers(5, 5))
    found = coder_findings(book("a", "b"), [*coders, moderator])
    assert [one.coder for one in found["a"]] == ["one"]
    assert [one.coder for one in found["b"]] == ["one", "two"]
    assert found["b"][1].p_holm == found["b"][1].p


def test_groups_of_codes_are_not_coded() -> None:
    codes = (Code(id="group", label="group"), Code(id="a", label="a", parent="group"))
    assert list(coder_findings(Codebook(version=1, codes=codes), [])) == ["a"]


def test_an_exclusive_book_has_one_test_of_its_choices() -> None:
    chosen = ["a"] * 20 + ["b"] * 8 + ["c"] * 12
    said = {
        code: {segment: "yes" if one == code else "no" for segment, one in zip(SEGMENTS, chosen, strict=False)}
        for code in "abcd"
    }
    found = coder_findings(book(*"abcd", exclusive=True), [values("reader", **said)])
    assert {found[code][0].p for code in "abcd"} == {choice([20, 8, 12, 0]).p}
    assert [found[code][0].yes for code in "abcd"] == [20, 8, 12, 0]
    assert found["a"][0].p_holm == found["a"][0].p
    alone = coder_findings(book("a", exclusive=True), [values("reader", a=said["a"])])
    assert math.isnan(alone["a"][0].p)


def test_exact_codes_are_counted_and_not_tested() -> None:
    coders = [values("reader", a=answers(10, 40)), values("pattern", tag=answers(30, 30))]
    found = coder_findings(book("a", "tag", pattern="tag"), coders)
    assert (found["tag"][0].yes, found["tag"][0].repeat) == (30, "undefined")
    assert math.isnan(found["tag"][0].p) and math.isnan(found["tag"][0].p_holm)
    assert found["a"][0].p_holm == found["a"][0].p


def test_a_coder_is_compared_with_itself_asked_again() -> None:
    random = np.random.default_rng(0)
    first = dict(zip(SEGMENTS, random.choice(["yes", "no", "unsure"], 60, p=[0.4, 0.5, 0.1]), strict=True))
    changed = dict.fromkeys(SEGMENTS[::10], "unsure") | {"s05": "yes", "s07": "no", "s99": "yes"}
    second = {**first, **changed}
    both = [
        (first[segment], second[segment])
        for segment in SEGMENTS
        if "unsure" not in (first[segment], second[segment])
    ]
    expected = repeat_test(*zip(*both, strict=True), categories=("no", "yes"))
    coders = [values("reader", a=first), values("other", a=first), values("reader", "repeat", a=second)]
    reader, other = coder_findings(book("a"), coders)["a"]
    assert (reader.kappa, reader.kappa_low, reader.kappa_high) == (
        expected.kappa.value,
        expected.kappa.low,
        expected.kappa.high,
    )
    assert (reader.repeat, reader.repeat_p) == ("consistent", expected.p)
    assert other.repeat == "undefined" and math.isnan(other.kappa)


def test_a_repeat_without_a_common_answer_is_undefined() -> None:
    coders = [values("reader", a={"s1": "yes"}), values("reader", "repeat", a={"s1": "unsure", "s2": "no"})]
    assert coder_findings(book("a"), coders)["a"][0].repeat == "undefined"


def test_what_a_classifier_said_again_is_counted_and_enters_no_repeat_test() -> None:
    first = answers(20, 20)
    second = {segment: value for segment, value in first.items() if segment in SEGMENTS[:10]}
    again = CoderValues(name="reader", role="repeat", values={"a": second}, by_classifier={"a": 30})
    coders = [values("reader", a=first), again]
    (found,) = coder_findings(book("a"), coders)["a"]
    assert (found.by_classifier, found.repeat) == (30, "undefined"), "ten times Yes do not tell"
    assert verdict(found, exact=False).endswith("30 repeated decisions of a classifier are left out")
    (whole,) = coder_findings(book("a"), [coders[0], values("reader", "repeat", a=first)])["a"]
    assert (whole.by_classifier, whole.repeat) == (0, "consistent")
    assert "classifier" not in verdict(whole, exact=False)


TWO = [
    values("one", a={"s1": "yes", "s2": "no", "s3": "yes", "s4": "no", "s5": "unsure", "s6": "yes", "s7": "no"}),
    values("two", a={"s1": "yes", "s2": "yes", "s3": "yes", "s4": "no", "s5": "unsure", "s6": "yes"}),
    values("one", "repeat", a={"s4": "yes"}),
    values("moderator", "moderator", a={"s9": "yes"}),
]


def test_excerpts_show_disputes_then_what_changed_then_yes_and_no_in_turn() -> None:
    assert choose_excerpts("a", TWO, 10) == ["s2", "s4", "s5", "s1", "s7", "s3", "s6"]
    assert choose_excerpts("a", TWO, 5) == ["s2", "s4", "s5", "s3", "s7"]
    assert choose_excerpts("a", TWO, 1) == ["s2"]
    assert choose_excerpts("a", TWO, 0) == choose_excerpts("b", TWO, 9) == []


@pytest.mark.parametrize("most", [1, 2, 3, 6, 7, 40, 80])
@pytest.mark.parametrize("yes", [0, 1, 30, 60])
def test_yes_and_no_are_balanced_as_far_as_they_reach(most: int, yes: int) -> None:
    said = answers(yes, 60 - yes)
    chosen = choose_excerpts("a", [values("reader", a=said)], most)
    assert len(chosen) == len(set(chosen)) == min(most, 60)
    shown = [said[segment] for segment in chosen]
    more = abs(shown.count("yes") - shown.count("no"))
    assert more <= 1 or min(yes, 60 - yes) == min(shown.count("yes"), shown.count("no"))


def test_excerpts_come_from_all_over_the_documents() -> None:
    disputed = [values("one", a=dict.fromkeys(SEGMENTS, "yes")), values("two", a=dict.fromkeys(SEGMENTS, "no"))]
    assert choose_excerpts("a", disputed, 3) == ["s10", "s30", "s50"]
