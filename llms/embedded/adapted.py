"""A model with a LoRA adapter merged into its weights. PEFT does it, so that adapters of others load too."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from intercoder.core.errors import ModelError


def check_peft(where: str) -> None:
    """Refuse to go on without PEFT.

    Raises:
        ModelError: It is not installed; the extra that brings it is named.
    """
    if find_spec("peft") is None:
        raise ModelError(
            "Adapters need a package that is not installed: peft.",
            where=where,
            remedy="Run: pip install 'intercoder[train]'",
        )


def merged(model: Any, adapter: Path) -> Any:
    """The model (transformers) with an adapter added to its weights, in place.

    A weight and what is added to it are rounded to the weight's type: in bfloat16 what is smaller than about 1/256
    of a weight is lost.

    Raises:
        ModelError: PEFT is not installed, or cannot put the adapter on this model.
    """
    check_peft(str(adapter))
    from peft import PeftModel
    from safetensors import SafetensorError

    try:
        return PeftModel.from_pretrained(model, adapter, local_files_only=True).merge_and_unload()
    except (ValueError, RuntimeError, KeyError, TypeError, OSError, SafetensorError) as error:
        raise ModelError(
            f"The adapter cannot be put on this model: {str(error).splitlines()[0]}",
            where=str(adapter),
            remedy="Name it behind the base it was trained on, or save it again with PEFT.",
        ) from error
