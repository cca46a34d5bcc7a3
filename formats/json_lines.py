"""JSON Lines: one object a line, one document an object."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NoReturn

from intercoder.core.documents import Document
from intercoder.core.errors import InputError
from intercoder.core.record import AttributeValue
from intercoder.formats.decoding import TextFile, find_text
from intercoder.formats.options import ReadOptions, ReadReport
from intercoder.formats.table import Row, choose_columns, read_rows

MAX_INT = 2**63 - 1
"""Whole numbers beyond this, or below its negative, are kept as text: databases hold no larger ones."""
_UNUSABLE = re.compile("[\0\ud800-\udfff]")


class JsonLines:
    """Reads jsonl files. Values keep their JSON type; lists and objects become JSON text."""

    extensions: tuple[str, ...] = (".jsonl", ".ndjson")

    def read(self, path: Path, options: ReadOptions, report: ReadReport) -> Iterator[Document]:
        """Yield a document for every object with text, holding one line at a time.

        The file is read several times, as tables are; all that is wrong with its form is known before the
        first document is out. Objects may have different fields; columns are all that occur.

        Raises:
            InputError: See `find_text`, `choose_columns` and `read_rows`; also a line that is not one JSON
                object, a field that stands twice in one, NUL characters or lone surrogates.
        """
        file = find_text(path, options.encoding, report)
        available: dict[str, None] = {}
        for row in _rows(file):
            available.update(dict.fromkeys(row.values))
        if not available:
            raise InputError("has no objects with fields.", where=str(path), remedy="Check that it was saved.")
        columns = choose_columns(tuple(available), options, path)
        yield from read_rows(partial(_rows, file, columns.text), columns, path, report)


def _rows(file: TextFile, text: str | None = None) -> Iterator[Row]:
    """Read the file from its beginning; blank lines count as rows, so a row's number is its line's.

    Raises:
        InputError: A line is not an object that can be used, or its field `text` is something else than text.
    """
    with file.open() as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            where = f"{file.path}:row {number}"
            content = _object(line, where)
            if text is not None and not isinstance(content.get(text), str | None):
                raise InputError(
                    f"the text is {json.dumps(content[text])[:40]}, which is not a string.",
                    where=f"{where}:{text}",
                    remedy="Put it in quotation marks, or choose another column with --text-column NAME.",
                )
            values = {_usable(name, where): _value(value, f"{where}:{name}") for name, value in content.items()}
            yield Row(number, values)


def _object(line: str, where: str) -> dict[str, object]:
    try:
        content = json.loads(line, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"is not JSON: {error}.", where=where, remedy="Write one JSON object on every line."
        ) from error
    if not isinstance(content, dict):
        raise InputError(
            f"is JSON but not an object: {line.strip()[:40]}",
            where=where,
            remedy='Write one object on every line, as in {"text": "..."}.',
        )
    return content


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a field stands twice in one object")
    return fields


def _value(value: object, where: str) -> AttributeValue:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= MAX_INT else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return _usable(text, where)


def _usable(text: str, where: str) -> str:
    """Text that can be stored and sent, line ends made LF; escapes in JSON can write some that cannot.

    Raises:
        InputError: It holds a NUL character or a lone surrogate; the place is named.
    """
    bad = _UNUSABLE.search(text)
    if bad:
        kind = "a NUL character" if bad[0] == "\0" else "half of a surrogate pair"
        raise InputError(
            f"holds {kind} (\\u{ord(bad[0]):04x}) at character {bad.start()}.",
            where=where,
            remedy="Remove it, or write the file again from its source.",
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")
