"""The codes after a revision as fields of a form."""

import pytest

from intercoder.core.codebook import Code, CodeExample
from intercoder.core.errors import InputError
from intercoder.core.revisions import Revision, RevisionKind, merge, revised, split
from intercoder.formats.revision_fields import code_fields, form_fields, read_fields

CODE = Code(
    id="c",
    label="mending",
    definition="Somebody mends.",
    include=("clothes", "two\n\nlines"),
    examples=(CodeExample(text="mends the\n  chair", segment_id="s_1"),),
)
OTHER = Code(id="d", label="buying", definition="Somebody buys.")
FIELD_REVISIONS = (
    revised("rename", CODE, label="repair"),
    revised("definition", CODE, definition="Mended.\nAt home."),
    revised("include", CODE, include=("clothes", " spaced ", "two\n\nlines")),
    revised("exclude", CODE, exclude=("tools",)),
    revised("example", CODE, examples=(*CODE.examples, CodeExample(text="sews", segment_id="s_2"))),
    revised("pattern", CODE, kind="pattern", pattern="mend"),
    split(CODE, [("mending clothes", "Of cloth."), ("mending tools", "Of metal.")]),
    merge((CODE, OTHER), "having things", "Both."),
    Revision(kind="add", after=(OTHER,)),
)


def texts(revision: Revision) -> dict[str, str]:
    return {field.key: field.text for field in form_fields(revision)}


@pytest.mark.parametrize("revision", FIELD_REVISIONS, ids=lambda one: one.kind)
def test_a_form_left_as_it_is_says_what_was_proposed(revision: Revision) -> None:
    assert read_fields(revision, texts(revision)) == revision.after


def test_a_form_has_only_the_fields_that_the_kind_changes() -> None:
    fields = [(field.key, field.name, field.lines) for field in form_fields(FIELD_REVISIONS[1])]
    assert fields == [("0.definition", "Definition", 0)]
    assert list(texts(FIELD_REVISIONS[5])) == ["0.kind", "0.pattern"]
    assert list(texts(FIELD_REVISIONS[6]))[:3] == ["0.label", "0.definition", "0.include"]
    assert "1.pattern" not in texts(FIELD_REVISIONS[6])


def test_lists_have_one_item_a_line_and_indented_lines_go_on() -> None:
    revision = FIELD_REVISIONS[2]
    assert texts(revision) == {"0.include": "clothes\n spaced \ntwo\n  \n  lines"}
    after = read_fields(revision, {"0.include": "clothes\n  \n  of wool\n  hats  \n\ntools\n"})
    assert after[0].include == ("clothes\n\nof wool\nhats", "tools")


def test_examples_that_stay_keep_their_segments() -> None:
    revision = FIELD_REVISIONS[4]
    after = read_fields(revision, {"0.examples": "mends the\n    chair\nsews it"})
    assert after[0].examples == (*CODE.examples, CodeExample(text="sews it"))


def test_a_split_may_get_a_further_part_and_blank_ones_are_left_out() -> None:
    revision = FIELD_REVISIONS[6]
    more = {field.key: field.text for field in code_fields(revision, Code(id="", label=""), 2)}
    assert read_fields(revision, {**texts(revision), **more}) == revision.after
    after = read_fields(revision, {**texts(revision), **more, "2.label": "mending others"})
    assert [code.label for code in after] == ["mending clothes", "mending tools", "mending others"]
    assert after[2].parent == CODE.parent
    blank = {key: "" for key in texts(revision) if key.startswith("0.")}
    kept = read_fields(revision, {**texts(revision), **more, **blank, "2.label": "other"})
    assert [code.label for code in kept] == ["mending tools", "other"]


@pytest.mark.parametrize(
    ("place", "changes", "where"),
    [
        (6, {"0.label": ""}, "0.label"),
        (6, {"1.label": "mending clothes"}, "1.label"),
        (5, {"0.pattern": "("}, "0.pattern"),
        (5, {"0.kind": "guess"}, "0.kind"),
    ],
)
def test_errors_name_the_field(place: int, changes: dict[str, str], where: str) -> None:
    revision = FIELD_REVISIONS[place]
    with pytest.raises(InputError) as caught:
        read_fields(revision, {**texts(revision), **changes})
    assert caught.value.where == where


@pytest.mark.parametrize("kind", ["move", "drop"])
def test_what_leaves_nothing_to_edit_has_no_form(kind: RevisionKind) -> None:
    with pytest.raises(InputError, match="cannot be edited"):
        form_fields(Revision(kind=kind, before=(CODE,), after=() if kind == "drop" else (CODE,)))


def test_control_characters_are_shown_and_stay_where_nobody_touched_them() -> None:
    code = CODE.model_copy(update={"include": ("\x1b[31mred", "\u202eold"), "definition": "a\x07b"})
    revision = revised("include", code, include=(*code.include, "new"))
    assert texts(revision) == {"0.include": "\\u001b[31mred\n\\u202eold\nnew"}
    after = read_fields(revision, {"0.include": texts(revision)["0.include"] + "er"})
    assert after[0].include == ("\x1b[31mred", "\u202eold", "newer")
