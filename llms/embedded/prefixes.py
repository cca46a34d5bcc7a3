"""Prompts that begin alike: which of a batch share their beginning, and what was computed for it before.

A coder's prompts differ only in their last lines. What a model computes for the common beginning is computed
once, attended to by all rows, and kept for the next batch.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import torch

Tokens: TypeAlias = tuple[int, ...]

SHORTEST = 16
"""Tokens below which sharing is not worth its bookkeeping."""

_NEARLY = 0.75
"""A row joins a group if it keeps at least this share of what either could share elsewhere."""


class PromptGroup(NamedTuple):
    """Rows of a batch whose prompts begin with the same tokens."""

    rows: tuple[int, ...]
    shared: int
    """Number of tokens they share; always less than the shortest prompt, so that each row has some left."""


class SharedPrefix(NamedTuple):
    """What a model computed for the beginning of prompts."""

    tokens: Tokens
    keys: tuple[torch.Tensor, ...]
    """Per layer, shape (heads, tokens, width)."""
    values: tuple[torch.Tensor, ...]

    def cut(self, length: int) -> SharedPrefix:
        """Its first tokens; the memory stays shared."""
        return SharedPrefix(
            self.tokens[:length],
            tuple(keys[:, :length] for keys in self.keys),
            tuple(values[:, :length] for values in self.values),
        )


def shared_length(one: Tokens, other: Tokens) -> int:
    """Number of tokens with which both begin."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def group_prompts(prompts: Sequence[Tokens], known: Sequence[int]) -> list[PromptGroup]:
    """Sort a batch into groups that share a beginning.

    Args:
        prompts: At least one token each.
        known: Per prompt, the number of its first tokens that have been seen in earlier prompts.

    Returns:
        Groups that together hold every row once. Rows that share too little are one group that shares 0.
    """
    order = sorted(range(len(prompts)), key=lambda row: prompts[row])
    alike = [shared_length(prompts[a], prompts[b]) for a, b in itertools.pairwise(order)] + [0]
    groups: list[tuple[list[int], int]] = []
    for place, row in enumerate(order):
        most, alone = len(prompts[row]) - 1, min(known[row], len(prompts[row]) - 1)
        if groups and place:
            members, shared = groups[-1]
            together = min(shared, alike[place - 1], most)
            first = min(known[members[0]], len(prompts[members[0]]) - 1)
            rivals = (alone, min(alike[place], most), shared if len(members) > 1 else first)
            if together >= max(SHORTEST, _NEARLY * max(rivals)):
                members.append(row)
                groups[-1] = (members, together)
                continue
        groups.append(([row], most))
    return _settle(groups, prompts, known)


def _settle(
    groups: Sequence[tuple[list[int], int]], prompts: Sequence[Tokens], known: Sequence[int]
) -> list[PromptGroup]:
    settled, loners = [], []
    for members, together in groups:
        row = members[0]
        shared = together if len(members) > 1 else min(known[row], len(prompts[row]) - 1)
        if shared >= SHORTEST:
            settled.append(PromptGroup(tuple(members), shared))
        else:
            loners.extend(members)
    if loners:
        settled.append(PromptGroup(tuple(loners), 0))
    return settled


class PrefixMemory:
    """The prefixes used last, and the prompts seen last: a beginning seen twice is worth keeping.

    Args:
        kept: Most prefixes held; the one unused for longest gives way.
        remembered: Most prompts remembered (their tokens only).
    """

    def __init__(self, kept: int = 8, remembered: int = 64) -> None:
        self._kept: deque[SharedPrefix] = deque(maxlen=kept)
        self._seen: deque[Tokens] = deque(maxlen=remembered)

    def known(self, prompt: Tokens) -> int:
        """Number of first tokens that this prompt shares with a kept prefix or another remembered prompt.

        The same prompt asked again does not count: what only repeats itself is nothing to share.
        """
        kept = (shared_length(prefix.tokens, prompt) for prefix in self._kept)
        seen = (shared_length(other, prompt) for other in self._seen if other != prompt)
        return max((*kept, *seen), default=0)

    def remember(self, prompts: Sequence[Tokens]) -> None:
        """Remember prompts that were answered."""
        self._seen.extend(prompts)

    def find(self, tokens: Tokens) -> SharedPrefix | None:
        """The longest kept prefix of these tokens, cut to what is shared; None if it is too short."""
        best, length = None, SHORTEST - 1
        for prefix in self._kept:
            shared = shared_length(prefix.tokens, tokens)
            if shared > length:
                best, length = prefix, shared
        if best is None:
            return None
        self._kept = deque((p for p in self._kept if p is not best), maxlen=self._kept.maxlen)
        self._kept.append(best)
        return best.cut(length)

    def keep(self, prefix: SharedPrefix) -> None:
        """Keep a prefix, in place of those that it begins with."""
        others = (p for p in self._kept if p.tokens != prefix.tokens[: len(p.tokens)])
        self._kept = deque(others, maxlen=self._kept.maxlen)
        self._kept.append(prefix)
