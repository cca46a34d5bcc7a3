"""Revisions: proposed changes to a codebook, each of one kind, and what follows from them.

A revision holds the codes it is about before and after. Its kind says which of their fields it changes, so several
revisions of one code can be approved one by one: applying one leaves the other fields as they stand.
Seed 002, section 2.1.1.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias

from intercoder.core.codebook import Code, Codebook, Lineage
from intercoder.core.decisions import Provenance
from intercoder.core.identity import make_id
from intercoder.core.record import Record

RevisionKind: TypeAlias = Literal[
    "rename",
    "definition",
    "include",
    "exclude",
    "example",
    "negative_example",
    "move",
    "pattern",
    "add",
    "drop",
    "split",
    "merge",
    "settings",
    "order",
]

FIELDS: dict[RevisionKind, tuple[str, ...]] = {
    "rename": ("label",),
    "definition": ("definition",),
    "include": ("include",),
    "exclude": ("exclude",),
    "example": ("examples",),
    "negative_example": ("negative_examples",),
    "move": ("parent",),
    "pattern": ("kind", "pattern"),
}
"""Fields of a code that a revision of one code changes, by kind."""
LISTS = ("include", "exclude", "examples", "negative_examples")


class BookSettings(Record):
    """How the codes of a book are given."""

    exclusive: bool = False
    allow_unsure: bool = False


class Revision(Record):
    """A change to the codebook, proposed by the reviser or made by a person. It changes nothing by itself."""

    id: str = ""
    kind: RevisionKind
    before: tuple[Code, ...] = ()
    """The codes it is about as they stood; none for `add`."""
    after: tuple[Code, ...] = ()
    """What they become; none for `drop`."""
    settings_before: BookSettings | None = None
    settings_after: BookSettings | None = None
    order_before: tuple[str, ...] = ()
    """Code ids in order; only for `order`."""
    order_after: tuple[str, ...] = ()
    rationale: str = ""
    evidence: tuple[str, ...] = ()
    """Ids of the decisions it rests on."""
    author: str = ""
    """The person, or the name of the agent."""
    base_version: int = 0
    """The codebook version it was made for."""
    run: str = ""
    round: int = 0
    provenance: Provenance = Provenance()

    @property
    def code_ids(self) -> tuple[str, ...]:
        """Ids of all codes it names, those before first."""
        return tuple(dict.fromkeys(code.id for code in (*self.before, *self.after)))

    @property
    def content(self) -> tuple[object, ...]:
        """What it changes, apart from who proposed it, when and why: equal for the same change to the same text."""
        fields = FIELDS.get(self.kind)
        sides = [[_shown(code, fields) for code in side] for side in (self.before, self.after)]
        return (self.kind, *map(str, sides), self.settings_after, self.order_after)


class RevisionAnswer(Record):
    """What a person said to a revision; the first answer stands."""

    revision_id: str
    answer: Literal["approve", "edit", "reject"]
    after: tuple[Code, ...] = ()
    """For `edit`: what the codes shall become in place of what was proposed."""
    note: str = ""
    by: str


RevisionStatus: TypeAlias = Literal["waiting", "approved", "edited", "rejected", "dropped", "undone"]


class RecordedRevision(Record):
    """A revision with what became of it."""

    number: int
    """As people name it, from 1."""
    revision: Revision
    dropped: str = ""
    """Why nobody was asked about it; else empty."""
    answer: RevisionAnswer | None = None
    created_at: str
    answered_at: str = ""
    version: int = 0
    """The codebook version that was made with it; 0 for none."""
    problem: str = ""
    """Why it could not be applied though it was approved; else empty."""
    left: bool = False
    """Whether a new run was begun in place of its run, so that nobody is asked about it any more."""

    @property
    def status(self) -> RevisionStatus:
        """Where it stands."""
        if self.dropped:
            return "dropped"
        if self.answer is None:
            return "undone" if self.left else "waiting"
        statuses: dict[str, RevisionStatus] = {"approve": "approved", "edit": "edited", "reject": "rejected"}
        return statuses[self.answer.answer]

    @property
    def settled(self) -> Revision:
        """The revision as the person's answer left it."""
        edited = self.answer is not None and self.answer.answer == "edit"
        return (
            self.revision.model_copy(update={"after": self.answer.after})
            if edited and self.answer
            else self.revision
        )


class RevisionConflict(ValueError):
    """A revision that does not fit the book any more: what it changes was changed meanwhile."""

    def __init__(self, revision: Revision, message: str, *, code_id: str = "", field: str = "") -> None:
        super().__init__(message)
        self.revision = revision
        self.message = message
        self.code_id = code_id
        self.field = field


