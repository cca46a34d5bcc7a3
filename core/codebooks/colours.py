"""Colours of codes: how people write them, and which ones they may choose by name."""

from __future__ import annotations

import re

from intercoder.core.errors import InputError

NAMED = {
    "blue": "#3584e4",
    "teal": "#2190a4",
    "green": "#3a944a",
    "yellow": "#c88800",
    "orange": "#ed5b00",
    "red": "#e62d42",
    "pink": "#d56199",
    "purple": "#9141ac",
    "brown": "#986a44",
    "grey": "#6f8396",
}
"""Colours by name: of middling lightness, so that they stand out from black and from white."""
_HEX = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})")


def read_colour(text: str, where: str = "") -> str:
    """A colour as `#rrggbb`; empty for a blank text.

    Args:
        text: A name of `NAMED`, or three or six hexadecimal digits with or without `#`; in any case.
        where: Where it stands, for the error.

    Raises:
        InputError: It is no colour.
    """
    said = text.strip().casefold()
    if not said or said in NAMED:
        return NAMED.get(said, "")
    found = _HEX.fullmatch(said)
    if found is None:
        raise InputError(
            f"{text!r} is no colour.",
            where=where,
            remedy=f"Write it as `#3584e4`, or name one of: {', '.join(NAMED)}.",
        )
    digits = found[1] if len(found[1]) == 6 else "".join(digit * 2 for digit in found[1])
    return f"#{digits}"


def colour_name(colour: str) -> str:
    """The name of a colour, or else its digits; empty for none."""
    return next((name for name, code in NAMED.items() if code == colour), colour)
