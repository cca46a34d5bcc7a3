"""Choosing the next token of each row."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import torch

_NUCLEUS = 128
"""Most tokens looked at before a whole row is sorted: a nucleus is nearly always smaller."""

_COLD = 0.001
"""Temperatures below this take the likeliest token: dividing by them would leave the range of numbers."""


class Sampling(NamedTuple):
    """How a row's tokens are drawn."""

    temperature: float
    """0 takes the likeliest token."""
    top_p: float
    """Share of probability, 0 to 1, from which tokens are drawn: the smallest such set of likeliest ones."""
    draws: random.Random


def choose(logits: torch.Tensor, rows: Sequence[Sampling]) -> list[int]:
    """One token per row.

    Args:
        logits: Shape (rows, vocabulary), float32; forbidden tokens are minus infinity. Overwritten.
        rows: One per row.
    """
    drawn = [row for row, sampling in enumerate(rows) if sampling.temperature >= _COLD]
    if len(drawn) == len(rows):
        return _draw(logits, rows)
    tokens: list[int] = logits.argmax(dim=-1).tolist()
    if drawn:
        for row, token in zip(drawn, _draw(logits[drawn], [rows[row] for row in drawn]), strict=True):
            tokens[row] = token
    return tokens


def _draw(logits: torch.Tensor, rows: Sequence[Sampling]) -> list[int]:
    import torch

    temperatures = torch.tensor([[sampling.temperature] for sampling in rows])
    probabilities = logits.div_(temperatures).softmax(dim=-1)
    best, ids = probabilities.topk(min(_NUCLEUS, probabilities.shape[-1]), dim=-1)
    cumulative = best.cumsum(dim=-1)
    tokens = []
    for row, sampling in enumerate(rows):
        masses, candidates = cumulative[row], ids[row]
        if masses[-1] < sampling.top_p:
            ordered, candidates = probabilities[row].sort(descending=True)
            masses = ordered.cumsum(dim=-1)
        tokens.append(int(candidates[_place(masses, sampling)]))
    return tokens


def _place(masses: torch.Tensor, sampling: Sampling) -> int:
    """Place of the drawn token among those of a row, whose cumulative probabilities are given."""
    import torch

    nucleus = min(int(torch.searchsorted(masses, sampling.top_p)), len(masses) - 1)
    point = sampling.draws.random() * float(masses[nucleus])
    return min(int(torch.searchsorted(masses, point, right=True)), nucleus)