def apply(book: Codebook, revisions: Iterable[Revision]) -> Codebook:
    """The book with all revisions applied in order. Version number, counts and revision numbers stay as they are.

    Raises:
        RevisionConflict: A revision's text, code or place is not there any more, or an id is there twice.
    """
    for revision in revisions:
        book = _applied(book, revision)
    return book


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
    asked = {code.id: (_asked(before, code)) for code in before.leaves}
    now = {code.id: (_asked(after, code)) for code in after.leaves}
    same_settings = (before.exclusive, before.allow_unsure) == (after.exclusive, after.allow_unsure)
    if not same_settings or (after.exclusive and asked != now):
        return tuple(now)
    return tuple(code_id for code_id, shown in now.items() if asked.get(code_id) != shown)


def revised(kind: RevisionKind, code: Code, /, **fields: Any) -> Revision:
    """A revision of one code's fields.

    Args:
        kind: One of `FIELDS`.
        code: The code as it stands.
        **fields: New values, of fields that belong to the kind.
    """
    wrong = set(fields) - set(FIELDS[kind])
    if wrong:
        raise ValueError(f"{kind} does not change {', '.join(sorted(wrong))}")
    return Revision(kind=kind, before=(code,), after=(_with(code, fields),))


def split(code: Code, parts: Sequence[tuple[str, str]]) -> Revision:
    """A revision that makes several codes of one.

    Args:
        code: The code.
        parts: Label and definition of each part, two or more.
    """
    after = tuple(
        Code(
            id=make_id("c", code.id, "split", label),
            label=label,
            definition=definition,
            parent=code.parent,
            lineage=Lineage(split_from=code.id),
        )
        for label, definition in parts
    )
    return Revision(kind="split", before=(code,), after=after)


def merge(codes: Sequence[Code], label: str, definition: str) -> Revision:
    """A revision that makes one code of several: the first goes on, with all their examples."""
    first, *others = codes
    gained = [one for code in others for one in (code.id, *code.lineage.merged_from)]
    lineage = first.lineage.model_copy(update={"merged_from": (*first.lineage.merged_from, *gained)})
    after = first.model_copy(
        update={
            "definition": definition,
            "include": _joined(code.include for code in codes),
            "exclude": _joined(code.exclude for code in codes),
            "examples": _joined(code.examples for code in codes),
            "negative_examples": _joined(code.negative_examples for code in codes),
            "lineage": lineage,
        }
    )
    return Revision(kind="merge", before=tuple(codes), after=(_with(after, {"label": label}),))


def same_text(one: Code, other: Code) -> bool:
    """Whether two codes are the same but for the number of their revision."""
    return one.model_copy(update={"revision": 1}) == other.model_copy(update={"revision": 1})


def _joined(lists: Iterable[Iterable[Any]]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(item for one in lists for item in one))


def _with(code: Code, fields: dict[str, Any]) -> Code:
    """The code with fields changed; a new label leaves the old one in the lineage."""
    if fields.get("label", code.label) != code.label:
        lineage = code.lineage.model_copy(update={"renamed_from": code.label})
        fields = {**fields, "lineage": lineage}
    return code.model_copy(update=fields)


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
    return book.model_copy(update={"codes": tuple(codes[code_id] for code_id in revision.order_after)})


def _with_fields(book: Codebook, revision: Revision) -> Codebook:
    was, becomes = revision.before[0], revision.after[0]
    now = book.code(was.id)
    if now is None:
        raise RevisionConflict(revision, f"the code {was.label!r} is not in the book any more.", code_id=was.id)
    fields = {name: _field(revision, name, was, becomes, now) for name in FIELDS[revision.kind]}
    changed = _with(now, fields)
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
        if not same_text(now, code):
            raise RevisionConflict(revision, f"the code {now.label!r} was changed meanwhile.", code_id=code.id)
    coming = [_keeping_number(book, code) for code in revision.after]
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


def _keeping_number(book: Codebook, code: Code) -> Code:
    now = book.code(code.id)
    return code if now is None else code.model_copy(update={"revision": now.revision})


def _adopted(code: Code, gone: set[str], heir: str) -> Code:
    """A code whose parent has gone goes to the code that the parent became, or to the top."""
    if code.parent not in gone or code.parent == heir:
        return code
    return code.model_copy(update={"parent": "" if code.id == heir else heir})


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


def _shown(code: Code, fields: Sequence[str] | None) -> object:
    values = code.model_dump(exclude={"revision", "lineage"})
    return values if fields is None else (code.id, [values[name] for name in fields])


def _asked(book: Codebook, code: Code) -> tuple[object, ...]:
    """What a question about a code shows of the book."""
    parent = book.code(code.parent)
    above = (parent.label, parent.definition) if parent else ()
    text = code.model_dump(exclude={"revision", "lineage", "parent"})
    return (str(text), above)
