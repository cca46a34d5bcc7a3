"""Writing answers token by token, all rows at once; rows that end make room for those that wait."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

import psutil

from intercoder.llms.batching import Batch
from intercoder.llms.embedded.grammar import mask
from intercoder.llms.embedded.packed import Piece
from intercoder.llms.embedded.packed_model import CHUNK, PackedModel
from intercoder.llms.embedded.prefixes import SharedPrefix, Tokens, group_prompts
from intercoder.llms.embedded.requests import Decode, ModelReply, ModelRequest, Row
from intercoder.llms.embedded.row_memory import RowMemory
from intercoder.llms.embedded.sampling import choose

if TYPE_CHECKING:
    import torch

ModelBatch: TypeAlias = Batch[ModelRequest, ModelReply]

_REARRANGE_AT = 0.75
"""Ended rows are dropped from memory when fewer than this share of its rows still write."""

_WORTH_ADMITTING = 0.25
"""New rows interrupt the writing when they are at least this share of it, or fill all free places."""

_MEMORY_SHARE = 0.25
"""Share of the free memory that rows may take."""

_CHOSEN_AT_ONCE = 16
"""Rows whose next tokens are chosen together: their logits, 10 MB for a large vocabulary, stay in the cache."""


class Writer:
    """Writes batches with one model.

    Args:
        model: The model.
        decode: Text of an answer's tokens.
        stop_tokens: Ids that end an answer.
        token_bytes: Memory that one token of a row takes in keys and values.
        size: Most rows at the same time.
    """

    def __init__(
        self, model: PackedModel, decode: Decode, stop_tokens: Sequence[int], token_bytes: int, size: int
    ) -> None:
        self.model = model
        self.decode = decode
        self.stop_tokens = frozenset(stop_tokens)
        self.size = size
        self._token_bytes = token_bytes

    def write(self, batch: ModelBatch) -> None:
        """Answer the batch's tickets, each as soon as its answer is complete, and take more meanwhile."""
        import torch

        with torch.inference_mode():
            _Writing(self, batch).run()

    def room(self) -> int:
        """Tokens of rows that may be held at once."""
        return int(psutil.virtual_memory().available * _MEMORY_SHARE) // self._token_bytes


class _Writing:
    """Rows in slots, from reading their prompts to their last tokens."""

    def __init__(self, writer: Writer, batch: ModelBatch) -> None:
        self._writer = writer
        self._model = writer.model
        self._batch = batch
        self._waiting = [Row(ticket) for ticket in batch.tickets]
        self._rows: list[Row] = []
        self._memory = RowMemory([], 0)

    def run(self) -> None:
        while True:
            slots = [slot for slot, row in enumerate(self._rows) if row.ticket.wanted]
            free = self._writer.size - len(slots)
            self._waiting += [Row(ticket) for ticket in self._batch.more(free - len(self._waiting))]
            worth = min(free, _WORTH_ADMITTING * len(slots))
            if self._waiting and len(self._waiting) >= worth and self._admit(slots):
                continue
            if slots:
                self._write(slots)
            elif not self._waiting:
                return

    def _write(self, slots: Sequence[int]) -> None:
        """One more token for these slots."""
        if len(slots) < _REARRANGE_AT * len(self._rows):
            self._arrange([self._rows[slot] for slot in slots])
            slots = range(len(slots))
        tokens = [self._rows[slot].written[-1] for slot in slots]
        self._step(self._model.write(self._memory, slots, tokens), slots)

    def _admit(self, slots: Sequence[int]) -> bool:
        """Give waiting rows places beside those that write and read their prompts; whether any fitted."""
        held = [self._rows[slot] for slot in slots]
        self._waiting = [row for row in self._waiting if row.ticket.wanted]
        self._group([row for row in self._waiting if not row.grouped])
        needs = [row.need for row in self._waiting]
        count = fitting([row.need for row in held], needs, self._writer.room())
        new, self._waiting = self._waiting[:count], self._waiting[count:]
        if not new:
            return False
        self._arrange(held + new)
        unread = {slot: row.own for slot, row in enumerate(self._rows) if not row.written}
        for pieces, finished in _chunks(unread):
            logits = self._model.read(self._memory, pieces, finished)
            if finished:
                self._step(logits, [pieces[number].slot for number in finished])
        return True

    def _group(self, rows: Sequence[Row]) -> None:
        """Give rows that begin alike their shared prefix."""
        prompts = [row.question.prompt for row in rows]
        known = self._model.prefixes
        for group in group_prompts(prompts, [known.known(prompt) for prompt in prompts]):
            prefix = self._model.prefix(prompts[group.rows[0]][: group.shared], len(group.rows))
            for number in group.rows:
                rows[number].prefix, rows[number].grouped = prefix, True
        known.remember(prompts)

    def _arrange(self, rows: Sequence[Row]) -> None:
        """Put these rows, and no others, into the memory, those of one prefix side by side."""
        held: dict[Tokens, SharedPrefix | None] = {}
        for row in rows:
            row.prefix = held.setdefault(row.prefix.tokens if row.prefix else (), row.prefix)
        order = {tokens: place for place, tokens in enumerate(held)}
        ordered = sorted(rows, key=lambda row: order[row.prefix.tokens if row.prefix else ()])
        slots = {id(row): slot for slot, row in enumerate(self._rows)}
        self._memory = self._memory.arranged(
            [slots.get(id(row)) for row in ordered],
            [row.prefix for row in ordered],
            max((row.need for row in ordered), default=0),
        )
        self._rows = ordered

    def _step(self, logits: torch.Tensor, slots: Sequence[int]) -> None:
        """Choose the next token of these slots from their logits."""
        rows = [self._rows[slot] for slot in slots]
        for start in range(0, len(rows), _CHOSEN_AT_ONCE):
            part = rows[start : start + _CHOSEN_AT_ONCE]
            some = logits[start : start + len(part)].float()
            mask(some, [row.grammar for row in part])
            for row, token in zip(part, choose(some, [row.sampling for row in part]), strict=True):
                row.take(token, self._writer.stop_tokens, self._writer.decode)


def fitting(held: Sequence[int], waiting: Sequence[int], room: int) -> int:
    """How many waiting rows fit beside those that are held.

    All rows get the space of the longest. One row is always taken when none is held.

    Args:
        held: Tokens that each held row may come to.
        waiting: The same of those that wait, first come first.
        room: Most tokens of all together.
    """
    longest, count = max(held, default=0), 0
    for need in waiting:
        longest = max(longest, need)
        if longest * (len(held) + count + 1) > room and (held or count):
            break
        count += 1
    return count


def _chunks(prompts: dict[int, Tokens]) -> Iterator[tuple[list[Piece], list[int]]]:
    """Slots' prompts cut into forward passes, and the numbers of those pieces that end a prompt."""
    pieces: list[Piece] = []
    finished: list[int] = []
    room = CHUNK
    for slot, prompt in prompts.items():
        left = prompt
        while left:
            piece, left = left[:room], left[room:]
            if not left:
                finished.append(len(pieces))
            pieces.append(Piece(slot, piece))
            room -= len(piece)
            if room == 0:
                yield pieces, finished
                pieces, finished, room = [], [], CHUNK
    if pieces:
        yield pieces, finished
