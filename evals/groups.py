"""Segments that hang together, as those of a document do: resampled whole, as they tell less than so many apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from intercoder.core.errors import InputError
from intercoder.evals.coefficients.confusion import Flags
from intercoder.evals.interval import Floats


def summed(segments: Floats, groups: Sequence[str], kept: Flags) -> Floats:
    """What each group adds to the sums, in the order in which groups begin.

    Args:
        segments: What segments add; shape (segments, ...).
        groups: What each segment belongs to; nothing where each is by itself.
        kept: Segments that count; a group of others alone is none. Shape (segments,).

    Raises:
        InputError: Not as many groups as segments.
    """
    rows = segments[kept]
    if not groups:
        return rows
    if len(groups) != len(segments):
        raise InputError(
            f"there are {len(segments)} segments and {len(groups)} groups.",
            where="groups",
            remedy="Give the group of each segment, or none at all.",
        )
    begun: dict[str, int] = {}
    places = [begun.setdefault(group, len(begun)) for group, counts in zip(groups, kept, strict=True) if counts]
    sums = np.zeros((len(begun), *rows.shape[1:]))
    np.add.at(sums, places, rows)
    return sums


def lone(units: Floats, kept: Flags) -> bool:
    """Whether several segments are all of one group, which leaves nothing to tell how far groups differ."""
    return len(units) == 1 < int(kept.sum())
