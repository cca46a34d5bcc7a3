"""Agreement of raters who give a unit any number of codes, or none."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from intercoder.core.errors import InputError
from intercoder.core.record import Record
from intercoder.evals.bootstrap import replicates
from intercoder.evals.coefficients.chance_corrected import patterns, weight_matrix
from intercoder.evals.coefficients.code_sets import Coding, Codings, read_codings
from intercoder.evals.coefficients.coefficients import (
    Interval,
    Question,
    StatisticName,
    check_arguments,
    check_raters,
)
from intercoder.evals.coefficients.ratings import MISSING, Category, Codes, Ratings, read_ratings
from intercoder.evals.interval import Estimate, Floats, bare, percentile, quotient, student, variance

if TYPE_CHECKING:
    import pandas as pd


class CodeAgreement(Record):
    """Agreement on whether one code applies."""

    code: str
    agreement: Estimate
    positive: Estimate
    """Positive agreement: of the times a rater applied the code, how often another did too."""
    percent: float
    counts: tuple[int, ...]
    """Units to which each rater applied the code."""


class PerCode(Record):
    """Agreement code by code, and on whole sets of codes."""

    raters: tuple[str, ...]
    codes: tuple[CodeAgreement, ...]
    jaccard: Estimate

    def to_frame(self) -> pd.DataFrame:
        """One line a code: the estimate, percent and positive agreement, and each rater's count."""
        import pandas as pd

        return pd.DataFrame([self._line(code) for code in self.codes])

    def _line(self, code: CodeAgreement) -> dict[str, str | float]:
        found, positive = code.agreement, code.positive
        line: dict[str, str | float] = {"code": code.code, found.statistic: found.value, "se": found.se}
        line |= {"low": found.low, "high": found.high, "n": found.n, "percent": code.percent}
        line |= {"positive": positive.value, "positive_low": positive.low, "positive_high": positive.high}
        return line | {f"count {rater}": count for rater, count in zip(self.raters, code.counts, strict=True)}


def per_code(
    codings: Any,
    codes: Sequence[str] | None = None,
    *,
    statistic: StatisticName = "ac1",
    interval: Interval = "analytic",
    n_boot: int = 10_000,
    seed: int = 0,
) -> PerCode:
    """Agreement on each code of a codebook whose codes do not exclude one another (seed 002, 2.2.1, appendix C).

    Each code is a yes/no question of its own: yes if the rater gave it to the unit. AC1 alone flatters rare codes
    (a rater who never says yes agrees nearly always), so positive agreement is reported beside it.

    Args:
        codings: Rows of units, columns of raters: lists, an object array or a DataFrame. A cell is a set, list or
            tuple of codes, empty where nothing applied, None where the rater did not see the unit.
        codes: All codes, in the order of the result. By default those used, sorted.
        statistic: Any that `agreement` knows.
        interval: As for `agreement`; for positive agreement and Jaccard `analytic` is linearised, with Student's t.
        n_boot: Bootstrap resamples.
        seed: Of the bootstrap.

    Raises:
        InputError: Naming the cell or argument that cannot be used.
    """
    check_arguments(statistic, "identity", interval, "nominal")
    table = read_codings(codings, codes)
    check_raters(statistic, len(table.raters))
    yes_no = np.arange(2.0)
    question = Question(statistic, weight_matrix("identity", yes_no), yes_no, interval, n_boot=n_boot, seed=seed)
    return PerCode(
        raters=table.raters,
        codes=tuple(
            _one_code(code, Ratings(applied.astype(np.int64), (False, True), table.raters, True), question)
            for code, applied in zip(table.codes, table.applied(), strict=True)
        ),
        jaccard=_jaccard(table, interval, n_boot, seed),
    )


def _one_code(code: str, ratings: Ratings, question: Question) -> CodeAgreement:
    percent = question._replace(statistic="percent", interval="none").estimate(ratings)
    return CodeAgreement(
        code=code,
        agreement=question.estimate(ratings),
        positive=positive_of(ratings, 1, question.interval, question.n_boot, question.seed),
        percent=percent.value,
        counts=tuple(int(count) for count in (ratings.codes == 1).sum(axis=0)),
    )


