"""A grid over seeds: what share, size, temperature and filter do (seed 001), with t intervals over seeds.

Three questions of the seed are asked of the cells: whether its best share of written segments, 80%, is the best
one here, whether a filter of inconsistent ones gains nothing, and whether a higher temperature widens the spread
between seeds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from intercoder.core.classifier_results import Bounded, CellSettings, GridCell, SystemFigures, SystemKind
from intercoder.evals.classifiers.classification import over_seeds
from intercoder.evals.interval import TAIL

SEED_SHARE = 0.8
"""The best share of written segments in the seed."""
Place: TypeAlias = tuple[float, int, float, int]
"""Share, total, temperature and filter of a cell; a temperature of -1 where nothing was written."""
Measure: TypeAlias = Callable[[SystemFigures], float]
MEASURES: Mapping[str, Measure] = {
    "macro-F1": lambda one: one.macro_f1.value,
    "kappa": lambda one: one.kappa.value,
    "AC1": lambda one: one.ac1.value,
}


class CellMeans(NamedTuple):
    """One system in the cells that differ in their seed only."""

    settings: CellSettings
    """Of the first of them."""
    system: SystemKind
    name: str
    macro_f1: Bounded
    kappa: Bounded
    ac1: Bounded
    seeds: int
    """Cells that were worked."""
    trained_on: int
    synthetic: int


class ShareEffect(NamedTuple):
    """What a share of written segments does, held against the seed's best one, same size, temperature and seed."""

    share: float
    difference: Bounded
    """Of the classifier's figure, this share less the seed's: pairs averaged within their seed, over seeds."""


class FilterEffect(NamedTuple):
    """What it does to leave out texts that are not coded as they were meant."""

    times: int
    """How often a text had to be coded so."""
    difference: Bounded
    """Of the classifier's figure, with the filter less without: pairs averaged within their seed, over seeds."""


class Spread(NamedTuple):
    """How far seeds lie apart at a temperature, pooled over cells that share all but their seed."""

    temperature: float
    deviation: Bounded
    """Standard deviation with its chi-squared interval; `n` counts degrees of freedom."""


def place_of(settings: CellSettings) -> Place:
    """What cells that differ in their seed only have in common."""
    share, total, temperature, filtered = settings.without_seed
    return share, total, -1.0 if temperature is None else temperature, filtered


def by_place(cells: Iterable[GridCell]) -> dict[Place, list[GridCell]]:
    """Worked cells that differ in their seed only, together; failed ones left out."""
    found: dict[Place, list[GridCell]] = {}
    for cell in cells:
        if not cell.problem:
            found.setdefault(place_of(cell.settings), []).append(cell)
    return found


def cell_means(cells: Iterable[GridCell]) -> list[CellMeans]:
    """For each cell and system the means over seeds, in the order of the cells."""
    means = []
    for same in by_place(cells).values():
        systems = dict.fromkeys((one.system, one.name) for cell in same for one in cell.systems)
        means += [_mean(same, system, name) for system, name in systems]
    return means


def _mean(same: Sequence[GridCell], system: SystemKind, name: str) -> CellMeans:
    found = [one for cell in same for one in cell.systems if (one.system, one.name) == (system, name)]
    return CellMeans(
        settings=same[0].settings,
        system=system,
        name=name,
        macro_f1=over_seeds([one.macro_f1.value for one in found]),
        kappa=over_seeds([one.kappa.value for one in found]),
        ac1=over_seeds([one.ac1.value for one in found]),
        seeds=len(found),
        trained_on=found[0].trained_on,
        synthetic=found[0].synthetic,
    )


def classifier_of(cell: GridCell) -> SystemFigures | None:
    """The classifier's figures in a cell."""
    return next((one for one in cell.systems if one.system == "classifier"), None)


