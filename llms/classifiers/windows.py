"""Text as an encoder reads it: cut into windows of tokens, which are put side by side to be learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from intercoder.core.errors import ModelError

if TYPE_CHECKING:
    import torch


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
        self.padding = int(tokenizer.pad_token_id or 0)
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
            windows[owner].append(tuple(tokens) or (self.padding,))
        kept = slice(None) if self._overlap >= 0 else slice(1)
        return [Windows(tuple(one[kept]), len(one) == 1) for one in windows]

    def batch(self, texts: Sequence[Windows]) -> dict[str, torch.Tensor]:
        """Texts side by side: `input_ids` and `attention_mask` of all windows, and which text `owners` each has."""
        import torch

        rows = [torch.tensor(window) for text in texts for window in text.tokens]
        ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=self.padding)
        lengths = torch.tensor([len(row) for row in rows])
        return {
            "input_ids": ids,
            "attention_mask": (torch.arange(ids.shape[1]) < lengths[:, None]).long(),
            "owners": torch.tensor([place for place, text in enumerate(texts) for _ in text.tokens]),
        }
