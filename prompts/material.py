"""What a prompt is made of: messages, the pieces of material they carry, and worked examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self, TypeAlias, get_args

from pydantic import JsonValue, model_validator

from intercoder.core.record import Record

Ending: TypeAlias = Literal["full_stop", "line_break"]
"""How the request ends. Seed 000, appendix A compares the two."""

PieceKind: TypeAlias = Literal[
    "codebook",
    "options",
    "findings",
    "context",
    "speaker",
    "labels",
    "words",
    "text",
    "suggestions",
]
_KINDS: tuple[PieceKind, ...] = get_args(PieceKind)


class Message(Record):
    """One turn of a conversation with a model."""

    role: Literal["system", "user", "assistant"]
    content: str


class Piece(Record):
    """One piece of the material under study. It reaches a model only between the markers of a fence.

    `suggestions` is what a moderator sees: one line a suggestion, `coder's name: label`. `labels` is what a
    definer sees of a concept, one label a line; its `text` is the passages, or the codes that are one now.
    `codebook` is the code that is asked about, or all codes to choose from, whose labels are the `options`.
    `findings` are what a reviser is told of a code in numbers; its `labels` are the book's other codes.
    `words` are those that a synthesizer's text is to hold.
    """

    kind: PieceKind
    text: str


class WorkedExample(Record):
    """Material with the answer we would like to it, shown as an exchange that went before."""

    codebook: str = ""
    options: str = ""
    findings: str = ""
    context: str = ""
    speaker: str = ""
    labels: str = ""
    words: str = ""
    text: str = ""
    suggestions: str = ""
    template: str = ""
    """The template it belongs to, for agents that are asked in several ways; empty for all."""
    answer: Mapping[str, JsonValue]
    """The answer as it should be given; keys keep their order, since a model writes them in that order."""

    @model_validator(mode="after")
    def _shows_something(self) -> Self:
        if not self.pieces:
            raise ValueError("an example needs material, such as `text`")
        return self

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The example's material, in the order in which real material is shown."""
        return tuple(Piece(kind=kind, text=getattr(self, kind)) for kind in _KINDS if getattr(self, kind))
