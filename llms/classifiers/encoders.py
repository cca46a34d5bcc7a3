"""An encoder with a head: one vector a text, one number a code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from intercoder.core.classifiers import Pooling
from intercoder.core.errors import ModelError
from intercoder.core.identity import digest
from intercoder.core.protocols import Vectors
from intercoder.llms import torch_environment
from intercoder.llms.classifiers.windows import Windows

if TYPE_CHECKING:
    import torch

TOKENS = 512
"""Tokens that are computed together, padding too."""
HEAD = "head.safetensors"
"""File of the head's numbers beside the encoder's."""
_AFTER_PADDING = ("roberta", "camembert", "mpnet", "longformer", "esm")
"""Kinds of encoders that count positions from the one after the padding's."""


def weights_digest(folder: Path) -> str:
    """Hash of what stands in an encoder's files: weights, configuration, tokenizer."""
    files = sorted([*folder.glob("*.safetensors"), *folder.glob("*.json")])
    told = [(file, file.stat()) for file in files]
    return digest([(one.name, _contents(one, stat.st_size, stat.st_mtime_ns)) for one, stat in told])


@lru_cache(maxsize=64)
def _contents(file: Path, size: int, changed: int) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def vectors_of(encoder: Any, pooling: Pooling, texts: Sequence[Windows], padding: int) -> Vectors:
    """What the head sees of texts, in their order.

    Windows of like length are computed together, in batches that always have the same shape for a length. So a
    text's vector is the same bits whatever else is asked about, also with numbers of 16 bits.

    Args:
        encoder: The encoder (transformers).
        pooling: What of its output is kept.
        texts: The texts.
        padding: Token that fills what is empty.

    Returns:
        Shape (texts, hidden size); of a text in several windows the mean over all of them.
    """
    import torch

    owners = [place for place, text in enumerate(texts) for _ in text.tokens]
    windows = [window for text in texts for window in text.tokens]
    sums = np.zeros((len(texts), encoder.config.hidden_size), dtype=np.float32)
    counts = np.zeros((len(texts), 1), dtype=np.float32)
    device = next(encoder.parameters()).device
    with torch.inference_mode():
        for size, places in _alike(windows):
            ids = torch.full((max(1, TOKENS // size), size), padding)
            mask = torch.zeros_like(ids)
            mask[:, 0] = 1  # a row without any token would be no number
            for row, place in enumerate(places):
                ids[row, : len(windows[place])] = torch.tensor(windows[place])
                mask[row, : len(windows[place])] = 1
            seen = encoder(input_ids=ids.to(device), attention_mask=mask.to(device)).last_hidden_state
            pooled, weights = _pooled(seen.float().cpu(), mask, pooling)
            for row, place in enumerate(places):
                sums[owners[place]] += pooled[row].numpy()
                counts[owners[place]] += weights[row].numpy()
    return np.asarray(sums / np.maximum(counts, 1))


def _pooled(seen: torch.Tensor, mask: torch.Tensor, pooling: Pooling) -> tuple[torch.Tensor, torch.Tensor]:
    """Of each row the sum over what the head sees, shape (rows, size), and over how many tokens, (rows, 1)."""
    if pooling == "first":
        return seen[:, 0], seen.new_ones(len(seen), 1)
    shown = mask.unsqueeze(-1).to(seen.dtype)
    return (seen * shown).sum(1), shown.sum(1)


def _alike(windows: Sequence[Sequence[int]]) -> Iterator[tuple[int, list[int]]]:
    """Padded length -> places of windows that are computed together, from short to long."""
    by_size: dict[int, list[int]] = {}
    for place, window in enumerate(windows):
        by_size.setdefault(padded(len(window)), []).append(place)
    for size, places in sorted(by_size.items()):
        rows = max(1, TOKENS // size)
        for start in range(0, len(places), rows):
            yield size, places[start : start + rows]


def padded(length: int) -> int:
    """The length to which a window is filled up: at most an eighth more for all but the shortest."""
    step = 8
    while length > step * 8:
        step *= 2
    return -(-length // step) * step


def check_encoder(folder: Path) -> None:
    """Refuse a folder that `load_encoder` could not load, by the names of its files.

    Raises:
        ModelError: Configuration, tokenizer or weights are missing.
    """
    wanted = {
        "config.json": ["config.json"],
        "tokenizer": ["tokenizer*", "vocab*", "*.model"],
        "weights as safetensors": ["*.safetensors"],
    }
    missing = [
        name for name, patterns in wanted.items() if not any(one for p in patterns for one in folder.glob(p))
    ]
    if missing:
        raise ModelError(
            f"The folder is not a usable encoder: it holds no {' and no '.join(missing)}.",
            where=str(folder),
            remedy="Save an encoder there with transformers' `save_pretrained`, with its tokenizer.",
        )


def load_encoder(folder: Path) -> tuple[Any, Any]:
    """An encoder (transformers) in float32 and its tokenizer, from a local folder.

    Raises:
        ModelError: The folder holds no encoder.
    """
    torch_environment.prepare()
    from transformers import AutoModel, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        encoder = AutoModel.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype="float32"
        )
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"The folder is not a usable encoder: {error}",
            where=str(folder),
            remedy="It must hold config.json, tokenizer.json and weights as safetensors.",
        ) from error
    if encoder.config.is_encoder_decoder:
        raise ModelError(
            f"Models of this kind ({encoder.config.model_type}) are no encoders.",
            where=str(folder),
            remedy="Choose an encoder, such as embedded:minilm-l6 or one of the BERT family.",
        )
    return encoder, tokenizer


def most_tokens(encoder: Any, tokenizer: Any, wanted: int) -> int:
    """Tokens of a window: as many as wanted, or fewer where the encoder takes fewer."""
    config = encoder.config
    positions = getattr(config, "max_position_embeddings", None) or wanted
    if any(kind in config.model_type for kind in _AFTER_PADDING):
        positions -= (config.pad_token_id or 0) + 1
    return int(min(wanted, positions, tokenizer.model_max_length))


def with_head(encoder: Any, pooling: Pooling, outputs: int) -> Any:
    """A module (torch) of an encoder and a new head: a batch of `Reader` in, logits of shape (texts, outputs) out.

    Of a text in several windows the head sees the mean over all of them, so that it learns and answers alike.
    """
    import torch

    config = encoder.config

    class WithHead(torch.nn.Module):  # type: ignore[misc]
        """An encoder and its head."""

        def __init__(self) -> None:
            super().__init__()
            self.encoder = encoder
            self.dropout = torch.nn.Dropout(getattr(config, "hidden_dropout_prob", 0.1))
            self.head = torch.nn.Linear(config.hidden_size, outputs)

        def forward(
            self, input_ids: torch.Tensor, attention_mask: torch.Tensor, owners: torch.Tensor
        ) -> torch.Tensor:
            seen = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state.float()
            pooled, weights = _pooled(seen, attention_mask, pooling)
            texts = int(owners[-1]) + 1
            sums = pooled.new_zeros(texts, pooled.shape[-1]).index_add(0, owners, pooled)
            counts = weights.new_zeros(texts, 1).index_add(0, owners, weights)
            logits: torch.Tensor = self.head(self.dropout(sums / counts))
            return logits

    return WithHead()


def save_encoder(model: Any, tokenizer: Any, folder: Path) -> None:
    """Write an encoder, its tokenizer and its head into a folder that is there."""
    from safetensors.torch import save_file

    model.encoder.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    save_file({name: value.contiguous() for name, value in model.head.state_dict().items()}, folder / HEAD)


def load_head(model: Any, folder: Path) -> None:
    """Put the head of a folder on a model.

    Raises:
        ModelError: There is none, or it does not fit.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        model.head.load_state_dict(load_file(folder / HEAD))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise ModelError(
            f"The classifier's head cannot be read: {error}",
            where=str(folder / HEAD),
            remedy="Distill the classifier anew, with `--new`.",
        ) from error
