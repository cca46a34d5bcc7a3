"""What a revision changes, word by word: old and new in one text, told by signs as well as by colour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len
from textual.content import Content

from intercoder.core.revising.inline_changes import CodeChange, FieldRow
from intercoder.core.revising.word_changes import Piece, PieceKind
from intercoder.tui.text import joined, line, shown
from intercoder.tui.widgets.hanging import MUTED, HangingText, Row

STYLES: dict[PieceKind, str] = {
    "same": "",
    "removed": "$text-error strike",
    "added": "bold $text-success underline",
}
SIGNS: dict[PieceKind, tuple[str, str]] = {"same": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}
"""Around words that came or went within a text that stays."""
REWORDED = "~"
SHORT = {"negative example": "no example"}
LABEL = 120
"""Characters of a code's label."""


class WordDiff(HangingText):
    """The codes of a revision with what comes and goes."""

    def show(self, changes: Iterable[CodeChange]) -> None:
        """Show the changes of a revision, or of several."""
        self.set_rows(diff_rows(list(changes)))


def diff_rows(changes: Sequence[CodeChange]) -> list[Row]:
    """Changes as rows: the code's label, then each of its texts with its field's name and a sign before it."""
    rows: list[Row] = []
    for place, change in enumerate(changes):
        if place:
            rows.append((Content(""), Content("")))
        if change.label or change.title:
            title = joined("  ", line(change.title, LABEL, MUTED)) if change.title else ""
            rows.append((Content(""), joined(line(change.label, LABEL, "bold"), title)))
        rows += _texts(change.rows)
    return rows


def _texts(texts: Sequence[FieldRow]) -> Iterator[Row]:
    names = [SHORT.get(one.name, one.name) for one in texts]
    width = max((cell_len(name) for name in names), default=0)
    before = ""
    for one, name in zip(texts, names, strict=True):
        sign = one.sign or (REWORDED if one.changed else " ")
        style = {"+": "bold $text-success", "-": "bold $text-error", REWORDED: "bold $text-warning"}.get(sign, "")
        told = (name if name != before else "").ljust(width)
        lead = joined(Content.styled(f"{told} ", MUTED), Content.styled(f"{sign} ", style))
        yield lead if width else Content("  "), pieces(one.pieces, whole=bool(one.sign), muted=not one.changed)
        before = name


def pieces(texts: Sequence[Piece], *, whole: bool = False, muted: bool = False) -> Content:
    """Words as they were and are; `whole` where a sign before them says it already."""
    parts = []
    for piece in texts:
        opened, closed = ("", "") if whole else SIGNS[piece.kind]
        # White space is not struck through: it would look like words.
        core = piece.text.strip() or piece.text
        left, _, right = piece.text.partition(core)
        parts += [shown(left), shown(f"{opened}{core}{closed}", STYLES[piece.kind]), shown(right)]
    text = joined(*parts)
    return text.stylize(MUTED) if muted else text
