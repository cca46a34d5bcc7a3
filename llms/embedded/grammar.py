"""Answers that cannot leave their JSON schema: which tokens may come next, row by row."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from intercoder.core.errors import ModelError
from intercoder.llms.once import Once

if TYPE_CHECKING:
    import torch
    import xgrammar


_BOUNDED = re.compile(r"\b\w+_characters\{(\d+), (-?\d+)\}")
_CHARACTERS = re.compile(r"^\w+_characters ::= .*\n", re.MULTILINE)
_CHARACTER = r"(?:[^\x00-\x1f\"\\]|\\[\"\\/bfnrt])"
"""One character of a JSON string, written as itself or as a short escape. Half a surrogate pair is none."""
_WHOLE = 120
"""Most characters of a string that stand in one expression."""
_LINK = 100
"""Characters of a link of a longer one's chain."""


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
        import xgrammar

        try:
            return self._compiler.compile_grammar(xgrammar.Grammar.from_ebnf(_text(source)))
        except (RuntimeError, ValueError) as error:
            raise _not_enforced(error) from error


def grammar_text(schema: Mapping[str, Any]) -> str:
    """The grammar of a schema's compact JSON as text, for an engine that compiles it itself with xgrammar.

    Raises:
        ModelError: The schema is not one that xgrammar can compile.
    """
    return _checked_text(_source(schema))


@lru_cache(maxsize=64)
def _checked_text(source: str) -> str:
    import xgrammar

    try:
        text = _text(source)
        xgrammar.Grammar.from_ebnf(text)
    except (RuntimeError, ValueError) as error:
        raise _not_enforced(error) from error
    return text


def _text(source: str) -> str:
    import xgrammar

    return with_escapes(
        str(
            xgrammar.Grammar.from_json_schema(source, any_whitespace=False, separators=(",", ":"), strict_mode=True)
        )
    )


def _not_enforced(error: Exception) -> ModelError:
    return ModelError(f"The JSON schema cannot be enforced: {error}")


def _source(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False)


def with_escapes(grammar: str) -> str:
    """A schema's grammar in which strings of bounded length may hold escaped characters.

    xgrammar writes such strings as a repeated class of characters that leaves out quotation marks and
    backslashes, so that a quote with dialogue in it would end at the first mark; and it lets raw control
    characters in, which JSON does not. The same bound as a regular expression has neither fault, and finding
    out which tokens may come next is ten times as fast.
    """
    return _CHARACTERS.sub("", _BOUNDED.sub(_as_expression, grammar))


def _as_expression(bounds: re.Match[str]) -> str:
    return _characters(int(bounds[1]), None if bounds[2] == "-1" else int(bounds[2]))


def _characters(least: int, most: int | None) -> str:
    """So many characters: of longer strings a chain of expressions, since one alone would not compile."""
    if most is None or most <= _WHOLE or least > _LINK:
        return _expression(least, most)
    return f"({_expression(least, _LINK)} | ({_expression(_LINK, _LINK)} {_characters(1, most - _LINK)}))"


def _expression(least: int, most: int | None) -> str:
    expression = f"^{_CHARACTER}{{{least},{'' if most is None else most}}}$"
    return f"Regex({json.dumps(expression)}, json_string=false)"


class RowGrammar:
    """How far one answer has come in its grammar.

    Args:
        grammar: The compiled schema of the answer.
    """

    def __init__(self, grammar: xgrammar.CompiledGrammar) -> None:
        import xgrammar

        self._matcher = xgrammar.GrammarMatcher(grammar)
        self._vocabulary = grammar.tokenizer_info.vocab_size

    def accept(self, token: int) -> bool:
        """Move on by the chosen token; whether the answer is complete, so that nothing could follow."""
        if not self._matcher.accept_token(token):
            raise RuntimeError(f"The grammar refuses token {token}, which its own mask had allowed.")
        return bool(self._matcher.is_terminated()) or (self._matcher.is_completed() and self._only_stop_left())

    def allow(self, allowed: torch.Tensor, line: int) -> None:
        """Write the tokens that may come next into a line of a bit mask."""
        self._matcher.fill_next_token_bitmask(allowed, line)

    def _only_stop_left(self) -> bool:
        """Whether a complete answer could only be ended: asking the model to say so would cost a step."""
        import xgrammar

        allowed = xgrammar.allocate_token_bitmask(1, self._vocabulary)
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
