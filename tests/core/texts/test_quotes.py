import pytest
from hypothesis import given
from hypothesis import strategies as st

from intercoder.core.texts.quotes import Quote, locate

PIECES = st.sampled_from(
    ["a", "B", "ß", "İ", "ﬁ", "ς", "Σ", "e\u0301", "😀", " ", "\n", "\u00a0", "\t", "\u200b", "s", "i", "f"]
)
TEXTS = st.lists(PIECES, max_size=20).map("".join)


def folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def test_an_exact_quote_is_found_first() -> None:
    assert locate("busy", "Busy or busy?", 100) == Quote(text="busy", start=108, end=112)


def test_white_space_and_case_may_differ_and_the_text_has_the_last_word() -> None:
    text = "I was TOO\n  busy, really."
    assert locate(" too busy ", text, 5) == Quote(text="TOO\n  busy", start=11, end=21)


@pytest.mark.parametrize("quote", ["", " \n"])
def test_an_empty_quote_is_never_found(quote: str) -> None:
    assert locate(quote, "some text") == Quote(text="")


def test_a_quote_that_is_not_there_is_kept() -> None:
    quote = locate(" too lazy ", "too busy")
    assert quote == Quote(text="too lazy")
    assert not quote.verified


def test_offsets_are_code_points_where_folding_makes_text_longer() -> None:
    assert locate("STRASSE 5", "😀 Große Straße 5") == Quote(text="Straße 5", start=8, end=16)


def test_half_a_folded_character_is_no_find() -> None:
    assert not locate("SE", "Straße").verified
    assert not locate("STRAS", "Straße").verified
    assert locate("SE", "Straße, see").start == 8


@given(TEXTS, st.data(), st.integers(0, 1000))
def test_every_piece_of_a_text_is_found_however_it_is_spaced_and_cased(
    text: str, data: st.DataObject, offset: int
) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    said = " \n".join(text[start:end].split()).casefold()
    quote = locate(said, text, offset)
    if said:
        assert quote.start is not None
        assert quote.end is not None
        assert text[quote.start - offset : quote.end - offset] == quote.text
    else:
        assert not quote.verified


@given(TEXTS, TEXTS)
def test_what_is_found_says_the_same(quote: str, text: str) -> None:
    found = locate(quote, text)
    assert folded(found.text) == folded(quote)
    if found.start is not None and found.end is not None:
        assert text[found.start : found.end] == found.text
