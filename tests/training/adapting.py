"""A base with random weights, short prompts, and people's codes: trained on in moments."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from intercoder.agents.means import Means
from intercoder.core.agent_settings import CoderSettings
from intercoder.training.learning import Listener
from intercoder.training.lora import Trained, train
from intercoder.training.pairs import load_pairs
from intercoder.training.settings import LoraSettings
from tests.llms import tiny_models

SETTINGS = LoraSettings(rank=4, batch_size=2, max_steps=8, checkpoint_every=2, learning_rate=0.01, dtype="float32")
CODES = ("pride", "thrift", "care for things")


def make_base(folder: Path, kind: str = "llama", **options: Any) -> Path:
    """A tiny model that reads and writes bytes."""
    return tiny_models.save(folder, kind, max_position_embeddings=2048, **options)


def make_prompts(folder: Path) -> Path:
    """Prompts of a few words, so that a model of bytes has little to read."""
    for name, text in {
        "coder/expert_angle.md": "{{shared}}",
        "shared/coder.md": "{{question}} {{codes}}.",
        "shared/coder_reminder.md": "Code.",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def write_lines(file: Path, lines: Iterable[Mapping[str, object] | str]) -> Path:
    """A file of pairs; texts are lines as they are."""
    written = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    file.write_text("".join(f"{line}\n" for line in written), encoding="utf-8")
    return file


def write_pairs(file: Path, texts: int = 8, documents: int = 8) -> Path:
    """Texts of several documents, each with two codes."""
    return write_lines(
        file,
        [
            {"quote": f"Thing {n}.", "code": CODES[(n + turn) % 3], "document": f"d{n % documents}"}
            for n in range(texts)
            for turn in range(2)
        ],
    )


def train_tiny(
    base: Path,
    pairs: Path,
    out: Path,
    settings: LoraSettings = SETTINGS,
    *,
    new: bool = False,
    listen: Listener = lambda event: None,
) -> Trained:
    """Train an adapter for a tiny base."""
    reference = f"hf:{base}"
    return train(
        load_pairs(pairs),
        settings,
        coder=CoderSettings(name="mine", model=reference, shots=0),
        means=Means(reference=reference, question="Why?", prompts=make_prompts(base.with_name("prompts"))),
        out=out,
        new=new,
        listen=listen,
    )


def changed(**values: Any) -> LoraSettings:
    """The settings of these tests but for some."""
    return LoraSettings.model_validate(SETTINGS.model_dump() | values)


def weights(trained: Trained) -> bytes:
    """An adapter's weights, byte by byte."""
    return (trained.adapter / "adapter_model.safetensors").read_bytes()
