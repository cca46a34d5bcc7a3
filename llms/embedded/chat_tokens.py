"""From chat messages to token ids, such that no text can pass for a control token.

A transcript may hold the very strings that mark turns in a model's chat format. So the chat template is
rendered with placeholders, control tokens are recognised in the template's own text alone, and everything
else is encoded by a tokenizer that knows no control tokens.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from intercoder.core.errors import ModelError

_PLACEHOLDER = re.compile("\ue000([0-9]+)\ue001")
_MARKS = re.compile(r"[<>\[\]|]")


class Turn(NamedTuple):
    """One message of a chat."""

    role: str
    """`system`, `user` or `assistant`."""
    text: str


class TextToken(NamedTuple):
    """A token and the characters of the text that it stands for, end exclusive."""

    id: int
    start: int
    end: int


class ChatEncoder:
    """Encodes chats for one model.

    Args:
        tokenizer: The model's tokenizer (transformers), with a chat template.
        name: The model, for messages.

    Raises:
        ModelError: The tokenizer has no chat template.
    """

    def __init__(self, tokenizer: Any, name: str) -> None:
        if not tokenizer.chat_template:
            raise ModelError(
                "The model has no chat template, so it cannot be asked anything.",
                where=name,
                remedy="Choose an instruction-tuned model (its folder holds chat_template.jinja).",
            )
        self._tokenizer = tokenizer
        self._name = name
        self._plain = _without_added_tokens(tokenizer)
        added = {token.content: (number, token.special) for number, token in tokenizer.added_tokens_decoder.items()}
        self._added = {content: number for content, (number, _) in added.items()}
        self._any_added = _one_of(added)
        # Words that were added for ordinary text, such as runs of spaces, are words in a text too.
        self._words = _one_of(
            content for content, (_, special) in added.items() if not special and not _MARKS.search(content)
        )

    def encode(self, turns: Sequence[Turn]) -> list[int]:
        """Token ids of the chat, ending where the model's answer begins.

        Raises:
            ModelError: The model's template refuses these roles or does not show every message once.
        """
        rendered = self._render(turns)
        ids: list[int] = []
        for piece in self._any_added.split(rendered):
            if piece in self._added:
                ids.append(self._added[piece])
            else:
                ids.extend(self._encode_text(_PLACEHOLDER.sub(lambda found: turns[int(found[1])].text, piece)))
        return ids

    def encode_answer(self, text: str) -> list[TextToken]:
        """Tokens of an answer as a model writes it: control tokens are none, and each token's place is told."""
        tokens: list[TextToken] = []
        start = 0
        for piece in self._words.split(text):
            if piece in self._added and self._words.fullmatch(piece):
                tokens.append(TextToken(self._added[piece], start, start + len(piece)))
            elif piece:
                encoded = self._plain.encode(piece, add_special_tokens=False)
                places = zip(encoded.ids, encoded.offsets, strict=True)
                tokens.extend(TextToken(number, start + first, start + end) for number, (first, end) in places)
            start += len(piece)
        return tokens

    def decode(self, ids: Sequence[int]) -> str:
        """Text of an answer's tokens, control tokens left out."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def _encode_text(self, text: str) -> list[int]:
        ids: list[int] = []
        for piece in self._words.split(text):
            if piece in self._added and self._words.fullmatch(piece):
                ids.append(self._added[piece])
            elif piece:
                ids.extend(self._plain.encode(piece, add_special_tokens=False).ids)
        return ids

    def _render(self, turns: Sequence[Turn]) -> str:
        from jinja2 import TemplateError

        messages = [{"role": turn.role, "content": f"\ue000{place}\ue001"} for place, turn in enumerate(turns)]
        try:
            rendered = str(
                self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
            )
        except TemplateError as error:
            raise ModelError(
                f"The model's chat template refuses the messages: {error}", where=self._name
            ) from error
        shown = [int(found[1]) for found in _PLACEHOLDER.finditer(rendered)]
        if sorted(shown) != list(range(len(turns))):
            raise ModelError("The model's chat template does not show every message once.", where=self._name)
        return rendered


def _one_of(words: Iterable[str]) -> re.Pattern[str]:
    """Matches any of the words, the longest first; nothing if there are none."""
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile("(" + ("|".join(map(re.escape, longest_first)) or "(?!)") + ")")


def _without_added_tokens(tokenizer: Any) -> Any:
    """A copy of the tokenizer that knows the words it was trained on and no others."""
    import tokenizers

    description = json.loads(tokenizer.backend_tokenizer.to_str())
    nothing: dict[str, object] = {"post_processor": None, "truncation": None, "padding": None, "added_tokens": []}
    return tokenizers.Tokenizer.from_str(json.dumps(description | nothing))
