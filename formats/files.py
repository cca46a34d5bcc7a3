"""Is there a file, may it be read, and is it text at all?"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from intercoder.core.errors import InputError

HEAD = 8192
"""Bytes looked at to tell text from other files."""

_SIGNATURES = {
    b"PK\x03\x04": "a zip archive or an office document (docx, xlsx, odt)",
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an old office document (doc, xls)",
    b"{\\rtf": "rich text (rtf)",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"\x1f\x8b": "a gzip archive",
    b"SQLite format 3": "a SQLite database",
}
_CONTROLS = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")
_UTF16_OR_32 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_MANY = 0.3
"""Share of control bytes above which a file is not text."""


def check_file(path: Path, *, known_encoding: bool = False) -> None:
    """Refuse what is not a file of text.

    Args:
        path: The file.
        known_encoding: The encoding was given, so that NUL and control bytes prove nothing.

    Raises:
        InputError: Missing, a directory, not a regular file, empty, or binary.
        OSError: It cannot be read; see `told`.
    """
    check_exists(path)
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    if not head:
        raise empty(path)
    kind = _kind(head, known_encoding)
    if kind:
        raise InputError(
            f"is {kind}, not text.",
            where=str(path),
            remedy="Convert it first: save or export it as text (txt, md, csv or jsonl, UTF-8).",
        )


def check_exists(path: Path) -> None:
    """Refuse what is no file, whatever is in it.

    Raises:
        InputError: Missing, a directory, or not a regular file.
        OSError: It cannot be told; see `told`.
    """
    if path.is_dir():
        raise InputError(
            "is a directory, not a file.", where=str(path), remedy=f"Name the files in it: {path}/*.txt"
        )
    if not path.exists():
        raise InputError("there is no such file.", where=str(path), remedy="Check the name and the folder.")
    if not path.is_file():
        raise InputError("is not a regular file.", where=str(path), remedy="Save its content to a file first.")


def empty(path: Path) -> InputError:
    """The error for a file with nothing in it."""
    return InputError("the file is empty.", where=str(path), remedy="Leave it out, or check that it was saved.")


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals into errors for the user.

    Raises:
        InputError: Instead of an OSError.
    """
    try:
        yield
    except PermissionError as error:
        raise InputError(
            "may not be read by you.", where=str(path), remedy="Give yourself permission to read it."
        ) from error
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror or error}.", where=str(path), remedy="Check the name and the disk."
        ) from error


def _kind(head: bytes, known_encoding: bool) -> str:
    """What the bytes are if they are not text, else empty."""
    for signature, kind in _SIGNATURES.items():
        if head.startswith(signature):
            return kind
    if known_encoding or head.startswith(_UTF16_OR_32):
        return ""
    controls = len(_CONTROLS.findall(head))
    if controls > _MANY * len(head) or (b"\0" in head and not _is_utf8(head)):
        return "a binary file"
    return ""


def _is_utf8(head: bytes) -> bool:
    """Whether the head of a file is UTF-8, apart from a character that its end may cut."""
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return len(head) == HEAD and error.end == HEAD and error.reason == "unexpected end of data"
    return True
