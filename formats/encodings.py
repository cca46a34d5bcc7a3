"""Which encoding bytes are in: a byte order mark, UTF-8, or the best guess of charset-normalizer."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from intercoder.core.errors import InputError

BLOCK = 1 << 20
"""Bytes read at once."""
SAMPLE = 1 << 16
"""Bytes shown to the detector: lines that hold bytes outside ASCII, the only ones that tell."""

_MARKS = (  # UTF-32's little-endian mark begins with UTF-16's
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_USUAL = ("cp1252", "mac_roman")
"""Preferred where nothing tells them from the detector's first choice: what office programs write."""
_TOLERANCE = 0.1
"""How much messier, by the detector's measure of chaos (0 to 1), a usual encoding may look."""

_DOS = re.compile(r"cp(?:[478]\d\d|1006|1125)|hp_roman8")
"""Code pages from before Windows: they make letters of any bytes, and text is hardly ever in them: tried last."""
_TYPOGRAPHY = frozenset("€…‘’“”•–—™\u00a0£§©«®°·»½".encode("cp1252"))
"""Marks of English office text. Where they are all there is beyond ASCII the detector has too little to go on."""
_TELLING_LINE = re.compile(rb"[^\n]*[\x80-\xff][^\n]*\n?")
_UNDECODED = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def marked_encoding(path: Path) -> str | None:
    """The encoding that the file's byte order mark names; None without one."""
    with path.open("rb") as stream:
        head = stream.read(4)
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)


def check_encoding(name: str) -> str:
    """The Python name of a text encoding.

    Raises:
        InputError: Unknown, or not an encoding of text.
    """
    try:
        "".encode(name)
        return codecs.lookup(name).name
    except (LookupError, ValueError, UnicodeError) as error:
        raise InputError(
            f"there is no encoding called {name!r}.", remedy="Use a name such as utf-8, cp1252 or utf-16."
        ) from error


def decoded(path: Path, encoding: str, errors: str = "strict") -> Iterator[str]:
    """The file's text in blocks, line ends as they are.

    Raises:
        UnicodeDecodeError: The bytes are not in this encoding. `start` counts from the beginning of the file.
    """
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    done = 0
    with path.open("rb") as stream:
        while True:
            block = stream.read(BLOCK)
            pending = len(decoder.getstate()[0])
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                error.start += done - pending
                error.end += done - pending
                raise
            yield text
            if not block:
                return
            done += len(block)


def is_damaged_utf8(path: Path) -> bool:
    """Whether a file that is not UTF-8 mostly is: more characters outside ASCII decode than bytes do not."""
    good = bad = 0
    for text in decoded(path, "utf-8", "surrogateescape"):
        undecoded = len(_UNDECODED.findall(text))
        good += len(_BEYOND_ASCII.findall(text)) - undecoded
        bad += undecoded
    return good > bad


def guess(path: Path) -> list[str]:
    """Encodings the file may be in, the likeliest first, by charset-normalizer.

    Single-byte encodings of western Europe look alike on short texts, and the detector then answers in
    alphabetical order; where a usual one fits as well, it goes first. Unicode is never guessed: it is
    recognised for certain or not at all.
    """
    from charset_normalizer import from_bytes

    sample = _sample(path)
    if _TYPOGRAPHY.issuperset(byte for byte in sample if byte > 127):
        return ["cp1252"]
    candidates = [
        _Candidate(name, match.chaos, match.coherence)
        for match in from_bytes(sample)
        for name in (match.encoding, *match.could_be_from_charset)
        if not name.startswith("utf")
    ]
    candidates.sort(key=lambda candidate: _DOS.fullmatch(candidate.name) is not None)
    return list(dict.fromkeys([*_usual(candidates), *(candidate.name for candidate in candidates)]))


class _Candidate(NamedTuple):
    name: str
    chaos: float
    coherence: float


def _usual(candidates: Sequence[_Candidate]) -> list[str]:
    if not candidates:
        return []
    best = candidates[0]
    fitting = {
        candidate.name
        for candidate in candidates
        if candidate.chaos <= best.chaos + _TOLERANCE and candidate.coherence >= best.coherence
    }
    return [name for name in _USUAL if name in fitting]


def _sample(path: Path) -> bytes:
    sample = bytearray()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(BLOCK), b""):
            for line in _TELLING_LINE.finditer(block):
                sample += line[0]
                if len(sample) >= SAMPLE:
                    return bytes(sample[:SAMPLE])
    return bytes(sample)
