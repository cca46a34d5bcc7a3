"""A codebook as YAML: written anew, or into a file that people have commented and laid out."""

from __future__ import annotations

import difflib
import io
import re
from collections.abc import Sequence
from typing import Any

from intercoder.core.codebook import Code, Codebook, CodeExample
from intercoder.core.codebooks.codebook_drafts import parent_name
from intercoder.formats.codebook_yaml_reading import ENTRY, HEAD, round_trip
from intercoder.formats.yaml_blocks import Blocks, comments_and_code, cut, keys_and_comments

OPENING = """\
# A codebook exported by intercoder. Editing this file changes nothing by itself:
# `intercoder codebook import` reads it back. Comments are kept.
"""
EMPTY = """\
# A codebook. Write the codes, save, and close the editor. A code needs a label; the rest may be left out:
#
# - label: mending
#   definition: Someone repairs a thing themselves.
#   include:
#   - repairs with help of friends
#   exclude:
#   - repairs that are paid for
#   examples:
#   - I sewed it up again
#   negative_examples:
#   - I took it to the tailor
#   parent: the label of another code
exclusive: false  # true: each segment gets exactly one code
allow_unsure: false  # true: coders may say `unsure`
codes:
- label:
  definition:
"""
"""What is edited where there is no codebook yet."""
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")
_LITERAL = re.compile(
    r"(?:[^\s#](?:[^\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\n]*\S)?\n+)+[^\s](?:[^\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\n]*\S)?"
)
"""Several lines that stand as they are below a `|`: printable, none indented, no white space at their ends."""


def to_yaml(book: Codebook) -> str:
    """The codebook as YAML; number and hash stand in its head so that an edited file can be compared."""
    return f"{OPENING}{_dumped(_head(book))}{_codes([_dumped([_entry(book, code)]) for code in book.codes])}"


def updated_yaml(text: str, book: Codebook) -> str:
    """A file's YAML with the values of a book; comments, order of keys, quotation marks and layout stay.

    Codes are found by their ids, or by their labels where they have none. The comments above a code move with it,
    and go where it goes.

    Args:
        text: The file's content, a codebook.
        book: What it shall say.

    Raises:
        ValueError: Its layout cannot be kept; see `cut`.
    """
    from ruamel.yaml.error import YAMLError

    try:
        blocks = cut(text)
        known = {_name(block): block for block in blocks.codes}
        parts = [_written(book, code, known, blocks) for code in book.codes]
        return f"{_updated_head(blocks.head, book)}{_codes(parts)}{blocks.tail}"
    except (YAMLError, AttributeError, LookupError, TypeError) as error:  # an odd layout, cut at a wrong place
        raise ValueError(str(error)) from None


def _codes(blocks: Sequence[str]) -> str:
    return "".join(["codes:\n", *blocks]) if blocks else "codes: []\n"


def _name(block: str) -> str:
    (entry,) = round_trip().load(block)
    return str(entry.get("id") or entry["label"])


def _written(book: Codebook, code: Code, known: dict[str, str], blocks: Blocks) -> str:
    block, wanted = known.get(code.id, known.get(code.label)), _entry(book, code)
    if block is None:
        return _dumped([wanted], blocks.dash, blocks.item)
    comments, body = comments_and_code(block)
    sequence = round_trip().load(body)
    if _plain(sequence[0]) == _plain(wanted):
        return block
    _update(sequence[0], wanted)
    return comments + _dumped(sequence, blocks.dash, blocks.item)


def _head(book: Codebook) -> dict[str, Any]:
    run = {"run": book.run} if book.run else {}
    settings = {"exclusive": book.exclusive, "allow_unsure": book.allow_unsure}
    return {"version": book.version, "hash": book.hash, **run, **settings}


