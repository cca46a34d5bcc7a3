"""Room for LoRA adapters in vLLM's engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from intercoder.core.errors import ModelError
from intercoder.llms.adapters import Adapter

MOST_AT_ONCE = 8
"""Adapters in one batch; more than these take turns."""
HELD = 64
"""Adapters kept in memory beside the ones at work."""
RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""What vLLM takes as the greatest rank of an adapter."""


def room_for(adapters: Sequence[Adapter], *, cpu: bool) -> dict[str, Any]:
    """Arguments of an engine with room for these adapters; none without any.

    Args:
        adapters: Those that are known.
        cpu: Whether it is vLLM's build for processors, which computes requests without an adapter, in one batch
            with others, with whatever lies in the last place: that one is kept free there.

    Raises:
        ModelError: One has a higher rank than vLLM takes.
    """
    if not adapters:
        return {}
    largest = max(adapters, key=lambda adapter: adapter.rank)
    fitting = [rank for rank in RANKS if rank >= largest.rank]
    if not fitting:
        raise ModelError(
            f"vLLM takes adapters of rank {RANKS[-1]} at most, and this one has {largest.rank}.",
            where=str(largest.path),
            remedy="Train it with a lower rank, or merge it into its base.",
        )
    places = len(adapters) + 1 if cpu else min(len(adapters), MOST_AT_ONCE)
    return {
        "enable_lora": True,
        "max_lora_rank": fitting[0],
        "max_loras": places,
        "max_cpu_loras": max(places, HELD),
    }
