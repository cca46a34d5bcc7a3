"""A model that reads and writes packed rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from intercoder.llms.embedded.packed import Piece, ReadingLayout, WritingLayout
from intercoder.llms.embedded.prefixes import PrefixMemory, SharedPrefix, Tokens
from intercoder.llms.embedded.row_memory import RowMemory

if TYPE_CHECKING:
    import torch

CHUNK = 512
"""Prompt tokens in one forward pass."""

_WORTH_READING = 64
"""Tokens, over all rows, that a further prefix must save: a forward pass of its own costs as much as reading
some dozens of tokens along with others."""


class PackedModel:
    """A causal language model that uses the attention of `packed`, and the prefixes it has read.

    Args:
        model: The model (transformers).
        vocabulary: Width of its logits.
    """

    def __init__(self, model: Any, vocabulary: int) -> None:
        self._model = model
        self.vocabulary = vocabulary
        self.prefixes = PrefixMemory()
        self.go_on: Callable[[], None] = lambda: None
        """Called before every forward pass; what it raises ends the work."""

    def read(self, memory: RowMemory, pieces: Sequence[Piece], finished: Sequence[int] = ()) -> torch.Tensor:
        """Put pieces of prompts into the memory.

        Args:
            memory: Its lengths grow.
            pieces: At most one a slot.
            finished: Numbers of pieces.

        Returns:
            Logits after the finished pieces, shape (finished, vocabulary).
        """
        positions: list[int] = []
        ends = []
        for piece in pieces:
            start = memory.position(piece.slot)
            positions.extend(range(start, start + len(piece.tokens)))
            ends.append(len(positions) - 1)
        tokens = [token for piece in pieces for token in piece.tokens]
        logits = self._forward(
            ReadingLayout(memory, pieces), tokens, positions, [ends[number] for number in finished]
        )
        for piece in pieces:
            memory.lengths[piece.slot] += len(piece.tokens)
        return logits

    def write(self, memory: RowMemory, slots: Sequence[int], tokens: Sequence[int]) -> torch.Tensor:
        """Put one new token of each of some slots (ascending) into the memory.

        Returns:
            Logits after them, shape (slots, vocabulary).
        """
        layout = WritingLayout(memory, slots)
        positions = [memory.position(slot) for slot in slots]
        logits = self._forward(layout, tokens, positions, range(len(slots)))
        for slot in slots:
            memory.lengths[slot] += 1
        return logits

    def prefix(self, tokens: Tokens, rows: int = 1) -> SharedPrefix | None:
        """A prefix of these tokens for some rows to share; None if there is nothing to share.

        What is not kept yet is read and kept, unless it is so little that the rows had better read it
        themselves: the prefix is shorter then.
        """
        found = self.prefixes.find(tokens)
        known = len(found.tokens) if found else 0
        if (len(tokens) - known) * rows < _WORTH_READING:
            return found
        memory = RowMemory([found], len(tokens) - known)
        for start in range(known, len(tokens), CHUNK):
            self.read(memory, [Piece(0, tokens[start : start + CHUNK])])
        prefix = memory.as_prefix(tokens)
        self.prefixes.keep(prefix)
        return prefix

    def _forward(
        self,
        layout: ReadingLayout | WritingLayout,
        tokens: Sequence[int],
        positions: Sequence[int],
        last: Sequence[int],
    ) -> torch.Tensor:
        import torch

        self.go_on()
        out = self._model(
            input_ids=torch.tensor([tokens]),
            position_ids=torch.tensor([positions]),
            use_cache=False,
            logits_to_keep=torch.tensor(last, dtype=torch.long),
            layout=layout,
        )
        logits: torch.Tensor = out.logits[0]
        return logits
