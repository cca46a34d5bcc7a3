"""Changes to codes on the screen: what goes is red and struck, what comes green and bold.

Without colours they read as well: lines begin with - and +, and changed words inside stand in [-...-] and {+...+}.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from intercoder.cli.output import console, one_line, shown_safely
from intercoder.core.codebook_words import Change, Line, in_words
from intercoder.core.revisions import FIELDS, Revision

if TYPE_CHECKING:
    from rich.text import Text

STYLES = {"same": "", "removed": "red strike", "added": "green bold"}
MARKS = {"same": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}


def print_changes(changes: Iterable[Change], *, titles: bool = True) -> None:
    """Each code with what happened to it."""
    out = console()
    for change in changes:
        if titles and change.title:
            out.print(_plain(change.title, "bold"))
        for line in change.lines:
            out.print(line_text(line), soft_wrap=not out.is_terminal)


def line_text(line: Line) -> Text:
    """One line about a change, styled."""
    from rich.text import Text

    text = Text(f"  {line.sign or ' '} " if line.sign else "  ")
    whole = all(piece.kind != "same" for piece in line.pieces)
    for piece in line.pieces:
        before, after = ("", "") if whole else MARKS[piece.kind]
        words = shown_safely(piece.text).replace("\n", "\n    ")
        text.append(f"{before}{words}{after}", style=STYLES[piece.kind])
    return text


def brief_change(revision: Revision, longest: int = 100) -> str:
    """What a revision changes on one line, such as `include rule added: repairs for others`."""
    if revision.before and revision.before == revision.after:
        return f"{revision.kind.replace('_', ' ')} (no change)"
    lines = [line for change in in_words([revision]) for line in change.lines]
    said = next((line.text for line in lines if not line.sign), revision.kind)
    come = next((line.text for line in lines if line.sign == "+"), "")
    return one_line(f"{said}: {come}" if come and revision.kind in FIELDS else said, longest)


def _plain(text: str, style: str) -> Text:
    from rich.text import Text

    return Text(shown_safely(text), style=style)
