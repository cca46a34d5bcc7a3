"""The one way for text under study, labels, names and models' words onto the screen: never as markup."""

from __future__ import annotations

from textual.content import Content

from intercoder.core.shown import one_line, shown_safely


def shown(text: str, style: str = "") -> Content:
    """The whole text, with its line breaks; what could drive a terminal is made visible."""
    content = Content(shown_safely(text))
    return content.stylize(style) if style else content


def line(text: str, longest: int = 200, style: str = "") -> Content:
    """The text on one line, cut at `longest` characters."""
    content = Content(one_line(text, longest))
    return content.stylize(style) if style else content


def joined(*parts: Content | str) -> Content:
    """Pieces one after the other; plain strings are ours and hold no text under study."""
    return Content("").join(Content(part) if isinstance(part, str) else part for part in parts)
