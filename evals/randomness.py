"""Whether answers can be told from guessing (seed 002, 2.1.1.1 and 2.2.3; the repeat test goes beyond it).

A test that does not reject never says that a coder guesses: a true base rate near one half looks the same. Look
at the reasons, or repeat the coding.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from intercoder.core.coding.findings import ALPHA
from intercoder.core.errors import InputError
from intercoder.core.record import Record
from intercoder.evals.coefficients.chance_corrected import counts
from intercoder.evals.coefficients.coefficients import agreement
from intercoder.evals.coefficients.ratings import Category, Codes, read_ratings
from intercoder.evals.estimates import proportion
from intercoder.evals.interval import Estimate

FEWEST_MINORITY = 5
"""Minority answers that each pass needs before the repeat test gives a verdict."""
CONSISTENT = 0.4
"""Lower bound of kappa above which a coder's answers are consistent."""

Verdict: TypeAlias = Literal["guessing", "consistent", "unclear", "undefined"]


class RandomnessTest(Record):
    """A test of answers against guessing. What is undefined is nan."""

    test: Literal["binomial", "chi-squared"]
    statistic: float
    """Binomial: the share of Yes. Chi-squared: the statistic."""
    p: float
    """p-value, two-sided for the binomial test."""
    n: int
    """Answers."""
    counts: tuple[int, ...]
    """Binomial: Yes and No. Chi-squared: of each code."""
    expected: tuple[float, ...]
    """Counts that guessing would give on average."""
    df: int | None = None
    low: float = math.nan
    """Binomial: bounds of the share's 95% Wilson interval."""
    high: float = math.nan
    approximate: bool = False
    """Chi-squared with an expected count below 5, where its p-value is rough."""

    def rejects(self, alpha: float = ALPHA) -> bool:
        """Whether guessing is rejected; false also where the test is undefined."""
        return self.p < alpha


class RepeatTest(Record):
    """Whether a coder repeats itself when asked again."""

    kappa: Estimate
    """Cohen's kappa between the passes."""
    p: float
    """Share of shuffled second passes that agree with the first at least as well."""
    n: int
    """Units answered in both passes."""
    minority: tuple[int, int]
    """Answers other than the most frequent one, in each pass."""
    verdict: Verdict


def binary(yes: int, n: int, p: float = 0.5) -> RandomnessTest:
    """Exact two-sided binomial test of Yes/No answers (seed 002, 2.2.3.1).

    Args:
        yes: Number of Yes.
        n: Number of answers; with 0 the test is undefined.
        p: Share of Yes if guessing, 0 to 1.

    Raises:
        InputError: `yes` is not between 0 and `n`, or `p` not between 0 and 1.

    Example:
        >>> round(binary(57, 100).p, 3)
        0.193
    """
    from scipy.stats import binomtest

    if not 0 <= p <= 1:
        raise InputError(f"{p} is not a probability.", where="p", remedy="Give a number from 0 to 1.")
    share = proportion(yes, n)
    return RandomnessTest(
        test="binomial",
        statistic=share.value,
        p=float(binomtest(int(yes), int(n), p).pvalue) if n else math.nan,
        n=n,
        counts=(yes, n - yes),
        expected=(n * p, n * (1 - p)),
        low=share.low,
        high=share.high,
    )


def choice(counts: Iterable[int] | Mapping[str, int]) -> RandomnessTest:
    """Chi-squared test of one-of-k answers against equal probabilities (seed 002, 2.2.3.3).

    Args:
        counts: How often each code was chosen, codes never chosen included as 0, or a mapping of codes to that;
            without any answer the test is undefined.

    Raises:
        InputError: There are fewer than two codes, or a count is negative or not whole.

    Example:
        >>> choice([23, 18, 36, 14, 9]).statistic
        21.3
    """
    from scipy.stats import chisquare

    observed = _counts(counts.values() if isinstance(counts, Mapping) else counts)
    n, k = sum(observed), len(observed)
    result = chisquare(observed) if n else None
    return RandomnessTest(
        test="chi-squared",
        statistic=float(result.statistic) if result else math.nan,
        p=float(result.pvalue) if result else math.nan,
        n=n,
        counts=observed,
        expected=(n / k,) * k,
        df=k - 1,
        approximate=n / k < 5,
    )


