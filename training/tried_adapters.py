"""Adapters as candidates: on which base, asked in which way, and which items they must not be tried on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from intercoder.core.errors import ModelError
from intercoder.core.study import Privacy
from intercoder.llms.adapters import read_adapter
from intercoder.llms.factory import check_reference
from intercoder.llms.references import LOCAL, parse_reference
from intercoder.training.candidates import Way
from intercoder.training.card import Card, read_card


class TriedAdapter(NamedTuple):
    """An adapter that is tried."""

    reference: str
    """Base and adapter."""
    way: Way | None
    """How it was trained to be asked; None where no card tells."""
    seen: frozenset[str] | None
    """Ids of the documents that it was trained on; None where that cannot be told."""


def tried_adapter(path: Path, models: Sequence[str], privacy: Privacy) -> TriedAdapter:
    """Find out what is needed to try an adapter.

    Args:
        path: Its folder.
        models: References it may belong to, which come before the one on its card.
        privacy: What may leave the machine.

    Raises:
        ModelError: It is no adapter, or belongs to none of the models.
        InputError: Its card cannot be read.
    """
    adapter = read_adapter(path.expanduser())
    card = read_card(adapter.path)
    bases = list(dict.fromkeys([*models, *([card.base] if card else [])]))
    return TriedAdapter(_on_base(adapter.path, adapter.base, bases, privacy), _way(card), seen(card))


def _on_base(path: Path, base: str, models: Sequence[str], privacy: Privacy) -> str:
    refused: ModelError | None = None
    for model in models:
        parsed = parse_reference(model)
        if parsed.backend not in LOCAL:
            continue
        reference = str(parsed.model_copy(update={"adapter": str(path.absolute())}))
        try:
            check_reference(reference, privacy)
        except ModelError as error:
            refused = refused or error
        else:
            return reference
    raise refused or ModelError(
        f"The adapter was trained on {base}, and no model in this process is named.",
        where=str(path),
        remedy="Name its base with --model, such as embedded:NAME or hf:/path.",
    )


def _way(card: Card | None) -> Way | None:
    return Way(prompt=card.prompt, shots=card.shots, ending=card.ending) if card else None


def seen(card: Card | None) -> frozenset[str] | None:
    """Ids of the documents that an adapter was trained on; None where that cannot be told."""
    return frozenset(card.data.learnt_documents) or None if card else None
