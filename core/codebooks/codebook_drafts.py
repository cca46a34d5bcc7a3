"""A codebook as somebody wrote it down, and the book that it makes of the version it was made from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from pydantic import Field

from intercoder.core.codebook import Code, Codebook, CodeExample, CodeKind
from intercoder.core.codebooks.codebook_checks import check_book, folded
from intercoder.core.codebooks.colours import read_colour
from intercoder.core.errors import InputError
from intercoder.core.identity import make_id
from intercoder.core.record import Record

Seen: TypeAlias = Callable[[str], Iterable[str]]
"""What a text may read like once it was written to a file and read again; a form of file may lose white space."""

_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


class DraftCode(Record):
    """A code as written. None for what was not said, which stays as it was."""

    id: str = ""
    label: str = ""
    definition: str | None = None
    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None
    examples: tuple[CodeExample, ...] | None = None
    negative_examples: tuple[CodeExample, ...] | None = None
    parent: str | None = None
    """A label or an id; empty for none."""
    kind: CodeKind | None = None
    pattern: str | None = None
    colour: str | None = None
    """Of any form that `read_colour` takes."""
    places: dict[str, str] = Field(default_factory=dict)
    """Field -> where it stands; under the empty name where the code begins."""

    def place(self, field: str = "") -> str:
        """Where a field stands, or else the code."""
        return self.places.get(field) or self.places.get("", "")


class Draft(Record):
    """A codebook as written."""

    source: str
    """The file."""
    version: int | None = None
    """The version that it says it was made from; None for one written by hand."""
    hash: str = ""
    exclusive: bool | None = None
    allow_unsure: bool | None = None
    codes: tuple[DraftCode, ...] = ()
    ordered: bool = True
    """Whether the order of its codes means anything."""


def completed(draft: Draft, base: Codebook, seen: Seen = lambda text: (text,)) -> Codebook:
    """The book that a draft makes of the version it was made from.

    Codes are those of the base by their ids or else their labels, and keep lineage, revision and the segments of
    their examples; others are new and get ids that depend on their labels alone. What reads as the base would
    read once written is as in the base.

    Args:
        draft: What was written.
        base: The version it was made from.
        seen: How the base's texts read in that form of file.

    Returns:
        A book under the base's number, without counts.

    Raises:
        InputError: See `check_book`; also a parent that is not there, or an id that is no id.
    """
    owners = _owners(draft, base, seen)
    ids = _ids(draft, base, owners)
    codes = [
        _completed(code, code_id, owner, seen)
        for code, code_id, owner in zip(draft.codes, ids, owners, strict=True)
    ]
    parents = [_parent(code, codes, base, seen) for code in draft.codes]
    codes = [
        code if parent is None else code.model_copy(update={"parent": parent})
        for code, parent in zip(codes, parents, strict=True)
    ]
    settings = {name: getattr(draft, name) for name in ("exclusive", "allow_unsure")}
    said = {name: value for name, value in settings.items() if value is not None}
    book = base.model_copy(update={**said, "codes": _in_order(codes, draft, base), "counts": {}})
    places = dict(zip(ids, draft.codes, strict=True))
    check_book(book, base, lambda code_id, field: places[code_id].place(field) if code_id else draft.source)
    return book


def parent_name(book: Codebook, code: Code) -> str:
    """How a code's parent is written: by its label where that is clear, else by its id; empty for none."""
    parent = book.code(code.parent)
    if parent is None or not parent.label.strip():
        return code.parent
    taken = {one.id for one in book.codes} | {folded(one.label) for one in book.codes if one.id != parent.id}
    return parent.id if {parent.label, folded(parent.label)} & taken else parent.label


def _owners(draft: Draft, base: Codebook, seen: Seen) -> list[Code | None]:
    """For each code of the draft the code of the base that it is."""
    by_id = {code.id: code for code in base.codes}
    owners = [by_id.get(code.id) for code in draft.codes]
    claimed = {owner.id for owner in owners if owner}
    for place, code in enumerate(draft.codes):
        if owners[place] is None:
            left = [one for one in base.codes if one.id not in claimed]
            found = [one for one in left if _reads(code.label, one.label, seen)]
            found = found or [one for one in left if folded(one.label) == folded(code.label)]
            if found and code.label.strip():
                owners[place] = found[0]
                claimed.add(found[0].id)
    return owners


