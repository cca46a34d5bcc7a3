"""A codebook as a table of what its codes mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intercoder.cli.output import console
from intercoder.core.codebook import Code, Codebook, CodeExample
from intercoder.core.shown import counted, one_line, shown_safely

if TYPE_CHECKING:
    from rich.text import Text

QUOTE = 70
"""Characters of an example."""
NARROW = 28
"""Columns that a code's label may take."""


def print_book(book: Codebook) -> None:
    """Codes with what they mean, their rules and examples; members below their group, most used first."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=_title(book), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("code", overflow="fold", max_width=NARROW)
    table.add_column("what it means", overflow="fold")
    table.add_column("segments", justify="right")
    for code, depth in _nested(book):
        count = book.counts.get(code.id)
        label = Text(f"{'  ' * depth}{shown_safely(code.label)}", style="bold")
        table.add_row(label, _meaning(code), "" if count is None else str(count))
    console().print(table)


def _title(book: Codebook) -> str:
    settings = ["one code a segment"] if book.exclusive else []
    settings += ["`unsure` is allowed"] if book.allow_unsure else []
    told = f": {', '.join(settings)}" if settings else ""
    return f"Codebook {book.version}, {counted(len(book.codes), 'code')}{told}"


def _nested(book: Codebook) -> list[tuple[Code, int]]:
    """All codes, each after its parent, with how deep it lies."""
    members: dict[str, list[Code]] = {}
    for code in book.by_use:
        members.setdefault(code.parent, []).append(code)
    found: list[tuple[Code, int]] = []
    waiting = [(code, 0) for code in reversed(members.get("", []))]
    while waiting:
        code, depth = waiting.pop()
        found.append((code, depth))
        waiting += [(member, depth + 1) for member in reversed(members.get(code.id, []))]
    return found


def _meaning(code: Code) -> Text:
    from rich.text import Text

    lines = [shown_safely(code.definition)] if code.definition else []
    lines += [f"pattern: {shown_safely(code.pattern)}"] if code.kind == "pattern" else []
    lines += [f"include: {shown_safely(rule)}" for rule in code.include]
    lines += [f"exclude: {shown_safely(rule)}" for rule in code.exclude]
    lines += _examples("e.g. ", code.examples) + _examples("not: ", code.negative_examples)
    return Text("\n".join(lines))


def _examples(name: str, examples: tuple[CodeExample, ...]) -> list[str]:
    """The first example, and how many more there are."""
    if not examples:
        return []
    more = f" (and {len(examples) - 1} more)" if len(examples) > 1 else ""
    return [f'{name}"{one_line(examples[0].text, QUOTE)}"{more}']
