"""Two people's changes to one codebook: which fit together, and where they do not, what each said."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.codebook_diff import diff
from intercoder.core.codebooks.codebook_words import LISTS
from intercoder.core.record import Record
from intercoder.core.revising.applying import apply
from intercoder.core.revisions import FIELDS, Revision, RevisionConflict

WIDTH = 78


class Conflict(Record):
    """A place where the latest version and a person's book both differ from what the book was made from."""

    code_id: str
    label: str
    field: str
    """What it is about: a field of a code, `code` for the whole of it, or `settings` or `order`."""
    base: str
    mine: str
    latest: str
    version: int = 0
    """The version in which it was changed; 0 if that cannot be told."""
    by: str = ""


def conflicts(base: Codebook, mine: Codebook, history: Sequence[tuple[Codebook, str]]) -> list[Conflict]:
    """Where changes do not fit the latest version.

    Args:
        base: The version that the book was made from.
        mine: The book.
        history: Later versions in order, each with who made it; the last is the latest.
    """
    latest = history[-1][0] if history else base
    found: list[Conflict] = []
    for revision in diff(base, mine):
        try:
            latest = apply(latest, [revision])
        except RevisionConflict as conflict:
            found.append(_told(conflict, revision, base, mine, history))
    return found


def conflict_text(conflict: Conflict, base: int, latest: int) -> str:
    """A conflict in lines: what was said in the version the file was made from, in the file, and now."""
    who = f" (changed by {conflict.by} in version {conflict.version})" if conflict.version else ""
    about = f"{conflict.label}: {conflict.field}" if conflict.label else conflict.field
    sides = (
        (f"version {base}", conflict.base),
        ("your file", conflict.mine),
        (f"version {latest}{who}", conflict.latest),
    )
    lines = [f"  {about}"]
    for name, text in sides:
        lines.append(f"    {name}:")
        for line in (text or "(nothing)").split("\n"):
            lines += textwrap.wrap(line, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6) or [""]
    return "\n".join(lines)


def _told(
    conflict: RevisionConflict,
    revision: Revision,
    base: Codebook,
    mine: Codebook,
    history: Sequence[tuple[Codebook, str]],
) -> Conflict:
    field = conflict.field or (revision.kind if revision.kind in ("settings", "order") else "code")
    was = base.code(conflict.code_id)
    books = [base, mine, history[-1][0]]
    version, by = last_change(field, conflict.code_id, base, history)
    sides = dict(
        zip(("base", "mine", "latest"), (said(book, conflict.code_id, field) for book in books), strict=True)
    )
    label = was.label if was else next((one.label for one in revision.after if one.id == conflict.code_id), "")
    return Conflict(code_id=conflict.code_id, label=label, field=field, version=version, by=by, **sides)


def last_change(
    field: str, code_id: str, base: Codebook, history: Sequence[tuple[Codebook, str]]
) -> tuple[int, str]:
    """The last version that changed what a book says, and who made it; 0 and nobody if none did.

    Args:
        field: A field of a code, `code` for the whole of it, or `settings` or `order`.
        code_id: The code; empty where the field is the book's.
        base: The book that the history begins after.
        history: Later versions in order, each with who made it.
    """
    before, found = said(base, code_id, field), (0, "")
    for book, by in history:
        now = said(book, code_id, field)
        if now != before:
            found = (book.version, by)
        before = now
    return found


def said(book: Codebook, code_id: str, field: str) -> str:
    """What a book says about a field, in words."""
    if field == "settings":
        return f"exclusive: {book.exclusive}, allow_unsure: {book.allow_unsure}".lower()
    if field == "order":
        return ", ".join(code.label for code in book.codes)
    code = book.code(code_id)
    if code is None:
        return "(the code is not there)"
    if field != "code":
        return _value(book, code, field)
    names = ("label", *(name for fields in FIELDS.values() for name in fields if name != "label"))
    return "\n".join(f"{name}: {_value(book, code, name)}" for name in names if _shown(code, name))


def _shown(code: Code, name: str) -> bool:
    return bool(getattr(code, name)) and (name, code.kind) != ("kind", "model")


def _value(book: Codebook, code: Code, field: str) -> str:
    value = getattr(code, field)
    if field == "parent":
        parent = book.code(value)
        return parent.label if parent else str(value)
    if field in {name for name, _ in LISTS.values()}:
        return "\n".join(f"- {item if isinstance(item, str) else item.text}" for item in value)
    return str(value)
