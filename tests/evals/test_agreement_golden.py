"""Agreement as irrCAC and krippendorff compute it, and as seed 002 prints it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from intercoder.evals.agreement import agreement, jaccard, per_code
from intercoder.evals.randomness import choice

pytestmark = pytest.mark.shared

OURS = {"gwet": ("ac1", "ac2"), "fleiss": ("fleiss",), "conger": ("conger",), "bp": ("brennan_prediger",)}
FOR_TWO = {"fleiss": ("fleiss", "scott"), "conger": ("conger", "cohen")}


def peers(case: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """(statistic, weights, numbers) of a case."""
    found = []
    for name, numbers in case["peers"]["irrCAC"].items() if "irrCAC" in case["peers"] else ():
        method, _, weights = name.partition("_")
        if method in OURS and weights != "ordinal":
            names = FOR_TWO.get(method, OURS[method]) if len(case["ratings"][0]) == 2 else OURS[method]
            found += [(statistic, weights or "identity", numbers) for statistic in names]
    return found


def test_value_error_and_interval_are_those_of_irrcac(golden: Callable[[str], Any]) -> None:
    checked = 0
    for case in golden("agreement.json")["cases"]:
        for statistic, weights, expected in peers(case):
            found = agreement(case["ratings"], statistic, categories=case["categories"], weights=weights)
            where = f"{case['id']} {statistic} {weights}"
            if expected.get("coef", "nan") == "nan":
                assert np.isnan([found.value, found.se, found.low, found.high]).all(), where
                continue
            numbers = [found.value, found.se, found.low, found.high]
            assert numbers == pytest.approx([expected["coef"], expected["se"], *expected["ci95"]], abs=1e-6), where
            checked += 1
    assert checked > 40


def test_alpha_is_that_of_the_package(golden: Callable[[str], Any]) -> None:
    for case in golden("agreement.json")["cases"]:
        for level, expected in case["peers"].get("krippendorff", {}).items():
            found = agreement(
                case["ratings"], "krippendorff", categories=case["categories"], level=level, n_boot=200
            )
            assert found.value == pytest.approx(float(expected), abs=1e-6, nan_ok=True), (case["id"], level)
            assert np.isnan(found.low) == np.isnan(found.value)


def test_percent_agreement(golden: Callable[[str], Any]) -> None:
    cases = [case for case in golden("agreement.json")["cases"] if "percent_agreement" in case["peers"]]
    assert cases
    for case in cases:
        assert agreement(case["ratings"], "percent").value == pytest.approx(case["peers"]["percent_agreement"])


def yes_no(first: int, second: int, both: int, n: int = 100) -> list[tuple[bool, bool]]:
    """Ratings of two raters with so many Yes each and in common."""
    rest = n - first - second + both
    return (
        [(True, True)] * both
        + [(True, False)] * (first - both)
        + [(False, True)] * (second - both)
        + [(False, False)] * rest
    )


def test_appendix_c_follows_from_the_integer_tables(golden: Callable[[str], Any]) -> None:
    rows = golden("laca_appendix_c.json")
    assert len(rows) == 26
    for row in rows:
        for table in row["consistent"]:
            original, replicated, model = table["counts"]
            pairs = ((original, replicated), (original, model), (replicated, model))
            for joint in table["joint"]:
                for (first, second), both, printed in zip(pairs, joint, table["ac1"], strict=True):
                    found = agreement(yes_no(first, second, both), "ac1", categories=[False, True])
                    assert abs(found.value - printed) <= 0.005 + 1e-9, (row["code"], joint)


def test_the_printed_value_of_medi_has_no_integer_solution() -> None:
    possible = [agreement(yes_no(7, 6, both), "ac1", interval="none").value for both in range(7)]
    assert all(abs(value - 0.96) > 0.005 for value in possible)


BBC = ("sport", "business", "politics", "entertainment", "tech")
BBC_TABLE = ((23, 2, 0, 0, 0), (0, 15, 5, 0, 0), (0, 0, 27, 0, 0), (0, 1, 2, 14, 0), (0, 0, 2, 0, 9))
"""Original by model: diagonal and margins are those that appendix C leaves possible, which is all AC1 needs."""


def test_bbc_human_model_agreement_and_its_test_of_randomness() -> None:
    ratings = [
        (BBC[row], BBC[column])
        for row, counts in enumerate(BBC_TABLE)
        for column, count in enumerate(counts)
        for _ in range(count)
    ]
    found = agreement(ratings, "ac1", categories=BBC)
    assert found.value == pytest.approx(0.851, abs=5e-4)
    by_code = per_code([[{human}, {model}] for human, model in ratings], codes=BBC)
    assert [round(code.agreement.value, 2) for code in by_code.codes] == [0.97, 0.88, 0.84, 0.96, 0.98]
    assert [code.counts for code in by_code.codes] == [(25, 23), (20, 18), (27, 36), (17, 14), (11, 9)]
    assert 1 - sum(1 - code.percent for code in by_code.codes) / 2 == pytest.approx(0.88)
    assert jaccard([[{human}, {model}] for human, model in ratings]).value == pytest.approx(0.88)
    test = choice([model for _, model in (code.counts for code in by_code.codes)])
    assert (test.statistic, test.df, round(test.p, 2)) == (pytest.approx(21.3), 4, 0.0)
    assert test.rejects()
