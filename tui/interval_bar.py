"""A value with its interval as a bar of characters, readable without colour."""

from __future__ import annotations

import math

UNDEFINED = "undefined"


def interval_bar(
    low: float, estimate: float, high: float, width: int, *, least: float = 0.0, most: float = 1.0
) -> str:
    """Draw `·├──●─┤···`: the estimate within its interval on a scale.

    Args:
        low: Lower bound of the interval; nan where it is not known.
        estimate: The value; nan where it is undefined.
        high: Upper bound.
        width: Cells, from 1.
        least: Where the scale begins; what lies below is drawn there.
        most: Where it ends.

    Returns:
        `width` characters of one cell each. A scale that reaches below 0 has `┊` at 0, `┼` within an interval.

    Example:
        >>> interval_bar(0.2, 0.5, 0.8, 11)
        '··├──●──┤··'
    """
    if math.isnan(estimate):
        return (UNDEFINED if width >= len(UNDEFINED) else "–").ljust(width)

    def cell(value: float) -> int:
        return round((min(max(value, least), most) - least) / (most - least) * (width - 1))

    bar = ["·"] * width
    zero = cell(0.0) if least < 0 < most else -1
    if zero >= 0:
        bar[zero] = "┊"
    if not (math.isnan(low) or math.isnan(high)):
        start, end = cell(low), cell(high)
        bar[start : end + 1] = "─" * (end + 1 - start)
        if start < zero < end:
            bar[zero] = "┼"
        bar[start], bar[end] = "├", "┤"
    bar[cell(estimate)] = "●"
    return "".join(bar)
