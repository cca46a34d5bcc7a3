"""Applying revisions to a codebook; one that does not fit any more is a conflict, never a silent overwrite."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from intercoder.core.codebook import Code, Codebook
from intercoder.core.revisions import (
    FIELDS,
    LISTS,
    BookSettings,
    Revision,
    RevisionConflict,
    same_text,
    with_fields,
)


def apply(book: Codebook, revisions: Iterable[Revision]) -> Codebook:
    """The book with all revisions applied in order. Version number, counts and revision numbers stay as they are.

    Raises:
        RevisionConflict: A revision's text, code or place is not there any more, or an id is there twice.
    """
    for revision in revisions:
        book = _applied(book, revision)
    return book


def _applied(book: Codebook, revision: Revision) -> Codebook:
    if revision.kind == "settings":
        return _with_settings(book, revision)
    if revision.kind == "order":
        return _ordered(book, revision)
    if revision.kind in FIELDS:
        return _with_fields(book, revision)
    return _restructured(book, revision)


def _with_settings(book: Codebook, revision: Revision) -> Codebook:
    if revision.settings_before != BookSettings(exclusive=book.exclusive, allow_unsure=book.allow_unsure):
        raise RevisionConflict(revision, "the book's settings were changed meanwhile.")
    return book.model_copy(update=revision.settings_after.model_dump() if revision.settings_after else {})


def _ordered(book: Codebook, revision: Revision) -> Codebook:
    codes = {code.id: code for code in book.codes}
    if set(codes) != set(revision.order_after):
        raise RevisionConflict(revision, "codes came or went since their order was changed.")
    if revision.order_before and tuple(codes) not in (revision.order_before, revision.order_after):
        raise RevisionConflict(revision, "the order of the codes was changed meanwhile.")
    return book.model_copy(update={"codes": tuple(codes[code_id] for code_id in revision.order_after)})


def _with_fields(book: Codebook, revision: Revision) -> Codebook:
    was, becomes = revision.before[0], revision.after[0]
    now = book.code(was.id)
    if now is None:
        raise RevisionConflict(revision, f"the code {was.label!r} is not in the book any more.", code_id=was.id)
    fields = {name: _field(revision, name, was, becomes, now) for name in FIELDS[revision.kind]}
    changed = with_fields(now, fields)
    return book.model_copy(update={"codes": tuple(changed if code.id == was.id else code for code in book.codes)})


def _field(revision: Revision, name: str, was: Code, becomes: Code, now: Code) -> Any:
    old, new, current = getattr(was, name), getattr(becomes, name), getattr(now, name)
    if current in (old, new):
        return new
    if name in LISTS and set(old) - set(new) <= set(current):
        kept = [item for item in current if item in new or item not in old]
        return tuple(dict.fromkeys([*kept, *(item for item in new if item not in old)]))
    message = f"the {name} of {now.label!r} was changed meanwhile."
    raise RevisionConflict(revision, message, code_id=was.id, field=name)


def _restructured(book: Codebook, revision: Revision) -> Codebook:
    gone = {code.id for code in revision.before}
    for code in revision.before:
        now = book.code(code.id)
        if now is None:
            raise RevisionConflict(
                revision, f"the code {code.label!r} is not in the book any more.", code_id=code.id
            )
        if not _stands(revision, code, now):
            raise RevisionConflict(revision, f"the code {now.label!r} was changed meanwhile.", code_id=code.id)
    was = {code.id: code for code in revision.before}
    coming = [_as_now(code, was.get(code.id), book.code(code.id)) for code in revision.after]
    there = {code.id for code in book.codes} - gone
    twice = [code for code in coming if code.id in there]
    if twice:
        raise RevisionConflict(
            revision, f"the code {twice[0].label!r} is in the book already.", code_id=twice[0].id
        )
    heir = revision.after[0].id if revision.kind == "merge" else ""
    place = min((at for at, code in enumerate(book.codes) if code.id in gone), default=len(book.codes))
    left = [code for code in book.codes[:place] if code.id not in gone]
    right = [code for code in book.codes[place:] if code.id not in gone]
    codes = [_adopted(code, gone, heir) for code in (*left, *coming, *right)]
    return book.model_copy(update={"codes": tuple(codes)})


def _stands(revision: Revision, was: Code, now: Code) -> bool:
    """Whether a code is as it was. One that is split goes, and with it whatever label it has by now."""
    if revision.kind == "split" and was.id not in {code.id for code in revision.after}:
        lineage = now.lineage.model_copy(update={"renamed_from": was.lineage.renamed_from})
        now = now.model_copy(update={"label": was.label, "lineage": lineage})
    return same_text(now, was)


def _as_now(code: Code, was: Code | None, now: Code | None) -> Code:
    """A code that goes on: with the number, and unless the revision says another, the colour that it has by now."""
    if now is None:
        return code
    colour = now.colour if was is not None and was.colour == code.colour else code.colour
    return code.model_copy(update={"revision": now.revision, "colour": colour})


def _adopted(code: Code, gone: set[str], heir: str) -> Code:
    """A code whose parent has gone goes to the code that the parent became, or to the top."""
    if code.parent not in gone or code.parent == heir:
        return code
    return code.model_copy(update={"parent": "" if code.id == heir else heir})
