"""What a proposed revision becomes when a person edits it: in one text, or code by code.

An edit stays within what the revision is about: one of a definition changes the definition and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from intercoder.core.codebook import Code, Codebook, CodeExample
from intercoder.core.codebooks.codebook_drafts import Draft, DraftCode, completed
from intercoder.core.errors import InputError
from intercoder.core.revisions import FIELDS, LISTS, Revision, RevisionKind, revised

TEXTS: dict[RevisionKind, str] = {
    "rename": "label",
    "definition": "definition",
    "pattern": "pattern",
    "include": "include",
    "exclude": "exclude",
    "example": "examples",
    "negative_example": "negative_examples",
}
"""Kinds of which one text is the point, with the field that it stands in."""
STRUCTURE: tuple[str, ...] = (
    "label",
    "definition",
    "include",
    "exclude",
    "examples",
    "negative_examples",
    "kind",
    "pattern",
    "colour",
)
"""Fields of the codes of a split, a merge or an addition that an edit may change."""


def edited(revision: Revision, text: str) -> tuple[Code, ...]:
    """The codes after a revision whose one text reads differently: its label, definition, rule or example.

    Args:
        revision: What was proposed.
        text: The text as it shall be; white space around it is dropped.

    Raises:
        InputError: The revision is of a kind that has not one text, or adds several; or the text is blank.
    """
    text = text.strip()
    if not text:
        raise InputError("the text of the edit is empty.", remedy="Write it, or reject the revision.")
    field = TEXTS.get(revision.kind)
    if field is None:
        raise InputError(
            f"a revision of kind `{revision.kind}` has not one text that could be edited.", remedy=_remedy(revision)
        )
    code = revision.before[0]
    fields = {name: getattr(revision.after[0], name) for name in FIELDS[revision.kind]}
    fields[field] = _with_text(revision, field, text) if field in LISTS else text
    return revised(revision.kind, code, **fields).after


def editable(revision: Revision) -> tuple[str, ...]:
    """Fields of the codes after a revision that an edit may change; none for what leaves nothing to edit."""
    if revision.kind in FIELDS:
        return FIELDS[revision.kind]
    return STRUCTURE if revision.kind in ("split", "merge", "add") else ()


def edited_codes(revision: Revision, draft: Draft) -> tuple[Code, ...]:
    """The codes after a revision as a person wrote them down. What was not said stays as proposed.

    Codes are those of the proposal by their ids or else their labels; a split may get parts that it did not have.

    Args:
        revision: What was proposed.
        draft: The codes after it. `parent` cannot be written here.

    Raises:
        InputError: The draft changes what the revision is not about, leaves a split with one part, or makes
            another number of codes of one; a label is blank or stands twice; a pattern cannot be used.
    """
    fields = editable(revision)
    if not fields or revision.kind == "move":
        raise InputError(
            f"a revision of kind `{revision.kind}` cannot be edited.", remedy="Approve it, or reject it."
        )
    _check_number(revision, draft)
    _check_parents(draft)
    proposed = Codebook(version=0, codes=tuple(code.model_copy(update={"parent": ""}) for code in revision.after))
    given = draft.codes
    if len(given) == len(revision.after) == 1:
        given = (_of_the_one(given[0], revision),)
    made = completed(draft.model_copy(update={"codes": given}), proposed)
    if revision.kind in FIELDS:
        code, was = made.codes[0], revision.after[0]
        _check_untouched(revision, was, code, given[0])
        return revised(revision.kind, revision.before[0], **{name: getattr(code, name) for name in fields}).after
    return tuple(_in_place(revision, code) for code in made.codes)


def _with_text(revision: Revision, field: str, text: str) -> tuple[Any, ...]:
    """The list after a revision, with the text in place of the one that it adds."""
    old: Sequence[Any] = getattr(revision.before[0], field)
    new: Sequence[Any] = getattr(revision.after[0], field)
    added = [item for item in new if item not in old]
    if len(added) != 1:
        raise InputError(
            f"the revision adds {len(added)} texts, not one.",
            remedy=_remedy(revision),
        )
    written: Any = text
    if isinstance(added[0], CodeExample):
        written = CodeExample(text=text, segment_id=added[0].segment_id if text in added[0].text else "")
    return tuple(dict.fromkeys(written if item == added[0] else item for item in new))


def _remedy(revision: Revision) -> str:
    if editable(revision) and revision.kind != "move":
        return "Edit it code by code: leave `--text` out, or in an answers file write `[[answers.codes]]`."
    return "Approve it, or reject it."


def _of_the_one(code: DraftCode, revision: Revision) -> DraftCode:
    """The draft's only code is the revision's only one, whatever its label."""
    proposed = revision.after[0]
    if code.id and code.id != proposed.id:
        raise InputError(
            f"the revision is about the code {proposed.label!r} with the id {proposed.id}, not {code.id}.",
            where=code.place("id"),
            remedy="Put the id back as it was.",
        )
    return code.model_copy(update={"id": proposed.id, "label": code.label or proposed.label})


def _check_number(revision: Revision, draft: Draft) -> None:
    count = len(draft.codes)
    if revision.kind == "split":
        if count < 2:
            raise InputError(
                f"a split leaves two codes or more, not {count}.",
                where=draft.source,
                remedy="Write each part, or reject the split.",
            )
    elif count != 1:
        raise InputError(
            f"the revision leaves one code, not {count}.", where=draft.source, remedy="Write that one."
        )


def _check_parents(draft: Draft) -> None:
    for code in draft.codes:
        if code.parent:
            raise InputError(
                "an edit of a revision cannot move a code.",
                where=code.place("parent"),
                remedy="Take the `parent` out; codes are moved with `intercoder codebook edit`.",
            )


def _check_untouched(revision: Revision, was: Code, code: Code, written: DraftCode) -> None:
    """Refuse a change of a field that the revision is not about, which would be lost."""
    others = [name for name in STRUCTURE if name not in FIELDS[revision.kind]]
    for name in others:
        if getattr(was, name) != getattr(code, name):
            raise InputError(
                f"the revision changes the {' and '.join(FIELDS[revision.kind])} only, not the {name}.",
                where=written.place(name),
                remedy="Put it back as it was; other changes are made with `intercoder codebook edit`.",
            )


def _in_place(revision: Revision, code: Code) -> Code:
    """A code of a split, merge or addition with the lineage and parent that the revision gives it."""
    proposed = next((one for one in revision.after if one.id == code.id), None)
    like = proposed or revision.after[0]
    lineage = like.lineage
    if revision.kind == "merge":
        first = revision.before[0]
        renamed = first.label if code.label != first.label else first.lineage.renamed_from
        lineage = lineage.model_copy(update={"renamed_from": renamed})
    return code.model_copy(update={"parent": like.parent, "lineage": lineage})
