"""People's ratings of labels, 1 to 5, given without knowing whose they are (seed 000, section 5.2, appendix F)."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from intercoder.core.coding.codings import Coder
from intercoder.core.documents import Segment
from intercoder.core.identity import digest
from intercoder.core.record import Record

if TYPE_CHECKING:
    import pandas as pd

LOWEST, HIGHEST = 1, 5
"""Ends of the scale."""


class RatedItem(Record):
    """One label of one segment to be rated. Labels that are spelled alike are one item, whoever gave them."""

    id: str
    """Says nothing about whose label it is."""
    segment_id: str
    text: str
    label: str
    systems: tuple[str, ...]
    """Who gave the label; not for raters' eyes."""


def rating_items(systems: Sequence[Coder], segments: Sequence[Segment], n: int, seed: int = 0) -> list[RatedItem]:
    """Draw segments to which every system gave a label, and all their labels in an order that tells nothing.

    Args:
        systems: Whose labels are rated; of several labels of a segment the first.
        segments: The segments of the run.
        n: Segments to draw; all there are if there are fewer.
        seed: Of the draw and of the order within a segment.

    Returns:
        Items, those of a segment together, segments in document order. The same arguments give the same items.
    """
    shared = [segment for segment in segments if all(one.labels.get(segment.id) for one in systems)]
    dice = random.Random(seed)
    drawn = sorted(dice.sample(range(len(shared)), min(n, len(shared))))
    items: list[RatedItem] = []
    for segment in (shared[place] for place in drawn):
        given: dict[str, list[str]] = {}
        wording: dict[str, str] = {}
        for one in systems:
            label = one.labels[segment.id][0]
            folded = " ".join(label.casefold().split())
            given.setdefault(folded, []).append(one.name)
            wording.setdefault(folded, label)
        order = dice.sample(sorted(given), len(given))
        items += [
            RatedItem(
                id=digest(segment.id, folded)[:12],
                segment_id=segment.id,
                text=segment.text,
                label=wording[folded],
                systems=tuple(given[folded]),
            )
            for folded in order
        ]
    return items


def mean_ratings(items: Sequence[RatedItem], ratings: Sequence[Mapping[str, float]]) -> pd.Series[float]:
    """Mean rating of each system, to be held against metrics by `quality.validate`.

    Args:
        items: What was rated.
        ratings: For each rater item id -> rating; items left out were not rated.

    Returns:
        A series by system, in the order of first mention: mean over its items of the mean over raters; nan for a
        system none of whose labels was rated.
    """
    import pandas as pd

    rated: dict[str, list[float]] = {}
    for item in items:
        given = [one[item.id] for one in ratings if item.id in one]
        for system in item.systems:
            rated.setdefault(system, []).extend([fmean(given)] if given else [])
    means = {system: fmean(values) if values else math.nan for system, values in rated.items()}
    return pd.Series(means, name="rating", dtype=float)
