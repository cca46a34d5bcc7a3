"""Reading a codebook from YAML, with the line of whatever is wrong in it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from intercoder.core.codebook import CodeExample
from intercoder.core.codebooks.codebook_drafts import Draft, DraftCode
from intercoder.core.errors import InputError

HEAD = ("version", "hash", "run", "exclusive", "allow_unsure", "codes")
ENTRY = (
    "id",
    "label",
    "definition",
    "include",
    "exclude",
    "examples",
    "negative_examples",
    "parent",
    "kind",
    "pattern",
    "colour",
    "segments",
)
"""Keys of a code, in the order in which they are written."""
EXAMPLE = ("text", "segment_id")
QUOTE = "Put it in quotation marks to have it as text."


def read_yaml(text: str, source: str) -> Draft:
    """Read a codebook. Counts (`segments`) and `run` are passed over.

    Args:
        text: The file's content.
        source: The file, for errors.

    Raises:
        InputError: It is no YAML (line and column), a key is unknown (the nearest right one is named) or a value
            is of a wrong type (line and code).
    """
    data = loaded(text, source)
    if data is None:
        data = {}
    if not isinstance(data, Mapping):
        raise InputError(
            "is no codebook: it does not begin with keys.",
            where=f"{source}:line 1",
            remedy="Write `codes:`, and below it the codes, each beginning with `- label:`.",
        )
    head = _Keys(data, source, "")
    head.refuse_unknown(HEAD)
    codes = head.value("codes", list, "a list of codes, each beginning with `- `") or []
    return Draft(
        source=source,
        version=head.value("version", int, "a whole number"),
        hash=str(data.get("hash") or ""),
        exclusive=head.value("exclusive", bool, "`true` or `false`"),
        allow_unsure=head.value("allow_unsure", bool, "`true` or `false`"),
        codes=tuple(_code(entry, source, _item_line(codes, place)) for place, entry in enumerate(codes)),
    )


def loaded(text: str, source: str) -> Any:
    """YAML with the places and comments that it was written with.

    Raises:
        InputError: It is no YAML.
    """
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.reader import ReaderError

    try:
        return round_trip().load(text)
    except ReaderError as error:
        where = f"{source}:line {text.count(chr(10), 0, error.position) + 1}"
        raise InputError(
            "holds a character that YAML does not allow.",
            where=where,
            remedy='Write it as an escape in double quotation marks, such as "\\x07", or take it out.',
        ) from None
    except MarkedYAMLError as error:
        raise _malformed(error, source) from None
    except (YAMLError, RecursionError, ValueError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InputError(f"is no YAML: {reason}.", where=source, remedy="Mend that place.") from None


def round_trip() -> Any:
    """A reader and writer of YAML that keeps comments, quotation marks and long lines."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.default_flow_style = False
    yaml.preserve_quotes = True
    yaml.width = 1_000_000  # a folded line would lose control characters
    yaml.allow_unicode = True
    return yaml


def nearest(name: str, known: Sequence[str], noun: str = "They") -> str:
    """The right name for a mistyped one, or all there are."""
    close = difflib.get_close_matches(name.casefold().replace(" ", "_"), known, n=1, cutoff=0.5)
    return f"Did you mean `{close[0]}`?" if close else f"{noun} are: {', '.join(known)}."


def _malformed(error: Any, source: str) -> InputError:
    mark = error.problem_mark or error.context_mark
    place = f"{source}:line {mark.line + 1}, column {mark.column + 1}" if mark else source
    problem = str(error.problem or error.context or error).splitlines()[0]
    began = error.context_mark
    if began and mark and began.line != mark.line:
        problem = f"{problem} (what is being read began on line {began.line + 1})"
    return InputError(
        f"is no YAML: {problem}.",
        where=place,
        remedy="Mend that place; put texts that hold `: ` or ` #`, or begin with a mark, in quotation marks.",
    )


