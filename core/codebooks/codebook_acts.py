"""A person's single changes to a codebook, as the revisions that they are: each is made for the book they see."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.codebook_checks import folded
from intercoder.core.codebooks.codebook_diff import diff
from intercoder.core.codebooks.codebook_drafts import new_code_id
from intercoder.core.codebooks.colours import read_colour
from intercoder.core.errors import InputError
from intercoder.core.revisions import BookSettings, Revision, merge, revised, split


def code_called(book: Codebook, name: str, where: str = "") -> Code:
    """The code of that id or label; case and white space of labels do not count.

    Raises:
        InputError: There is none: names the nearest.
    """
    by_id = book.code(name)
    found = by_id or next((code for code in book.codes if folded(code.label) == folded(name)), None)
    if found is None:
        labels = {folded(code.label): code.label for code in book.codes}
        near = difflib.get_close_matches(folded(name), labels, n=1, cutoff=0.5)
        told = (
            f"Did you mean {labels[near[0]]!r}?" if near else f"Codes are: {', '.join(list(labels.values())[:20])}."
        )
        raise InputError(f"there is no code {name!r} in version {book.version}.", where=where, remedy=told)
    return found


def renamed(book: Codebook, code_id: str, label: str) -> list[Revision]:
    """A code gets another label."""
    return _unless_same(revised("rename", _code(book, code_id), label=_label(label)))


def redefined(book: Codebook, wanted: Code) -> list[Revision]:
    """A code gets what it says from another of the same id: label, definition, rules, examples, pattern, colour."""
    codes = tuple(wanted if code.id == wanted.id else code for code in book.codes)
    _code(book, wanted.id)
    return diff(book, book.model_copy(update={"codes": codes}))


def recoloured(book: Codebook, code_id: str, colour: str) -> list[Revision]:
    """A code gets a colour, of any form that `read_colour` takes; none where it is blank."""
    return _unless_same(revised("recolour", _code(book, code_id), colour=read_colour(colour)))


def added(book: Codebook, wanted: Code) -> list[Revision]:
    """A code comes in, as the last; its id depends on its label."""
    label = _label(wanted.label)
    code_id = new_code_id(label, {code.id for code in book.codes})
    return [Revision(kind="add", after=(wanted.model_copy(update={"id": code_id, "label": label}),))]


def dropped(book: Codebook, code_id: str) -> list[Revision]:
    """A code goes; its parts stay, at the top level."""
    return [Revision(kind="drop", before=(_code(book, code_id),))]


def divided(book: Codebook, code_id: str, parts: Sequence[tuple[str, str]]) -> list[Revision]:
    """A code becomes several.

    Args:
        book: The book.
        code_id: The code.
        parts: Label and definition of each.

    Raises:
        InputError: There are fewer than two, or a label is blank or stands twice.
    """
    if len(parts) < 2:
        raise InputError("a split makes two codes or more.", remedy="Name each part.")
    labels = [folded(_label(label)) for label, _ in parts]
    if len(set(labels)) < len(labels):
        raise InputError("two parts have the same label.", remedy="Name them differently.")
    return [split(_code(book, code_id), [(label.strip(), definition.strip()) for label, definition in parts])]


def united(book: Codebook, code_ids: Sequence[str], label: str = "", definition: str = "") -> list[Revision]:
    """Several codes become one: the first goes on, with the rules and examples of all.

    Args:
        book: The book.
        code_ids: The codes, the one that goes on first.
        label: What it is called then; by default as it is.
        definition: What it means then; by default as it does.
    """
    codes = [_code(book, code_id) for code_id in dict.fromkeys(code_ids)]
    if len(codes) < 2:
        raise InputError("a merge is of two codes or more.", remedy="Name another one.")
    return [merge(codes, label.strip() or codes[0].label, definition.strip() or codes[0].definition)]


def moved(book: Codebook, code_id: str, parent: str) -> list[Revision]:
    """A code goes under another one, as the last there, or (with an empty parent) to the top level.

    One that leaves its group for the level above comes right after the group.
    """
    code = _code(book, code_id)
    if code.parent == parent:
        return []
    if parent:
        _code(book, parent)
    ids = [one.id for one in book.codes]
    members = [one.id for one in book.codes if one.parent == parent and one.id != code_id]
    left = book.code(code.parent)
    after = left.id if left is not None and left.parent == parent else members[-1] if members else parent
    return [revised("move", code, parent=parent), *_placed(ids, code_id, after)]


def shifted(book: Codebook, code_id: str, by: int) -> list[Revision]:
    """A code changes places with the one before (-1) or after it (1) in its group; nothing at an end."""
    code = _code(book, code_id)
    members = [one.id for one in book.codes if one.parent == code.parent]
    here = members.index(code_id)
    if not 0 <= here + by < len(members):
        return []
    ids, other = [one.id for one in book.codes], members[here + by]
    return _placed(ids, code_id, other) if by > 0 else _placed(ids, other, code_id)


def with_settings(
    book: Codebook, *, exclusive: bool | None = None, allow_unsure: bool | None = None
) -> list[Revision]:
    """How codes are given: whether a segment gets exactly one, and whether coders may say `unsure`."""
    before = BookSettings(exclusive=book.exclusive, allow_unsure=book.allow_unsure)
    said = {"exclusive": exclusive, "allow_unsure": allow_unsure}
    after = before.model_copy(update={name: value for name, value in said.items() if value is not None})
    return [] if before == after else [Revision(kind="settings", settings_before=before, settings_after=after)]


def _placed(ids: Sequence[str], code_id: str, after: str) -> list[Revision]:
    """The order in which a code comes right after another one; nothing if it does, or the other is not named."""
    others = [one for one in ids if one != code_id]
    if not after or after == code_id:
        return []
    place = others.index(after) + 1
    wanted = (*others[:place], code_id, *others[place:])
    return [] if wanted == tuple(ids) else [Revision(kind="order", order_before=tuple(ids), order_after=wanted)]


def _code(book: Codebook, code_id: str) -> Code:
    code = book.code(code_id)
    if code is None:
        raise InputError(
            f"the code {code_id!r} is not in version {book.version}.", remedy="Look at the newest version."
        )
    return code


def _label(label: str) -> str:
    if not label.strip():
        raise InputError("a code has no label.", remedy="Give it one.")
    return label.strip()


def _unless_same(revision: Revision) -> list[Revision]:
    return [] if revision.before == revision.after else [revision]
