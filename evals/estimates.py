"""What a coded sample says about all texts: shares, shares corrected for a model's errors, codes together."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from intercoder.core.errors import InputError
from intercoder.core.record import Record
from intercoder.evals.interval import Estimate, Floats, bare

if TYPE_CHECKING:
    import pandas as pd


class CodePair(Record):
    """Two codes given to the same units."""

    first: str
    second: str
    together: int
    """Units with both."""
    share: Estimate
    """Of all units, with its Wilson interval."""
    jaccard: float
    """Units with both, of those with either; 0 to 1."""
    expected: float
    """Units with both if the codes were given independently."""
    lift: float
    """together / expected: above 1 they attract, below 1 they avoid one another."""


class Cooccurrence(Record):
    """Which codes are given to the same units."""

    n: int
    """Units, those without a code included."""
    counts: dict[str, int]
    """Code -> units with it."""
    pairs: tuple[CodePair, ...]
    """Pairs that occur, most frequent first."""

    def matrix(self) -> pd.DataFrame:
        """Codes x codes: units with both; on the diagonal units with the code."""
        import pandas as pd

        codes = list(self.counts)
        table = pd.DataFrame(0, index=codes, columns=codes)
        for code, count in self.counts.items():
            table.loc[code, code] = count
        for pair in self.pairs:
            table.loc[pair.first, pair.second] = table.loc[pair.second, pair.first] = pair.together
        return table


def proportion(yes: float, n: float, *, population: int | None = None, confidence: float = 0.95) -> Estimate:
    """A share with Wilson's interval (Wilson 1927; seed 002, 2.1.3).

    With a population the sample was drawn from, the interval is that of a sample enlarged to
    n (N - 1) / (N - n), so that its variance has the finite-population factor (N - n) / (N - 1): with every unit
    coded nothing is left to estimate.

    Args:
        yes: Units with the code.
        n: Units coded; with 0 the share is undefined. Of weighted ones what they are worth.
        population: N, all units there are; None for no limit.
        confidence: Of the interval, between 0 and 1.

    Raises:
        InputError: `yes` is not between 0 and `n`, or `n` is above `population`.

    Example:
        >>> round(proportion(57, 100).low, 4)
        0.4722
    """
    quantile = _normal_quantile(confidence)
    if n < 0 or not 0 <= yes <= n:
        raise InputError(f"{yes} of {n} is not a share.", where="yes", remedy="Give counts, yes at most n.")
    if population is not None and population < n:
        raise InputError(
            f"{n} units were coded of {population}.", where="population", remedy="Give the number of all units."
        )
    if n == 0:
        return bare(math.nan, 0, "proportion")
    value = yes / n
    if population == n:
        return Estimate(value=value, se=0.0, low=value, high=value, n=round(n), statistic="proportion")
    size = n if population is None else n * (population - 1) / (population - n)
    low, high = _wilson(value, size, quantile)
    se = math.sqrt(value * (1 - value) / size)
    return Estimate(value=value, se=se, low=low, high=high, n=round(n), statistic="proportion")


def _wilson(share: float, size: float, quantile: float) -> tuple[float, float]:
    squared = quantile**2
    middle = (share + squared / (2 * size)) / (1 + squared / size)
    reach = quantile / (1 + squared / size) * math.sqrt(share * (1 - share) / size + squared / (4 * size**2))
    return (0.0 if share == 0 else middle - reach), (1.0 if share == 1 else middle + reach)


def _normal_quantile(confidence: float) -> float:
    from scipy.special import ndtri

    if not 0 < confidence < 1:
        raise InputError(f"{confidence} is not a confidence.", where="confidence", remedy="Use 0.95, say.")
    return float(ndtri(0.5 + confidence / 2))


def prediction_powered(
    labels: Sequence[float] | npt.NDArray[np.floating],
    predictions: Sequence[float] | npt.NDArray[np.floating],
    unlabelled: Sequence[float] | npt.NDArray[np.floating] | Mapping[float, int],
    *,
    weights: Sequence[float] | npt.NDArray[np.floating] | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """A mean or share over all units from a model's answers, corrected by what people say of a sample.

    mean of the model's answers where nobody else answered + mean of (people - model) on the sample, with the sum
    of both variances: the interval holds whatever errors the model makes, and is narrow where it makes few
    (prediction-powered inference: Angelopoulos, Bates, Fannjiang, Jordan & Zrnic 2023, Science 382).

    Args:
        labels: People's answers on the sample, 0 and 1 or any numbers; shape (n,).
        predictions: The model's answers to the same units, in the same order; shape (n,).
        unlabelled: The model's answers to all other units, or with `weights` to all units: those that an uneven
            draw leaves are not like the rest; shape (N,). Or counted: answer -> how many of these units have it.
        weights: One over the probability with which each unit of the sample was drawn, if it was not drawn evenly.
        confidence: Of the interval, between 0 and 1.

    Returns:
        The estimate; `n` counts the labelled units. Where all numbers are in 0 to 1, so are value and interval.

    Raises:
        InputError: Lengths differ, fewer than two units on either side, or a number is not finite.
    """
    quantile = _normal_quantile(confidence)
    people, model = _numbers(labels, "labels"), _numbers(predictions, "predictions")
    rest, times = _counted(unlabelled, "unlabelled")
    if len(people) != len(model):
        raise InputError(
            f"there are {len(people)} labels and {len(model)} predictions.",
            where="predictions",
            remedy="Give the model's answer to each labelled unit, in the same order.",
        )
    error, spread = _weighted_mean(people - model, weights)
    size = int(times.sum())
    mean = float(rest @ times) / size
    variance = float((rest - mean) ** 2 @ times) / (size - 1)
    value = mean + error
    se = math.sqrt(variance / size + spread)
    low, high = value - quantile * se, value + quantile * se
    everything = np.concatenate([people, model, rest])
    if everything.min() >= 0 and everything.max() <= 1:
        # A few labels can carry the correction beyond what a share can be.
        value, low, high = (min(max(bound, 0.0), 1.0) for bound in (value, low, high))
    return Estimate(value=value, se=se, low=low, high=high, n=len(people), statistic="prediction_powered")


def _weighted_mean(values: Floats, weights: Iterable[float] | None) -> tuple[float, float]:
    """Mean and its variance, with weights as a ratio (Hajek) to first order."""
    share = np.ones(len(values)) if weights is None else _numbers(weights, "weights")
    if len(share) != len(values) or share.min() <= 0:
        raise InputError(
            "they do not fit the labels.", where="weights", remedy="Give one positive number for each label."
        )
    share = share / share.sum()
    mean = float(share @ values)
    n = len(values)
    return mean, float(share**2 @ (values - mean) ** 2) * n / (n - 1)


def _counted(
    values: Iterable[float] | Mapping[float, int], where: str
) -> tuple[Floats, npt.NDArray[np.integer[Any]]]:
    """Each number and how often it occurs. Lowest first, so that listed or counted they give the same bits."""
    if not isinstance(values, Mapping):
        return np.unique(_numbers(values, where), return_counts=True)
    occurring = {number: count for number, count in values.items() if count}
    times = np.array(list(occurring.values()), np.int64)
    if times.sum() < 2 or times.min() < 0:
        raise InputError("they count fewer than two units.", where=where, remedy="Give how many have each answer.")
    numbers = _numbers(occurring, where, fewest=1)
    order = np.argsort(numbers)
    return numbers[order], times[order]


def _numbers(values: Iterable[float], where: str, fewest: int = 2) -> Floats:
    try:
        numbers = np.asarray(list(values), np.float64)
    except (TypeError, ValueError):
        raise InputError("they are not all numbers.", where=where, remedy="Give numbers, 1 for Yes.") from None
    if numbers.ndim != 1 or len(numbers) < fewest:
        raise InputError("there are fewer than two.", where=where, remedy="Give a list of at least two numbers.")
    if not np.isfinite(numbers).all():
        position = int(np.flatnonzero(~np.isfinite(numbers))[0])
        raise InputError(
            f"{numbers[position]} is not a finite number.",
            where=f"{where}, number {position + 1}",
            remedy="Leave out units without an answer.",
        )
    return numbers


def cooccurrence(codings: Iterable[Collection[str]], *, confidence: float = 0.95) -> Cooccurrence:
    """Which codes are given to the same units, and how often.

    Args:
        codings: The codes of each unit, empty where none applied.
        confidence: Of the intervals of shares.

    Returns:
        Counts by code, in the order of the first use (in a set, by name), and all pairs that occur.

    Raises:
        InputError: A unit's codes are a bare text.
    """
    counts: Counter[str] = Counter()
    together: Counter[tuple[str, str]] = Counter()
    n = 0
    for n, unit in enumerate(codings, 1):
        if isinstance(unit, str):
            raise InputError(f"{unit!r} is not a set of codes.", where=f"codings, row {n}", remedy="Give a list.")
        codes = sorted(unit) if isinstance(unit, Set) else list(dict.fromkeys(unit))
        counts.update(codes)
        together.update(combinations(sorted(codes), 2))
    ordered = sorted(together.items(), key=lambda item: (-item[1], item[0]))
    pairs = tuple(
        CodePair(
            first=one,
            second=other,
            together=both,
            share=proportion(both, n, confidence=confidence),
            jaccard=both / (counts[one] + counts[other] - both),
            expected=counts[one] * counts[other] / n,
            lift=both * n / (counts[one] * counts[other]),
        )
        for (one, other), both in ordered
    )
    return Cooccurrence(n=n, counts=dict(counts), pairs=pairs)
