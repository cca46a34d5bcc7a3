"""The YAML form in which a person edits a revision."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intercoder.core.codebook import Code, CodeExample
from intercoder.core.errors import InputError
from intercoder.core.revisions import Revision, merge, revised, split
from intercoder.formats.revision_forms import form, read_form
from tests.stores.codebooks.proposals import BUY, DROP, LEND, MEND, MERGE, REDEFINE, RULE, SPLIT

printable = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).filter(str.strip)
texts = printable | st.sampled_from(["a: b", "- x", "# y", "two\nlines", "yes", "3", "'", '"', "\tx", "a\u2028b"])


@st.composite
def revisions(draw: st.DrawFn) -> Revision:
    """Revisions of all kinds that can be edited, with awkward texts."""
    text, other = draw(texts), draw(texts)
    code = Code(id="c_1", label="a code", definition=other, include=("x",), parent="c_up")
    return draw(
        st.sampled_from(
            [
                revised("definition", code, definition=text),
                revised("rename", code, label=text),
                revised("include", code, include=("x", text)),
                revised("example", code, examples=(CodeExample(text=text, segment_id="s_1"),)),
                split(code, [("one", text), ("other", other)]),
                merge((code, LEND), "both", text),
            ]
        )
    )


@given(revisions())
def test_a_form_read_back_is_the_proposal(revision: Revision) -> None:
    assert read_form(form(revision, ["a comment"]), revision, "f") == revision.after


def test_a_form_shows_only_what_may_be_edited() -> None:
    text = form(REDEFINE, ["Why: clearer"])
    assert text.startswith("# Why: clearer\ncodes:\n- id: c_mend\n  label: mending\n  definition: ")
    assert "include" not in text


def test_an_edit_is_read() -> None:
    left = form(RULE).replace("tools", "tools and toys")
    (code,) = read_form(left, RULE, "f")
    assert code.include == ("clothes", "tools and toys")
    assert code.definition == MEND.definition
    first, second, third = read_form(form(SPLIT) + "- label: renting\n  definition: For a while.\n", SPLIT, "f")
    assert (first, second) == SPLIT.after
    assert (third.label, third.lineage.split_from) == ("renting", BUY.id)


def test_a_merge_that_is_renamed_keeps_its_lineage() -> None:
    (code,) = read_form(form(MERGE).replace("having others' things", "getting"), MERGE, "f")
    assert code.lineage.merged_from == MERGE.after[0].lineage.merged_from
    assert code.lineage.renamed_from == "buying"
    assert code.label == "getting"


@pytest.mark.parametrize(
    ("revision", "old", "new", "where", "message"),
    [
        (REDEFINE, "label: mending", "label: repairing", "f:line 3", "changes the definition only, not the label"),
        (REDEFINE, "definition:", "include: [x]\n  definition:", "f:line 4", "not the include"),
        (REDEFINE, "c_mend", "c_buy", "f:line 2", "not c_buy"),
        (REDEFINE, "definition:", "definiton:", "f:line 4", "`definiton` is not known"),
        (REDEFINE, "definition:", "parent: x\n  definition:", "f:line 4", "cannot move a code"),
        (REDEFINE, "codes:", "codes: [", "f:line 2, column 1", "is no YAML"),
        (SPLIT, "buying used", "buying new", "", "two codes have the label"),
        (MERGE, "codes:", "codes:\n- label: more", "f", "leaves one code, not 2"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    revision: Revision, old: str, new: str, where: str, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        read_form(form(revision).replace(old, new, 1), revision, "f")
    assert message in caught.value.message
    assert caught.value.where.startswith(where)


def test_a_split_into_one_is_refused() -> None:
    with pytest.raises(InputError, match="two codes or more, not 1"):
        read_form("codes:\n- label: x\n", SPLIT, "f")
    with pytest.raises(InputError, match="two codes or more, not 0"):
        read_form("", SPLIT, "f")


def test_what_leaves_nothing_to_edit_is_refused() -> None:
    with pytest.raises(InputError, match="`drop` cannot be edited"):
        form(DROP)
