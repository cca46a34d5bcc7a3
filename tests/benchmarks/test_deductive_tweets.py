"""Patterns for the formatting codes of seed 002 against the columns of the real file."""

from pathlib import Path

import pytest

from benchmarks.deductive_tweets import CODES, differences, tweets
from intercoder.core.codebook import Code
from intercoder.core.codebooks.patterns import check_pattern

HASHTAGS, AT_SIGNS, CAPITALS = CODES


@pytest.mark.shared
@pytest.mark.parametrize("code", [HASHTAGS, AT_SIGNS], ids=lambda code: code.id)
def test_patterns_equal_the_columns(shared_data: Path, code: Code) -> None:
    held = tweets(shared_data / "trump_tweets")
    assert len(held) == 3110
    assert differences(code, held) == []


@pytest.mark.shared
def test_capitals_differ_where_the_file_counts_acronyms(shared_data: Path) -> None:
    found = differences(CAPITALS, tweets(shared_data / "trump_tweets"))
    # Found here alone: a stressed word that the file's rule takes for an acronym. The file alone: acronyms that its
    # list lacks, or with an apostrophe ("CEO's", "POTUS'"), or a name behind a sign ("NASDAQ" after a tick).
    assert {one.found for one in found} == {"LIVE", ""}
    assert len(found) == 24


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.id)
def test_patterns_can_be_used(code: Code) -> None:
    check_pattern(code.pattern)
