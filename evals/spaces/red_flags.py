"""Coders whose figures ask for a second look: flooding and hallucination (seed 003, section 6.3).

A flag is no verdict: a coder from another tradition diverges too, and a thorough one covers much.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Collection, Mapping
from typing import Literal, Protocol, TypeAlias

from intercoder.core.errors import InputError
from intercoder.core.record import Record
from intercoder.evals.spaces.distances import TOLERANCE

Suspicion: TypeAlias = Literal["flooding", "hallucination"]


class Measured(Protocol):
    """What is needed of a coder's metrics."""

    @property
    def coverage(self) -> float:
        """Share of the team's concepts."""

    @property
    def overlap(self) -> float:
        """Share of the others' concepts."""

    @property
    def novelty(self) -> float:
        """Share of the concepts that one coder found."""

    @property
    def divergence(self) -> float:
        """Distance from the others."""

    @property
    def size(self) -> int:
        """Labels used."""


class Evidence(Record):
    """One figure that is far from the team's."""

    metric: str
    value: float
    median: float
    """The team's."""
    limit: float
    """What the value had to pass."""
    direction: Literal["high", "low"]


class RedFlag(Record):
    """A coder to look at, and why."""

    coder: str
    suspicion: Suspicion
    evidence: tuple[Evidence, ...]


_FLOODING: dict[str, tuple[Literal["high", "low"], float]] = {
    "coverage": ("high", 1.0),
    "novelty": ("high", 1.0),
    # A return per label that is merely below the median is diminishing; it need not be an outlier.
    "coverage per label": ("low", 0.0),
}
_HALLUCINATION: dict[str, tuple[Literal["high", "low"], float]] = {
    "coverage": ("low", 1.0),
    "overlap": ("low", 1.0),
    "divergence": ("high", 1.0),
}


def red_flags(
    metrics: Mapping[str, Measured], *, groups: Collection[str] = (), deviations: float = 2.0
) -> list[RedFlag]:
    """Coders whose figures look like flooding or hallucination, with the figures.

    Flooding: coverage and novelty are high, and coverage per label is below the team's median. Hallucination:
    coverage and overlap are low and divergence is high. High and low mean beyond the team's median by more
    than so many median absolute deviations. With fewer than three coders nobody can stand out.

    Args:
        metrics: What `measure` gave.
        groups: Names among them that are groups; they are no part of the team and are not flagged.
        deviations: How many median absolute deviations are far.

    Returns:
        Flags in the order of the coders. Coders with undefined metrics have none and do not count.

    Raises:
        InputError: The number of deviations is negative or none.
    """
    if not deviations >= 0:
        raise InputError("Deviations are 0 or more.", where="deviations", remedy=f"Not {deviations}.")
    everyone = {name: _figures(measured) for name, measured in metrics.items() if name not in groups}
    team = {name: figures for name, figures in everyone.items() if all(map(math.isfinite, figures.values()))}
    if len(team) < 3:
        return []
    limits = _Limits(team, deviations)
    flags = []
    for coder, figures in team.items():
        for suspicion, signs in (("flooding", _FLOODING), ("hallucination", _HALLUCINATION)):
            evidence = [limits.evidence(metric, figures[metric], *sign) for metric, sign in signs.items()]
            found = tuple(item for item in evidence if item is not None)
            if len(found) == len(signs):
                flags.append(RedFlag(coder=coder, suspicion=suspicion, evidence=found))
    return flags


def _figures(measured: Measured) -> dict[str, float]:
    return {
        "coverage": measured.coverage,
        "overlap": measured.overlap,
        "novelty": measured.novelty,
        "divergence": measured.divergence,
        "coverage per label": measured.coverage / measured.size if measured.size else math.nan,
    }


class _Limits:
    """The team's median and median absolute deviation of each metric."""

    def __init__(self, team: Mapping[str, Mapping[str, float]], deviations: float) -> None:
        self._deviations = deviations
        self._columns = {
            metric: [figures[metric] for figures in team.values()] for metric in next(iter(team.values()))
        }

    def evidence(
        self, metric: str, value: float, direction: Literal["high", "low"], scale: float
    ) -> Evidence | None:
        """What speaks for calling the value high or low; None if nothing does."""
        values = self._columns[metric]
        median = statistics.median(values)
        spread = statistics.median(abs(other - median) for other in values)
        sign = 1 if direction == "high" else -1
        limit = median + sign * scale * self._deviations * spread
        if sign * (value - limit) <= TOLERANCE:
            return None
        return Evidence(metric=metric, value=value, median=median, limit=limit, direction=direction)
