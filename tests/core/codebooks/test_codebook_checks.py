"""What a codebook must hold to be coded with, whoever wrote it."""

import pytest

from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.codebook_checks import check_book, folded
from intercoder.core.errors import InputError

A, B = Code(id="c_a", label="mending"), Code(id="c_b", label="buying")
TAGS = Code(id="c_t", label="tags", kind="pattern", pattern=r"#\w+")


def book(*codes: Code) -> Codebook:
    return Codebook(version=1, codes=codes)


def changed_book(made: Codebook, **settings: bool) -> Codebook:
    return made.model_copy(update=settings)


def changed(code: Code, **fields: object) -> Code:
    return code.model_copy(update=fields)


def test_a_book_that_can_be_coded_with_is_let_pass() -> None:
    check_book(book(A, changed(B, parent="c_a"), TAGS, Code(id="c_d", label="deep", parent="c_b")))


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ([], "the codebook has no codes"),
        ([A, changed(B, id="c_a")], "'buying' has the id 'c_a', which another code has"),
        ([A, changed(B, label=" MENDING ")], "two codes have the label ' MENDING '"),
        ([changed(A, label="Straße"), changed(B, label="STRASSE")], "two codes have the label 'STRASSE'"),
        ([changed(A, label="e\u0301"), changed(B, label="\u00e9")], "two codes have the label"),
        ([A, changed(B, label=" ")], "a code has no label"),
        ([A, changed(B, parent="c_x")], "the parent 'c_x' of 'buying' is not in the codebook"),
        ([changed(A, parent="c_a")], "in a circle: 'mending' -> 'mending'"),
        ([changed(A, parent="c_b"), changed(B, parent="c_a")], "in a circle: 'mending' -> 'buying' -> 'mending'"),
        ([changed(TAGS, pattern="")], "'tags' is of kind `pattern` and has no pattern"),
        ([changed(A, pattern="x")], "'mending' has a pattern, but is not of kind `pattern`"),
        ([changed(TAGS, pattern="(")], "the code 'tags': the pattern `\\(` is no regular expression"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place_and_a_remedy(codes: list[Code], message: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        check_book(book(*codes), place=lambda code_id, field: f"file of {code_id or 'none'}")
    assert error.value.where.startswith("file of ")
    assert error.value.remedy


def test_a_code_below_a_circle_is_not_blamed_for_it() -> None:
    codes = [Code(id="c_x", label="below", parent="c_a"), changed(A, parent="c_b"), changed(B, parent="c_a")]
    with pytest.raises(InputError, match="circle: 'mending' -> 'buying' -> 'mending'"):
        check_book(book(*codes))


def test_what_was_there_before_is_let_pass_and_nothing_new() -> None:
    twins = book(A, changed(B, label="Mending"), changed(TAGS, pattern="("))
    check_book(twins, before=twins)
    with pytest.raises(InputError, match="two codes have the label 'MENDING'"):
        check_book(book(*twins.codes, Code(id="c_n", label="MENDING")), before=twins)
    with pytest.raises(InputError, match="two codes have the label 'Mending'"):
        check_book(twins, before=book(A, B))


def test_a_code_found_by_a_pattern_excludes_no_other() -> None:
    with pytest.raises(InputError, match="codes exclude one another, but 'tags' is found by a pattern") as error:
        check_book(changed_book(book(A, TAGS), exclusive=True), place=lambda code_id, field: f"{code_id}: {field}")
    assert error.value.where == "c_t: kind"
    assert "exclusive: false" in error.value.remedy
    check_book(changed_book(book(A, B), exclusive=True))


def test_labels_are_compared_without_case_white_space_and_form() -> None:
    assert folded("  Re\u0301pair \n it ") == folded("r\u00e9PAIR it")
    assert folded("a b") != folded("ab")
