"""A codebook's YAML cut into blocks of lines, one a code, so that each can be kept, moved or changed by itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from intercoder.formats.codebook_yaml_reading import round_trip

_NO_CONTENT = re.compile(r"\s*(#.*)?")


class Blocks(NamedTuple):
    """The parts of a file: lines, line ends kept."""

    head: str
    """What stands above `codes:`."""
    codes: list[str]
    """A block a code, the comments above it included."""
    tail: str
    dash: int
    """Column of the codes' dashes."""
    item: int
    """Column of the dashes of lists in a code, counted from their key."""


def cut(text: str) -> Blocks:
    """Cut a codebook into blocks.

    Raises:
        ValueError: Codes do not stand in lines of their own, keys stand below them, or there are anchors, on
            which other lines depend.
    """
    lines = [f"{line}\n" for line in text.removesuffix("\n").split("\n")]
    keys, codes = _codes(round_trip().compose("".join(lines)))
    top = keys["codes"].start_mark.line
    if any(key.start_mark.line > top for key in keys.values()):
        raise ValueError("keys stand below the codes")
    head = "".join(lines[:top])
    if not codes.value:
        return Blocks(head, [], "".join(lines[codes.end_mark.line + 1 :]), 0, 0)
    if codes.flow_style:
        raise ValueError("the codes stand in one line")
    column = codes.start_mark.column
    dashes = [_dash(lines, node.start_mark.line, column) for node in codes.value]
    starts = [top + 1, *(_with_comments(lines, dash, column) for dash in dashes[1:])]
    stop = _with_comments(lines, len(lines), column)
    blocks = ["".join(lines[a:b]) for a, b in zip(starts, [*starts[1:], stop], strict=True)]
    return Blocks(head, blocks, "".join(lines[stop:]), column, _item_column(codes))


def comments_and_code(block: str) -> tuple[str, str]:
    """The comments above a code, and its own lines."""
    lines = block.splitlines(keepends=True)
    first = next(place for place, line in enumerate(lines) if not _NO_CONTENT.fullmatch(line.rstrip("\n")))
    return "".join(lines[:first]), "".join(lines[first:])


def keys_and_comments(head: str) -> tuple[str, str]:
    """The lines of a head down to the last one with a key, and the comments below it."""
    lines = head.splitlines(keepends=True)
    last = max((at for at, line in enumerate(lines, 1) if not _NO_CONTENT.fullmatch(line.rstrip("\n"))), default=0)
    return "".join(lines[:last]), "".join(lines[last:])


def _codes(root: Any) -> tuple[dict[str, Any], Any]:
    """The nodes of the file's keys by name, and that of the codes."""
    from ruamel.yaml.nodes import MappingNode, SequenceNode

    if not isinstance(root, MappingNode) or root.flow_style or _anchored(root):
        raise ValueError("it is no plain mapping")
    nodes = {key.value: (key, value) for key, value in root.value}
    key, codes = nodes.get("codes", (None, None))
    if not isinstance(codes, SequenceNode) or key.start_mark.column:
        raise ValueError("there is no list of codes")
    return {name: key for name, (key, _) in nodes.items()}, codes


def _anchored(node: Any) -> bool:
    if node.anchor:
        return True
    if isinstance(node.value, str):
        return False
    return any(
        _anchored(part) for child in node.value for part in (child if isinstance(child, tuple) else (child,))
    )


def _dash(lines: Sequence[str], line: int, column: int) -> int:
    """The line of an item's dash: that of its content or one above."""
    while line >= 0 and lines[line][: column + 1] != f"{' ' * column}-":
        line -= 1
    if line < 0:
        raise ValueError("a code has no dash")
    return line


def _with_comments(lines: Sequence[str], line: int, column: int) -> int:
    """The first of the comments and blank lines above a line that do not belong to the code before."""
    first = line
    while _NO_CONTENT.fullmatch(lines[first - 1].rstrip("\n")):
        first -= 1
    while first < line and lines[first].strip() and not lines[first][: column + 1].strip():
        first += 1  # indented deeper than the dash: still the code before
    return first


def _item_column(codes: Any) -> int:
    """Where lists in codes have their dashes; 0 where there is none to tell."""
    from ruamel.yaml.nodes import MappingNode, SequenceNode

    for code in codes.value:
        if not isinstance(code, MappingNode) or code.flow_style:
            continue
        for key, value in code.value:
            if isinstance(value, SequenceNode) and not value.flow_style:
                return int(value.start_mark.column - key.start_mark.column)
    return 0