def share_effects(cells: Sequence[GridCell], measure: Measure, against: float = SEED_SHARE) -> list[ShareEffect]:
    """For each share the difference from another share, in pairs of cells alike in all else.

    Pairs of a seed share people's segments, so that each seed counts once, however many pairs it has. A cell
    without written segments has neither temperature nor filter; it is held against the unfiltered cells of each
    temperature.
    """
    values = _values(cells, measure)
    differences: dict[float, dict[int, list[float]]] = {}
    for (share, total, temperature, filtered, seed), value in values.items():
        if share != against:
            continue
        for other, *rest in values:
            alike = rest == [total, temperature, filtered, seed]
            plain = other == 0 and not filtered and (rest[0], rest[3]) == (total, seed)
            if other != against and (alike or plain):
                key = (other, *rest)
                of_seeds = differences.setdefault(other, {})
                of_seeds.setdefault(seed, []).append(values[key] - value)  # type: ignore[index]
    return [ShareEffect(share, _over(found)) for share, found in sorted(differences.items())]


def filter_effects(cells: Iterable[GridCell], measure: Measure) -> list[FilterEffect]:
    """For each filter the difference from none, in pairs of cells alike in all else; the seed found no gain."""
    values = _values(cells, measure)
    differences: dict[int, dict[int, list[float]]] = {}
    for (share, total, temperature, filtered, seed), value in values.items():
        plain = values.get((share, total, temperature, 0, seed))
        if filtered and plain is not None:
            differences.setdefault(filtered, {}).setdefault(seed, []).append(value - plain)
    return [FilterEffect(times, _over(found)) for times, found in sorted(differences.items())]


def _values(cells: Iterable[GridCell], measure: Measure) -> dict[tuple[float, int, float, int, int], float]:
    """Place and seed -> the classifier's figure there."""
    return {
        (*place_of(cell.settings), cell.settings.seed): measure(figures)
        for cell in cells
        if not cell.problem and (figures := classifier_of(cell)) is not None
    }


def _over(of_seeds: Mapping[int, Sequence[float]]) -> Bounded:
    return over_seeds([over_seeds(pairs).value for pairs in of_seeds.values()])


def spreads(cells: Iterable[GridCell], measure: Measure) -> list[Spread]:
    """How far seeds lie apart at each temperature, by the classifier's figure; rising temperature."""
    deviations: dict[float, list[tuple[float, int]]] = {}
    for place, same in by_place(cells).items():
        values = [measure(figures) for cell in same if (figures := classifier_of(cell)) is not None]
        defined = np.array([value for value in values if math.isfinite(value)])
        if place[2] >= 0 and len(defined) > 1:
            squares = float(((defined - defined.mean()) ** 2).sum())
            deviations.setdefault(place[2], []).append((squares, len(defined) - 1))
    return [Spread(temperature, _deviation(found)) for temperature, found in sorted(deviations.items())]


def _deviation(parts: Sequence[tuple[float, int]]) -> Bounded:
    """Pooled standard deviation with its 95% chi-squared interval, which takes figures for normally distributed."""
    from scipy.stats import chi2

    squares, freedom = sum(part for part, _ in parts), sum(count for _, count in parts)
    low, high = (math.sqrt(squares / chi2.ppf(tail, freedom)) for tail in (1 - TAIL / 100, TAIL / 100))
    return Bounded(value=math.sqrt(squares / freedom), low=low, high=high, n=freedom)


def spread_p(cells: Iterable[GridCell], measure: Measure) -> float:
    """Whether temperatures differ in their spread: p of Brown and Forsythe's test, cells centred on their medians.

    Returns:
        nan with fewer than two temperatures, or fewer than two figures at one of them.
    """
    from scipy.stats import levene

    centred: dict[float, list[float]] = {}
    for place, same in by_place(cells).items():
        values = [measure(figures) for cell in same if (figures := classifier_of(cell)) is not None]
        defined = [value for value in values if math.isfinite(value)]
        if place[2] >= 0 and len(defined) > 1:
            middle = float(np.median(defined))
            centred.setdefault(place[2], []).extend(value - middle for value in defined)
    if len(centred) < 2:
        return math.nan
    return float(levene(*centred.values(), center="median").pvalue)