def _counts(counts: Iterable[int]) -> tuple[int, ...]:
    given = tuple(counts)
    for position, count in enumerate(given, 1):
        if not (math.isfinite(count) and count >= 0 and count == int(count)):
            raise InputError(
                f"{count!r} is not a count.",
                where=f"counts, number {position}",
                remedy="Give whole numbers from 0.",
            )
    if len(given) < 2:
        raise InputError("there are fewer than two codes.", where="counts", remedy="Give one count a code.")
    return tuple(int(count) for count in given)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """p-values adjusted for testing several codes at once (Holm 1979).

    Args:
        p_values: One a test; nan where a test is undefined.

    Returns:
        In the same order; nan stays nan and does not count as a test.

    Raises:
        InputError: A value is not between 0 and 1.
    """
    from statsmodels.stats.multitest import multipletests

    given = np.asarray(p_values, np.float64)
    defined = ~np.isnan(given)
    if ((given[defined] < 0) | (given[defined] > 1)).any():
        raise InputError("a value is not a probability.", where="p_values", remedy="Give numbers from 0 to 1.")
    adjusted = np.full(given.shape, np.nan)
    if defined.any():
        adjusted[defined] = multipletests(given[defined], method="holm")[1]
    return tuple(adjusted.tolist())


def repeat_test(
    first: Sequence[Category | None],
    second: Sequence[Category | None],
    *,
    categories: Iterable[Category] | None = None,
    n_permutations: int = 10_000,
    seed: int = 0,
) -> RepeatTest:
    """Whether two passes of one coder over the same units agree more than guessing would.

    `guessing`: kappa's 95% interval holds 0. `consistent`: its lower bound is above 0.4. `undefined`: kappa is, or
    fewer than 5 answers of a pass differ from that pass's most frequent one. Else `unclear`.

    Args:
        first: Answers of the first pass, one a unit; None where there is none.
        second: Answers of the second pass to the same units, in the same order.
        categories: All answers there are.
        n_permutations: Shuffles of the second pass.
        seed: Of the shuffles.

    Returns:
        Kappa with Gwet's interval, the permutation p-value (never 0: the passes themselves count as a shuffle)
        and the verdict.

    Raises:
        InputError: The passes differ in length, or an answer cannot be used.
    """
    if len(first) != len(second):
        raise InputError(
            f"the passes have {len(first)} and {len(second)} answers.",
            where="second",
            remedy="Give both one answer a unit, None where there is none.",
        )
    if n_permutations < 1:
        raise InputError("no shuffle was asked for.", where="n_permutations", remedy="Ask for 1,000 or more.")
    table = read_ratings(list(zip(first, second, strict=True)), categories)
    both = table.rated(at_least=2)
    names = [[table.categories[code] for code in row] for row in both]
    kappa = agreement(names, "cohen", categories=table.categories)
    minority = _minority(both[:, 0]), _minority(both[:, 1])
    return RepeatTest(
        kappa=kappa,
        p=_permutation_p(both, len(table.categories), n_permutations, seed),
        n=len(both),
        minority=minority,
        verdict=_verdict(kappa, min(minority)),
    )


def _minority(codes: npt.NDArray[np.int64]) -> int:
    return len(codes) - int(np.bincount(codes).max())


def _verdict(kappa: Estimate, minority: int) -> Verdict:
    if minority < FEWEST_MINORITY or not math.isfinite(kappa.value) or not math.isfinite(kappa.low):
        return "undefined"
    if kappa.low <= 0 <= kappa.high:
        return "guessing"
    return "consistent" if kappa.low > CONSISTENT else "unclear"


def _permutation_p(both: Codes, categories: int, shuffles: int, seed: int) -> float:
    """One-sided. Shuffling keeps both margins, so kappa rises with the number of agreements alone.

    The table of a shuffled pass is a random one with the same margins, and is drawn as such.
    """
    from scipy.stats import random_table

    margins = [counts(both[:, [side]], categories).sum(axis=0).astype(np.int64) for side in (0, 1)]
    rows, columns = (margin[margins[0] + margins[1] > 0] for margin in margins)
    if len(rows) < 2:
        return math.nan
    tables = random_table(rows, columns, seed=np.random.default_rng(seed)).rvs(size=shuffles)
    agreements = np.trace(tables, axis1=1, axis2=2)
    as_good = int((agreements >= (both[:, 0] == both[:, 1]).sum()).sum())
    return (as_good + 1) / (shuffles + 1)
