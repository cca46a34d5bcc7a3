"""A colour and a sign for each code: the same on every screen, told apart without colours too."""

from __future__ import annotations

from textual.content import Content

from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.colours import NAMED
from intercoder.core.identity import digest

SIGNS = "●■▲◆★▼♥♣♠♦"
COLOURS = tuple(NAMED.values())


def code_marks(book: Codebook) -> dict[str, Content]:
    """Code id -> its sign in its colour.

    Both follow from the code alone, so that nothing that happens to others changes them. Two codes may look alike
    therefore; their labels always stand beside.
    """
    return {code.id: _mark(code) for code in book.codes}


def _mark(code: Code) -> Content:
    colour, sign = divmod(int(digest(code.id)[:8], 16) % (len(COLOURS) * len(SIGNS)), len(SIGNS))
    return Content.styled(SIGNS[sign], code.colour or COLOURS[colour])
