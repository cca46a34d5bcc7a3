"""Edits of a revision's one text."""

import pytest

from intercoder.core.codebook import CodeExample
from intercoder.core.errors import InputError
from intercoder.core.revising.revision_edits import edited
from intercoder.core.revisions import Revision, revised
from tests.stores.codebooks.proposals import DROP, MEND, MERGE, REDEFINE, RENAME, RULE, SPLIT

EXAMPLE = revised(
    "example", MEND, examples=(*MEND.examples, CodeExample(text="sews the torn jacket", segment_id="s_2"))
)


def test_a_definition_a_label_and_a_rule_are_put_otherwise() -> None:
    assert edited(REDEFINE, " Put otherwise. ")[0].definition == "Put otherwise."
    (renamed,) = edited(RENAME, "acquiring")
    assert (renamed.label, renamed.lineage.renamed_from) == ("acquiring", "buying")
    (ruled,) = edited(RULE, "bicycles")
    assert ruled.include == ("clothes", "bicycles")
    assert ruled.definition == MEND.definition


def test_a_shortened_example_is_of_its_segment_still() -> None:
    assert edited(EXAMPLE, "sews")[0].examples[1] == CodeExample(text="sews", segment_id="s_2")
    assert edited(EXAMPLE, "glues")[0].examples[1] == CodeExample(text="glues")


def test_a_reworded_rule_takes_the_place_of_the_old_one() -> None:
    reworded = revised("include", MEND, include=("clothes and shoes",))
    assert edited(reworded, "shoes")[0].include == ("shoes",)


@pytest.mark.parametrize(
    ("revision", "text", "message"),
    [
        (REDEFINE, " \n", "is empty"),
        (SPLIT, "x", "`split` has not one text"),
        (MERGE, "x", "`merge` has not one text"),
        (DROP, "x", "`drop` has not one text"),
        (revised("include", MEND, include=("a", "b")), "x", "adds 2 texts"),
        (revised("include", MEND, include=()), "x", "adds 0 texts"),
        (revised("move", MEND, parent="c_buy"), "x", "`move` has not one text"),
    ],
)
def test_what_has_not_one_text_is_refused(revision: Revision, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        edited(revision, text)
    assert caught.value.remedy
