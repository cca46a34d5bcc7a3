"""Deterministic ids: the same input gives the same id on every machine, so exports can be compared."""

from __future__ import annotations

import hashlib
import json

ID_LENGTH = 16


def digest(*parts: object) -> str:
    """SHA-256 of the parts as canonical JSON, 64 hexadecimal characters.

    Parts are JSON values (strings, numbers, lists, dicts with string keys); their order counts, dict order
    does not.
    """
    canonical = json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def make_id(prefix: str, *parts: object) -> str:
    """A short id such as `s_1f0c...`: the prefix tells the kind, the rest is `digest(*parts)` shortened."""
    return f"{prefix}_{digest(*parts)[:ID_LENGTH]}"


def plain(text: str) -> str:
    """A text without regard to white space and case."""
    return " ".join(text.split()).casefold()
