"""Printing: tables for people, JSON lines for programs; text under study is never taken for markup."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from intercoder.core.shown import shown_safely

if TYPE_CHECKING:
    from rich.console import Console

    from intercoder.core.errors import IntercoderError

WIDE = 200
"""Columns of a table that goes to a file or another program."""


def print_json(value: object) -> None:
    """One object on one line; what is undefined is null, since JSON has no nan."""
    from pydantic_core import from_json, to_json

    plain = from_json(to_json(value, inf_nan_mode="null"))
    print(json.dumps(plain, ensure_ascii=False), flush=True)


def print_error(error: IntercoderError) -> None:
    """What is wrong, where, and on a second line what to do about it."""
    place = f"{error.where}: " if error.where else ""
    print(f"error: {shown_safely(place + error.message)}", file=sys.stderr)
    if error.remedy:
        print(f"  -> {shown_safely(error.remedy)}", file=sys.stderr)


def typed(path: Path) -> str:
    """A path as it is typed into a shell."""
    return shlex.quote(str(path))


def console(*, error: bool = False) -> Console:
    """A rich console that takes no markup; where there is no terminal, lines may be long."""
    from rich.console import Console

    terminal = (sys.stderr if error else sys.stdout).isatty()
    width = None if terminal else WIDE
    return Console(markup=False, highlight=False, emoji=False, stderr=error, soft_wrap=False, width=width)


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
