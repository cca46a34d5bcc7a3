"""What a head learns from partial targets: a code that nobody decided about counts for nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class TextItem(NamedTuple):
    """A text and what was decided about it."""

    text: str
    targets: Mapping[str, bool]
    """Code id -> whether it applies; a code that nobody decided about is no key."""
