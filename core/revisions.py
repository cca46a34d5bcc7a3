"""Revisions: proposed changes to a codebook, each of one kind, and what follows from them.

A revision holds the codes it is about before and after. Its kind says which of their fields it changes, so several
revisions of one code can be approved one by one: applying one leaves the other fields as they stand.
Seed 002, section 2.1.1.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias

from intercoder.core.codebook import Code, Lineage
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
    "recolour",
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
    "recolour": ("colour",),
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
    confirmed_by: str = ""
    """Who gave the answer in the name of the person who had drafted it; empty where that person did."""
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
    return Revision(kind=kind, before=(code,), after=(with_fields(code, fields),))


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
    return Revision(kind="merge", before=tuple(codes), after=(with_fields(after, {"label": label}),))


def same_text(one: Code, other: Code) -> bool:
    """Whether two codes are the same but for their colour and the number of their revision."""
    plain = {"revision": 1, "colour": ""}
    return one.model_copy(update=plain) == other.model_copy(update=plain)


def _joined(lists: Iterable[Iterable[Any]]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(item for one in lists for item in one))


def with_fields(code: Code, fields: dict[str, Any]) -> Code:
    """The code with fields changed; a new label leaves the old one in the lineage."""
    if fields.get("label", code.label) != code.label:
        lineage = code.lineage.model_copy(update={"renamed_from": code.label})
        fields = {**fields, "lineage": lineage}
    return code.model_copy(update=fields)


def _shown(code: Code, fields: Sequence[str] | None) -> object:
    if fields is None:
        return code.model_dump(exclude={"revision", "lineage", "colour"})
    return (code.id, [code.model_dump(include={name})[name] for name in fields])
