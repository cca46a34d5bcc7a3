"""Text as it is shown: nothing in it reaches the terminal as a command."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intercoder.core.shown import counted, listed, one_line, shown_characters, shown_safely


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;owned\x07", "\\u001b]0;owned\\u0007"),
        ("left\u202eright", "left\\u202eright"),
        ("a\u200db", "a\\u200db"),
        ("می\u200cروم", "می\u200cروم"),
        ("👩\u200d🔧 mends", "👩\u200d🔧 mends"),
        ("\u200d👩", "\\u200d👩"),
        ("line\n\tnext", "line\n\tnext"),
        ("carriage\rreturn", "carriage\\u000dreturn"),
    ],
)
def test_what_is_hidden_becomes_visible_and_what_is_spelled_stays(text: str, shown: str) -> None:
    assert shown_safely(text) == shown


@given(st.text())
def test_nothing_that_drives_a_terminal_is_left(text: str) -> None:
    left = {unicodedata.category(one) for one in shown_safely(text) if one not in "\n\t\u200c\u200d"}
    assert not left & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text())
def test_every_character_is_shown_as_something(text: str) -> None:
    pieces = list(shown_characters(text))
    assert len(pieces) == len(text)
    assert "".join(pieces) == shown_safely(text)


def test_words_for_people() -> None:
    assert one_line("a\n b   c") == "a b c"
    assert one_line("abcdef", 4) == "abc…"
    assert counted(1, "code") == "1 code"
    assert counted(1200, "code") == "1,200 codes"
    told = [listed(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])]
    assert told == ["", "a", "a and b", "a, b and c"]
