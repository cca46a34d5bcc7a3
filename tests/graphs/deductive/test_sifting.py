"""Which proposals people are asked about."""

from typing import NamedTuple

import pytest

from intercoder.core.codebook import Codebook, CodeExample
from intercoder.core.protocols import Run
from intercoder.core.revisions import Revision, revised, split
from intercoder.graphs.deductive.sifting import sift
from tests.stores.codebooks.proposals import BUY, CODES, DROP, LEND, MEND, MERGE, REDEFINE, RENAME, RULE, SPLIT

BOOK = Codebook(version=3, codes=CODES)
RUN = Run(id="codevelop-1", graph="codevelop", round=2, total=10, codebook_version=3, settings="{}")
KNOWN = {"x_1", "x_2"}


class Given(NamedTuple):
    """A proposal as a reviser makes it."""

    revision: Revision
    problem: str = ""


def given(revision: Revision, *evidence: str, problem: str = "") -> Given:
    return Given(revision.model_copy(update={"evidence": evidence or ("x_1",)}), problem)


def sifted(*proposals: Given, rejected: tuple[Revision, ...] = ()) -> list[str]:
    """Why each is dropped; empty for one that people are asked about."""
    revisions, dropped = sift(RUN, BOOK, proposals, rejected, KNOWN)
    assert set(dropped) <= {one.id for one in revisions}
    return [dropped.get(one.id, "") for one in revisions]


def test_good_proposals_of_all_kinds_are_kept_and_numbered() -> None:
    kept = [REDEFINE, RULE, RENAME, SPLIT, MERGE, DROP]
    revisions, dropped = sift(RUN, BOOK, [given(one) for one in kept], (), KNOWN)
    assert dropped == {}
    assert len({one.id for one in revisions}) == len(kept)
    assert {(one.run, one.round, one.base_version) for one in revisions} == {("codevelop-1", 2, 3)}
    assert sift(RUN, BOOK, [given(one) for one in kept], (), KNOWN)[0] == revisions


@pytest.mark.parametrize(
    ("proposal", "why"),
    [
        (given(REDEFINE, problem="It names nothing."), "It names nothing."),
        (Given(REDEFINE), "cites no evidence"),
        (given(REDEFINE, "x_1", "x_9"), "do not exist: x_9"),
        (given(revised("definition", MEND, definition=MEND.definition)), "changes nothing"),
        (given(revised("rename", LEND, label="Buying")), "two codes have the label"),
        (given(revised("rename", LEND, label=" ")), "no label"),
        (given(revised("move", LEND, parent="c_none")), "is not in the codebook"),
        (given(revised("pattern", LEND, kind="pattern", pattern="(")), "no regular expression"),
        (given(split(BUY, [("mending", "x"), ("other", "y")])), "two codes have the label"),
        (
            given(revised("definition", MEND.model_copy(update={"definition": "Was."}), definition="Is.")),
            "meanwhile",
        ),
        (given(revised("definition", MEND.model_copy(update={"id": "c_x"}), definition="Is.")), "any more"),
    ],
)
def test_what_nobody_need_look_at_is_dropped_with_the_reason(proposal: Given, why: str) -> None:
    (told,) = sifted(proposal)
    assert why in told


def test_a_rule_that_repeats_the_definition_changes_nothing() -> None:
    again = revised("include", MEND, include=(*MEND.include, f" {MEND.definition.upper()} "))
    assert sifted(given(again)) == ["it changes nothing."]


def test_what_people_rejected_is_not_proposed_again() -> None:
    for one in (REDEFINE, RULE, RENAME, SPLIT, MERGE, DROP):
        assert sifted(given(one), rejected=(one,)) == ["people rejected the same change before."]
        assert sifted(given(one), rejected=(revised("exclude", BUY, exclude=("x",)),)) == [""]


def test_a_rejected_rule_stays_rejected_when_rules_beside_it_changed() -> None:
    before = MEND.model_copy(update={"include": ("clothes", "toys"), "definition": "Was."})
    rejected = revised("include", before, include=("clothes", "toys", " Tools"))
    assert sifted(given(RULE), rejected=(rejected,)) == ["people rejected the same change before."]
    example = revised("example", MEND, examples=(*MEND.examples, CodeExample(text="sews", segment_id="s_2")))
    earlier = revised("example", MEND, examples=(CodeExample(text="sews", segment_id="s_2"),))
    assert sifted(given(example), rejected=(earlier,)) == [""]  # that one also took an example away


def test_a_rejected_definition_in_other_capitals_is_the_same() -> None:
    loud = revised("definition", MEND, definition="SOMEBODY mends  a thing oneself.")
    assert sifted(given(REDEFINE), rejected=(loud,)) == ["people rejected the same change before."]


def test_a_drop_may_be_proposed_again_when_the_code_is_another() -> None:
    before = Revision(kind="drop", before=(LEND.model_copy(update={"definition": "Was."}),))
    assert sifted(given(DROP), rejected=(before,)) == [""]


def test_the_same_change_is_asked_about_once_however_its_first_proposal_fared() -> None:
    assert sifted(given(RULE), given(RULE, "x_2")) == ["", "the same change is proposed twice."]
    dropped, kept, again = sifted(Given(RULE), given(RULE), given(RULE))
    assert "evidence" in dropped
    assert (kept, again) == ("", "the same change is proposed twice.")
