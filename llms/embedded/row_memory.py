"""What a model has computed for each row of a batch, apart from the prefixes that rows share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from intercoder.llms.embedded.prefixes import SharedPrefix

if TYPE_CHECKING:
    import torch


class SlotGroup(NamedTuple):
    """Neighbouring slots, `start` to `stop` (exclusive), that share a prefix."""

    start: int
    stop: int
    prefix: SharedPrefix | None


class RowMemory:
    """Keys and values of each row's own tokens (those after the shared prefix), for all layers.

    Args:
        prefixes: One per slot; slots of the same prefix should be neighbours.
        capacity: Most own tokens of one row.
    """

    def __init__(self, prefixes: Sequence[SharedPrefix | None], capacity: int) -> None:
        self.prefixes = list(prefixes)
        self.capacity = capacity
        self.lengths = [0] * len(prefixes)
        self.groups = _neighbours(self.prefixes)
        self.keys: list[torch.Tensor] = []
        self.values: list[torch.Tensor] = []

    def position(self, slot: int) -> int:
        """Place of the slot's next token in its whole prompt and answer."""
        prefix = self.prefixes[slot]
        return self.lengths[slot] + (len(prefix.tokens) if prefix else 0)

    def layer(self, index: int, key: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """A layer's keys and values, shape (slots, heads, capacity, width); made at the first call."""
        while len(self.keys) <= index:
            slots = len(self.lengths)
            self.keys.append(key.new_zeros(slots, key.shape[0], self.capacity, key.shape[-1]))
            self.values.append(value.new_zeros(slots, value.shape[0], self.capacity, value.shape[-1]))
        return self.keys[index], self.values[index]

    def arranged(
        self, sources: Sequence[int | None], prefixes: Sequence[SharedPrefix | None], capacity: int
    ) -> RowMemory:
        """Another memory with some of these rows and some new ones.

        Args:
            sources: Per new slot, the slot here whose tokens it takes over (with the same prefix); None for
                a new row.
            prefixes: Per new slot.
            capacity: As for the class; enough for all rows that are taken over.
        """
        new = RowMemory(prefixes, capacity)
        taken = [(slot, source) for slot, source in enumerate(sources) if source is not None]
        if taken:
            for slot, source in taken:
                new.lengths[slot] = self.lengths[source]
            new.keys = [_moved(layer, taken, len(sources), capacity) for layer in self.keys]
            new.values = [_moved(layer, taken, len(sources), capacity) for layer in self.values]
        return new

    def as_prefix(self, tokens: tuple[int, ...]) -> SharedPrefix:
        """The first slot's prefix and own tokens as a prefix for others."""
        import torch

        before, length = self.prefixes[0], self.lengths[0]
        keys = [layer[0, :, :length] for layer in self.keys]
        values = [layer[0, :, :length] for layer in self.values]
        if before is not None:
            keys = [torch.cat(pair, dim=1) for pair in zip(before.keys, keys, strict=True)]
            values = [torch.cat(pair, dim=1) for pair in zip(before.values, values, strict=True)]
        return SharedPrefix(tokens, tuple(keys), tuple(values))


def _neighbours(prefixes: Sequence[SharedPrefix | None]) -> list[SlotGroup]:
    groups: list[SlotGroup] = []
    for slot, prefix in enumerate(prefixes):
        if groups and groups[-1].prefix is prefix:
            groups[-1] = groups[-1]._replace(stop=slot + 1)
        else:
            groups.append(SlotGroup(slot, slot + 1, prefix))
    return groups


def _moved(layer: torch.Tensor, taken: Sequence[tuple[int, int]], slots: int, capacity: int) -> torch.Tensor:
    """A layer's rows in new places, (new, old) pairs, in a buffer of another size."""
    import torch

    to, source = torch.tensor(taken).unbind(1)
    kept = min(capacity, layer.shape[2])
    moved = layer.new_zeros(slots, layer.shape[1], capacity, layer.shape[3])
    moved[to, :, :kept] = layer[source, :, :kept]
    return moved
