"""Red flags: what is far from the team, and what is not."""

import math

import pytest

from intercoder.core.errors import InputError
from intercoder.evals.code_space import CodeSpaceMetrics, red_flags


def metrics(
    coverage: float, overlap: float, novelty: float, divergence: float, size: int = 100
) -> CodeSpaceMetrics:
    return CodeSpaceMetrics(
        coverage=coverage, overlap=overlap, novelty=novelty, divergence=divergence, size=size, concepts=size
    )


TEAM = {
    "one": metrics(0.40, 0.30, 0.20, 0.60),
    "two": metrics(0.42, 0.32, 0.22, 0.62),
    "three": metrics(0.44, 0.34, 0.24, 0.64),
    "four": metrics(0.43, 0.33, 0.21, 0.61),
}


def test_a_team_of_like_coders_has_no_flags() -> None:
    assert red_flags(TEAM) == []


def test_flooding_is_flagged_with_its_numbers() -> None:
    flags = red_flags(TEAM | {"flood": metrics(0.80, 0.60, 0.70, 0.62, size=1000)})
    assert [(flag.coder, flag.suspicion) for flag in flags] == [("flood", "flooding")]
    coverage, novelty, per_label = flags[0].evidence
    assert (coverage.metric, coverage.value, coverage.median, coverage.direction) == ("coverage", 0.8, 0.43, "high")
    assert coverage.limit == pytest.approx(0.43 + 2 * 0.01)
    assert (novelty.metric, novelty.direction) == ("novelty", "high")
    assert (per_label.metric, per_label.direction) == ("coverage per label", "low")
    assert per_label.value == pytest.approx(0.0008)


def test_much_from_few_labels_is_no_flooding() -> None:
    assert red_flags(TEAM | {"good": metrics(0.80, 0.60, 0.70, 0.62, size=90)}) == []


def test_hallucination_is_flagged() -> None:
    flags = red_flags(TEAM | {"elsewhere": metrics(0.10, 0.05, 0.22, 0.80)})
    assert [(flag.coder, flag.suspicion) for flag in flags] == [("elsewhere", "hallucination")]
    assert [item.metric for item in flags[0].evidence] == ["coverage", "overlap", "divergence"]


def test_diverging_alone_is_no_hallucination() -> None:
    assert red_flags(TEAM | {"other school": metrics(0.42, 0.05, 0.22, 0.80)}) == []


def test_groups_and_the_undefined_are_no_part_of_the_team() -> None:
    suspect = {"elsewhere": metrics(0.10, 0.05, 0.22, 0.80)}
    extra = {"all": metrics(1, 1, 1, 0.1, size=900), "empty": metrics(math.nan, math.nan, math.nan, math.nan, 0)}
    assert red_flags(TEAM | suspect | extra, groups=["all"]) == red_flags(TEAM | suspect)


def test_among_two_coders_nobody_stands_out() -> None:
    assert red_flags({"one": TEAM["one"], "elsewhere": metrics(0.0, 0.0, 0.0, 0.83)}, deviations=0) == []


def test_deviations_are_checked() -> None:
    with pytest.raises(InputError, match="0 or more"):
        red_flags(TEAM, deviations=math.nan)
