"""LoRA adapters with random weights, as PEFT writes them: they teach nothing, but change every answer."""

import json
from pathlib import Path

from intercoder.core.adapters import CONFIG, WEIGHTS

PROJECTIONS = ("gate_proj", "up_proj", "down_proj")


def random_adapter(base: Path, folder: Path, seed: int, rank: int = 4, strength: float = 0.05) -> Path:
    """An adapter for the layers between attention of a Llama-like model."""
    import torch
    from safetensors.torch import save_file

    config = json.loads((base / "config.json").read_text("utf-8"))
    inner, outer = config["hidden_size"], config["intermediate_size"]
    draw = torch.Generator().manual_seed(seed)
    weights = {}
    for layer in range(config["num_hidden_layers"]):
        for name in PROJECTIONS:
            taken, given = (outer, inner) if name == "down_proj" else (inner, outer)
            place = f"base_model.model.model.layers.{layer}.mlp.{name}"
            weights[f"{place}.lora_A.weight"] = torch.randn(rank, taken, generator=draw) * strength
            weights[f"{place}.lora_B.weight"] = torch.randn(given, rank, generator=draw) * strength
    settings = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base.name,
        "r": rank,
        "lora_alpha": 2 * rank,
        "lora_dropout": 0.0,
        "bias": "none",
        "target_modules": list(PROJECTIONS),
    }
    folder.mkdir(parents=True)
    (folder / CONFIG).write_text(json.dumps(settings), "utf-8")
    save_file(weights, folder / WEIGHTS)
    return folder
