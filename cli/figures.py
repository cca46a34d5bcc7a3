"""Figures of deductive coding as people read them in a terminal of 80 columns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from intercoder.core.shown import one_line

if TYPE_CHECKING:
    from intercoder.core.codebook import Codebook
    from intercoder.evals.interval import Estimate

SHOWN = 40
"""Codes of a table; the report has all."""
UNDEFINED = "undefined"
LABEL = 40
"""Characters of a label."""


def number(value: float) -> str:
    """Two places; `undefined` for nan."""
    return UNDEFINED if math.isnan(value) else f"{value:.2f}"


def estimate(found: Estimate) -> str:
    """A value with its interval, `0.82 [0.70, 0.93]`."""
    if math.isnan(found.value):
        return UNDEFINED
    return f"{found.value:.2f} [{number(found.low)}, {number(found.high)}]"


def beneath(*lines: str) -> str:
    """Several lines of one cell."""
    return "\n".join(lines)


def label_of(book: Codebook, code_id: str) -> str:
    """A code's label on one line; its id where the book does not hold it."""
    code = book.code(code_id)
    return one_line(code.label, LABEL) if code else code_id
