"""Writing the answers of one batch, token by token, all rows at once."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from intercoder.llms.batching import Ticket
from intercoder.llms.grammar import RowGrammars
from intercoder.llms.packed import Piece, ReadingLayout, RowMemory, SlotGroup, WritingLayout
from intercoder.llms.prefixes import PrefixMemory, SharedPrefix, Tokens, group_prompts
from intercoder.llms.sampling import Sampling, choose

if TYPE_CHECKING:
    import torch
    import xgrammar

_CHUNK = 512
"""Prompt tokens in one forward pass."""

_DROP_AT = 0.75
"""Rows that have ended are dropped from memory when fewer than this share of its rows still write."""


class ModelRequest(NamedTuple):
    """One answer wanted."""

    prompt: Tokens
    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    grammar: xgrammar.CompiledGrammar | None = None


class ModelReply(NamedTuple):
    """One answer got."""

    text: str
    output_tokens: int
    finish_reason: str
    """`stop` for a complete answer, `length` for one cut off at `max_tokens`."""


ModelTicket: TypeAlias = Ticket[ModelRequest, ModelReply]


class Writer:
    """Writes batches with one model.

    Args:
        model: A causal language model that uses the attention of `packed`.
        decode: Text of an answer's tokens.
        stop_tokens: Ids that end an answer.
        go_on: Called before every forward pass; what it raises ends the batch.
    """

    def __init__(
        self,
        model: Any,
        decode: Callable[[Sequence[int]], str],
        stop_tokens: Sequence[int],
        go_on: Callable[[], None] = lambda: None,
    ) -> None:
        self._model = model
        self._go_on = go_on
        self.decode = decode
        self.stop_tokens = frozenset(stop_tokens)
        self.vocabulary = int(model.config.vocab_size)
        self.prefixes = PrefixMemory()

    def write(self, tickets: Sequence[ModelTicket]) -> None:
        """Answer all tickets, each as soon as its answer is complete."""
        import torch

        with torch.inference_mode():
            prompts = [ticket.question.prompt for ticket in tickets]
            groups = group_prompts(prompts, [self.prefixes.known(prompt) for prompt in prompts])
            ordered, slots = [], []
            for group in groups:
                prefix = self._prefix(prompts[group.rows[0]][: group.shared])
                slots.append(SlotGroup(len(ordered), len(ordered) + len(group.rows), prefix))
                ordered.extend(tickets[row] for row in group.rows)
            _Batch(self, ordered, slots).run()
            self.prefixes.remember(prompts)

    def forward(
        self,
        layout: ReadingLayout | WritingLayout,
        tokens: Sequence[int],
        positions: Sequence[int],
        last: Sequence[int],
    ) -> torch.Tensor:
        """Logits after the packed tokens at places `last`, shape (last, vocabulary), float32."""
        import torch

        self._go_on()
        out = self._model(
            input_ids=torch.tensor([tokens]),
            position_ids=torch.tensor([positions]),
            use_cache=False,
            logits_to_keep=torch.tensor(last, dtype=torch.long),
            layout=layout,
        )
        logits: torch.Tensor = out.logits[0].float()
        return logits

    def read(self, memory: RowMemory, pieces: Sequence[Piece], finished: Sequence[int] = ()) -> torch.Tensor:
        """Put pieces of prompts into the memory; logits after the pieces numbered `finished`."""
        layout = ReadingLayout(memory, pieces)
        tokens = [token for piece in pieces for token in piece.tokens]
        positions, ends = [], []
        for piece in pieces:
            start = memory.position(piece.slot)
            positions.extend(range(start, start + len(piece.tokens)))
            ends.append(len(positions) - 1)
        logits = self.forward(layout, tokens, positions, [ends[number] for number in finished])
        for piece in pieces:
            memory.lengths[piece.slot] += len(piece.tokens)
        return logits

    def _prefix(self, tokens: Tokens) -> SharedPrefix | None:
        """The prefix of exactly these tokens, from memory as far as it is there."""
        if not tokens:
            return None
        found = self.prefixes.find(tokens)
        known = len(found.tokens) if found else 0
        if found and known == len(tokens):
            return found
        memory = RowMemory([SlotGroup(0, 1, found)], len(tokens) - known)
        for start in range(known, len(tokens), _CHUNK):
            self.read(memory, [Piece(0, tokens[start : start + _CHUNK])])
        prefix = memory.as_prefix(tokens)
        self.prefixes.keep(prefix)
        return prefix


class _Row:
    """One answer while it is written."""

    def __init__(self, ticket: ModelTicket, shared: int) -> None:
        question = ticket.question
        self.ticket = ticket
        self.question = question
        self.own = question.prompt[shared:]
        self.written: list[int] = []
        self.sampling = Sampling(question.temperature, question.top_p, random.Random(question.seed))

    def take(self, token: int, complete: bool, writer: Writer) -> None:
        """Add a token, and answer the ticket if it was the last."""
        stopped = token in writer.stop_tokens
        if not stopped:
            self.written.append(token)
        text, found = self._cut(writer) if self.question.stop else ("", False)
        stopped = stopped or complete or found
        if stopped or len(self.written) >= self.question.max_tokens:
            text = text if found else writer.decode(self.written)
            self.ticket.answer(ModelReply(text, len(self.written), "stop" if stopped else "length"))

    def _cut(self, writer: Writer) -> tuple[str, bool]:
        """The text before the first stop string, and whether there is one."""
        text = writer.decode(self.written)
        places = [place for stop in self.question.stop if (place := text.find(stop)) >= 0]
        return (text[: min(places)], True) if places else (text, False)


class _Batch:
    """Rows in slots, from reading their prompts to their last tokens."""

    def __init__(self, writer: Writer, tickets: Sequence[ModelTicket], groups: Sequence[SlotGroup]) -> None:
        self._writer = writer
        self._rows: list[_Row] = []
        for group in groups:
            shared = len(group.prefix.tokens) if group.prefix else 0
            self._rows.extend(_Row(ticket, shared) for ticket in tickets[group.start : group.stop])
        self._memory = RowMemory(groups, max(len(row.own) + row.question.max_tokens for row in self._rows))
        self._grammars = RowGrammars([row.question.grammar for row in self._rows], writer.vocabulary)

    def run(self) -> None:
        for pieces, finished in self._chunks():
            logits = self._writer.read(self._memory, pieces, finished)
            if finished:
                self._step(logits, [pieces[number].slot for number in finished])
        while slots := [slot for slot, row in enumerate(self._rows) if row.ticket.wanted]:
            if len(slots) < _DROP_AT * len(self._rows):
                self._drop(slots)
                slots = list(range(len(slots)))
            tokens = [self._rows[slot].written[-1] for slot in slots]
            positions = [self._memory.position(slot) for slot in slots]
            layout = WritingLayout(self._memory, slots)
            logits = self._writer.forward(layout, tokens, positions, range(len(slots)))
            for slot in slots:
                self._memory.lengths[slot] += 1
            self._step(logits, slots)

    def _chunks(self) -> Iterator[tuple[list[Piece], list[int]]]:
        """The rows' own prompts cut into forward passes, and which pieces end a prompt."""
        pieces: list[Piece] = []
        finished: list[int] = []
        room = _CHUNK
        for slot, row in enumerate(self._rows):
            own = row.own
            while own:
                piece, own = own[:room], own[room:]
                if not own:
                    finished.append(len(pieces))
                pieces.append(Piece(slot, piece))
                room -= len(piece)
                if room == 0:
                    yield pieces, finished
                    pieces, finished, room = [], [], _CHUNK
        if pieces:
            yield pieces, finished

    def _step(self, logits: torch.Tensor, slots: Sequence[int]) -> None:
        """Choose the next token of these slots from their logits."""
        self._grammars.mask(logits, slots)
        tokens = choose(logits, [self._rows[slot].sampling for slot in slots])
        for slot, token in zip(slots, tokens, strict=True):
            self._rows[slot].take(token, self._grammars.accept(slot, token), self._writer)

    def _drop(self, slots: Sequence[int]) -> None:
        self._memory.keep(slots)
        self._grammars.keep(slots)
        self._rows = [self._rows[slot] for slot in slots]
