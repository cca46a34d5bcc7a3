"""Markdown: read as it is written, so that offsets count in the file's own text."""

from __future__ import annotations

from intercoder.formats.plain_text import PlainText


class Markdown(PlainText):
    """Reads a Markdown file as one document, marks and all."""

    extensions: tuple[str, ...] = (".md", ".markdown")
