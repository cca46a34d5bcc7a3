"""Which coders to keep, and whether a metric says what people say (seed 000, sections 4.1 and 5.2)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from intercoder.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

RANKED_BY = ("bertscore_f1", "rouge1", "rouge2", "rougeL")
"""Columns by which coders are ranked; more is better in each."""


def select(table: pd.DataFrame, k: int = 3) -> list[str]:
    """The coders to keep: best by mean rank over BERTScore F1 and ROUGE-1, -2, -L (seed 000, section 4.1).

    Args:
        table: One row per coder; of its columns `bertscore_f1`, `rouge1`, `rouge2` and `rougeL` count.
            Capitals, spaces and hyphens in their names do not matter; `BERTScore` alone is its F1.
        k: How many to keep.

    Returns:
        At most k names, best first. Equal values share a rank; equal mean ranks go to the earlier row;
        undefined values rank last.

    Raises:
        InputError: A column is missing, or k is less than 1.
    """
    if k < 1:
        raise InputError("At least one coder is kept.", where="k", remedy=f"Give 1 or more, not {k}.")
    known = {_ALIASES.get(_plain(str(column)), _plain(str(column))): column for column in table.columns}
    missing = [name for name in RANKED_BY if _plain(name) not in known]
    if missing:
        raise InputError(
            f"The table has no column {', '.join(missing)}.",
            where="table",
            remedy=f"Give one row per coder with the columns {', '.join(RANKED_BY)}.",
        )
    columns = table[[known[_plain(name)] for name in RANKED_BY]]
    ranks = columns.rank(ascending=False, na_option="bottom").mean(axis=1)
    return [str(name) for name in ranks.sort_values(kind="stable").index[:k]]


_ALIASES = {"bertscore": "bertscoref1"}


def _plain(column: str) -> str:
    return "".join(filter(str.isalnum, column.casefold()))


class Validation(NamedTuple):
    """Rank correlations of metrics (rows) with ratings (columns)."""

    rho: pd.DataFrame
    """Spearman's, -1 to 1; nan where either is constant or fewer than three systems have both."""
    p: pd.DataFrame
    """Two-sided p-values, from the t distribution: rough with fewer than ten systems."""
    n: pd.DataFrame
    """Systems that have both."""


def validate(metrics: pd.DataFrame, ratings: pd.DataFrame | pd.Series[float]) -> Validation:
    """Do metrics rank systems as people do? Spearman correlations over systems (seed 000, section 5.2).

    Args:
        metrics: One row per system, one column per metric.
        ratings: Mean human ratings (1 to 5), one row per system; a column per question asked, or a series.

    Raises:
        InputError: A system is rated but not measured, or the other way round, or stands there twice.
    """
    import pandas as pd
    from scipy.stats import spearmanr

    rated = ratings.to_frame(ratings.name or "rating") if isinstance(ratings, pd.Series) else ratings
    _check_systems(metrics, rated)
    rated = rated.loc[metrics.index]
    tables = [pd.DataFrame(math.nan, index=metrics.columns, columns=rated.columns) for _ in range(3)]
    for metric in metrics.columns:
        for question in rated.columns:
            both = pd.concat([metrics[metric], rated[question]], axis=1).dropna().to_numpy(dtype=float)
            found = (math.nan, math.nan)
            if len(both) > 2 and (both.min(axis=0) < both.max(axis=0)).all():
                found = tuple(spearmanr(both[:, 0], both[:, 1]))
            for table, value in zip(tables, (*found, len(both)), strict=True):
                table.loc[metric, question] = float(value)
    return Validation(tables[0], tables[1], tables[2].astype(int))


def _check_systems(metrics: pd.DataFrame, ratings: pd.DataFrame) -> None:
    for where, table in (("metrics", metrics), ("ratings", ratings)):
        if not table.index.is_unique:
            twice = table.index[table.index.duplicated()][0]
            raise InputError(f"The system `{twice}` is there twice.", where=where)
    unlike = metrics.index.symmetric_difference(ratings.index)
    if len(unlike):
        raise InputError(
            f"Metrics and ratings are of different systems: {', '.join(map(str, unlike))}.",
            where="ratings",
            remedy="Give both one row per system, under the same names.",
        )
