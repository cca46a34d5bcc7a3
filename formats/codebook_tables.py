"""A codebook as CSV: one code a row, as spreadsheets read and write it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from intercoder.core.codebook import Codebook, CodeExample
from intercoder.core.codebooks.codebook_drafts import Draft, DraftCode, parent_name
from intercoder.core.errors import InputError
from intercoder.formats.codebook_yaml_reading import nearest
from intercoder.formats.delimited import read_cells
from intercoder.formats.harmless import plain_cell

COLUMNS = (
    "code_id",
    "label",
    "definition",
    "include",
    "exclude",
    "examples",
    "negative_examples",
    "parent",
    "kind",
    "pattern",
    "colour",
    "segments",
    "made_from",
)
JOINT = " | "
"""Between the items of a list; a bar in an item has a backslash in front."""
_BARS = re.compile(r"(\\*)\|")
_BETWEEN = re.compile(r"(?<!\\)(?:\\\\)*\|")
_MADE_FROM = re.compile(r"version (\d+) ([0-9a-f]*)")


def to_csv(book: Codebook) -> str:
    """The codebook as CSV; lists are joined by ` | `, formulas quoted as in the coded data."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for code in book.codes:
        row = {
            "code_id": code.id,
            "label": code.label,
            "definition": code.definition,
            "include": _joined(code.include),
            "exclude": _joined(code.exclude),
            "examples": _joined(example.text for example in code.examples),
            "negative_examples": _joined(example.text for example in code.negative_examples),
            "parent": parent_name(book, code),
            "kind": code.kind,
            "pattern": code.pattern,
            "colour": code.colour,
            "segments": book.counts.get(code.id, ""),
            "made_from": f"version {book.version} {book.hash}",
        }
        writer.writerow({name: plain_cell(_lines(value)) for name, value in row.items()})
    return out.getvalue()


def read_csv(path: Path) -> Draft:
    """Read a codebook from a csv or tsv file. A column that is not there changes nothing in codes that are known.

    Raises:
        InputError: See `read_cells`; also a column that is not known or no column of labels, a code without a
            label, a wrong kind, or rows made from several versions.
    """
    table = read_cells(path)
    for column in table.columns:
        if column not in COLUMNS:
            raise InputError(
                f"has a column {column!r}, which is not known.",
                where=f"{path}:header",
                remedy=nearest(column, COLUMNS, "Columns"),
            )
    if "label" not in table.columns:
        raise InputError(
            "has no column `label`.", where=f"{path}:header", remedy="Name the column of the labels so."
        )
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    version, digest = _made_from([row.get("made_from") or "" for row in rows], path)
    codes = tuple(_code(row, f"{path}:row {number}") for number, row in enumerate(rows, 1))
    return Draft(source=str(path), version=version, hash=digest, codes=codes)


def seen_in_cell(text: str) -> tuple[str, ...]:
    """How a text may read once it was written to a cell or a list in one."""
    lines = str(_lines(text))
    return (lines, lines.strip(), _uncovered(lines), _uncovered(lines).strip())


def _code(row: dict[str, str | None], where: str) -> DraftCode:
    said: dict[str, Any] = {name: _uncovered(cell or "") for name, cell in row.items()}
    for name in ("include", "exclude"):
        if name in said:
            said[name] = tuple(_parted(said[name]))
    for name in ("examples", "negative_examples"):
        if name in said:
            said[name] = tuple(CodeExample(text=text) for text in _parted(said[name]))
    if not said["label"].strip() and not said.get("code_id"):
        raise InputError("a code has no label.", where=f"{where}, column label", remedy="Write one.")
    if said.get("kind", "") not in ("", "model", "pattern"):
        raise InputError(
            f"the code {said['label']!r}: its kind is {said['kind']!r}.",
            where=f"{where}, column kind",
            remedy="Kinds are: model, pattern.",
        )
    said["id"] = said.pop("code_id", "")
    if "kind" in said:
        said["kind"] = said["kind"] or "model"
    for name in ("segments", "made_from"):
        said.pop(name, None)
    places = {name: f"{where}, column {name}" for name in said} | {"": where}
    return DraftCode(**said, places=places)


def _made_from(cells: list[str], path: Path) -> tuple[int | None, str]:
    said = {cell for cell in cells if cell.strip()}
    found = [_MADE_FROM.fullmatch(cell.strip()) for cell in said]
    if not said:
        return None, ""
    if len(said) > 1 or found[0] is None:
        raise InputError(
            "its rows do not say alike which version they were made from.",
            where=f"{path}: column made_from",
            remedy="Write the same in all of them as the export did, or take the column out.",
        )
    return int(found[0][1]), found[0][2]


def _lines(value: object) -> object:
    """A text with one kind of line end: a bare carriage return would end the row."""
    return re.sub("\r\n?", "\n", value) if isinstance(value, str) else value


def _joined(items: Iterable[str]) -> str:
    return JOINT.join(_BARS.sub(lambda match: f"{match[1] * 2}\\|", item) for item in items)


def _parted(cell: str) -> list[str]:
    parts, start = [], 0
    for match in _BETWEEN.finditer(cell):
        parts.append(cell[start : match.end() - 1])
        start = match.end()
    parts.append(cell[start:])
    items = (re.sub(r"(\\+)\|", lambda match: "\\" * (len(match[1]) // 2) + "|", part).strip() for part in parts)
    return [item for item in items if item]


def _uncovered(cell: str) -> str:
    """The cell without the apostrophe that keeps a formula from being one."""
    bare = cell.removeprefix("'")
    return bare if plain_cell(bare) == cell else cell
