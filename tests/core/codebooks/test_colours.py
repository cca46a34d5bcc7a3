"""Colours as people write them."""

import pytest

from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.codebook_checks import check_book
from intercoder.core.codebooks.colours import NAMED, colour_name, read_colour
from intercoder.core.errors import InputError


@pytest.mark.parametrize(
    ("text", "colour"),
    [("Teal", NAMED["teal"]), ("#ABC", "#aabbcc"), (" 12ab9F ", "#12ab9f"), ("", ""), ("#3584E4", "#3584e4")],
)
def test_names_and_digits_are_read(text: str, colour: str) -> None:
    assert read_colour(text) == colour


@pytest.mark.parametrize("text", ["tealish", "#12", "#12345g", "[red]", "#1234567"])
def test_what_is_no_colour_is_refused_and_the_names_are_told(text: str) -> None:
    with pytest.raises(InputError, match="is no colour") as found:
        read_colour(text, "book.yaml:line 3")
    assert found.value.where == "book.yaml:line 3"
    assert "teal" in found.value.remedy


def test_a_book_holds_colours_in_one_form() -> None:
    for colour in ("teal", "#ABCDEF", "#zzzzzz"):
        with pytest.raises(InputError):
            check_book(Codebook(version=1, codes=(Code(id="c", label="a", colour=colour),)))


def test_a_colour_has_its_name_back() -> None:
    assert [colour_name(one) for one in (NAMED["pink"], "#123456", "")] == ["pink", "#123456", ""]
