"""One answer wanted, one answer got, and what lies between: the answer while it is written."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from intercoder.llms.batching import Ticket
from intercoder.llms.embedded.grammar import RowGrammar
from intercoder.llms.embedded.prefixes import SharedPrefix, Tokens
from intercoder.llms.embedded.sampling import Sampling

if TYPE_CHECKING:
    from xgrammar import CompiledGrammar

Decode: TypeAlias = Callable[[Sequence[int]], str]
"""Text of an answer's tokens."""


class ModelRequest(NamedTuple):
    """One answer wanted."""

    prompt: Tokens
    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    grammar: CompiledGrammar | None = None


class ModelReply(NamedTuple):
    """One answer got."""

    text: str
    output_tokens: int
    finish_reason: str
    """`stop` for a complete answer, `length` for one cut off at `max_tokens`."""


ModelTicket: TypeAlias = Ticket[ModelRequest, ModelReply]


class Row:
    """One answer while it is written."""

    def __init__(self, ticket: ModelTicket) -> None:
        question = ticket.question
        self.ticket = ticket
        self.question = question
        self.prefix: SharedPrefix | None = None
        self.grouped = False
        """Whether it was decided which prefix it shares."""
        self.written: list[int] = []
        self.sampling = Sampling(question.temperature, question.top_p, random.Random(question.seed))
        self.grammar = None if question.grammar is None else RowGrammar(question.grammar)

    @property
    def own(self) -> Tokens:
        """The prompt after the shared prefix."""
        return self.question.prompt[len(self.prefix.tokens) if self.prefix else 0 :]

    @property
    def need(self) -> int:
        """Most tokens of its own that it may come to."""
        return len(self.own) + self.question.max_tokens

    def take(self, token: int, stop_tokens: frozenset[int], decode: Decode) -> None:
        """Add a token, and answer the ticket if it was the last.

        Args:
            token: The token chosen.
            stop_tokens: Ids that end an answer and are no part of it.
            decode: Text of tokens.
        """
        stopped = token in stop_tokens
        complete = self.grammar is not None and self.grammar.accept(token)
        if not stopped:
            self.written.append(token)
        text, found = self._cut(decode) if self.question.stop else ("", False)
        if stopped or complete or found:
            text = text if found else decode(self.written)
            self.ticket.answer(ModelReply(text, len(self.written), "stop"))
        elif len(self.written) >= self.question.max_tokens:
            # The limit may have cut a character in two.
            text = decode(self.written).rstrip("\ufffd")
            self.ticket.answer(ModelReply(text, len(self.written), "length"))

    def _cut(self, decode: Decode) -> tuple[str, bool]:
        """The text before the first stop string, and whether there is one."""
        text = decode(self.written)
        places = [place for stop in self.question.stop if (place := text.find(stop)) >= 0]
        return (text[: min(places)], True) if places else (text, False)
