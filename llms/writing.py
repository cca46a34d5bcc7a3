"""Writing the answers of one batch, token by token, all rows at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import psutil

from intercoder.llms.grammar import RowGrammars
from intercoder.llms.packed import Piece, ReadingLayout, RowMemory, SlotGroup, WritingLayout
from intercoder.llms.prefixes import PrefixMemory, PromptGroup, SharedPrefix, Tokens, group_prompts
from intercoder.llms.requests import Decode, ModelTicket, Row
from intercoder.llms.sampling import choose

if TYPE_CHECKING:
    import torch

_CHUNK = 512
"""Prompt tokens in one forward pass."""

_DROP_AT = 0.75
"""Rows that have ended are dropped from memory when fewer than this share of its rows still write."""


_MEMORY_SHARE = 0.25
"""Share of the free memory that the rows of a batch may take."""


class Writer:
    """Writes batches with one model.

    Args:
        model: A causal language model that uses the attention of `packed`.
        decode: Text of an answer's tokens.
        vocabulary: Width of its logits.
        stop_tokens: Ids that end an answer.
        token_bytes: Memory that one token of a row takes in keys and values.
    """

    def __init__(
        self,
        model: Any,
        decode: Decode,
        *,
        vocabulary: int,
        stop_tokens: Sequence[int],
        token_bytes: int,
    ) -> None:
        self._model = model
        self._token_bytes = token_bytes
        self.decode = decode
        self.vocabulary = vocabulary
        self.stop_tokens = frozenset(stop_tokens)
        self.prefixes = PrefixMemory()
        self.go_on: Callable[[], None] = lambda: None
        """Called before every forward pass; what it raises ends the batch."""

    def write(self, tickets: Sequence[ModelTicket]) -> None:
        """Answer all tickets, each as soon as its answer is complete."""
        import torch

        prompts = [ticket.question.prompt for ticket in tickets]
        groups = group_prompts(prompts, [self.prefixes.known(prompt) for prompt in prompts])
        needs = {
            row: len(prompts[row]) - group.shared + tickets[row].question.max_tokens
            for group in groups
            for row in group.rows
        }
        with torch.inference_mode():
            for rows in split_rows(needs, self._room()):
                self._write_rows(tickets, groups, rows)
        self.prefixes.remember(prompts)

    def _write_rows(
        self, tickets: Sequence[ModelTicket], groups: Sequence[PromptGroup], rows: frozenset[int]
    ) -> None:
        ordered: list[ModelTicket] = []
        slots: list[SlotGroup] = []
        for group in groups:
            members = [tickets[row] for row in group.rows if row in rows and tickets[row].wanted]
            if members:
                prefix = self._prefix(members[0].question.prompt[: group.shared])
                slots.append(SlotGroup(len(ordered), len(ordered) + len(members), prefix))
                ordered.extend(members)
        if ordered:
            _Batch(self, ordered, slots).run()

    def _room(self) -> int:
        """Tokens of rows that may be held at once: what fits into a share of the free memory."""
        return int(psutil.virtual_memory().available * _MEMORY_SHARE) // self._token_bytes

    def forward(
        self,
        layout: ReadingLayout | WritingLayout,
        tokens: Sequence[int],
        positions: Sequence[int],
        last: Sequence[int],
    ) -> torch.Tensor:
        """Logits after the packed tokens at places `last`, shape (last, vocabulary), float32."""
        import torch

        self.go_on()
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
        positions: list[int] = []
        ends = []
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


def split_rows(needs: Mapping[int, int], room: int) -> list[frozenset[int]]:
    """Cut a batch whose rows would not fit into memory together.

    All rows of a part get the space of its longest, so rows of like length go together.

    Args:
        needs: Row -> tokens it may come to.
        room: Most tokens of a part, unless it is a single row.
    """
    parts: list[list[int]] = []
    for row in sorted(needs, key=lambda row: needs[row]):
        if parts and needs[row] * (len(parts[-1]) + 1) <= room:
            parts[-1].append(row)
        else:
            parts.append([row])
    return [frozenset(part) for part in parts]


class _Batch:
    """Rows in slots, from reading their prompts to their last tokens."""

    def __init__(self, writer: Writer, tickets: Sequence[ModelTicket], groups: Sequence[SlotGroup]) -> None:
        self._writer = writer
        self._rows: list[Row] = []
        for group in groups:
            shared = len(group.prefix.tokens) if group.prefix else 0
            self._rows.extend(Row(ticket, shared) for ticket in tickets[group.start : group.stop])
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
            own = row.own if row.ticket.wanted else ()
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
        writer = self._writer
        for slot, token in zip(slots, tokens, strict=True):
            self._rows[slot].take(token, self._grammars.accept(slot, token), writer.stop_tokens, writer.decode)

    def _drop(self, slots: Sequence[int]) -> None:
        self._memory.keep(slots)
        self._grammars.keep(slots)
        self._rows = [self._rows[slot] for slot in slots]
