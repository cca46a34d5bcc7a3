"""Whether a codebook can be coded with: what must hold whoever wrote it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.colours import read_colour
from intercoder.core.codebooks.patterns import check_pattern
from intercoder.core.errors import InputError

Places = Callable[[str, str], str]
"""Where a field of a code stands: code id, field -> such as `book.yaml:line 4`."""


def folded(label: str) -> str:
    """A label as labels are compared: case, white space and the form of accents do not count."""
    return " ".join(unicodedata.normalize("NFKC", label).casefold().split())


def check_book(book: Codebook, before: Codebook | None = None, place: Places = lambda code_id, field: "") -> None:
    """Refuse a book that cannot be coded with.

    Args:
        book: The book.
        before: The version it was made from. What was there already is let pass: two labels that were alike
            before, and patterns that were checked.
        place: Where things stand in the file that it was read from.

    Raises:
        InputError: It has no codes; an id or a label stands twice; a label is blank; a parent is not in the book
            or codes are one another's parents in a circle; a code of kind `pattern` has no pattern, another one
            has, or the pattern cannot be used (see `check_pattern`); a colour is none; codes exclude one another
            and one is found by a pattern, so that a segment could get it beside the one that coders chose.
    """
    if not book.codes:
        raise InputError(
            "the codebook has no codes.", where=place("", ""), remedy="Write at least one, with its `label`."
        )
    _check_names(book, before, place)
    _check_parents(book, place)
    for code in book.codes:
        _check_kind(code, before, place)
        _check_colour(code, place)
    _check_exclusive(book, place)


def _check_names(book: Codebook, before: Codebook | None, place: Places) -> None:
    old = {code.id: code.label for code in before.codes} if before else {}
    ids: set[str] = set()
    labels: dict[str, Code] = {}
    for code in book.codes:
        if code.id in ids:
            raise InputError(
                f"the code {code.label!r} has the id {code.id!r}, which another code has too.",
                where=place(code.id, "id"),
                remedy="Take the `id` out of the new one: it gets one of its own.",
            )
        ids.add(code.id)
        if not code.label.strip() and old.get(code.id) != code.label:
            raise InputError("a code has no label.", where=place(code.id, "label"), remedy="Give it one.")
        twin = labels.setdefault(folded(code.label), code)
        as_before = old.get(code.id) == code.label and old.get(twin.id) == twin.label
        if twin is not code and not as_before:
            raise InputError(
                f"two codes have the label {code.label!r} (capital and small letters do not count).",
                where=place(code.id, "label"),
                remedy=f"Rename one, or make one code of both. The other: {place(twin.id, 'label') or twin.id}.",
            )


def _check_parents(book: Codebook, place: Places) -> None:
    codes = {code.id: code for code in book.codes}
    for code in book.codes:
        if code.parent and code.parent not in codes:
            raise InputError(
                f"the parent {code.parent!r} of {code.label!r} is not in the codebook.",
                where=place(code.id, "parent"),
                remedy="Name another code by its label or id, or leave `parent` out.",
            )
    for code in book.codes:
        seen = [code]
        while seen[-1].parent and codes[seen[-1].parent] not in seen:
            seen.append(codes[seen[-1].parent])
        if seen[-1].parent == code.id:
            circle = " -> ".join(repr(one.label) for one in (*seen, code))
            raise InputError(
                f"codes are one another's parents in a circle: {circle}.",
                where=place(code.id, "parent"),
                remedy="Take the `parent` out of one of them.",
            )


def _check_kind(code: Code, before: Codebook | None, place: Places) -> None:
    if code.kind == "pattern" and not code.pattern:
        raise InputError(
            f"the code {code.label!r} is of kind `pattern` and has no pattern.",
            where=place(code.id, "kind"),
            remedy="Write the regular expression that finds it as `pattern`, or take `kind` out.",
        )
    if code.kind != "pattern" and code.pattern:
        raise InputError(
            f"the code {code.label!r} has a pattern, but is not of kind `pattern`.",
            where=place(code.id, "pattern"),
            remedy="Add `kind: pattern`, or take the pattern out.",
        )
    old = before.code(code.id) if before else None
    if code.pattern and (old is None or old.pattern != code.pattern):
        try:
            check_pattern(code.pattern)
        except InputError as error:
            raise InputError(
                f"the code {code.label!r}: {error.message}",
                where=place(code.id, "pattern"),
                remedy=error.remedy,
            ) from None


def _check_colour(code: Code, place: Places) -> None:
    where = place(code.id, "colour")
    if read_colour(code.colour, where) != code.colour:
        raise InputError(
            f"the colour of {code.label!r} is {code.colour!r}.", where=where, remedy="Write it as `#rrggbb`."
        )


def _check_exclusive(book: Codebook, place: Places) -> None:
    exact = next((code for code in book.codes if code.kind == "pattern"), None)
    if book.exclusive and exact is not None:
        raise InputError(
            f"codes exclude one another, but {exact.label!r} is found by a pattern, whatever coders choose.",
            where=place(exact.id, "kind"),
            remedy="Set `exclusive: false`, or take `kind` and `pattern` out, so that coders choose the code.",
        )
