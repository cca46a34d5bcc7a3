"""Keeping material under study apart from instructions.

Material stands between two lines that carry a marker nobody outside the study can foretell: it is derived
from the study's secret and the segment, and it never occurs in the material itself. So no text can close
its own fence and go on as an instruction.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from itertools import count

from intercoder.prompts.material import Piece

MARKER_LENGTH = 8
"""Hexadecimal digits of a marker: enough that it cannot be guessed, few because each costs tokens."""
OPENING = "<<<{kind} {marker}>>>"
CLOSING = "<<<end {kind} {marker}>>>"


def marker_for(secret: str, segment_id: str, texts: Sequence[str]) -> str:
    """The fence's marker: HMAC-SHA256 of segment id and a counter, the first that is not in the texts.

    Args:
        secret: The study's secret.
        segment_id: The segment whose material is fenced.
        texts: Everything the marker must not occur in, upper or lower case.

    Returns:
        `MARKER_LENGTH` lower-case hexadecimal digits; the same arguments give the same ones.
    """
    lowered = [text.lower() for text in texts]
    key = secret.encode("utf-8", "surrogatepass")
    for counter in count():
        message = f"{segment_id}\x00{counter}".encode("utf-8", "surrogatepass")
        marker = hmac.new(key, message, hashlib.sha256).hexdigest()[:MARKER_LENGTH]
        if not any(marker in text for text in lowered):
            return marker
    raise AssertionError("count() does not end")  # pragma: no cover


def fenced(pieces: Sequence[Piece], marker: str) -> str:
    """The pieces, each between its own pair of lines with the marker, in the order given."""
    return "\n".join(_fenced_piece(piece, marker) for piece in pieces)


def _fenced_piece(piece: Piece, marker: str) -> str:
    opening = OPENING.format(kind=piece.kind, marker=marker)
    closing = CLOSING.format(kind=piece.kind, marker=marker)
    return f"{opening}\n{piece.text}\n{closing}"
