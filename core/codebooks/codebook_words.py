"""Changes to a codebook in words: what a person reads before they approve, undo or compare."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence

from intercoder.core.codebook import Code, CodeExample
from intercoder.core.record import Record
from intercoder.core.revising.word_changes import Line, Sign, alike, both_lines, sentence, signed
from intercoder.core.revisions import BookSettings, Revision


class Change(Record):
    """What happened to one code, or to the book."""

    title: str
    """The code's label; empty for the book as a whole."""
    lines: tuple[Line, ...]


LISTS = {
    "include": ("include", "include rule"),
    "exclude": ("exclude", "exclude rule"),
    "example": ("examples", "example"),
    "negative_example": ("negative_examples", "negative example"),
}
"""Kinds of revisions of lists: the code's field, and what one of its items is called."""
BRIEFLY = {
    "settings": "settings",
    "split": "{number} split",
    "merge": "{number} merged",
    "drop": "{number} dropped",
    "add": "{number} added",
    "rename": "{number} renamed",
    "definition": "{number} redefined",
    "include": "include rules of {number} code{s}",
    "exclude": "exclude rules of {number} code{s}",
    "example": "examples of {number} code{s}",
    "negative_example": "negative examples of {number} code{s}",
    "move": "{number} moved",
    "pattern": "{number} pattern{s}",
    "recolour": "{number} recoloured",
    "order": "order",
}
"""What is said of revisions of a kind where there is one line for all."""
_ALIKE = 0.5
"""Likeness from which two rules are one that was reworded."""


def in_words(revisions: Iterable[Revision], labels: dict[str, str] | None = None) -> list[Change]:
    """Revisions in words, those of one code together.

    Args:
        revisions: What changed, such as `diff` gives it.
        labels: Code id -> label, for parents and places that the revisions only name by id.
    """
    revisions = list(revisions)
    known = dict(labels or {})
    for code in (code for one in revisions for code in (*one.after, *one.before)):
        known.setdefault(code.id, code.label)
    told: dict[str, Change] = {}
    for revision in revisions:
        key = next(iter(revision.code_ids), "")
        lines = _lines(revision, known)
        before = told.get(key)
        told[key] = Change(
            title=before.title if before else _title(revision),
            lines=(*(before.lines if before else ()), *lines),
        )
    return [change for change in told.values() if change.lines]


def briefly(revisions: Iterable[Revision]) -> str:
    """What changed on one line, such as `1 added, 2 redefined, order`; empty for nothing."""
    count = Counter[str](revision.kind for revision in revisions)
    return ", ".join(
        words.format(number=count[kind], s="" if count[kind] == 1 else "s")
        for kind, words in BRIEFLY.items()
        if count[kind]
    )


def _title(revision: Revision) -> str:
    if revision.kind in ("settings", "order"):
        return ""
    return (revision.before or revision.after)[0].label


def _lines(revision: Revision, labels: dict[str, str]) -> list[Line]:
    match revision.kind:
        case "settings":
            return _settings(revision.settings_before, revision.settings_after)
        case "order":
            return _order(revision.order_before, revision.order_after, labels)
        case "add":
            return [sentence("added"), *_whole(revision.after[0], labels, "+")]
        case "drop":
            return [sentence("dropped"), *_whole(revision.before[0], labels, "-")]
        case "split":
            return _split(revision, labels)
        case "merge":
            return _merge(revision, labels)
        case _:
            return _field(revision, revision.before[0], revision.after[0], labels)


def _field(revision: Revision, old: Code, new: Code, labels: dict[str, str]) -> list[Line]:
    """What a revision of one code says."""
    if revision.kind in LISTS:
        field, noun = LISTS[revision.kind]
        return _list(noun, _texts(getattr(old, field)), _texts(getattr(new, field)))
    if revision.kind == "move":
        return [sentence(f"moved: now {_place(new.parent, labels)} (before: {_place(old.parent, labels)})")]
    if revision.kind == "rename":
        return [sentence("renamed"), *both_lines(old.label, new.label)]
    if revision.kind == "recolour":
        return _text("colour", old.colour, new.colour)
    if revision.kind == "definition":
        return _text("definition", old.definition, new.definition)
    if old.kind != new.kind:
        told = "is found by a pattern now" if new.kind == "pattern" else "is no longer found by a pattern"
        return [sentence(told), *both_lines(old.pattern, new.pattern)]
    return [sentence("pattern changed"), signed("-", old.pattern), signed("+", new.pattern)]