def _entry(book: Codebook, code: Code) -> dict[str, Any]:
    """A code's keys and values, without those that are empty."""
    values: dict[str, Any] = {
        "id": code.id,
        "label": _scalar(code.label),
        "definition": _scalar(code.definition),
        "include": [_scalar(rule) for rule in code.include],
        "exclude": [_scalar(rule) for rule in code.exclude],
        "examples": _examples(code.examples),
        "negative_examples": _examples(code.negative_examples),
        "parent": _scalar(parent_name(book, code)),
        "kind": "" if code.kind == "model" else code.kind,
        "pattern": _scalar(code.pattern),
        "colour": code.colour,
        "segments": book.counts.get(code.id),
    }
    return {name: values[name] for name in ENTRY if values[name] or values[name] == 0 or name == "label"}


def _examples(examples: Sequence[CodeExample]) -> list[str]:
    return [_scalar(example.text) for example in examples]


def _scalar(text: str) -> str:
    """The text; below a `|` if it has lines, with escapes if it has line ends that YAML would read as spaces."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

    written = text
    if _LINE_ENDS.search(text):
        written = DoubleQuotedScalarString(text)
    elif _LITERAL.fullmatch(text):
        written = LiteralScalarString(text)
    return written


def _dumped(value: Any, dash: int = 0, item: int = 0) -> str:
    """YAML, indented by `dash`; the dashes of inner lists stand `item` columns to the right of their keys."""
    yaml = round_trip()
    yaml.indent(mapping=2, sequence=item + 2, offset=item)
    out = io.StringIO()
    yaml.dump(value, out)
    lines = out.getvalue().split("\n")
    by = min((len(line) - len(line.lstrip(" ")) for line in lines if line), default=0)
    return "\n".join(f"{' ' * dash}{line[by:]}" if line.strip() else line for line in lines)


def _updated_head(head: str, book: Codebook) -> str:
    """The lines above the codes, their values those of the book."""
    keys, comments = keys_and_comments(head)
    values = round_trip().load(keys) if keys else None
    if values is None:
        return f"{comments}{_dumped(_head(book))}"
    for name, value in _head(book).items():
        if values.get(name) != value:
            _put(values, name, value, HEAD)
    if "run" in values and not book.run:
        del values["run"]
    return f"{_dumped(values)}{comments}"


def _update(entry: Any, wanted: dict[str, Any]) -> None:
    """Make a code's keys say something new."""
    for name in [name for name in entry if name not in wanted]:
        del entry[name]
    for name, value in wanted.items():
        old = entry.get(name)
        if isinstance(value, list) and isinstance(old, list):
            _update_list(old, value)
        elif _plain(old) != _plain(value):
            _put(entry, name, value, ENTRY)


def _update_list(old: Any, new: list[str]) -> None:
    """Make a list say something new; items that stay keep their comments."""
    texts = [_text(item) for item in old]
    matcher = difflib.SequenceMatcher(a=texts, b=new, autojunk=False)
    for tag, first, last, start, end in reversed(matcher.get_opcodes()):
        if tag == "equal":
            continue
        for place in reversed(range(first, last)):
            del old[place]
        for place, item in enumerate(new[start:end]):
            old.insert(first + place, item)


def _put(mapping: Any, name: str, value: Any, order: Sequence[str]) -> None:
    """Set a key; a new one goes after the last of those that are written before it."""
    from ruamel.yaml.scalarstring import FoldedScalarString, LiteralScalarString

    if name in mapping:
        if isinstance(mapping[name], LiteralScalarString | FoldedScalarString):
            mapping[name] = None  # or else the new text stands below a mark too
        mapping[name] = value
        return
    before = set(order[: order.index(name)])
    place = max((at + 1 for at, key in enumerate(mapping) if key in before), default=0)
    mapping.insert(place, name, value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items() if one not in (None, "", [])}
    if isinstance(value, list):
        return [_plain(_text(one)) for one in value]
    return value


def _text(item: Any) -> Any:
    """The text of an example, which may stand as a key's value."""
    return item.get("text") if isinstance(item, dict) else item
