"""What deductive coding works with: decisions about codes as tables, and the pieces of its rounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from intercoder.core.decisions import Role, Value
from intercoder.core.record import Record


class CoderValues(Record):
    """What one coder decided, code by code: the form in which deductive coders are tested and compared."""

    name: str
    role: Role
    values: Mapping[str, Mapping[str, Value]]
    """Code id -> segment id -> `yes`, `no` or `unsure`, in document order. What was not decided is no key.

    Of an exclusive book, a chosen code is `yes` and every other `no`.
    """

    def of(self, code_id: str) -> Mapping[str, Value]:
        """Segment id -> decision about one code; empty where the coder never decided about it."""
        return self.values.get(code_id, {})


class Round(Record):
    """What one round of a deductive run codes."""

    number: int
    codebook_version: int
    codes: tuple[str, ...]
    """Ids of the codes that are coded in it."""


class RecordedAnswer(Record):
    """What somebody decided earlier about a code on a segment, as a table tells it."""

    value: Literal["yes", "no", "unsure"]
    code_id: str = ""
    """The chosen code; only where the answer is a choice in an exclusive book."""
    reason: str = ""
    quote: str = ""