def _text(noun: str, old: str, new: str) -> list[Line]:
    verb = "changed" if old and new else "added" if new else "removed"
    return [sentence(f"{noun} {verb}"), *both_lines(old, new)]


def _list(noun: str, old: Sequence[str], new: Sequence[str]) -> list[Line]:
    gone, come = list((Counter(old) - Counter(new)).elements()), list((Counter(new) - Counter(old)).elements())
    lines: list[Line] = []
    for item in list(gone):
        near = max(come, key=lambda one: alike(item, one), default="")
        if near and alike(item, near) >= _ALIKE:
            gone.remove(item)
            come.remove(near)
            lines += [sentence(f"{noun} changed"), *both_lines(item, near)]
    if gone:
        lines += [sentence(f"{noun}{_s(gone)} removed"), *(signed("-", item) for item in gone)]
    if come:
        lines += [sentence(f"{noun}{_s(come)} added"), *(signed("+", item) for item in come)]
    if lines:
        return lines
    if tuple(old) != tuple(new):
        return [sentence(f"{noun}s put in another order"), *(signed("+", item) for item in new)]
    return [sentence(f"{noun}s come from other segments")]


def _settings(old: BookSettings | None, new: BookSettings | None) -> list[Line]:
    before, after = old or BookSettings(), new or BookSettings()
    lines = []
    if before.exclusive != after.exclusive:
        lines.append(
            sentence(
                "each segment gets exactly one code now"
                if after.exclusive
                else "a segment may have several codes now, or none"
            )
        )
    if before.allow_unsure != after.allow_unsure:
        lines.append(sentence(f"coders may {'say' if after.allow_unsure else 'no longer say'} `unsure`"))
    return lines


def _order(old: Sequence[str], new: Sequence[str], labels: dict[str, str]) -> list[Line]:
    """Which codes moved, and after which they stand now: the fewest that explain the new order."""
    blocks = difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_matching_blocks()
    stay = {new[block.b + at] for block in blocks for at in range(block.size)}
    lines = []
    for place, code_id in enumerate(new):
        if code_id not in stay:
            after = f"now after {_quoted(labels.get(new[place - 1], new[place - 1]))}" if place else "now the first"
            lines.append(sentence(f"order: {_quoted(labels.get(code_id, code_id))} is {after}"))
    return lines


def _split(revision: Revision, labels: dict[str, str]) -> list[Line]:
    parts = _listed([code.label for code in revision.after])
    lines = [sentence(f"split into {parts}"), *_whole(revision.before[0], labels, "-", label=False)]
    for code in revision.after:
        lines += _whole(code, labels, "+", label=True)
    return lines


def _merge(revision: Revision, labels: dict[str, str]) -> list[Line]:
    whole, merged = revision.after[0], [code.label for code in revision.before]
    lines = [sentence(f"{_listed(merged)} merged into {_quoted(whole.label)}")]
    for code in revision.before:
        lines += _whole(code, labels, "-", label=True)
    return [*lines, *_whole(whole, labels, "+", label=True)]


def _whole(code: Code, labels: dict[str, str], sign: Sign, *, label: bool = False) -> list[Line]:
    """All that a code says, each field on a line."""
    parts = [
        ("", code.label if label else ""),
        ("definition: ", code.definition),
        *(("include: ", rule) for rule in code.include),
        *(("exclude: ", rule) for rule in code.exclude),
        *(("example: ", text) for text in _texts(code.examples)),
        *(("negative example: ", text) for text in _texts(code.negative_examples)),
        ("pattern: ", code.pattern),
        ("part of: ", labels.get(code.parent, code.parent)),
        ("colour: ", code.colour),
    ]
    return [signed(sign, f"{name}{text}") for name, text in parts if text]


def _texts(items: Sequence[str | CodeExample]) -> list[str]:
    return [item if isinstance(item, str) else item.text for item in items]


def _place(parent: str, labels: dict[str, str]) -> str:
    return f"under {_quoted(labels.get(parent, parent))}" if parent else "at the top level"


def _quoted(label: str) -> str:
    return f'"{label}"'


def _listed(labels: Sequence[str]) -> str:
    *first, last = map(_quoted, labels)
    return f"{', '.join(first)} and {last}" if first else last


def _s(items: Sequence[object]) -> str:
    return "" if len(items) == 1 else "s"