def _code(entry: Any, source: str, line: int) -> DraftCode:
    where = f"{source}:line {line}"
    if not isinstance(entry, Mapping):
        raise InputError(
            f"a code is {_told(entry)}, not keys with values.",
            where=where,
            remedy="Begin each code with `- label:` and write its other keys below, indented alike.",
        )
    said = entry.get("label")
    keys = _Keys(entry, source, f"the code {said!r}: " if isinstance(said, str) else "")
    keys.refuse_unknown(ENTRY)
    label = keys.text("label")
    if not label.strip():
        raise InputError("a code has no label.", where=where, remedy="Write one: `- label: ...`.")
    kind = keys.text("kind") or "model"
    if kind not in ("model", "pattern"):
        raise InputError(
            f"{keys.owner}`kind` is {kind!r}.", where=keys.where("kind"), remedy="Kinds are: model, pattern."
        )
    return DraftCode(
        id=keys.text("id"),
        label=label,
        definition=keys.text("definition"),
        include=keys.texts("include"),
        exclude=keys.texts("exclude"),
        examples=keys.examples("examples"),
        negative_examples=keys.examples("negative_examples"),
        parent=keys.text("parent"),
        kind=kind,
        pattern=keys.text("pattern"),
        colour=keys.colour("colour"),
        places={"": where} | {str(key): keys.where(key) for key in entry},
    )


class _Keys:
    """A mapping of YAML: takes out typed values, and names the line where a type is wrong."""

    def __init__(self, data: Mapping[Any, Any], source: str, owner: str) -> None:
        self._data = data
        self._source = source
        self.owner = owner

    def where(self, key: object) -> str:
        """The place of a key."""
        lines = getattr(getattr(self._data, "lc", None), "data", None) or {}
        return f"{self._source}:line {lines[key][0] + 1}" if key in lines else self._source

    def refuse_unknown(self, known: Sequence[str]) -> None:
        for key in self._data:
            if key not in known:
                raise InputError(
                    f"{self.owner}the key `{key}` is not known.",
                    where=self.where(key),
                    remedy=nearest(str(key), known, "Keys"),
                )

    def value(self, key: str, kind: type, what: str) -> Any:
        """A value of that type; None where there is none."""
        value = self._data.get(key)
        if value is None or (isinstance(value, kind) and (kind is bool or not isinstance(value, bool))):
            return value
        raise self._wrong(key, self.where(key), value, what)

    def text(self, key: str) -> str:
        value = self._data.get(key)
        if value is None:
            return ""
        if isinstance(value, str):
            return str(value)
        remedy = "" if isinstance(value, list | Mapping) else QUOTE
        raise self._wrong(key, self.where(key), value, "text", remedy)

    def colour(self, key: str) -> str:
        """A colour; one without quotation marks is a comment or a number to YAML, and must not get lost."""
        if key in self._data and not isinstance(self._data[key], str):
            raise self._wrong(
                key, self.where(key), self._data[key], "a colour", f"{QUOTE[:-1]}, such as '#3584e4'."
            )
        return self.text(key)

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(self._items(key, self._text_item))

    def examples(self, key: str) -> tuple[CodeExample, ...]:
        return tuple(self._items(key, self._example))

    def _items(self, key: str, read: Callable[[str, str, Any], Any]) -> list[Any]:
        items = self.value(key, list, "a list: a line each, beginning with `- `") or []
        where = (f"{self._source}:line {_item_line(items, place)}" for place in range(len(items)))
        return [read(key, place, item) for place, item in zip(where, items, strict=True)]

    def _text_item(self, key: str, where: str, item: Any) -> str:
        if isinstance(item, str):
            return str(item)
        raise self._wrong(key, where, item, "a list of texts", QUOTE)

    def _example(self, key: str, where: str, item: Any) -> CodeExample:
        if isinstance(item, Mapping) and set(item) <= set(EXAMPLE) and "text" in item:
            parts = [item["text"], item.get("segment_id") or ""]
            if all(isinstance(part, str) for part in parts):
                return CodeExample(text=str(parts[0]), segment_id=str(parts[1]))
        return CodeExample(text=self._text_item(key, where, item))

    def _wrong(self, key: str, where: str, value: Any, what: str, remedy: str = "") -> InputError:
        return InputError(
            f"{self.owner}`{key}` must be {what}; here is {_told(value)}.", where=where, remedy=remedy
        )


def _item_line(items: Any, place: int) -> int:
    """Line, from 1, of an item of a list."""
    lines = getattr(getattr(items, "lc", None), "data", None) or {}
    return int(lines[place][0]) + 1 if place in lines else 1


def _told(value: Any) -> str:
    """A value's type, and the value where it is short."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return f"a key with a value (`{next(iter(value), '')}: ...`)"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`, which is a truth value"
    if isinstance(value, str):
        return f"`{value}`"
    return f"`{value}`, which is a {_NAMES.get(type(value).__name__, 'number')}"


_NAMES = {"TimeStamp": "date", "datetime": "date", "date": "date", "TaggedScalar": "tagged value"}
