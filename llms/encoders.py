"""An encoder with a head: text in windows of tokens, one vector a text, one number a code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from intercoder.core.classifiers import Pooling
from intercoder.core.errors import ModelError
from intercoder.llms import torch_environment

if TYPE_CHECKING:
    import torch

HEAD = "head.safetensors"
"""File of the head's numbers beside the encoder's."""
_AFTER_PADDING = ("roberta", "camembert", "mpnet", "longformer", "esm")
"""Kinds of encoders that count positions from the one after the padding's."""


class Windows(NamedTuple):
    """A text as an encoder reads it."""

    tokens: tuple[tuple[int, ...], ...]
    """One window, or several that overlap."""
    whole: bool
    """Whether the text fits into one window."""

    @property
    def size(self) -> int:
        """Tokens of the longest window."""
        return max(map(len, self.tokens))


class Reader:
    """Cuts texts into the tokens that an encoder reads.

    Args:
        tokenizer: The encoder's (transformers).
        max_length: Most tokens of a window.
        overlap: Tokens that windows share; -1 where the end of a longer text is cut off.

    Raises:
        ModelError: The tokenizer is of an old kind.
    """

    def __init__(self, tokenizer: Any, max_length: int, overlap: int = -1) -> None:
        if not tokenizer.is_fast:
            raise ModelError(
                "The encoder's tokenizer cannot cut texts into windows.",
                where=str(tokenizer.name_or_path),
                remedy="Use an encoder that comes with tokenizer.json.",
            )
        self._tokenizer = tokenizer
        self._max_length, self._overlap = max_length, overlap

    def read(self, texts: Sequence[str]) -> list[Windows]:
        """The texts as tokens."""
        if not texts:
            return []
        room = self._max_length - self._tokenizer.num_special_tokens_to_add() - 1
        found = self._tokenizer(
            list(texts),
            truncation=True,
            max_length=self._max_length,
            stride=max(0, min(self._overlap, room)),
            return_overflowing_tokens=True,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
        windows: list[list[tuple[int, ...]]] = [[] for _ in texts]
        for owner, tokens in zip(found["overflow_to_sample_mapping"], found["input_ids"], strict=True):
            windows[owner].append(tuple(tokens))
        kept = slice(None) if self._overlap >= 0 else slice(1)
        return [Windows(tuple(one[kept]), len(one) == 1) for one in windows]

    def batch(self, texts: Sequence[Windows]) -> dict[str, torch.Tensor]:
        """Texts side by side: `input_ids` and `attention_mask` of all windows, and which text `owners` each has."""
        import torch

        rows = [torch.tensor(window) for text in texts for window in text.tokens]
        padding = self._tokenizer.pad_token_id or 0
        ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=padding)
        lengths = torch.tensor([len(row) for row in rows])
        return {
            "input_ids": ids,
            "attention_mask": (torch.arange(ids.shape[1]) < lengths[:, None]).long(),
            "owners": torch.tensor([place for place, text in enumerate(texts) for _ in text.tokens]),
        }


def batches(texts: Sequence[Windows], tokens: int) -> Iterator[list[int]]:
    """Places of texts that are computed together: of like length, and not many more than so many tokens."""
    batch: list[int] = []
    width = rows = 0
    for place in sorted(range(len(texts)), key=lambda place: texts[place].size):
        wider = max(width, texts[place].size)
        more = rows + len(texts[place].tokens)
        if batch and wider * more > tokens:
            yield batch
            batch, wider, more = [], texts[place].size, len(texts[place].tokens)
        batch.append(place)
        width, rows = wider, more
    if batch:
        yield batch


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
            seen = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            shown = attention_mask if pooling == "mean" else torch.zeros_like(attention_mask)
            if pooling == "first":
                shown[:, 0] = 1
            shown = shown.unsqueeze(-1).to(seen.dtype)
            texts = int(owners[-1]) + 1
            sums = seen.new_zeros(texts, seen.shape[-1]).index_add(0, owners, (seen * shown).sum(1))
            counts = seen.new_zeros(texts, 1).index_add(0, owners, shown.sum(1))
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
            remedy="Distill the classifier again.",
        ) from error
