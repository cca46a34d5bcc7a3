"""Which labels a threshold would take together and which it would just leave apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from intercoder.core.protocols import Vectors
from intercoder.core.record import Record

SHOWN = 10
"""Pairs on either side of the threshold."""
BLOCK = 512
"""Rows whose distances are held at once."""
PLACES = 4
"""Decimal places of a distance that is compared or shown."""

Distances: TypeAlias = npt.NDArray[np.float64]
Places: TypeAlias = npt.NDArray[np.intp]


class Pair(Record):
    """Two labels and how far they are apart."""

    side: Literal["under", "over"]
    distance: float
    """Cosine distance, 0 to 2, rounded to 4 places."""
    first: str
    second: str


def near_threshold(labels: Sequence[str], vectors: Vectors, threshold: float, *, shown: int = SHOWN) -> list[Pair]:
    """The pairs nearest to a threshold, those that it would merge and those that it would not.

    Average linkage looks at groups, so the members of a larger cluster may be farther apart than the threshold, and
    a pair nearer than it may end in different ones.

    Args:
        labels: One per row.
        vectors: Unit-length rows.
        threshold: Cosine distance, 0 to 2; a pair exactly at it is under it.
        shown: Most pairs on either side.

    Returns:
        From the smallest distance to the largest: first those under the threshold, then those over it.
    """
    near: list[tuple[float, int, int]] = []
    far: list[tuple[float, int, int]] = []
    for distances, rows, columns in _blocks(vectors):
        under = distances <= threshold + 1e-9
        near = _nearest(near, distances, rows, columns, under, threshold, shown)
        far = _nearest(far, distances, rows, columns, ~under, threshold, shown)
    return [
        *(_pair("under", labels, one) for one in sorted(near)),
        *(_pair("over", labels, one) for one in sorted(far)),
    ]


def _blocks(vectors: Vectors) -> Iterator[tuple[Distances, Places, Places]]:
    """Distances of all pairs, each once, with their rows and columns; a block of rows at a time."""
    for start in range(0, len(vectors), BLOCK):
        products = vectors[start : start + BLOCK].astype(np.float64) @ vectors[start:].T.astype(np.float64)
        rows, columns = np.triu_indices(products.shape[0], 1, products.shape[1])
        distances = np.maximum(1.0 - products[rows, columns], 0.0).round(PLACES)
        yield distances, rows + start, columns + start


def _nearest(
    held: list[tuple[float, int, int]],
    distances: Distances,
    rows: Places,
    columns: Places,
    wanted: npt.NDArray[np.bool_],
    threshold: float,
    shown: int,
) -> list[tuple[float, int, int]]:
    """The pairs held and found that are nearest to the threshold; of equally near ones those that come first."""
    places = np.flatnonzero(wanted)
    if len(places) > shown:
        gaps = np.abs(distances[places] - threshold)
        limit = np.partition(gaps, shown - 1)[shown - 1]
        places = places[gaps <= limit]
    found = zip(distances[places].tolist(), rows[places].tolist(), columns[places].tolist(), strict=True)
    return sorted([*held, *found], key=lambda one: (abs(one[0] - threshold), one[1], one[2]))[:shown]


def _pair(side: Literal["under", "over"], labels: Sequence[str], found: tuple[float, int, int]) -> Pair:
    distance, row, column = found
    return Pair(side=side, distance=distance, first=labels[row], second=labels[column])
