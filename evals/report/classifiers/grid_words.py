"""What a grid says on the seed's questions, in sentences (seed 001), and how far its intervals can be trusted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from intercoder.core.classifier_results import GridCell
from intercoder.core.shown import counted
from intercoder.evals.classifiers.grid_means import (
    MEASURES,
    by_place,
    cell_means,
    filter_effects,
    share_effects,
    spread_p,
)
from intercoder.evals.report.figures import told

ENOUGH_SEEDS = 3
SPREAD_OF = ("macro-F1", "kappa")
"""Measures whose spread between seeds is told."""


def grid_words(cells: Sequence[GridCell]) -> Iterator[str]:
    """All sentences on a grid's cells, in their order."""
    totals = sorted({one.settings.total for one in cell_means(cells)})
    for total in totals:
        size = f"{counted(total, 'segment')} in all: " if len(totals) > 1 else ""
        yield " ".join((f"{size}{share_words(cells, total)}", *filter_words(cells, total)))
    yield from comparison_words(cells, totals)
    for name in SPREAD_OF:
        yield spread_words(cells, name)
    yield from seed_words(cells)


def share_words(cells: Iterable[GridCell], total: int) -> str:
    """Whether the seed's best share is the best one here, at one size of the training set."""
    effects = share_effects([one for one in cells if one.settings.total == total], MEASURES["macro-F1"])
    if not effects:
        return "The seed's best share, 80% written, is not in this grid, or nothing is to be held against it."
    parts = [f"{one.share:.0%} {told(one.difference)}" for one in effects]
    above = [f"{one.share:.0%}" for one in effects if one.difference.low > 0]
    below = [f"{one.share:.0%}" for one in effects if one.difference.high < 0]
    words = f"Macro-F1 less that at 80% written, in pairs alike in all else, over seeds: {'; '.join(parts)}."
    if above:
        return f"{words} Better than 80%: {', '.join(above)}."
    if len(below) == len(effects):
        return f"{words} All others are worse than 80%."
    return f"{words} No share is shown to be better than 80%, nor 80% to be better than all others."


def filter_words(cells: Iterable[GridCell], total: int) -> Iterator[str]:
    """What each filter does to the classifier at one size; nothing where none was tried beside cells without it."""
    for one in filter_effects([one for one in cells if one.settings.total == total], MEASURES["macro-F1"]):
        words = (
            f"Macro-F1 where each written segment had to be coded as it was meant {counted(one.times, 'time')}, "
            f"less that without this filter, in pairs alike in all else, over seeds: {told(one.difference)}."
        )
        if one.difference.low > 0:
            yield f"{words} The filter helps."
        elif one.difference.high < 0:
            yield f"{words} The filter does harm."
        else:
            yield f"{words} Neither gain nor harm is shown."


def comparison_words(cells: Sequence[GridCell], totals: Sequence[int]) -> Iterator[str]:
    """How many differences were looked at; nothing of a single one."""
    number = 0
    for total in totals:
        of_size = [one for one in cells if one.settings.total == total]
        number += len(share_effects(of_size, MEASURES["macro-F1"]))
        number += len(list(filter_effects(of_size, MEASURES["macro-F1"])))
    if number > 1:
        yield (
            f"These are {number} comparisons, each with a 95% interval of its own: where nothing differs, one in "
            "twenty seems to."
        )


def spread_words(cells: Iterable[GridCell], name: str) -> str:
    """Whether the spread between seeds differs between temperatures, by a measure of `MEASURES`."""
    p = spread_p(cells, MEASURES[name])
    if math.isnan(p):
        return f"Whether temperatures differ in the spread of {name} is undefined."
    return f"Whether temperatures differ in the spread of {name}: Brown-Forsythe p = {p:.3f}."


def seed_words(cells: Iterable[GridCell]) -> Iterator[str]:
    """A warning where cells have too few seeds for intervals that say anything."""
    fewest = min((len(same) for same in by_place(cells).values()), default=ENOUGH_SEEDS)
    if fewest == 1:
        yield "Cells with one seed have no interval, nor has what is compared with them; take three or more."
    elif fewest < ENOUGH_SEEDS:
        yield (
            "Over two seeds an interval is more than three times as wide as over three that lie as far apart; take "
            "three or more."
        )
