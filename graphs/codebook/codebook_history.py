"""The history of a study's codebook in words: who made each version, when, and what changed."""

from __future__ import annotations

from collections.abc import Sequence

from intercoder.core.codebook import Codebook
from intercoder.core.codebooks.codebook_diff import diff
from intercoder.core.codebooks.codebook_words import Change, briefly, in_words
from intercoder.core.record import Record
from intercoder.graphs.codebook.codebook_edits import latest_or_empty
from intercoder.stores.codebooks.code_origins import CodeOrigins, code_origins
from intercoder.stores.codebooks.codebook_versions import list_versions
from intercoder.stores.codebooks.codebooks import read_version
from intercoder.stores.database import reading
from intercoder.stores.study_folder import StudyFolder


class VersionLine(Record):
    """A version on one line."""

    version: int
    by: str
    """Who made it: a person or a run."""
    created_at: str
    codes: int
    changed: str
    """What it changed, such as `1 added, 2 renamed`."""

    @property
    def when(self) -> str:
        """When it was made, to the minute, UTC."""
        return self.created_at.removesuffix("Z").replace("T", " ")[:16]


class CodebookView(Record):
    """The newest version with all that is known of it, but for counts."""

    book: Codebook
    """An empty one numbered 0 where there is none."""
    origins: CodeOrigins
    versions: tuple[VersionLine, ...]
    """Oldest first."""


def codebook_view(folder: StudyFolder, known: CodebookView | None = None) -> CodebookView:
    """The newest version as it is shown; what was seen before, where there is no newer one."""
    book = latest_or_empty(folder)
    if known is not None and known.book.version == book.version:
        return known
    return CodebookView(
        book=book,
        origins=code_origins(folder.engine, folder.study.id, book),
        versions=tuple(history(folder, known.versions if known else ())),
    )


def history(folder: StudyFolder, known: Sequence[VersionLine] = ()) -> list[VersionLine]:
    """All versions, oldest first.

    Args:
        folder: The study.
        known: The first of them, as they were told before: versions never change, so only what follows is read.
    """
    # The last known one is read again: what came after it is told by the difference.
    last = known[-1].version if known else 0
    lines = list(known)
    before = Codebook(version=0)
    for one in list_versions(folder.engine, folder.study.id, max(last - 1, 0)):
        if one.book.version > last:
            changed = briefly(diff(before, one.book)) or "nothing"
            lines.append(
                VersionLine(
                    version=one.book.version,
                    by=one.by,
                    created_at=one.created_at,
                    codes=len(one.book.codes),
                    changed=changed,
                )
            )
        before = one.book
    return lines


def changes_between(before: Codebook, after: Codebook) -> list[Change]:
    """What is different in another version, in words."""
    labels = {code.id: code.label for book in (before, after) for code in book.codes}
    return in_words(diff(before, after), labels)


def compared(folder: StudyFolder, first: int, second: int) -> list[Change]:
    """What is different in a second version, in words; 0 is a book without codes."""
    with reading(folder.engine) as connection:
        before, after = (
            read_version(connection, folder.study.id, number) if number else Codebook(version=0)
            for number in (first, second)
        )
    return changes_between(before, after)
