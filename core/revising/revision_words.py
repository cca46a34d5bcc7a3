"""Revisions in words: what one changes, which codes it is about, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable

from intercoder.core.codebooks.codebook_words import in_words
from intercoder.core.revisions import FIELDS, RecordedRevision, Revision
from intercoder.core.shown import one_line

WORDS = 60
"""Characters of a label or a name."""
BOOK = "(codebook)"
"""Stands for the code of a revision that is about the book as a whole."""


def brief_change(revision: Revision, longest: int = 100) -> str:
    """What a revision changes on one line, such as `include rule added: repairs for others`."""
    if revision.before and revision.before == revision.after:
        return f"{revision.kind.replace('_', ' ')} (no change)"
    lines = [line for change in in_words([revision]) for line in change.lines]
    said = next((line.text for line in lines if not line.sign), revision.kind)
    come = next((line.text for line in lines if line.sign == "+"), "")
    return one_line(f"{said}: {come}" if come and revision.kind in FIELDS else said, longest)


def told(one: RecordedRevision) -> str:
    """What became of a revision: by whom, when, in which version; or why it was dropped."""
    if one.dropped:
        return one_line(f"dropped: {one.dropped}")
    if one.status == "undone":
        return f"waits no more: a new run was begun in place of {one.revision.run}"
    if one.answer is None:
        return "waits for an answer"
    parts = [f"{one.status} by {one_line(one.answer.by, WORDS)} at {one.answered_at}"]
    if one.confirmed_by:
        parts.append(f"confirmed by {one_line(one.confirmed_by, WORDS)}")
    if one.version:
        parts.append(f"codebook version {one.version}")
    if one.problem:
        parts.append(f"could not be applied: {one_line(one.problem)}")
    if one.answer.note:
        parts.append(f"note: {one_line(one.answer.note)}")
    return "; ".join(parts)


def subject(one: RecordedRevision) -> str:
    """Labels of the codes that a revision is about as they stood."""
    codes = one.revision.before or one.revision.after
    return ", ".join(code.label for code in codes) or BOOK


def by_code(revisions: Iterable[RecordedRevision]) -> list[RecordedRevision]:
    """Revisions of one code together, codes in the order of their first revision."""
    groups: dict[str, list[RecordedRevision]] = {}
    for one in revisions:
        groups.setdefault(next(iter(one.revision.code_ids), ""), []).append(one)
    return [one for group in groups.values() for one in group]
