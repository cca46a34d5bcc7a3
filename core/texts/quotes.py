"""Finding a coder's quote in the segment it was taken from (methods: a quote not found is kept, flagged)."""

from __future__ import annotations

from intercoder.core.record import Record


class Quote(Record):
    """Words a decision rests on.

    `start` and `end` are code-point offsets into the *document*; None where the quote was not found.
    """

    text: str
    start: int | None = None
    end: int | None = None

    @property
    def verified(self) -> bool:
        """Whether the words stand in the segment, exactly or but for white space and case."""
        return self.start is not None


def locate(quote: str, text: str, offset: int = 0) -> Quote:
    """Find `quote` in `text`: exactly first, then with white space and case folded.

    Args:
        quote: What the coder says the text says. Surrounding white space is ignored.
        text: The segment's text.
        offset: Where the segment begins in its document; added to the result.

    Returns:
        The quote; when found its text is the text's own wording and its offsets are set, else they are None.
        An empty quote is never found.
    """
    wanted = quote.strip()
    if not wanted:
        return Quote(text="")
    exact = text.find(wanted)
    if exact >= 0:
        return Quote(text=wanted, start=offset + exact, end=offset + exact + len(wanted))
    folded, origin = _fold(text)
    needle, _ = _fold(wanted)
    at = _find_whole(folded, needle, origin)
    if at < 0:
        return Quote(text=wanted)
    start, end = origin[at], origin[at + len(needle) - 1] + 1
    return Quote(text=text[start:end], start=offset + start, end=offset + end)


def _find_whole(folded: str, needle: str, origin: list[int]) -> int:
    """Where the needle covers whole characters of the text: "se" is not in "Straße", folded "strasse"."""

    def inside(index: int) -> bool:
        return 0 < index < len(origin) and origin[index] == origin[index - 1]

    at = folded.find(needle)
    while at >= 0 and (inside(at) or inside(at + len(needle))):
        at = folded.find(needle, at + 1)
    return at


def _fold(text: str) -> tuple[str, list[int]]:
    """Case-folded text with runs of white space made one space, and for each character its origin."""
    characters: list[str] = []
    origin: list[int] = []
    for index, character in enumerate(text):
        if character.isspace():
            if characters and characters[-1] == " ":
                continue
            characters.append(" ")
            origin.append(index)
            continue
        for folded in character.casefold():
            characters.append(folded)
            origin.append(index)
    return "".join(characters), origin
