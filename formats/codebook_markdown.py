"""A codebook as Markdown: to be read, mailed and printed; what people change in it can be read back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from intercoder.core.codebook import Code, Codebook, CodeExample
from intercoder.core.codebooks.codebook_drafts import Draft, DraftCode, parent_name
from intercoder.core.errors import InputError
from intercoder.formats.codebook_yaml_reading import nearest
from intercoder.formats.harmless import plain_markdown

SECTIONS = {
    "Include": "include",
    "Exclude": "exclude",
    "Examples": "examples",
    "Not this code": "negative_examples",
}
LINES = ("Part of", "Pattern", "Colour", "Segments")
SETTINGS = {"One code a segment": "exclusive", "Unsure allowed": "allow_unsure"}

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_TITLE = re.compile(r"# Codebook(?:, version (\d+))?(?: <!-- ([0-9a-f]+) -->)?")
_CODE = re.compile(r"##(?: +(.*?))??(?: *<!-- (\S+) -->)?")
_LINE = re.compile(r"\*([^*:]+):\* *(.*)")
_SECTION = re.compile(r"\*\*([^*]+?):?\*\*")


def to_markdown(book: Codebook) -> str:
    """The codebook as Markdown, most used codes first; each text on one line."""
    lines = [f"# Codebook, version {book.version} <!-- {book.hash} -->", ""]
    for name, setting in SETTINGS.items():
        lines += [f"*{name}:* {'yes' if getattr(book, setting) else 'no'}", ""]
    for code in book.by_use:
        lines += _block(book, code)
    return "\n".join(lines).rstrip() + "\n"


def read_markdown(text: str, source: str) -> Draft:
    """Read a codebook in the form in which `to_markdown` writes it. The order of its codes means nothing.

    Raises:
        InputError: A line that does not belong there, with its number.
    """
    return _Reader(source).read(text)


def seen_in_markdown(text: str) -> tuple[str, ...]:
    """How a text reads once it was written as Markdown: white space is one space."""
    return (" ".join(text.split()),)


def _block(book: Codebook, code: Code) -> list[str]:
    lines = [f"## {plain_markdown(code.label)} <!-- {code.id} -->", ""]
    parent = parent_name(book, code)
    values = (
        plain_markdown(parent),
        plain_markdown(code.pattern),
        plain_markdown(code.colour),
        str(book.counts[code.id]) if code.id in book.counts else "",
    )
    for name, value in zip(LINES, values, strict=True):
        lines += [f"*{name}:* {value}", ""] if value else []
    if code.definition:
        lines += [plain_markdown(code.definition), ""]
    for name, field in SECTIONS.items():
        items = [item if isinstance(item, str) else item.text for item in getattr(code, field)]
        if items:
            lines += [f"**{name}:**", "", *(f"- {plain_markdown(item)}" for item in items), ""]
    return lines


class _Reader:
    """Reads line by line, and knows which code and section it is in."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._head: dict[str, Any] = {}
        self._codes: list[dict[str, Any]] = []
        self._section = ""
        self._line = 0

    def read(self, text: str) -> Draft:
        for self._line, line in enumerate(text.split("\n"), 1):
            self._take(line.rstrip())
        codes = tuple(self._code(code) for code in self._codes)
        return Draft(source=self._source, codes=codes, ordered=False, **self._head)

    def _take(self, line: str) -> None:
        title, code = _TITLE.fullmatch(line), _CODE.fullmatch(line)
        named, section = _LINE.fullmatch(line), _SECTION.fullmatch(line)
        if title:
            self._head |= {"version": int(title[1]) if title[1] else None, "hash": title[2] or ""}
        elif code:
            self._section = "definition"
            self._codes.append({"label": _bare(code[1] or ""), "id": code[2] or "", "": self._line})
        elif section:
            self._begin(section[1])
        elif named:
            self._name(named[1], named[2])
        elif line.strip() and not self._codes:
            raise self._odd("is text above the first code.", "Begin each code with `## ` and its label.")
        elif line.strip():
            self._add(line)
        elif self._codes and self._section == "definition":
            self._codes[-1]["definition"] = f"{self._codes[-1].get('definition', '')}\n\n".lstrip()

    def _begin(self, name: str) -> None:
        if name not in SECTIONS or not self._codes:
            raise self._odd(f"names the part {name!r}, which is not known.", nearest(name, [*SECTIONS], "Parts"))
        self._section = SECTIONS[name]

    def _name(self, name: str, value: str) -> None:
        if not self._codes:
            if name not in SETTINGS or value not in ("yes", "no"):
                raise self._odd("is not understood.", f"Lines above the codes: {_listed(SETTINGS)}; `yes` or `no`.")
            self._head[SETTINGS[name]] = value == "yes"
        elif name in LINES:
            self._codes[-1][name] = _bare(value)
        else:
            raise self._odd(f"names {name!r}, which is not known.", nearest(name, LINES, "Lines of a code"))

    def _add(self, line: str) -> None:
        code, item = self._codes[-1], re.match(r"(?:[-*+>]) +(.*)|[-*+>]$", line)
        if line.startswith("#"):
            raise self._odd("is a heading of another kind.", "Codes begin with `## `; write `\\#` for the mark.")
        if self._section == "definition":
            so_far = code.get("definition", "")
            joint = " " if so_far and not so_far.endswith("\n") else ""
            code["definition"] = f"{so_far}{joint}{_bare(line.strip())}"
        elif item:
            code.setdefault(self._section, []).append(_bare(item[1] or ""))
        elif code.get(self._section) and line.startswith(" "):
            code[self._section][-1] += f" {_bare(line.strip())}"
        else:
            raise self._odd("is text between lists.", "Write each rule and example on a line beginning with `- `.")

    def _code(self, said: dict[str, Any]) -> DraftCode:
        where = f"{self._source}:line {said['']}"
        if not said["label"] and not said["id"]:
            raise InputError("a code has no label.", where=where, remedy="Write one after `## `.")
        examples = {
            name: tuple(CodeExample(text=text) for text in said.get(name, []) if text)
            for name in ("examples", "negative_examples")
        }
        return DraftCode(
            id=said["id"],
            label=said["label"],
            definition=said.get("definition", "").strip(),
            include=tuple(filter(None, said.get("include", []))),
            exclude=tuple(filter(None, said.get("exclude", []))),
            parent=said.get("Part of", ""),
            kind="pattern" if said.get("Pattern") else "model",
            pattern=said.get("Pattern", ""),
            colour=said.get("Colour", ""),
            places={"": where},
            **examples,
        )

    def _odd(self, message: str, remedy: str) -> InputError:
        return InputError(message, where=f"{self._source}:line {self._line}", remedy=remedy)


def _bare(text: str) -> str:
    """The text without the backslashes that keep Markdown from taking it for markup."""
    return _ESCAPED.sub(r"\1", text.strip())


def _listed(names: Sequence[str] | dict[str, str]) -> str:
    return " and ".join(f"`*{name}:*`" for name in names)
