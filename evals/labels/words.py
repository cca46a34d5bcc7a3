"""Words of a label, in any script that puts something between them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import groupby
from typing import TypeAlias

Tokenizer: TypeAlias = Callable[[str], Sequence[str]]
"""Cuts a text into words; named by whoever codes in a language that is written without spaces."""

_WITHOUT_SPACES = ("CJK ", "HIRAGANA", "KATAKANA", "THAI ", "LAO ", "KHMER ", "MYANMAR ", "TIBETAN ", "YI ")


def words(text: str) -> list[str]:
    """Unicode words of the case-folded text: unbroken runs of letters, marks and digits.

    Of text in ASCII these are the tokens of the `rouge-score` package, whose own tokenizer drops all other
    letters.
    """
    composed = unicodedata.normalize("NFC", text.casefold())
    return ["".join(run) for inside, run in groupby(composed, _in_word) if inside]


def written_without_spaces(text: str) -> bool:
    """Whether most of the text's letters are of a script that puts no space between words.

    Chinese, Japanese, Thai, Lao, Khmer, Burmese, Tibetan and Yi are; Korean is not.
    """
    letters = [character for character in text if unicodedata.category(character) == "Lo"]
    others = sum(unicodedata.category(character) in ("Lu", "Ll", "Lt") for character in text)
    joined = sum(map(_of_joined_script, letters))
    return 2 * joined > len(letters) + others


@lru_cache(maxsize=4096)
def _in_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"


@lru_cache(maxsize=4096)
def _of_joined_script(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith(_WITHOUT_SPACES)
