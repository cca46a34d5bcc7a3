"""Answers about given codes as tables bring them: people's codings, and recorded answers of coders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from intercoder.core.decisions import Value
from intercoder.core.errors import InputError
from intercoder.core.record import Record

LISTED = 20
"""Problems of a file that are told at once."""


class Place(NamedTuple):
    """How a table names a segment: by id, by its document's name, or by the row key of an imported table."""

    segment_id: str = ""
    document: str = ""
    key: str = ""

    def __str__(self) -> str:
        if self.segment_id:
            return f"segment {self.segment_id!r}"
        named = f"document {self.document!r}" if self.document else ""
        return named or f"id {self.key!r}"


class Located(NamedTuple):
    """Places that were found in a study, and what is wrong with the others."""

    segments: dict[Place, tuple[str, ...]]
    """Ids of the segments that a place names; several where a document is one segment in several ways."""
    problems: dict[Place, str]


class AnswerRow(Record):
    """One answer of a table of recorded answers, its segment and code as the table names them."""

    where: str
    """File and row, for messages."""
    place: Place
    code: str
    """Label or id; empty for an exclusive book's `unsure`."""
    value: Value
    """Empty where the table has no column for it: the code is the chosen one of an exclusive book."""
    attempt: int = 1
    """1 for the first answer, 2 for the answer when asked again."""
    reason: str = ""
    quote: str = ""


class HumanCoding(Record):
    """What a person decided about one code of one segment; in an exclusive book, which code they chose."""

    coder: str
    segment_id: str
    code_id: str | None
    """None in an exclusive book where the person is unsure."""
    code_revision: int | None
    label: str | None
    value: Literal["yes", "no", "unsure"]
    position: int = 0
    """The code's place among those of the book that are coded."""
    codebook_version: int
    exclusive: bool = False

    @property
    def question(self) -> tuple[str, str, str]:
        """Coder, segment and code, or no code in an exclusive book: what one value is given for."""
        return self.coder, self.segment_id, "" if self.exclusive else self.code_id or ""


class HumanMemo(Record):
    """What a person noted about a segment."""

    coder: str
    segment_id: str
    text: str


class CodedSheet(Record):
    """What people filled in, matched with the study."""

    codings: tuple[HumanCoding, ...]
    memos: tuple[HumanMemo, ...]
    blank: tuple[tuple[str, str, str], ...]
    """Questions (see `HumanCoding.question`) that a sheet asks and that were left blank."""


def refuse(where: str, problems: Sequence[str], remedy: str) -> None:
    """Refuse a file for all that is wrong with it, the first so many problems listed; nothing if there is none.

    Raises:
        InputError: There are problems.
    """
    if not problems:
        return
    if len(problems) == 1:
        raise InputError(problems[0], where=where, remedy=remedy)
    listed = "".join(f"\n  {problem}" for problem in problems[:LISTED])
    more = f"\n  and {len(problems) - LISTED:,} more" if len(problems) > LISTED else ""
    raise InputError(f"{len(problems):,} problems; nothing was taken.{listed}{more}", where=where, remedy=remedy)
