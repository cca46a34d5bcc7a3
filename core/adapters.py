"""LoRA adapters as references name them: which an adapter is, and what it learnt from (seed 000, section 4.1).

An adapter is a folder as PEFT writes it. One that was trained here has a card, which tells what it learnt from.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from intercoder.core.record import Record

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
CARD = "card.json"


class DataCard(Record):
    """What was learnt from; on the card under `data`."""

    source: str
    digest: str
    """Of all pairs, see `training.pairs.Pairs.digest`."""
    pairs: int
    documents: int
    dropped: dict[str, int]
    """Pairs that were left out, by what was wrong with them."""
    training: int
    held_out: int
    learnt_documents: tuple[str, ...] = ()
    """Ids of the documents that were learnt from: who tries or calibrates the adapter leaves them out."""
    learnt_texts: tuple[str, ...] = ()
    """`core.classifiers.text_key` of what was learnt from: elsewhere the same documents have other ids."""

    @property
    def learnt_groups(self) -> tuple[str, ...]:
        """None: what is learnt from is split by documents."""
        return ()


class OnBase(NamedTuple):
    """A reference in two parts."""

    base: str
    adapter: str
    """The adapter's folder; empty for none."""


def on_base(reference: str) -> OnBase:
    """A model and the adapter on it. Endpoints have none, and may have a `#` in their names."""
    if reference.startswith("openai:"):
        return OnBase(reference, "")
    base, _, adapter = reference.partition("#")
    return OnBase(base, adapter)


def identity_on(base: str, folder: Path) -> str:
    """The name under which the answers of a model with an adapter are kept.

    It holds the adapter's digest rather than its place: a study may be moved, and an adapter that is trained anew
    is another model.

    Args:
        base: The model's reference, without the adapter.
        folder: The adapter's.

    Raises:
        OSError: As `adapter_digest`.
    """
    return f"{base}#{folder.name}-{adapter_digest(folder)}"


def adapter_digest(folder: Path) -> str:
    """Of an adapter's settings and weights, 12 hexadecimal characters: one that is trained anew has another.

    Raises:
        OSError: They cannot be read.
    """
    return _digest(folder, *((folder / name).stat().st_mtime_ns for name in (CONFIG, WEIGHTS)))


def read_data(folder: Path) -> DataCard | None:
    """What an adapter learnt from; None where no card tells."""
    try:
        data = DataCard.model_validate(json.loads((folder / CARD).read_bytes())["data"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return data if data.learnt_documents else None


@lru_cache(maxsize=64)
def _digest(folder: Path, *_changed: int) -> str:
    whole = hashlib.sha256()
    for name in (CONFIG, WEIGHTS):
        whole.update((folder / name).read_bytes())
    return whole.hexdigest()[:12]
