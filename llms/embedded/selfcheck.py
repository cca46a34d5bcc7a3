"""Whether a model computes the same with packed rows as it does by itself.

Most causal transformers do. Some attend in ways of their own (windows, caps, states), and would answer
nonsense without any error; so every model is asked once, when it is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from intercoder.llms.embedded.packed import Piece
from intercoder.llms.embedded.packed_model import PackedModel
from intercoder.llms.embedded.row_memory import RowMemory

if TYPE_CHECKING:
    import torch

_SHARED = 20
_OWN = (7, 12)
_TOLERANCE = {"float32": 0.001, "bfloat16": 0.15}
"""Largest relative difference of the logits, by type of number; rounding gives up to 0.00001 and 0.04."""


def expected(model: Any, vocabulary: int) -> torch.Tensor:
    """What the model says after each of two sequences, computed with its own attention, one at a time."""
    import torch

    with torch.inference_mode():
        outputs = [model(input_ids=torch.tensor([row]), use_cache=False) for row in _rows(vocabulary)]
        return torch.stack([output.logits[0, -1].float() for output in outputs])


def agrees(model: PackedModel, wanted: torch.Tensor, dtype: str) -> bool:
    """Whether packed rows give the same, by all ways in which tokens come in.

    The beginning is read as a shared prefix, the middle as a piece of a prompt, the last token as one that was
    just written.

    Args:
        model: The same model with the attention of `packed`.
        wanted: From `expected`, shape (2, vocabulary).
        dtype: The type of number it computes with.
    """
    import torch

    rows = _rows(model.vocabulary)
    with torch.inference_mode():
        before = RowMemory([None], _SHARED)
        beginning = tuple(rows[0][:_SHARED])
        model.read(before, [Piece(0, beginning)])
        memory = RowMemory([before.as_prefix(beginning)] * 2, max(_OWN))
        model.read(memory, [Piece(slot, tuple(row[_SHARED:-1])) for slot, row in enumerate(rows)])
        return alike(model.write(memory, [0, 1], [row[-1] for row in rows]), wanted, dtype)


def alike(got: torch.Tensor, wanted: torch.Tensor, dtype: str) -> bool:
    """Whether logits, shape (rows, vocabulary), differ by rounding only.

    Args:
        got: Computed in one way.
        wanted: Computed in another.
        dtype: The type of number that was computed with.
    """
    got, wanted = got.float(), wanted.float()
    spread = (wanted - wanted.mean(dim=-1, keepdim=True)).norm(dim=-1)
    tolerance = _TOLERANCE.get(dtype, max(_TOLERANCE.values()))
    return bool(((got - wanted).norm(dim=-1) < tolerance * spread).all())


def _rows(vocabulary: int) -> Sequence[list[int]]:
    """Two sequences of arbitrary tokens that begin alike."""
    pick: Callable[[int], int] = lambda number: (7919 * number + 104_729) % (vocabulary // 2)  # noqa: E731
    shared = [pick(number) for number in range(_SHARED)]
    return [shared + [pick(100 * row + number) for number in range(length)] for row, length in enumerate(_OWN, 1)]
