"""The list of revisions: those that wait, and on demand what became of the others."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from intercoder.cli.output import print_json, print_table
from intercoder.core.revising.revision_words import WORDS, brief_change, by_code, subject, told
from intercoder.core.shown import counted, one_line, shown_safely

if TYPE_CHECKING:
    from intercoder.core.revisions import RecordedRevision
    from intercoder.stores.study_folder import StudyFolder


def print_revisions(folder: StudyFolder, revisions: Sequence[RecordedRevision], *, json: bool) -> None:
    """Revisions by code, and what to type next."""
    if json:
        for one in revisions:
            print_json(as_json(one))
        return
    waiting = [one for one in revisions if one.status == "waiting"]
    answered = [one for one in revisions if one.status != "waiting"]
    if waiting:
        rows = [(one.number, _code(one), brief_change(one.revision), one.created_at) for one in by_code(waiting)]
        print_table(("number", "code", "change", "proposed"), rows, title="Revisions that wait", right=("number",))
    if answered:
        rows = [(one.number, _code(one), brief_change(one.revision), told(one)) for one in by_code(answered)]
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


def numbers(revisions: Iterable[RecordedRevision]) -> str:
    """`1, 2, 5`."""
    return ", ".join(str(one.number) for one in revisions)


def as_json(one: RecordedRevision) -> dict[str, Any]:
    """A revision with what became of it, as plain values; its texts are exact."""
    value: dict[str, Any] = json.loads(one.model_dump_json())
    return {"kind": "revision", "status": one.status, "change": brief_change(one.revision), **value}


def _code(one: RecordedRevision) -> str:
    return one_line(shown_safely(subject(one)), WORDS)
