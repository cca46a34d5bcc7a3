"""Text under study in files that other programs interpret: Markdown and spreadsheets."""

from __future__ import annotations

import re

_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~&])")
_AT_START = re.compile(r"^(\d*)([-+=.)])")
"""What makes a list, a rule or a heading of a line."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def plain_markdown(text: str) -> str:
    """The text on one line, with nothing in it that Markdown takes for markup."""
    line = _MARKS.sub(r"\\\1", " ".join(text.split()))
    return _AT_START.sub(r"\1\\\2", line)


def plain_cell(value: object) -> object:
    """A cell's value; text that a spreadsheet would take for a formula gets an apostrophe in front.

    So does a formula behind apostrophes of its own, so that taking one away gives the text back.
    """
    return f"'{value}" if isinstance(value, str) and value.lstrip("'").startswith(_FORMULA) else value
