"""Where sentences begin, by the library sentencex, in linear time whatever the text."""

from __future__ import annotations

import re
from collections.abc import Iterator

WINDOW = 10_000
"""Code points handed to the library at once; on quotation marks that never close its time is quadratic."""
MARGIN = 200
"""A boundary this close to a window's end is decided again with more text behind it."""

_WIDE_SPACE = re.compile(r"[^\S\x00-\x7f]")
"""White space outside ASCII, read as a space: sentencex 1.0.32 panics where it stands beside an initial."""


def sentence_starts(paragraph: str, language: str) -> Iterator[int]:
    """Yield the offsets at which sentences begin, the first being 0.

    A paragraph of more than `WINDOW` code points is read window by window, each beginning with a sentence, so
    a quotation that spans windows may be cut where the library would have kept it whole.

    Args:
        paragraph: Text without blank lines and without lone surrogates.
        language: ISO 639-1 code; the library falls back to a related language or to general rules.
    """
    start, width = 0, WINDOW
    yield 0
    while start < len(paragraph):
        last = start + width >= len(paragraph)
        limit = len(paragraph) if last else width - MARGIN
        cuts = [cut for cut in _library_starts(paragraph[start : start + width], language) if 0 < cut <= limit]
        yield from (start + cut for cut in cuts)
        if last:
            return
        if cuts:
            start, width = start + cuts[-1], WINDOW
        else:
            width *= 2


def _library_starts(text: str, language: str) -> list[int]:
    from sentencex import get_sentence_boundaries

    return [boundary["start_index"] for boundary in get_sentence_boundaries(language, _WIDE_SPACE.sub(" ", text))]
