"""A colour and a sign for each code: the same on every screen, told apart without colours too."""

from __future__ import annotations

from textual.content import Content

from intercoder.core.codebook import Codebook
from intercoder.core.colours import NAMED
from intercoder.core.identity import digest

SIGNS = "●■▲◆★▼♥♣♠♦"
COLOURS = tuple(NAMED.values())


def code_marks(book: Codebook) -> dict[str, Content]:
    """Code id -> its sign in its colour: its own, or one that it keeps whatever is moved or changed."""
    marks: dict[str, Content] = {}
    taken: set[int] = set()
    for at, code in enumerate(sorted(book.codes, key=lambda code: code.id)):
        if len(taken) == len(COLOURS):
            taken.clear()
        place = int(digest(code.id)[:8], 16) % len(COLOURS)
        while place in taken:
            place = (place + 1) % len(COLOURS)
        taken.add(place)
        sign = SIGNS[(place + at // len(COLOURS)) % len(SIGNS)]
        marks[code.id] = Content.styled(sign, code.colour or COLOURS[place])
    return marks
