"""Answers that cannot leave their JSON schema: which tokens may come next, row by row."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from intercoder.core.errors import ModelError
from intercoder.llms.once import Once

if TYPE_CHECKING:
    import torch
    import xgrammar


class CompiledSchema(NamedTuple):
    """A JSON schema, compiled for one vocabulary."""

    grammar: xgrammar.CompiledGrammar
    printable: torch.Tensor
    """Bit mask of the tokens that JSON can hold."""


class GrammarMaker:
    """Compiles JSON schemas for one model's vocabulary, and keeps the compiled ones.

    Args:
        tokenizer: The model's tokenizer (transformers).
        vocabulary: Width of the model's logits, which may exceed the tokenizer's.
        stop_tokens: Ids that end an answer.
    """

    def __init__(self, tokenizer: Any, vocabulary: int, stop_tokens: Sequence[int]) -> None:
        import xgrammar

        info = xgrammar.TokenizerInfo.from_huggingface(
            tokenizer, vocab_size=vocabulary, stop_token_ids=list(stop_tokens)
        )
        self._compiler = xgrammar.GrammarCompiler(info, max_threads=2)
        self._printable = _printable(info.decoded_vocab, vocabulary)
        self._compiled: Once[str, CompiledSchema] = Once(self._compile, name="grammars")

    def compile(self, schema: Mapping[str, Any]) -> CompiledSchema:
        """The grammar of a schema's compact JSON: keys in the schema's order, no optional white space.

        The first time takes some seconds for strings with a `maxLength` above 100.

        Raises:
            ModelError: The schema is not one that xgrammar can compile.
        """
        return self._compiled.get(_source(schema))

    async def compile_async(self, schema: Mapping[str, Any]) -> CompiledSchema:
        """As `compile`, without keeping the event loop waiting."""
        return await self._compiled.get_async(_source(schema))

    def _compile(self, source: str) -> CompiledSchema:
        try:
            grammar = self._compiler.compile_json_schema(
                source, any_whitespace=False, separators=(",", ":"), strict_mode=True
            )
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"The JSON schema cannot be enforced: {error}") from error
        return CompiledSchema(grammar, self._printable)


def _source(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False)


def _printable(words: Sequence[bytes], vocabulary: int) -> torch.Tensor:
    """Bit mask, shape (1, vocabulary / 32), of tokens without ASCII control characters.

    Compact JSON holds none: strings must escape them. xgrammar lets them into strings of bounded length.
    """
    import xgrammar

    mask: torch.Tensor = xgrammar.allocate_token_bitmask(1, vocabulary)
    bits = mask.numpy().view("uint32")[0]
    for token, word in enumerate(words[:vocabulary]):
        if any(byte < 0x20 for byte in word):
            bits[token // 32] &= ~np.uint32(1 << (token % 32))
    return mask


class RowGrammar:
    """How far one answer has come in its grammar.

    Args:
        schema: The compiled schema of the answer.
    """

    def __init__(self, schema: CompiledSchema) -> None:
        import xgrammar

        self._matcher = xgrammar.GrammarMatcher(schema.grammar)
        self._printable = schema.printable

    def accept(self, token: int) -> bool:
        """Move on by the chosen token; whether the answer is complete, so that nothing could follow."""
        if not self._matcher.accept_token(token):
            raise RuntimeError(f"The grammar refuses token {token}, which its own mask had allowed.")
        return bool(self._matcher.is_terminated()) or (self._matcher.is_completed() and self._only_stop_left())

    def allow(self, allowed: torch.Tensor, line: int) -> None:
        """Write the tokens that may come next into a line of a bit mask."""
        self._matcher.fill_next_token_bitmask(allowed, line)
        allowed[line] &= self._printable[0]

    def _only_stop_left(self) -> bool:
        """Whether a complete answer could only be ended: asking the model to say so would cost a step."""
        allowed = self._printable.clone()
        self.allow(allowed, 0)
        count = sum(int(word).bit_count() for word in allowed[0].numpy().view("uint32"))
        return count == len(self._matcher.stop_token_ids)


def mask(logits: torch.Tensor, grammars: Sequence[RowGrammar | None]) -> None:
    """Set the logits of forbidden tokens to minus infinity, in place.

    Args:
        logits: Shape (rows, vocabulary), float32.
        grammars: One per row; None leaves a row free.
    """
    import xgrammar

    bound = [line for line, grammar in enumerate(grammars) if grammar is not None]
    if not bound:
        return
    allowed = xgrammar.allocate_token_bitmask(len(grammars), logits.shape[-1])
    for line, grammar in enumerate(grammars):
        if grammar is not None:
            grammar.allow(allowed, line)
    xgrammar.apply_token_bitmask_inplace(logits, allowed, indices=bound)
