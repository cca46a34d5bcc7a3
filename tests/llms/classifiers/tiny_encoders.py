"""Encoders with random weights, and classifiers of them: they say nothing sensible, but always the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from intercoder.core.classifiers import CARD, ClassifierCard, Head, TrainedOn
from intercoder.core.codebook import Code, Codebook
from tests.llms import tiny_models

SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 64,
    "initializer_range": 0.3,
}


def save(folder: Path, kind: str = "bert", **options: Any) -> Path:
    """Write an encoder of that kind to a folder, as `save_pretrained` does. It reads bytes."""
    import torch
    from transformers import AutoConfig, AutoModel

    words = tiny_models.tokenizer(None)
    torch.manual_seed(7)
    config = AutoConfig.for_model(kind, **SIZES | {"vocab_size": len(words)} | options)
    AutoModel.from_config(config).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def card(
    name: str = "mine", codes: Sequence[str] = ("a",), head: Head = "yes_no", **changes: Any
) -> ClassifierCard:
    """A card of a classifier of these codes, whose ids are their labels."""
    book = Codebook(
        version=1, codes=tuple(Code(id=code, label=code) for code in codes), exclusive=head == "one_of_k"
    )
    told: dict[str, Any] = {"encoder": "embedded:none", "pooling": "mean", "max_length": 32, "digest": "first"}
    return ClassifierCard(name=name, head=head, codes=tuple(codes), data=TrainedOn(book=book), **told | changes)


def write_card(one: ClassifierCard, folder: Path) -> Path:
    """Put a card into a folder, and nothing beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CARD).write_text(one.model_dump_json(), encoding="utf-8")
    return folder


def save_classifier(folder: Path, one: ClassifierCard, seed: int = 0) -> Path:
    """A classifier with a random head."""
    import torch

    from intercoder.llms.classifiers.encoders import load_encoder, save_encoder, with_head

    save(folder)
    encoder, tokenizer = load_encoder(folder)
    model = with_head(encoder, one.pooling, len(one.codes))
    torch.manual_seed(seed)
    torch.nn.init.normal_(model.head.weight, std=2.0)
    save_encoder(model, tokenizer, folder)
    return write_card(one, folder)
