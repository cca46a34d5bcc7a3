"""The coded data set as JSON lines, CSV or Markdown, written as it streams by."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from typing import TextIO

from intercoder.core.coding.coded_lines import COLUMNS, Line
from intercoder.formats.csv_lines import CsvLines
from intercoder.formats.harmless import plain_cell, plain_markdown


def write_jsonl(lines: Iterable[Line], out: TextIO) -> int:
    """One JSON object a line, keys in a fixed order. Returns the number of lines."""
    count = 0
    for count, line in enumerate(lines, 1):  # noqa: B007
        out.write(json.dumps(line, ensure_ascii=False) + "\n")
    return count


def write_csv(lines: Iterable[Line], out: TextIO, columns: tuple[str, ...] = COLUMNS) -> int:
    """CSV with a header. Text that a spreadsheet would take for a formula is quoted by an apostrophe."""
    writer = csv.DictWriter(CsvLines(out), columns)
    writer.writerow({name: plain_cell(name) for name in columns})
    count = 0
    for count, line in enumerate(lines, 1):  # noqa: B007
        writer.writerow({name: plain_cell(value) for name, value in line.items()})
    return count


def write_markdown(lines: Iterable[Line], out: TextIO) -> int:
    """A reading copy: each segment with the codes that stand for it, their reasons and quotes."""
    count = 0
    document = segment = None
    for count, line in enumerate(lines, 1):  # noqa: B007
        if line["document"] != document:
            document = line["document"]
            out.write(f"# {plain_markdown(str(document))}\n\n")
        if line["segment_id"] != segment:
            segment = line["segment_id"]
            text = "\n> ".join(plain_markdown(part) for part in str(line["text"]).split("\n"))
            out.write(f"> {text}\n\n")
        out.write(_item(line))
    return count


def _item(line: Line) -> str:
    who = f"{line['coder']} ({line['role']})"
    if line["label"] is None:
        return f"- nothing to code, {who}\n\n"
    label = plain_markdown(str(line["label"]))
    code = f" → **{plain_markdown(str(line['code']))}**" if line["code"] and line["code"] != line["label"] else ""
    said = f": {line['value']}" if line.get("value") else ""
    reason = f": {plain_markdown(str(line['reason']))}" if line["reason"] else ""
    unverified = " (quote not found)" if line["verified"] is False else ""
    return f"- **{label}**{code}{said}, {who}{reason}{unverified}\n\n"
