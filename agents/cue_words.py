"""The words that a synthesizer's text is to hold: what makes one text differ from the next.

A small model that is shown texts and asked for more repeats them. Asked to write with words that none of them
holds together, it cannot.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from statistics import median

LONG, SHORT = 8, 3
"""Words of the median text above which three words are given, or two."""
RUN = 20
"""Letters from which a run of them is taken for a clause of a language written without spaces."""
PIECE = 4
"""Letters of such a run that are given."""

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def how_many(texts: Sequence[str]) -> int:
    """How many words to give for texts like these, 1 to 3."""
    length = median([len(text.split()) for text in texts] or [LONG + 1])
    return 3 if length > LONG else 2 if length > SHORT else 1


def cue_words(text: str, count: int, draw: random.Random) -> list[str]:
    """Some words of a text: of its longer half, which says what it is about in most languages, in random order.

    Args:
        text: The text.
        count: Most words, from 1.
        draw: Where chance comes from.
    """
    words = list(dict.fromkeys(_shortened(word, draw) for word in _WORD.findall(text)))
    longer = sorted(words, key=len, reverse=True)[: max(count, (len(words) + 1) // 2)]
    return draw.sample(longer, min(count, len(longer)))


def _shortened(word: str, draw: random.Random) -> str:
    if len(word) < RUN:
        return word
    start = draw.randrange(len(word) - PIECE)
    return word[start : start + PIECE]
