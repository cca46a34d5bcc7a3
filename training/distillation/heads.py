"""What a head learns from partial targets: a code that nobody decided about counts for nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from intercoder.core.classifiers import Head
from intercoder.core.codebook import Code
from intercoder.core.errors import InputError
from intercoder.core.shown import listed

if TYPE_CHECKING:
    import torch

UNKNOWN = -1.0
"""Target of a code that nobody decided about."""
Targets = npt.NDArray[np.float64]
"""Shape (texts, codes): 1 where a code applies, 0 where it does not, -1 where nobody decided."""


class TextItem(NamedTuple):
    """A text and what was decided about it."""

    text: str
    targets: Mapping[str, bool]
    """Code id -> whether it applies; a code that nobody decided about is no key."""
    weight: float = 1.0
    """What it counts where one chooses by it; where it is learnt, all count alike."""


class Weighted(Protocol):
    """What has a weight."""

    @property
    def weight(self) -> float:
        """Above 0."""
        ...


def weights_of(items: Sequence[Weighted]) -> list[float] | None:
    """What each item counts; None where all count 1."""
    weights = [item.weight for item in items]
    return weights if set(weights) - {1.0} else None


def targets_of(items: Sequence[TextItem], codes: Sequence[str]) -> Targets:
    """Targets of items, a column a code."""
    rows = [[float(item.targets.get(code, UNKNOWN)) for code in codes] for item in items]
    return np.array(rows, dtype=np.float64).reshape(len(items), len(codes))


def check_targets(targets: Targets, head: Head, codes: Sequence[Code], where: str) -> None:
    """Refuse targets that teach nothing.

    Raises:
        InputError: There are none; an answer to a code is never given; a text has two codes of an exclusive book.
    """
    if not (targets >= 0).any():
        raise InputError("there is nothing to learn from.", where=where, remedy="Have people code segments first.")
    if head == "one_of_k":
        _check_choices(targets, codes, where)
        return
    for place, code in enumerate(codes):
        for value, name in ((1.0, "yes"), (0.0, "no")):
            if not (targets[:, place] == value).any():
                raise InputError(
                    f"of the code {code.label!r} there is no segment with the answer {name}.",
                    where=where,
                    remedy="Have people code more segments of that kind, or leave the code out.",
                )


def _check_choices(targets: Targets, codes: Sequence[Code], where: str) -> None:
    if ((targets == 1).sum(axis=1) > 1).any():
        raise InputError(
            "a segment has two codes that exclude one another.",
            where=where,
            remedy="Have people settle it, or let the codebook's codes stand beside each other.",
        )
    chosen = (targets == 1).any(axis=0)
    if not chosen.all():
        without = listed([repr(code.label) for code, found in zip(codes, chosen, strict=True) if not found])
        raise InputError(
            f"no segment has {without}.",
            where=where,
            remedy="Have people code segments of each code, or drop the code from the codebook.",
        )


def class_weights(targets: Targets, head: Head, most: float) -> npt.NDArray[np.float64]:
    """How much each answer counts, so that rare and common ones count the same in all, within bounds.

    Args:
        targets: What is learnt.
        head: What is answered.
        most: Bound; the least is one divided by it.

    Returns:
        Shape (2, codes): of the answers no and yes, by n / (2 n_answer); of an exclusive book's codes both rows are
        n / (k n_code).
    """
    counts = np.array([(targets == value).sum(axis=0) for value in (0.0, 1.0)], dtype=np.float64)
    if head == "one_of_k":
        balanced = np.tile(counts[1].sum() / (counts.shape[1] * np.maximum(counts[1], 1)), (2, 1))
    else:
        balanced = counts.sum(axis=0) / (2 * np.maximum(counts, 1))
    return np.asarray(np.clip(balanced, 1 / most, most))


def weight_of(targets: torch.Tensor, head: Head, weights: torch.Tensor) -> torch.Tensor:
    """How much all that was decided counts together, a single number; arguments as of `loss_of`."""
    if head != "one_of_k":
        return (_chosen(targets == 1, weights) * (targets >= 0)).sum()
    return _rows(targets, weights)[1].sum()


def loss_of(
    logits: torch.Tensor,
    targets: torch.Tensor,
    head: Head,
    weights: torch.Tensor,
    whole: torch.Tensor | None = None,
) -> torch.Tensor:
    """Mean loss of all that was decided, weighted.

    Of codes for themselves the cross-entropy of each answer. Of an exclusive book's that of the chosen code; where
    only codes are known that do not apply, that of all others together.

    Args:
        logits: Shape (texts, codes).
        targets: As `Targets`.
        head: What is answered.
        weights: As `class_weights` gives them.
        whole: What the sum of losses is divided by; by default the weight of these targets (`weight_of`).
    """
    import torch

    if head != "one_of_k":
        weight = _chosen(targets == 1, weights) * (targets >= 0)
        total = torch.nn.functional.binary_cross_entropy_with_logits(
            logits, targets.clamp(min=0), weight=weight, reduction="sum"
        )
    else:
        allowed, weight, counted = _rows(targets, weights)
        kept = logits[counted]
        each = kept.logsumexp(1) - kept.masked_fill(~allowed, float("-inf")).logsumexp(1)
        total = (each * weight).sum()
    return total / (weight.sum() if whole is None else whole).clamp(min=1e-12)


def _chosen(yes: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    import torch

    return torch.where(yes, weights[1], weights[0])


def _rows(targets: torch.Tensor, weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Of an exclusive book: the texts that teach something, which of their codes are possible, what each counts.

    Returns:
        Possible codes, shape (counted texts, codes); weights, shape (counted texts,); which texts these are, shape
        (texts,).
    """
    import torch

    chosen = (targets == 1).any(dim=1, keepdim=True)
    possible = torch.where(chosen, targets == 1, targets != 0)
    counted = (targets >= 0).any(dim=1) & possible.any(dim=1)
    allowed = possible[counted]
    alone = (weights[1] * allowed).sum(1)
    return allowed, torch.where(chosen[counted, 0], alone, torch.ones_like(alone)), counted
