"""Room for LoRA adapters in vLLM's engine, and one that changes nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from intercoder.core.errors import ModelError
from intercoder.llms.adapters import CONFIG, WEIGHTS, Adapter

MOST_AT_ONCE = 8
"""Adapters in one batch; more than these take turns."""
HELD = 64
"""Adapters kept in memory beside the ones at work."""
RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""What vLLM takes as the greatest rank of an adapter."""


def room_for(adapters: Sequence[Adapter], *, spare: int = 0) -> dict[str, Any]:
    """Arguments of an engine with room for these adapters; none without any.

    Args:
        adapters: Those that are known.
        spare: How many more it should have room for at once.

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
    return {
        "enable_lora": True,
        "max_lora_rank": fitting[0],
        "max_loras": min(len(adapters), MOST_AT_ONCE) + spare,
        "max_cpu_loras": max(len(adapters) + spare, HELD),
    }


def write_empty(like: Adapter, folder: Path) -> None:
    """Write an adapter of the same shape whose weights are zero.

    Args:
        like: An adapter of the same base.
        folder: Where it goes; exists.
    """
    import numpy as np
    from safetensors import safe_open
    from safetensors.numpy import save_file

    (folder / CONFIG).write_text(json.dumps(json.loads((like.path / CONFIG).read_text("utf-8"))), "utf-8")
    with safe_open(like.path / WEIGHTS, framework="numpy") as opened:
        names = list(opened.keys())
        shapes = {name: opened.get_slice(name).get_shape() for name in names}
    save_file({name: np.zeros(shape, dtype=np.float32) for name, shape in shapes.items()}, folder / WEIGHTS)
