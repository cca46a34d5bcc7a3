"""The list of revisions: those that wait, and on demand what became of the others."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from intercoder.cli.output import counted, one_line, print_json, print_table, shown_safely
from intercoder.core.codebook_words import in_words
from intercoder.core.revisions import FIELDS, Revision

if TYPE_CHECKING:
    from intercoder.core.revisions import RecordedRevision
    from intercoder.stores.study_folder import StudyFolder

WORDS = 60
"""Characters of a label."""
BOOK = "(codebook)"
"""Stands for the code of a revision that is about the book as a whole."""


def print_revisions(folder: StudyFolder, revisions: Sequence[RecordedRevision], *, json: bool) -> None:
    """Revisions by code, and what to type next."""
    if json:
        for one in revisions:
            print_json(as_json(one))
        return
    waiting = [one for one in revisions if one.status == "waiting"]
    answered = [one for one in revisions if one.status != "waiting"]
    if waiting:
        rows = [(one.number, _code(one), brief_change(one.revision), one.created_at) for one in _by_code(waiting)]
        print_table(("number", "code", "change", "proposed"), rows, title="Revisions that wait", right=("number",))
    if answered:
        rows = [(one.number, _code(one), brief_change(one.revision), told(one)) for one in _by_code(answered)]
        print_table(("number", "code", "change", "what became of it"), rows, title="Others", right=("number",))
    print_next(folder, waiting)


def print_next(folder: StudyFolder, waiting: Sequence[RecordedRevision]) -> None:
    """How many revisions wait, and what to type next."""
    if not waiting:
        print("No revision waits.")
        print(f"Next: intercoder run codevelop {folder.argument}")
        return
    verb = "waits" if len(waiting) == 1 else "wait"
    print(f"{counted(len(waiting), 'revision')} {verb} for an answer: {numbers(waiting)}.")
    print(f"Look at one: intercoder revisions {folder.argument} show {waiting[0].number}")
    print(f"Answer: intercoder revisions {folder.argument} approve|edit|reject NUMBER --note WHY")
    print(f"Then: intercoder run codevelop {folder.argument}")


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
    if one.version:
        parts.append(f"codebook version {one.version}")
    if one.problem:
        parts.append(f"could not be applied: {one_line(one.problem)}")
    if one.answer.note:
        parts.append(f"note: {one_line(one.answer.note)}")
    return "; ".join(parts)


def numbers(revisions: Iterable[RecordedRevision]) -> str:
    """`1, 2, 5`."""
    return ", ".join(str(one.number) for one in revisions)


def subject(one: RecordedRevision) -> str:
    """Labels of the codes that a revision is about as they stood."""
    codes = one.revision.before or one.revision.after
    return ", ".join(code.label for code in codes) or BOOK


def as_json(one: RecordedRevision) -> dict[str, Any]:
    """A revision with what became of it, as plain values; its texts are exact."""
    value: dict[str, Any] = json.loads(one.model_dump_json())
    return {"kind": "revision", "status": one.status, "change": brief_change(one.revision), **value}


def _code(one: RecordedRevision) -> str:
    return one_line(shown_safely(subject(one)), WORDS)


def _by_code(revisions: Iterable[RecordedRevision]) -> list[RecordedRevision]:
    """Revisions of one code together, codes in the order of their first revision."""
    groups: dict[str, list[RecordedRevision]] = {}
    for one in revisions:
        groups.setdefault(next(iter(one.revision.code_ids), ""), []).append(one)
    return [one for group in groups.values() for one in group]