def _ids(draft: Draft, base: Codebook, owners: Sequence[Code | None]) -> list[str]:
    taken = {code.id for code in base.codes} | {code.id for code in draft.codes}
    ids: list[str] = []
    for code, owner in zip(draft.codes, owners, strict=True):
        if owner is not None:
            ids.append(owner.id)
        elif code.id:
            if not _ID.fullmatch(code.id):
                raise InputError(
                    f"the code {code.label!r} has {code.id!r} for an id.",
                    where=code.place("id"),
                    remedy="Leave the `id` of a new code out.",
                )
            ids.append(code.id)
        else:
            ids.append(new_code_id(code.label, taken))
            taken.add(ids[-1])
    return ids


def new_code_id(label: str, taken: set[str]) -> str:
    """The id of a code that a person wrote: the same for the same label, and no other code's."""
    number = 1
    while (code_id := make_id("c", "person", folded(label), number)) in taken:
        number += 1
    return code_id


def _completed(code: DraftCode, code_id: str, owner: Code | None, seen: Seen) -> Code:
    old = owner or Code(id=code_id, label=code.label)
    fields: dict[str, object] = {"label": _kept(code.label, old.label, seen)}
    for name in ("definition", "pattern"):
        said = getattr(code, name)
        if said is not None:
            fields[name] = _kept(said, getattr(old, name), seen)
    for name in ("include", "exclude"):
        said = getattr(code, name)
        if said is not None:
            fields[name] = _kept_rules(said, getattr(old, name), seen)
    for name in ("examples", "negative_examples"):
        said = getattr(code, name)
        if said is not None:
            fields[name] = _kept_examples(said, getattr(old, name), seen)
    if code.kind is not None:
        fields["kind"] = code.kind
    if code.colour is not None:
        fields["colour"] = read_colour(code.colour, code.place("colour"))
    return old.model_copy(update=fields)


def _parent(code: DraftCode, codes: Sequence[Code], base: Codebook, seen: Seen) -> str | None:
    """The id of the parent that a draft's code names: by id, by label here, or by label in the base.

    Returns:
        None if it says nothing about its parent.
    """
    if not code.parent:
        return code.parent
    here = {one.id for one in codes}
    if code.parent in here:
        return code.parent
    for book in (codes, [one for one in base.codes if one.id in here]):
        found = [one.id for one in book if _reads(code.parent, one.label, seen)]
        found = found or [one.id for one in book if folded(one.label) == folded(code.parent)]
        if found:
            return found[0]
    raise InputError(
        f"the parent {code.parent!r} of {code.label!r} is not in the codebook.",
        where=code.place("parent"),
        remedy="Name another code by its label or id, or leave `parent` out.",
    )


def _in_order(codes: Sequence[Code], draft: Draft, base: Codebook) -> tuple[Code, ...]:
    if draft.ordered:
        return tuple(codes)
    rank = {code.id: place for place, code in enumerate(base.codes)}
    return tuple(sorted(codes, key=lambda code: rank.get(code.id, len(rank))))


def _reads(said: str, text: str, seen: Seen) -> bool:
    return said == text or said in seen(text)


def _kept(said: str, old: str, seen: Seen) -> str:
    return old if _reads(said, old, seen) else said


def _kept_rules(said: Sequence[str], old: Sequence[str], seen: Seen) -> tuple[str, ...]:
    if len(said) == len(old) and all(map(lambda one, was: _reads(one, was, seen), said, old)):
        return tuple(old)
    return tuple(next((was for was in old if _reads(one, was, seen)), one) for one in said)


def _kept_examples(said: Sequence[CodeExample], old: Sequence[CodeExample], seen: Seen) -> tuple[CodeExample, ...]:
    """The examples, each with the segment of the old one of the same text; two of one text have theirs in order."""
    if len(said) == len(old) and all(_same_example(one, was, seen) for one, was in zip(said, old, strict=True)):
        return tuple(old)
    left = list(old)
    kept: list[CodeExample] = []
    for one in said:
        fits = [was for was in left if _reads(one.text, was.text, seen)]
        exact = [was for was in fits if was.text == one.text]
        was = next(iter(exact or fits), None)
        if was is None or one.segment_id not in ("", was.segment_id):
            kept.append(one)
        else:
            left.remove(was)
            kept.append(was)
    return tuple(kept)


def _same_example(said: CodeExample, old: CodeExample, seen: Seen) -> bool:
    return said.segment_id in ("", old.segment_id) and _reads(said.text, old.text, seen)
