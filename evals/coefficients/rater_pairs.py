"""Agreement of every pair of raters."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from intercoder.core.record import Record
from intercoder.evals.coefficients.alpha import Level
from intercoder.evals.coefficients.chance_corrected import Weights
from intercoder.evals.coefficients.coefficients import Interval, StatisticName, check_arguments, make_question
from intercoder.evals.coefficients.ratings import Category, read_ratings
from intercoder.evals.interval import Estimate

if TYPE_CHECKING:
    import pandas as pd


class RaterPair(Record):
    """Agreement of two raters."""

    first: str
    second: str
    agreement: Estimate
    """All nan, with n 0, if they rated no unit in common."""


class PairwiseAgreement(Record):
    """Agreement of every pair of raters."""

    raters: tuple[str, ...]
    pairs: tuple[RaterPair, ...]

    def matrix(self) -> pd.DataFrame:
        """Values as raters x raters; the diagonal is left undefined."""
        import pandas as pd

        table = pd.DataFrame(math.nan, index=list(self.raters), columns=list(self.raters))
        for pair in self.pairs:
            table.loc[pair.first, pair.second] = pair.agreement.value
            table.loc[pair.second, pair.first] = pair.agreement.value
        return table

    def to_frame(self) -> pd.DataFrame:
        """One line a pair: the raters, then the estimate."""
        import pandas as pd

        return pd.DataFrame(
            [{"first": p.first, "second": p.second, **p.agreement.model_dump()} for p in self.pairs]
        )


def pairwise(
    ratings: Any,
    statistic: StatisticName = "ac1",
    *,
    categories: Iterable[Category] | None = None,
    weights: Weights = "identity",
    interval: Interval = "analytic",
    level: Level = "nominal",
    n_boot: int = 10_000,
    seed: int = 0,
) -> PairwiseAgreement:
    """Agreement of every pair of raters, all with the same categories; arguments as for `agreement`.

    Returns:
        Pairs in the order of columns. Columns are named as in a DataFrame, else `rater 1` and so on. A pair
        without a common unit is undefined; a pair's estimate is over units that either of them rated.

    Raises:
        InputError: As `agreement`.
    """
    check_arguments(statistic, weights, interval, level)
    table = read_ratings(ratings, categories)
    question = make_question(table, statistic, weights, interval, level, n_boot, seed)
    pairs = tuple(
        RaterPair(
            first=table.raters[one], second=table.raters[other], agreement=question.estimate(table.of(one, other))
        )
        for one, other in itertools.combinations(range(len(table.raters)), 2)
    )
    return PairwiseAgreement(raters=table.raters, pairs=pairs)
