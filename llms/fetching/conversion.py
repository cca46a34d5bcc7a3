"""Turning a packed GGUF file into an ordinary checkpoint.

transformers can run packed weights, but on a CPU about a hundred times slower than unpacked ones, and it
can neither save nor fine-tune them. So they are unpacked once, to bfloat16, when the model is pulled.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from intercoder.core.errors import ModelError

_TAIL = 4


def convert(gguf: Path, target: Path) -> None:
    """Write the model of a GGUF file to a directory as safetensors, with its tokenizer and chat template.

    It runs in a process of its own: that process never looks at a model hub, and gives its memory back.

    Raises:
        ModelError: The file could not be converted; the process's last lines are in the message.
    """
    command = [sys.executable, "-m", "intercoder.llms.fetching.conversion", str(gguf), str(target)]
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=os.environ | offline)
    if done.returncode == 0:
        return
    if done.returncode < 0:
        raise ModelError(
            f"Unpacking the model was killed by signal {-done.returncode}, probably for want of memory.",
            where=gguf.name,
            remedy="Close other programs, or pull a smaller model.",
        )
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    raise ModelError("The model could not be unpacked:\n" + "\n".join(lines[-_TAIL:]), where=gguf.name)


def _convert_here(gguf: Path, target: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent,
        gguf_file=gguf.name,
        quantization_config=GgufConfig(dequantize=True),
        dtype=torch.bfloat16,
        local_files_only=True,
    )
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name, local_files_only=True)
    if not tokenizer.chat_template:
        raise ValueError("The file has no chat template, so it cannot be asked anything.")
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)


if __name__ == "__main__":
    _convert_here(Path(sys.argv[1]), Path(sys.argv[2]))
