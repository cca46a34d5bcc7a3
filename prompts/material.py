"""What a prompt is made of: messages, the pieces of material they carry, and worked examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from pydantic import JsonValue

from intercoder.core.record import Record

Ending: TypeAlias = Literal["full_stop", "line_break"]
"""How the request ends. Seed 000, appendix A compares the two."""

PieceKind: TypeAlias = Literal["context", "speaker", "labels", "text", "suggestions"]


class Message(Record):
    """One turn of a conversation with a model."""

    role: Literal["system", "user", "assistant"]
    content: str


class Piece(Record):
    """One piece of the material under study. It reaches a model only between the markers of a fence.

    `suggestions` is what a moderator sees: one line a suggestion, `coder's name: label`. `labels` is what a
    definer sees of a concept, one label a line; its `text` is the passages, or the codes that are one now.
    """

    kind: PieceKind
    text: str


class WorkedExample(Record):
    """Material with the answer we would like to it, shown as an exchange that went before."""

    context: str = ""
    speaker: str = ""
    labels: str = ""
    text: str
    suggestions: str = ""
    template: str = ""
    """The template it belongs to, for agents that are asked in several ways; empty for all."""
    answer: Mapping[str, JsonValue]
    """The answer as it should be given; keys keep their order, since a model writes them in that order."""

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The example's material, in the order in which real material is shown."""
        kinds: tuple[PieceKind, ...] = ("context", "speaker", "labels", "text", "suggestions")
        return tuple(Piece(kind=kind, text=getattr(self, kind)) for kind in kinds if getattr(self, kind))
