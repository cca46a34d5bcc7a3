"""Codes that a regular expression finds: exact, and stopped where they would not end."""

import time

import pytest

from intercoder.core.codebooks.patterns import Found, check_pattern, search
from intercoder.core.errors import InputError


def test_a_pattern_is_found_at_its_first_place() -> None:
    assert search(r"#\w+", "so #tired of #this") == Found("#tired", 3, 9)
    assert search(r"#\w+", "no tag") is None
    assert search("é", "caf\u00e9") == Found("é", 3, 4)


def test_upper_and_lower_case_count_unless_the_pattern_says_otherwise() -> None:
    assert search("mend", "MEND") is None
    assert search("(?i)mend", "MEND") == Found("MEND", 0, 4)


@pytest.mark.parametrize("pattern", [r"#\w+", r"\b[A-Z]{2,}\b", r"(?:\w+\s)+end", r"(a+)+b", r"\$\d+(\.\d\d)?"])
def test_patterns_that_end_are_taken(pattern: str) -> None:
    check_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("", "the pattern is empty"),
        ("(a", "is no regular expression: missing \\)"),
        ("a*", "is found in an empty text"),
        ("x|", "is found in an empty text"),
        (r"(a|aa)+$", "takes more than 0.5 seconds"),
        (r"(\w|\w\w)+$", "takes more than 0.5 seconds"),
    ],
)
def test_patterns_that_cannot_be_used_are_refused(pattern: str, message: str) -> None:
    began = time.monotonic()
    with pytest.raises(InputError, match=message) as error:
        check_pattern(pattern)
    assert error.value.remedy
    assert time.monotonic() - began < 5


def test_one_search_is_stopped_however_long_the_text() -> None:
    with pytest.raises(InputError, match=r"takes more than 0.05 seconds on a text of 201 characters"):
        search(r"(a|aa)+$", "a" * 200 + "!", timeout=0.05)
