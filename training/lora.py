"""Training a LoRA coder on people's codes (seed 000, section 4.1 and appendix E)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from intercoder.agents.means import Means
from intercoder.core.record import Record
from intercoder.core.study import CoderSettings
from intercoder.training.card import Card
from intercoder.training.pairs import Pairs
from intercoder.training.settings import LoraSettings

Event: TypeAlias = dict[str, Any]
"""`kind`: `begin`, `note`, `step` or `measured`; the rest is what there is to show."""


class Trained(Record):
    """An adapter that is there."""

    adapter: Path
    """Its folder, which follows the `#` of a reference."""
    card: Card
    known: bool = False
    """Whether it was there already: trained on the same, in the same way."""
