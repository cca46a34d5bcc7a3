"""The codes after a revision as fields of a form, each a text, and back. A list has one item a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from intercoder.core.codebook import Code, CodeExample
from intercoder.core.codebooks.codebook_drafts import Draft, DraftCode
from intercoder.core.errors import InputError
from intercoder.core.record import Record
from intercoder.core.revising.revision_edits import editable, edited_codes
from intercoder.core.revisions import LISTS, Revision
from intercoder.core.shown import shown_safely

SOURCE = "form"
NAMES = {
    "label": "Label",
    "definition": "Definition",
    "include": "Include rules",
    "exclude": "Exclude rules",
    "examples": "Examples",
    "negative_examples": "Negative examples",
    "kind": "Found by",
    "pattern": "Pattern",
    "colour": "Colour",
}
HINTS = {
    "include": "one a line",
    "exclude": "one a line",
    "examples": "one a line",
    "negative_examples": "one a line",
    "kind": "model or pattern",
    "pattern": "a regular expression",
    "colour": "#rrggbb, or nothing",
}
LINES = {"label": 1, "kind": 1, "pattern": 1, "colour": 1}
"""Fields of one line; the others may have many."""
_GOES_ON = "\n  "
"""Between the lines of one item: those that are indented belong to the one above."""


class FormField(Record):
    """One field of a form."""

    key: str
    """Such as `0.definition`: which of the codes, and which of its fields."""
    name: str
    """As people call it."""
    hint: str = ""
    text: str = ""
    lines: int = 0
    """1 for a field of one line; 0 for any number."""


def form_fields(revision: Revision, after: Sequence[Code] = ()) -> list[FormField]:
    """The fields that an edit may change, code by code.

    Args:
        revision: What was proposed.
        after: The codes as a person left them before; by default as proposed.

    Raises:
        InputError: The revision leaves nothing to edit.
    """
    if not editable(revision) or revision.kind == "move":
        raise InputError(
            f"a revision of kind `{revision.kind}` cannot be edited.", remedy="Approve it, or reject it."
        )
    codes = after or revision.after
    return [field for place, code in enumerate(codes) for field in code_fields(revision, code, place)]


def code_fields(revision: Revision, code: Code, place: int) -> list[FormField]:
    """The fields of one code, the given one of the form."""
    wanted = [name for name in editable(revision) if _is_shown(revision, code, name)]
    return [
        FormField(
            key=f"{place}.{name}",
            name=NAMES[name],
            hint=HINTS.get(name, ""),
            text=_shown(getattr(code, name)),
            lines=LINES.get(name, 0),
        )
        for name in wanted
    ]


def read_fields(revision: Revision, texts: Mapping[str, str]) -> tuple[Code, ...]:
    """The codes after a revision as they stand in a form. A further part of a split is left out while it is blank.

    Args:
        revision: What was proposed.
        texts: Key of a field -> what stands in it. What is as proposed stays as proposed, to the letter.

    Raises:
        InputError: See `core.revising.revision_edits.edited_codes`; `where` is the field's key.
    """
    places = sorted({int(key.partition(".")[0]) for key in texts})
    codes = [_code(revision, place, texts) for place in places]
    blank = {place for place in places if not any(texts[key].strip() for key in texts if _of(key) == place)}
    draft = Draft(
        source=SOURCE, codes=tuple(one for place, one in zip(places, codes, strict=True) if place not in blank)
    )
    return edited_codes(revision, draft)


def _of(key: str) -> int:
    return int(key.partition(".")[0])


def _code(revision: Revision, place: int, texts: Mapping[str, str]) -> DraftCode:
    proposed = revision.after[place] if place < len(revision.after) else None
    said: dict[str, Any] = {}
    for key, text in texts.items():
        name = key.partition(".")[2]
        if _of(key) != place or (proposed is not None and text == _shown(getattr(proposed, name))):
            continue
        said[name] = _value(name, text, key, getattr(proposed, name, ()))
    keys = {key.partition(".")[2]: key for key in texts if _of(key) == place}
    label = said.pop("label", proposed.label if proposed else "")
    return DraftCode(id=proposed.id if proposed else "", label=label, **said, places={**keys, "": f"{place}.label"})


def _value(name: str, text: str, key: str, proposed: object) -> object:
    """What stands in a field. Items that are as proposed stay so to the letter."""
    if name == "kind":
        if text.strip() not in ("model", "pattern"):
            raise InputError(f"codes are found by `model` or `pattern`, not by {text.strip()!r}.", where=key)
        return text.strip()
    if name not in LISTS:
        return text.strip()
    known = {_item(shown_safely(one)): one for one in _texts(proposed)}
    items = tuple(known.get(item, item) for item in _items(text))
    return tuple(CodeExample(text=item) for item in items) if name.endswith("examples") else items


def _items(text: str) -> list[str]:
    items: list[str] = []
    for line in text.split("\n"):
        if line.startswith("  ") and items:
            items[-1] += f"\n{line[2:]}"
        elif line.strip():
            items.append(line)
    return [_item(item) for item in items]


def _item(text: str) -> str:
    return text.strip()


def _shown(value: object) -> str:
    """A field's text as it stands in a form, where control characters are made visible."""
    if isinstance(value, str):
        return shown_safely(value)
    return "\n".join(shown_safely(one).replace("\n", _GOES_ON) for one in _texts(value))


def _texts(value: object) -> list[str]:
    items = value if isinstance(value, tuple) else ()
    return [item.text if isinstance(item, CodeExample) else str(item) for item in items]


def _is_shown(revision: Revision, code: Code, name: str) -> bool:
    """A code's pattern is of interest where it has one or is to get one; a colour is chosen elsewhere."""
    if len(editable(revision)) <= 2:
        return True
    return name != "colour" and (name not in ("kind", "pattern") or code.kind == "pattern")