def positive_agreement(
    ratings: Any,
    positive: Category = True,
    *,
    categories: Iterable[Category] | None = None,
    interval: Interval = "analytic",
    n_boot: int = 10_000,
    seed: int = 0,
) -> Estimate:
    """Of the times a rater chose a category, how often another rater of the unit did too.

    For two raters 2a / (2a + b + c), with a units where both chose it and b + c where one did (Dice; Spitzer &
    Fleiss 1974). For more, numerator and denominator are summed over pairs of raters. Not corrected for chance.

    Args:
        ratings: As for `agreement`.
        positive: The category.
        categories: As for `agreement`.
        interval: As for `agreement`.
        n_boot: Bootstrap resamples.
        seed: Of the bootstrap.

    Returns:
        0 to 1; nan if nobody chose the category on a unit that two rated. `n` counts units that two rated.

    Raises:
        InputError: As `agreement`, or `positive` is not one of the categories.
    """
    check_arguments("percent", "identity", interval, "nominal")
    table = read_ratings(ratings, categories)
    if positive not in table.categories:
        raise InputError(
            f"{positive!r} is not one of the categories.", where="positive", remedy="Name one, or declare it."
        )
    return positive_of(table, table.categories.index(positive), interval, n_boot, seed)


def positive_of(
    table: Ratings, category: int, interval: Interval = "analytic", n_boot: int = 10_000, seed: int = 0
) -> Estimate:
    """`positive_agreement` of ratings that were read already; `category` is its place among the categories."""
    rows: Codes = table.rated(at_least=2)
    distinct = patterns(rows, max(2, len(table.categories)), ordered=False)
    chosen = (distinct.codes == category).sum(axis=1)
    raters = (distinct.codes != MISSING).sum(axis=1)
    sums = np.column_stack([chosen * (chosen - 1), chosen * (raters - 1)]).astype(np.float64)
    return _share(sums, distinct.times, interval, n_boot, seed, "positive_agreement")


def jaccard(codings: Any, *, interval: Interval = "analytic", n_boot: int = 10_000, seed: int = 0) -> Estimate:
    """Mean overlap of the sets of codes that two raters give the same unit: |A & B| / |A | B| (Jaccard 1901).

    Two empty sets overlap wholly (1): that nothing applies is an answer too. Within a unit the mean is over pairs
    of raters. Not corrected for chance.

    Args:
        codings: As for `per_code`.
        interval: As for `agreement`.
        n_boot: Bootstrap resamples.
        seed: Of the bootstrap.

    Returns:
        0 to 1; `n` counts units that two raters saw.

    Raises:
        InputError: As `per_code`.
    """
    check_arguments("percent", "identity", interval, "nominal")
    return _jaccard(read_codings(codings), interval, n_boot, seed)


def _jaccard(table: Codings, interval: Interval, n_boot: int, seed: int) -> Estimate:
    overlaps = [overlap for row in table.cells if (overlap := _overlap(row)) is not None]
    distinct, times = np.unique(np.array(overlaps), return_counts=True)
    sums = np.column_stack([distinct, np.ones(len(distinct))])
    return _share(sums, times, interval, n_boot, seed, "jaccard")


def _overlap(row: Sequence[Coding]) -> float | None:
    """Mean over pairs of raters who saw the unit; None if there is no pair."""
    seen = [cell for cell in row if cell is not None]
    pairs = [
        len(one & other) / len(one | other) if one | other else 1.0
        for one, other in itertools.combinations(seen, 2)
    ]
    return sum(pairs) / len(pairs) if pairs else None


def _share(
    sums: Floats, times: npt.NDArray[np.int64], interval: Interval, n_boot: int, seed: int, statistic: str
) -> Estimate:
    """A ratio of two sums over units, columns of `sums`, with its interval; nan where the divisor is 0."""

    def ratio(totals: Floats) -> Floats:
        return quotient(totals[..., 0], totals[..., 1])

    n, totals = int(times.sum()), times @ sums
    value = float(ratio(totals))
    if interval == "none" or not math.isfinite(value):
        return bare(value, n, statistic)
    if interval == "bootstrap":
        return percentile(value, replicates(sums, times, ratio, n_boot, seed), n, statistic)
    linear = (sums[:, 0] - value * sums[:, 1]) * n / totals[1]
    found = student(value, variance(linear, times), n, statistic)
    return found.model_copy(update={"low": max(0.0, found.low) if math.isfinite(found.low) else found.low})
