"""What a grid says over its seeds."""

import math

import pytest
from scipy.stats import levene

from intercoder.core.classifier_results import Bounded, CellSettings, GridCell, SystemFigures
from intercoder.evals.classifiers.grid_means import (
    MEASURES,
    cell_means,
    filter_effects,
    share_effects,
    spread_p,
    spreads,
)

F1 = MEASURES["macro-F1"]


def cell(share, seed, value, *, temperature=0.7, total=100, filter=0, problem=""):
    figures = SystemFigures(
        system="classifier",
        name="classifier",
        macro_f1=Bounded(value=value),
        kappa=Bounded(value=value / 2),
        ac1=Bounded(),
        agreement=Bounded(),
        trained_on=total,
        synthetic=round(share * total),
    )
    settings = CellSettings(share=share, total=total, temperature=temperature, filter=filter, seed=seed)
    return GridCell(settings=settings, key="k", systems=() if problem else (figures,), problem=problem)


def test_cells_that_differ_in_their_seed_are_one_line():
    cells = [cell(0.5, seed, value) for seed, value in enumerate((0.4, 0.5, 0.6))] + [cell(0.8, 0, 0.9)]
    first, second = cell_means(cells)
    assert (first.settings.share, first.seeds, first.macro_f1.value) == (0.5, 3, pytest.approx(0.5))
    assert first.kappa.value == pytest.approx(0.25)
    assert math.isnan(first.ac1.value)
    assert (second.seeds, second.synthetic) == (1, 80)
    assert math.isnan(second.macro_f1.low)


def test_failed_cells_are_left_out():
    (only,) = cell_means([cell(0.5, 0, 0.4), cell(0.5, 1, 0.0, problem="memory")])
    assert only.seeds == 1


def test_cells_without_written_segments_have_no_temperature_and_are_one_line():
    cells = [cell(0.0, seed, 0.5, temperature=math.nan) for seed in (0, 1)]
    (only,) = cell_means(cells)
    assert only.seeds == 2


def test_shares_are_held_against_the_seeds_best_pair_by_pair():
    cells = [cell(0.8, seed, 0.6 + seed / 10) for seed in range(3)]
    cells += [cell(0.5, seed, 0.7 + seed / 10) for seed in range(3)]
    (found,) = share_effects(cells, F1)
    assert (found.share, found.difference.n) == (0.5, 3)
    assert found.difference.value == pytest.approx(0.1)
    assert found.difference.low == pytest.approx(0.1), "seeds that rise together leave no doubt"


def test_pairs_are_alike_in_all_else():
    cells = [
        cell(0.8, 0, 0.5, temperature=0.3),
        cell(0.5, 0, 0.9, temperature=1.0),
        cell(0.5, 1, 0.9, temperature=0.3),
    ]
    assert share_effects(cells, F1) == []


def test_people_alone_are_held_against_every_temperature():
    cells = [cell(0.8, 0, 0.5, temperature=one) for one in (0.3, 1.0)] + [cell(0, 0, 0.9, temperature=math.nan)]
    (found,) = share_effects(cells, F1)
    assert (found.share, found.difference.n, found.difference.value) == (0, 1, pytest.approx(0.4))


def test_people_alone_are_held_against_cells_without_a_filter():
    cells = [cell(0.8, 0, value, filter=times) for times, value in ((0, 0.5), (3, 0.7))]
    (found,) = share_effects([*cells, cell(0, 0, 0.9, temperature=math.nan)], F1)
    assert found.difference.value == pytest.approx(0.4)


def test_pairs_of_one_seed_are_one_difference():
    values = {0.3: (0.1, 0.3), 0.7: (0.2, 0.4), 1.0: (0.3, 0.5)}
    cells = [cell(0.8, seed, 0.4, temperature=t) for t in values for seed in (0, 1)]
    cells += [cell(0.5, seed, v, temperature=t) for t, ones in values.items() for seed, v in enumerate(ones)]
    cells += [cell(0.5, 1, math.nan, filter=3), cell(0.8, 1, 0.4, filter=3)]
    (found,) = share_effects(cells, F1)
    assert (found.difference.n, found.difference.value) == (2, pytest.approx(-0.1))
    assert found.difference.high > 0, "two seeds with these means tell nothing, however many pairs each has"


def test_a_filter_is_held_against_none_seed_by_seed():
    cells = [cell(share, seed, 0.5 + seed / 10) for share in (0.5, 0.8) for seed in (0, 1)]
    cells += [cell(0.5, seed, 0.6 + seed / 10, filter=3) for seed in (0, 1)]
    cells += [
        cell(0.8, 0, 0.8, filter=3),
        cell(0.8, 1, 0.0, filter=3, problem="memory"),
        cell(0.95, 0, 1, filter=3),
    ]
    (found,) = filter_effects(cells, F1)
    assert (found.times, found.difference.n) == (3, 2)
    assert found.difference.value == pytest.approx((0.2 + 0.1) / 2), "of seed 0 the mean of its two pairs"
    assert filter_effects(cells[:4], F1) == []


def test_spread_is_pooled_over_cells_of_a_temperature():
    cells = [cell(0.5, seed, value) for seed, value in enumerate((0.4, 0.6))]
    cells += [cell(0.8, seed, value) for seed, value in enumerate((0.1, 0.3))]
    cells += [cell(0.8, seed, 0.5, temperature=0.3) for seed in range(2)]
    low, high = spreads(cells, F1)
    assert (low.temperature, low.deviation.value) == (0.3, 0)
    assert high.deviation.value == pytest.approx(math.sqrt(0.02))
    assert high.deviation.n == 2
    assert high.deviation.low < high.deviation.value < high.deviation.high


def test_spreads_are_compared_with_brown_and_forsythe():
    values = {0.3: (0.50, 0.51, 0.52), 1.0: (0.3, 0.5, 0.75)}
    cells = [cell(0.8, seed, v, temperature=t) for t, ones in values.items() for seed, v in enumerate(ones)]
    assert spread_p(cells, F1) == pytest.approx(levene(*values.values(), center="median").pvalue)
    assert math.isnan(spread_p(cells[:3], F1))
