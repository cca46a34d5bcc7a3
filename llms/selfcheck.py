"""Whether a model computes the same with packed rows as it does by itself.

Most causal transformers do. Some attend in ways of their own (windows, caps, states), and would answer
nonsense without any error; so every model is asked once, when it is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from intercoder.llms.packed import Piece, RowMemory, SlotGroup, WritingLayout
from intercoder.llms.writing import Writer

if TYPE_CHECKING:
    import torch

_SHARED = 20
_OWN = (7, 12)
_TOLERANCE = 0.15
"""Largest relative difference of the logits: rounding in bfloat16 gives up to 0.04, a wrong row about 1."""


def expected(model: Any, vocabulary: int) -> torch.Tensor:
    """What the model says after each of two sequences, computed with its own attention, one at a time."""
    import torch

    with torch.inference_mode():
        outputs = [model(input_ids=torch.tensor([row]), use_cache=False) for row in _rows(vocabulary)]
        return torch.stack([output.logits[0, -1].float() for output in outputs])


def agrees(writer: Writer, wanted: torch.Tensor) -> bool:
    """Whether the writer says the same of both sequences at once, by all of its ways.

    The beginning is read as a shared prefix, the middle as a piece of a prompt, the last token as one that was
    just written.

    Args:
        writer: Over the same model.
        wanted: From `expected`, shape (2, vocabulary).
    """
    import torch

    rows = _rows(writer.vocabulary)
    with torch.inference_mode():
        before = RowMemory([SlotGroup(0, 1, None)], _SHARED)
        writer.read(before, [Piece(0, tuple(rows[0][:_SHARED]))])
        memory = RowMemory([SlotGroup(0, 2, before.as_prefix(tuple(rows[0][:_SHARED])))], max(_OWN))
        writer.read(memory, [Piece(slot, tuple(row[_SHARED:-1])) for slot, row in enumerate(rows)])
        layout = WritingLayout(memory, [0, 1])
        last, positions = [row[-1] for row in rows], [memory.position(0), memory.position(1)]
        got = writer.forward(layout, last, positions, [0, 1])
    spread = (wanted - wanted.mean(dim=-1, keepdim=True)).norm(dim=-1)
    return bool(((got - wanted).norm(dim=-1) < _TOLERANCE * spread).all())


def _rows(vocabulary: int) -> Sequence[list[int]]:
    """Two sequences of arbitrary tokens that begin alike."""
    pick: Callable[[int], int] = lambda number: (7919 * number + 104_729) % (vocabulary // 2)  # noqa: E731
    shared = [pick(number) for number in range(_SHARED)]
    return [shared + [pick(100 * row + number) for number in range(length)] for row, length in enumerate(_OWN, 1)]
