"""What changed between two codebooks, in terms of the field, and what has to be coded again for it."""

from __future__ import annotations

from intercoder.core.codebook import Code, Codebook
from intercoder.core.revising.applying import apply
from intercoder.core.revisions import FIELDS, BookSettings, Revision, revised


def diff(before: Codebook, after: Codebook) -> list[Revision]:
    """What changed between two books, in terms of the field; applied to the first they give the second.

    Kinds come in this order: settings, splits, merges, drops, additions, changes of single codes (code by code in
    the order of the first book), then the order of codes where it differs still. Lineage tells splits and merges.
    """
    found, middle = _settings(before, after), apply(before, _settings(before, after))
    for revision in _structure(before, after):
        found.append(_as_it_stands(revision, middle))
        middle = apply(middle, found[-1:])
    known = {code.id: code for code in after.codes}
    found += [one for code in middle.codes if code.id in known for one in _changes(code, known[code.id])]
    placed = tuple(code.id for code in apply(before, found).codes)
    wanted = tuple(code.id for code in after.codes)
    if placed != wanted:
        found.append(Revision(kind="order", order_before=placed, order_after=wanted))
    return found


def affected(before: Codebook, after: Codebook) -> tuple[str, ...]:
    """Ids of the codes of the second book whose decisions do not follow from those under the first.

    A code is affected if anything that coders are shown of it changed: its own text, or its parent's. In an
    exclusive book, whose codes share one question, and after a change of settings, every code is.
    """
    asked = {code.id: shown_of(before, code) for code in before.leaves}
    now = {code.id: shown_of(after, code) for code in after.leaves}
    same_settings = (before.exclusive, before.allow_unsure) == (after.exclusive, after.allow_unsure)
    if not same_settings or (after.exclusive and asked != now):
        return tuple(now)
    return tuple(code_id for code_id, shown in now.items() if asked.get(code_id) != shown)


def shown_of(book: Codebook, code: Code) -> tuple[str, ...]:
    """What a question about a code shows of its book, a part an entry."""
    parent = book.code(code.parent)
    above = (parent.label, parent.definition) if parent else ()
    text = code.model_dump(exclude={"revision", "lineage", "parent", "colour"})
    return (str(text), *above)


def _settings(before: Codebook, after: Codebook) -> list[Revision]:
    old = BookSettings(exclusive=before.exclusive, allow_unsure=before.allow_unsure)
    new = BookSettings(exclusive=after.exclusive, allow_unsure=after.allow_unsure)
    return [] if old == new else [Revision(kind="settings", settings_before=old, settings_after=new)]


def _structure(before: Codebook, after: Codebook) -> list[Revision]:
    """Splits, merges, drops and additions."""
    old = {code.id: code for code in before.codes}
    new = {code.id: code for code in after.codes}
    found: list[Revision] = []
    gone: set[str] = set()
    come: set[str] = set()
    for code in before.codes:
        parts = [one for one in after.codes if one.id not in old and one.lineage.split_from == code.id]
        if code.id not in new and len(parts) > 1:
            found.append(Revision(kind="split", before=(code,), after=tuple(parts)))
            gone.add(code.id)
            come.update(part.id for part in parts)
    for code in before.codes:
        whole = new.get(code.id)
        eaten = (
            []
            if whole is None
            else [
                old[one]
                for one in whole.lineage.merged_from
                if one in old and one not in new and one not in gone and one not in code.lineage.merged_from
            ]
        )
        if whole is not None and eaten:
            found.append(Revision(kind="merge", before=(code, *eaten), after=(whole,)))
            gone.update(one.id for one in eaten)
    left = [code for code in before.codes if code.id not in new and code.id not in gone]
    found += [Revision(kind="drop", before=(code,)) for code in left]
    found += [
        Revision(kind="add", after=(code,)) for code in after.codes if code.id not in old and code.id not in come
    ]
    return found


def _as_it_stands(revision: Revision, book: Codebook) -> Revision:
    """The revision with its codes as other revisions left them: one whose parent went has another parent."""
    return revision.model_copy(update={"before": tuple(book.code(code.id) or code for code in revision.before)})


def _changes(old: Code, new: Code) -> list[Revision]:
    """Revisions of single fields that make the new code of the old one."""
    found = []
    for kind, names in FIELDS.items():
        fields = {name: getattr(new, name) for name in names}
        if any(getattr(old, name) != value for name, value in fields.items()):
            found.append(revised(kind, old, **fields))
    return found
