"""What a revision changes, field by field in the whole code: old and new words in one text."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence

from intercoder.core.codebook import Code, CodeExample
from intercoder.core.codebooks.codebook_words import in_words
from intercoder.core.record import Record
from intercoder.core.revising.word_changes import Piece, Sign, alike
from intercoder.core.revisions import Revision

NAMES = {
    "label": "label",
    "definition": "definition",
    "include": "include",
    "exclude": "exclude",
    "examples": "example",
    "negative_examples": "negative example",
    "kind": "found by",
    "pattern": "pattern",
    "parent": "part of",
    "colour": "colour",
}
"""Fields of a code as they are called beside their texts, in this order."""
REWORDED = 0.5
"""Likeness from which two rules are one that was reworded."""
_WORDS = re.compile(r"\s+|\S+")


class FieldRow(Record):
    """One text of a code: a definition, one rule, one example."""

    name: str
    """As `NAMES` calls its field."""
    sign: Sign = ""
    """Whether the whole text came or went; empty where it stays or is reworded."""
    pieces: tuple[Piece, ...]

    @property
    def changed(self) -> bool:
        """Whether anything of it came or went."""
        return any(piece.kind != "same" for piece in self.pieces)


class CodeChange(Record):
    """One code, with what came and went."""

    title: str
    """What happens to it, such as `goes into "repair"`; empty where the fields say it."""
    label: str
    """As it stands, or for a new code as it will; empty for the book as a whole."""
    rows: tuple[FieldRow, ...]


def inline_changes(revision: Revision, labels: Mapping[str, str]) -> list[CodeChange]:
    """What a revision changes, code by code. What stays is there too, because rules are read in their place.

    Args:
        revision: What is proposed.
        labels: Code id -> label, for parents.
    """
    known = {**labels, **{code.id: code.label for code in (*revision.after, *revision.before)}}
    match revision.kind:
        case "settings" | "order":
            told = [line for change in in_words([revision], known) for line in change.lines]
            return [
                CodeChange(title="", label="", rows=tuple(FieldRow(name="", pieces=one.pieces) for one in told))
            ]
        case "add":
            return [_one(revision.after[0], known, "+", "new")]
        case "drop":
            return [_one(revision.before[0], known, "-", "dropped")]
        case "split":
            parts = [_one(code, known, "+", "part") for code in revision.after]
            return [_one(revision.before[0], known, "-", f"split into {len(parts)}"), *parts]
        case "merge":
            whole, (first, *others) = revision.after[0], revision.before
            gone = [_one(code, known, "-", f'goes into "{whole.label}"') for code in others]
            return [CodeChange(title="takes in others", label=first.label, rows=_rows(first, whole, known)), *gone]
        case _:
            old, new = revision.before[0], revision.after[0]
            return [CodeChange(title="", label=old.label, rows=_rows(old, new, known))]


def inline_pieces(old: str, new: str) -> tuple[Piece, ...]:
    """Two texts in one, word by word: of each place that differs first what was, then what is."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    blocks: list[tuple[bool, str, str]] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes():
        block = (tag == "equal", "".join(before[a:b]), "".join(after[c:d]))
        if len(blocks) > 1 and not block[0] and not blocks[-1][1].strip() and not blocks[-2][0]:
            # Only white space is the same between two differences: they read better as one.
            (_, gap, _), (_, was, came) = blocks.pop(), blocks.pop()
            block = (False, was + gap + block[1], came + gap + block[2])
        blocks.append(block)
    return tuple(piece for block in blocks for piece in _pieces(*block))


def _pieces(same: bool, was: str, came: str) -> Iterator[Piece]:
    if same:
        yield Piece(text=was)
        return
    if was:
        yield Piece(text=was, kind="removed")
    if came:
        yield Piece(text=came, kind="added")


def _one(code: Code, labels: Mapping[str, str], sign: Sign, title: str) -> CodeChange:
    """A code that comes or goes as a whole."""
    kind = "added" if sign == "+" else "removed"
    rows = [
        FieldRow(name=NAMES[field], sign=sign, pieces=(Piece(text=text, kind=kind),))
        for field in NAMES
        if field != "label"
        for text in _texts(code, field, labels)
    ]
    return CodeChange(title=title, label=code.label, rows=tuple(rows))


def _rows(old: Code, new: Code, labels: Mapping[str, str]) -> tuple[FieldRow, ...]:
    rows: list[FieldRow] = []
    for field, name in NAMES.items():
        was, now = _texts(old, field, labels), _texts(new, field, labels)
        if field in ("label", "kind", "colour") and was == now:
            continue
        if len(was) == len(now) == 1:
            rows.append(FieldRow(name=name, pieces=inline_pieces(was[0], now[0])))
        else:
            rows += _list(name, was, now)
    return tuple(rows)


def _list(name: str, was: Sequence[str], now: Sequence[str]) -> Iterator[FieldRow]:
    """Rules as they were, each as it is now or gone, then new ones."""
    left = [item for item in now if item not in was]
    for item in was:
        near = max(left, key=lambda one: alike(item, one), default="") if item not in now else ""
        if item in now:
            yield FieldRow(name=name, pieces=(Piece(text=item),))
        elif near and alike(item, near) >= REWORDED:
            left.remove(near)
            yield FieldRow(name=name, pieces=inline_pieces(item, near))
        else:
            yield FieldRow(name=name, sign="-", pieces=(Piece(text=item, kind="removed"),))
    for item in left:
        yield FieldRow(name=name, sign="+", pieces=(Piece(text=item, kind="added"),))


def _texts(code: Code, field: str, labels: Mapping[str, str]) -> list[str]:
    value = getattr(code, field)
    if field == "parent":
        return [labels.get(value, value)] if value else []
    if field == "kind":
        return ["pattern"] if value == "pattern" else []
    if isinstance(value, str):
        return [value] if value else []
    return [one.text if isinstance(one, CodeExample) else one for one in value]
