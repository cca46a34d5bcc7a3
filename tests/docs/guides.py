"""Reading guides: their blocks of code, the commands in them, and what stands in `...` in their prose."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


class Block(NamedTuple):
    """A fenced block of a guide."""

    language: str
    code: str


def blocks(guide: Path) -> Iterator[Block]:
    """The guide's fenced blocks, in order."""
    for match in _BLOCK.finditer(guide.read_text(encoding="utf-8")):
        yield Block(match["language"], match["code"])


def commands(code: str) -> Iterator[list[str]]:
    """The words of each command of a shell block; comments are left out, continued lines joined."""
    for line in code.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words:
            yield words


def inline_commands(guide: Path, program: str) -> Iterator[list[str]]:
    """Commands of a program that stand in the guide's prose."""
    prose = _BLOCK.sub("", guide.read_text(encoding="utf-8"))
    for code in _INLINE.findall(prose):
        if code.startswith(f"{program} "):
            yield shlex.split(" ".join(code.split()))


def links(guide: Path) -> Iterator[str]:
    """Targets of the guide's links that are files, without anchors."""
    for target in _LINK.findall(guide.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith("#"):
            yield target.partition("#")[0]
