"""Answers that cannot leave their JSON schema: which tokens may come next, row by row."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from intercoder.core.errors import ModelError
from intercoder.llms.once import Once

if TYPE_CHECKING:
    import torch
    import xgrammar


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
        self._compiled: Once[str, xgrammar.CompiledGrammar] = Once(self._compile, name="grammars")

    def compile(self, schema: Mapping[str, Any]) -> xgrammar.CompiledGrammar:
        """The grammar of a schema's compact JSON: keys in the schema's order, no optional white space.

        The first time takes some seconds for strings with a `maxLength` above 100.

        Raises:
            ModelError: The schema is not one that xgrammar can compile.
        """
        return self._compiled.get(_source(schema))

    async def compile_async(self, schema: Mapping[str, Any]) -> xgrammar.CompiledGrammar:
        """As `compile`, without keeping the event loop waiting."""
        return await self._compiled.get_async(_source(schema))

    def _compile(self, source: str) -> xgrammar.CompiledGrammar:
        try:
            return self._compiler.compile_json_schema(
                source, any_whitespace=False, separators=(",", ":"), strict_mode=True
            )
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"The JSON schema cannot be enforced: {error}") from error


def _source(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False)


class RowGrammars:
    """The state of each row's grammar while a batch is decoded. A row without grammar is free.

    Args:
        grammars: One per row, or None.
        vocabulary: Width of the logits.
    """

    def __init__(self, grammars: Sequence[xgrammar.CompiledGrammar | None], vocabulary: int) -> None:
        import xgrammar

        self._matchers = [None if grammar is None else xgrammar.GrammarMatcher(grammar) for grammar in grammars]
        self._allowed = xgrammar.allocate_token_bitmask(len(grammars), vocabulary)

    def mask(self, logits: torch.Tensor, rows: Sequence[int]) -> None:
        """Set the logits of forbidden tokens to minus infinity, in place.

        Args:
            logits: Shape (len(rows), vocabulary), float32.
            rows: Which row each line of the logits belongs to.
        """
        import xgrammar

        allowed = self._allowed[list(rows)]
        bound = []
        for line, row in enumerate(rows):
            matcher = self._matchers[row]
            if matcher is not None:
                matcher.fill_next_token_bitmask(allowed, line)
                bound.append(line)
        if bound:
            xgrammar.apply_token_bitmask_inplace(logits, allowed, indices=bound)

    def accept(self, row: int, token: int) -> bool:
        """Move a row on by its chosen token; whether its answer is complete, so that nothing could follow."""
        matcher = self._matchers[row]
        if matcher is None:
            return False
        if not matcher.accept_token(token):
            raise RuntimeError(f"The grammar refuses token {token}, which its own mask had allowed.")
        return bool(matcher.is_terminated()) or (matcher.is_completed() and self._only_stop_left(row, matcher))

    def keep(self, rows: Sequence[int]) -> None:
        """Forget all rows but these, and number them anew from 0 in the order given."""
        self._matchers = [self._matchers[row] for row in rows]
        self._allowed = self._allowed[list(rows)].contiguous()

    def _only_stop_left(self, row: int, matcher: xgrammar.GrammarMatcher) -> bool:
        """Whether a complete answer could only be ended: asking the model to say so would cost a step."""
        matcher.fill_next_token_bitmask(self._allowed, row)
        allowed = sum(int(word).bit_count() for word in self._allowed[row].numpy().view("uint32"))
        return allowed == len(matcher.stop_token_ids)
