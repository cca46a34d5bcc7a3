from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.code_names import CodeNames, folded

CODES = (
    Code(id="c_0", label="Feelings"),
    Code(id="c_1", label="Pride", parent="c_0"),
    Code(id="c_2", label="Thrift\nand care"),
    Code(id="c_3", label="pride ", parent="c_0"),
    Code(id="c_4", label="=1+1"),
)
NAMES = CodeNames(Codebook(version=4, codes=CODES))


def test_a_code_is_found_by_id_and_by_label_in_any_case_and_spacing() -> None:
    found = [NAMES.find(name) for name in ("c_2", "thrift  and care", "'=1+1", "=1+1")]
    assert [code.id for code in found if code] == ["c_2", "c_2", "c_4", "c_4"]


def test_codes_that_share_a_label_are_told_apart_by_their_ids() -> None:
    assert NAMES.find("Pride") is None
    assert NAMES.shown["c_1"] == "Pride [c_1]"
    found = NAMES.find("pride [C_3]")
    assert found is not None
    assert found.id == "c_3"


def test_what_is_said_of_a_name_that_is_no_codes() -> None:
    assert "group of codes" in NAMES.unknown("feelings")
    assert NAMES.unknown("Thrift and cares") == "Did you mean 'Thrift and care'?"
    assert NAMES.unknown("zzz") == "Codes of version 4: Pride [c_1], Thrift and care, pride [c_3], =1+1."


def test_folding_keeps_an_apostrophe_that_belongs_to_the_name() -> None:
    assert folded("'s Gravenhage") == "'s gravenhage"
