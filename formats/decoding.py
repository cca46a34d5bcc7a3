"""From a file's bytes to its text: encoding found, byte order mark dropped, line ends LF, all else kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from intercoder.core.errors import InputError
from intercoder.formats.encodings import check_encoding, decoded, guess, is_damaged_utf8, marked_encoding
from intercoder.formats.files import check_file, told
from intercoder.formats.options import ReadReport

_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ZERO_WIDTH = re.compile("[\u180e\u200b-\u200d\u2060-\u2064\ufeff]")
_EMOJI_JOINER = re.compile("[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]\u200d")
"""A joiner after an emoji is part of how that emoji is written, not something hidden."""


@dataclass(frozen=True)
class TextFile:
    """A file whose whole content was decoded once and found to be text."""

    path: Path
    encoding: str

    @contextmanager
    def open(self) -> Iterator[TextIO]:
        """Open it for reading: no byte order mark, every line end (CRLF, CR) made LF."""
        with told(self.path), self.path.open(encoding=self.encoding, newline=None) as stream:
            yield stream


def find_text(path: Path, encoding: str | None, report: ReadReport) -> TextFile:
    """Find out how to read a file as text, in one pass over it that holds a block at a time.

    UTF-8, with or without a byte order mark, and UTF-16 and UTF-32 with one are recognised for certain;
    anything else is detected and noted in the report, and so are invisible characters.

    Args:
        path: The file.
        encoding: Its encoding; None to find out.
        report: Where notes go.

    Raises:
        InputError: There is no such file of text (see `check_file`), the encoding is unknown or the bytes are
            not in it, none is found, UTF-8 with damaged places, or NUL characters. The line is named.
    """
    given = check_encoding(encoding) if encoding else None
    with told(path):
        check_file(path, known_encoding=given is not None)
        report.encoding = _read_as(path, given, report)
    return TextFile(path, report.encoding)


def _read_as(path: Path, given: str | None, report: ReadReport) -> str:
    """The encoding in which the whole file decodes."""
    certain = _certain(given, marked_encoding(path))
    try:
        _survey(path, certain, report)
        return certain
    except UnicodeDecodeError as error:
        if given or certain != "utf-8" or is_damaged_utf8(path):
            raise _undecodable(path, certain, error.start) from error
    for candidate in guess(path):
        try:
            _survey(path, candidate, report)
        except UnicodeDecodeError:
            continue
        report.note(f"is not UTF-8; read as {candidate}, which was detected: check accents and quotation marks.")
        return candidate
    raise InputError(
        "is in no encoding that could be detected.", where=str(path), remedy="Save it as UTF-8 text first."
    )


def _certain(given: str | None, marked: str | None) -> str:
    """The encoding to try first; the mark's where both are of one family, so that the mark is dropped."""
    if given and marked and given.split("-")[:2] == marked.split("-")[:2]:
        return marked
    return given or marked or "utf-8"


def _survey(path: Path, encoding: str, report: ReadReport) -> None:
    """Decode the whole file, refuse NULs, and note characters that do not show.

    Raises:
        UnicodeDecodeError: It is not in this encoding.
        InputError: It holds NUL characters.
    """
    bidi = zero_width = lines = 0
    for text in decoded(path, encoding):
        nul = text.find("\0")
        if nul >= 0:
            raise InputError(
                "holds a NUL character.",
                where=f"{path}:line {lines + text.count(chr(10), 0, nul) + 1}",
                remedy="Remove it; if the file is UTF-16 without a byte order mark, save it as UTF-8.",
            )
        lines += text.count("\n")
        if not text.isascii():
            bidi += len(_BIDI.findall(text))
            zero_width += len(_ZERO_WIDTH.findall(text)) - len(_EMOJI_JOINER.findall(text))
    counts = (_counted(bidi, "bidirectional control character"), _counted(zero_width, "zero-width character"))
    found = " and ".join(count for count in counts if count)
    if found:
        report.note(f"contains {found}; kept, shown escaped.")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}" if count else ""


def _undecodable(path: Path, encoding: str, offset: int) -> InputError:
    """The error for bytes that are not in the encoding that the file is in otherwise."""
    line = 1
    with path.open("rb") as stream:
        for start in range(0, offset, 1 << 20):
            line += stream.read(min(1 << 20, offset - start)).count(b"\n")
        byte = stream.read(1).hex()
    return InputError(
        f"is not all {encoding}: byte 0x{byte} does not belong there.",
        where=f"{path}:line {line}",
        remedy="Mend that place, or save the file as UTF-8 again from the program that made it.",
    )
