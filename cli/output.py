"""Printing: tables for people, JSON lines for programs; text under study is never taken for markup."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def print_json(value: object) -> None:
    """One object on one line."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def shown_safely(text: str) -> str:
    """The text with control, bidirectional and zero-width characters made visible, so none drives a terminal."""
    return "".join(
        character if character in "\n\t" or not _hidden(character) else f"\\u{ord(character):04x}"
        for character in text
    )


def _hidden(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def one_line(text: str, longest: int = 100) -> str:
    """The text on one line, safe to show, cut at `longest` characters."""
    line = " ".join(shown_safely(text).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def console(*, error: bool = False) -> Console:
    """A rich console that takes no markup."""
    from rich.console import Console

    return Console(markup=False, highlight=False, emoji=False, stderr=error, soft_wrap=False)


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "", right: Sequence[str] = ()
) -> None:
    """A table; columns named in `right` are aligned to the right."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown_safely(str(cell))) for cell in row))
    console().print(table)
