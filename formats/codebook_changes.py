"""Changes to a codebook in words, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from intercoder.core.codebooks.codebook_words import Change
from intercoder.core.revising.word_changes import Line, Piece
from intercoder.formats.harmless import plain_markdown

_MARKS = {"same": ("", ""), "removed": ("~~", "~~"), "added": ("**", "**")}


def changes_to_markdown(changes: Iterable[Change], heading: str = "") -> str:
    """The changes: a heading a code, what was taken away struck through, what came in bold.

    Args:
        changes: See `core.codebooks.codebook_words.in_words`.
        heading: Above all; plain text.
    """
    lines = [f"# {plain_markdown(heading)}", ""] if heading else []
    for change in changes:
        lines += [f"## {plain_markdown(change.title) if change.title else 'The codebook'}", ""]
        lines += [*_items(change.lines), ""]
    return "\n".join(lines).rstrip() + "\n"


def _items(lines: Sequence[Line]) -> list[str]:
    return [f"  - {_marked(line.pieces)}" if line.sign else f"- {_marked(line.pieces)}" for line in lines]


def _marked(pieces: Sequence[Piece]) -> str:
    """The words with marks that close where words end: white space inside would keep them from being marks."""
    parts = []
    for piece in pieces:
        first, last = _MARKS[piece.kind]
        words = piece.text.strip()
        if not words:
            parts.append(" " if piece.text else "")
            continue
        left = " " if piece.text[0].isspace() else ""
        right = " " if piece.text[-1].isspace() else ""
        parts.append(f"{left}{first}{plain_markdown(words)}{last}{right}")
    return "".join(parts).strip()
