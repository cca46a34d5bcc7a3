"""A codebook as YAML, CSV or Markdown, for people and version control."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

from intercoder.core.codebook import Code, Codebook
from intercoder.formats.harmless import plain_cell, plain_markdown

_LINE_ENDS = re.compile("[\x85\u2028\u2029]")

CSV_COLUMNS = ("code_id", "label", "definition", "include", "exclude", "examples", "parent", "segments")


def to_yaml(book: Codebook) -> str:
    """The codebook as YAML; number and hash stand in its head so that an edited file can be compared."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 1_000_000  # a folded line would lose control characters
    yaml.allow_unicode = True
    out = io.StringIO()
    out.write("# A codebook exported by intercoder. Editing this file changes nothing by itself.\n")
    content: dict[str, Any] = {
        "version": book.version,
        "hash": book.hash,
        "run": book.run,
        "codes": [_entry(code, book.counts.get(code.id)) for code in book.codes],
    }
    yaml.dump(content, out)
    return out.getvalue()


def to_csv(book: Codebook) -> str:
    """The codebook as CSV, one code a line; lists are joined by ` | `, formulas quoted as in the coded data."""
    out = io.StringIO()
    writer = csv.DictWriter(out, CSV_COLUMNS, lineterminator="\n")
    writer.writeheader()
    for code in book.codes:
        row = {
            "code_id": code.id,
            "label": code.label,
            "definition": code.definition,
            "include": " | ".join(code.include),
            "exclude": " | ".join(code.exclude),
            "examples": " | ".join(example.text for example in code.examples),
            "parent": code.parent,
            "segments": book.counts.get(code.id, ""),
        }
        writer.writerow({name: plain_cell(value) for name, value in row.items()})
    return out.getvalue()


def to_markdown(book: Codebook) -> str:
    """The codebook as Markdown, most used codes first."""
    lines = [f"# Codebook, version {book.version}", ""]
    for code in by_use(book):
        lines += [f"## {plain_markdown(code.label)}", ""]
        if code.id in book.counts:
            lines += [f"{book.counts[code.id]} segments", ""]
        if code.definition:
            lines += [plain_markdown(code.definition), ""]
        lines += [f"> {plain_markdown(example.text)}" for example in code.examples]
        lines += [""] if code.examples else []
    return "\n".join(lines).rstrip() + "\n"


def by_use(book: Codebook) -> list[Code]:
    """Codes with the most used first; equally used ones in order of age."""
    return sorted(book.codes, key=lambda code: -book.counts.get(code.id, 0))


def _entry(code: Code, segments: int | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": code.id, "label": _scalar(code.label)}
    if code.definition:
        entry["definition"] = _scalar(code.definition)
    for name in ("include", "exclude"):
        if getattr(code, name):
            entry[name] = [_scalar(rule) for rule in getattr(code, name)]
    if code.examples:
        entry["examples"] = [_scalar(example.text) for example in code.examples]
    if code.parent:
        entry["parent"] = code.parent
    if segments is not None:
        entry["segments"] = segments
    return entry


def _scalar(text: str) -> str:
    """The text; with escapes where it holds line ends that YAML would read as spaces."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    return DoubleQuotedScalarString(text) if _LINE_ENDS.search(text) else text
