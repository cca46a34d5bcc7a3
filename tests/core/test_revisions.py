"""Revisions: what they do to a book, what a difference between books says, and what has to be coded again."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from intercoder.core.codebook import Code, Codebook, CodeExample, Lineage
from intercoder.core.codebooks.codebook_diff import affected, diff
from intercoder.core.revising.applying import apply
from intercoder.core.revisions import (
    FIELDS,
    BookSettings,
    Revision,
    RevisionConflict,
    RevisionKind,
    merge,
    revised,
    same_text,
    split,
)

A = Code(id="c_a", label="mending", definition="Doing it.", include=("clothes", "tools"), parent="c_g")
B = Code(id="c_b", label="buying", examples=(CodeExample(text="I buy it", segment_id="s_1"),))
C = Code(id="c_c", label="tags", kind="pattern", pattern=r"#\w+")
G = Code(id="c_g", label="things people do")
BOOK = Codebook(version=2, codes=(A, B, C, G))

words = st.sampled_from(["", "a", "b", "c d", "e: f", "é\n"])
rules = st.lists(st.sampled_from("abcd"), max_size=3, unique=True).map(tuple)
examples = st.lists(
    st.builds(CodeExample, text=st.sampled_from("xyz"), segment_id=st.sampled_from(["", "s_1"])),
    max_size=2,
    unique=True,
).map(tuple)
IDS = ["c_1", "c_2", "c_3", "c_4", "c_5"]


@st.composite
def books(draw: st.DrawFn, ids: tuple[str, ...] = tuple(IDS)) -> Codebook:
    """Books over the same few ids, parents without circles, any lineage that a merge or a split may leave."""
    here = draw(st.lists(st.sampled_from(ids), unique=True, max_size=len(ids)))
    codes: list[Code] = []
    for code_id in here:
        pattern = draw(st.sampled_from(["", "x+"]))
        codes.append(
            Code(
                id=code_id,
                label=draw(words),
                definition=draw(words),
                include=draw(rules),
                exclude=draw(rules),
                examples=draw(examples),
                negative_examples=draw(examples),
                parent=draw(st.sampled_from(["", *(code.id for code in codes)])),
                kind="pattern" if pattern else "model",
                pattern=pattern,
                colour=draw(st.sampled_from(["", "#3584e4", "#e62d42"])),
                revision=draw(st.integers(1, 4)),
                lineage=Lineage(
                    split_from=draw(st.sampled_from(["", *(one for one in ids if one != code_id)])),
                    merged_from=tuple(
                        draw(
                            st.lists(
                                st.sampled_from([one for one in ids if one != code_id]), unique=True, max_size=2
                            )
                        )
                    ),
                ),
            )
        )
    order = draw(st.permutations(codes))
    return Codebook(
        version=draw(st.integers(1, 9)),
        codes=tuple(order),
        exclusive=draw(st.booleans()),
        allow_unsure=draw(st.booleans()),
    )


def content(book: Codebook) -> object:
    """A book but for its number, the numbers of revisions, and where codes come from."""
    plain = [code.model_copy(update={"revision": 1, "lineage": Lineage()}) for code in book.codes]
    return plain, book.exclusive, book.allow_unsure


@settings(max_examples=300)
@given(books(), books())
def test_the_difference_of_two_books_makes_the_second_of_the_first(before: Codebook, after: Codebook) -> None:
    assert content(apply(before, diff(before, after))) == content(after)


@given(books())
def test_a_book_does_not_differ_from_itself(book: Codebook) -> None:
    renumbered = [code.model_copy(update={"revision": 9}) for code in book.codes]
    assert (
        diff(book, book.model_copy(update={"version": 8, "codes": tuple(renumbered), "counts": {"c_1": 1}})) == []
    )


ONE_EACH = [
    revised("rename", A, label="repairing"),
    revised("definition", A, definition="Doing it oneself."),
    revised("include", A, include=("clothes", "shoes")),
    revised("exclude", A, exclude=("cars",)),
    revised("example", B, examples=()),
    revised("negative_example", A, negative_examples=(CodeExample(text="I threw it away"),)),
    revised("move", A, parent=""),
    revised("pattern", B, kind="pattern", pattern="x"),
    Revision(kind="add", after=(Code(id="c_z", label="new"),)),
    Revision(kind="drop", before=(B,)),
    split(A, [("mending clothes", "Cloth."), ("mending tools", "Iron.")]),
    merge([A, B], "getting things", "Any way."),
    Revision(kind="settings", settings_before=BookSettings(), settings_after=BookSettings(exclusive=True)),
    Revision(
        kind="order", order_before=("c_a", "c_b", "c_c", "c_g"), order_after=("c_g", "c_c", "c_b", "c_a")
    ),
    revised("recolour", B, colour="#3584e4"),
]  # fmt: skip


@pytest.mark.parametrize("revision", ONE_EACH, ids=lambda one: one.kind)
def test_apply_then_diff_gives_the_revision_back(revision: Revision) -> None:
    (found,) = diff(BOOK, apply(BOOK, [revision]))
    assert (found.kind, found.content) == (revision.kind, revision.content)
    assert found.before == revision.before
    assert {code.id: code for code in found.after} == {code.id: code for code in revision.after}


def test_there_is_one_of_every_kind_above() -> None:
    kinds = set(RevisionKind.__args__)  # type: ignore[attr-defined]
    assert {one.kind for one in ONE_EACH} == kinds


VALUES = {
    "label": words, "definition": words, "include": rules, "exclude": rules, "examples": examples,
    "negative_examples": examples, "parent": st.sampled_from(["", "c_5"]),
    "kind": st.just("pattern"), "pattern": words, "colour": st.sampled_from(["", "#e62d42"]),
}  # fmt: skip


@settings(max_examples=200)
@given(st.data(), books(ids=("c_1", "c_2")), st.sampled_from(sorted(FIELDS)))
def test_any_change_of_one_code_comes_back(data: st.DataObject, book: Codebook, kind: RevisionKind) -> None:
    assume(book.codes)
    code = data.draw(st.sampled_from(book.codes))
    revision = revised(kind, code, **{name: data.draw(VALUES[name]) for name in FIELDS[kind]})
    found = diff(book, apply(book, [revision]))
    assert [one.content for one in found] == ([] if revision.before == revision.after else [revision.content])


@settings(max_examples=300)
@given(books(), books(), books())
def test_two_peoples_changes_both_stand_or_one_is_refused(base: Codebook, mine: Codebook, theirs: Codebook) -> None:
    """Whatever is applied to a later version changes what it names to what it says, and nothing else."""
    for revision in diff(base, mine):
        if revision.kind not in FIELDS:
            continue
        code_id, names = revision.before[0].id, FIELDS[revision.kind]
        try:
            after = apply(theirs, [revision])
        except RevisionConflict as conflict:
            assert conflict.code_id == code_id
            continue
        now, then = after.code(code_id), theirs.code(code_id)
        assert now is not None and then is not None
        untouched = {name: getattr(then, name) for name in (*names, "lineage")}
        assert now.model_copy(update=untouched) == then
        for name in names:
            old, new = getattr(revision.before[0], name), getattr(revision.after[0], name)
            if isinstance(new, tuple):
                assert set(new) - set(old) <= set(getattr(now, name))
                assert not (set(old) - set(new)) & set(getattr(now, name))
            else:
                assert getattr(then, name) in (old, new)
                assert getattr(now, name) == new
        assert [code for code in after.codes if code.id != code_id] == [c for c in theirs.codes if c.id != code_id]


def changed(book: Codebook, **codes: dict[str, object]) -> Codebook:
    made = [code.model_copy(update=codes.get(code.id.removeprefix("c_"), {})) for code in book.codes]
    return book.model_copy(update={"version": book.version + 1, "codes": tuple(made)})


@pytest.mark.parametrize(
    ("revision", "meanwhile", "message"),
    [
        (revised("definition", A, definition="x"), {"definition": "y"}, "the definition of 'mending' was changed"),
        (revised("rename", A, label="x"), {"label": "y"}, "the label of 'y' was changed"),
        (revised("move", A, parent=""), {"parent": "c_b"}, "the parent of 'mending' was changed"),
        (revised("include", A, include=("tools",)), {"include": ("tools", "x")}, "the include of 'mending' was"),
        (Revision(kind="drop", before=(A,)), {"definition": "y"}, "the code 'mending' was changed meanwhile"),
        (split(A, [("x", ""), ("y", "")]), {"exclude": ("y",)}, "the code 'mending' was changed meanwhile"),
        (merge([B, A], "x", ""), {"label": "y"}, "the code 'y' was changed meanwhile"),
    ],
)
def test_what_was_changed_meanwhile_is_never_overwritten(
    revision: Revision, meanwhile: dict[str, object], message: str
) -> None:
    with pytest.raises(RevisionConflict, match=message) as conflict:
        apply(changed(BOOK, a=meanwhile), [revision])
    assert conflict.value.code_id == "c_a"


def test_codes_that_went_or_came_are_conflicts_too() -> None:
    without = BOOK.model_copy(update={"codes": (B, C, G)})
    for revision in (ONE_EACH[1], Revision(kind="drop", before=(A,)), ONE_EACH[13], ONE_EACH[10]):
        with pytest.raises(RevisionConflict, match=r"is not in the book any more|came or went"):
            apply(without, [revision])
    with pytest.raises(RevisionConflict, match="the code 'tags' is in the book already"):
        apply(BOOK, [Revision(kind="add", after=(C,))])
    with pytest.raises(RevisionConflict, match="settings were changed meanwhile"):
        apply(BOOK.model_copy(update={"allow_unsure": True}), [ONE_EACH[12]])


def test_different_fields_and_added_rules_of_two_people_go_together() -> None:
    theirs = changed(BOOK, a={"label": "repairing", "include": ("shoes", "clothes", "tools")})
    mine = [revised("definition", A, definition="x"), revised("include", A, include=("clothes", "tools", "cars"))]
    code = apply(theirs, mine).code("c_a")
    assert code is not None
    assert (code.label, code.definition) == ("repairing", "x")
    assert code.include == ("shoes", "clothes", "tools", "cars")


def test_the_same_change_twice_is_no_conflict() -> None:
    once = apply(BOOK, [ONE_EACH[1]])
    assert apply(once, [ONE_EACH[1]]) == once


def test_lineage_tells_where_codes_come_from() -> None:
    parts = apply(BOOK, [split(A, [("x", ""), ("y", "")])]).codes[:2]
    assert [(one.label, one.parent, one.lineage.split_from) for one in parts] == [
        ("x", "c_g", "c_a"),
        ("y", "c_g", "c_a"),
    ]
    renamed = apply(BOOK, [revised("rename", A, label="z")]).codes[0]
    assert renamed.lineage.renamed_from == "mending"
    whole = apply(BOOK, [merge([A, B], "m", "")])
    code = whole.code("c_a")
    assert code is not None
    assert code.lineage.merged_from == ("c_b",)
    assert code.examples == B.examples
    assert whole.code("c_b") is None


def test_children_of_a_code_that_goes_stay() -> None:
    dropped = apply(BOOK, [Revision(kind="drop", before=(G,))])
    assert [code.parent for code in dropped.codes] == ["", "", ""]
    merged = apply(BOOK, [merge([B, G], "m", "")])
    assert [(code.id, code.parent) for code in merged.codes] == [("c_a", "c_b"), ("c_b", ""), ("c_c", "")]


def test_only_fields_of_its_kind_go_into_a_revision() -> None:
    with pytest.raises(ValueError, match="rename does not change definition"):
        revised("rename", A, definition="x")


@pytest.mark.parametrize(
    ("revision", "expected"),
    [
        (ONE_EACH[0], ("c_a",)),
        (ONE_EACH[1], ("c_a",)),
        (ONE_EACH[4], ("c_b",)),
        (ONE_EACH[6], ("c_a", "c_g")),  # the group has no members any more, so it is coded itself
        (revised("definition", G, definition="x"), ("c_a",)),
        (revised("move", B, parent="c_g"), ("c_b",)),
        (ONE_EACH[8], ("c_z",)),
        (ONE_EACH[9], ()),
        (ONE_EACH[12], ("c_a", "c_b", "c_c")),
        (ONE_EACH[13], ()),
        (merge([A, B], "m", ""), ("c_a",)),
    ],
    ids=lambda one: one.kind if isinstance(one, Revision) else "",
)
def test_only_what_a_change_touches_is_coded_again(revision: Revision, expected: tuple[str, ...]) -> None:
    assert set(affected(BOOK, apply(BOOK, [revision]))) == set(expected)


def test_parts_of_a_split_code_are_coded() -> None:
    revision = ONE_EACH[10]
    assert affected(BOOK, apply(BOOK, [revision])) == tuple(code.id for code in revision.after)


@pytest.mark.parametrize("revision", [ONE_EACH[1], ONE_EACH[8], ONE_EACH[9]], ids=lambda one: one.kind)
def test_in_an_exclusive_book_every_change_touches_all(revision: Revision) -> None:
    book = BOOK.model_copy(update={"exclusive": True})
    after = apply(book, [revision])
    assert affected(book, after) == tuple(code.id for code in after.leaves)
    assert affected(book, apply(book, [ONE_EACH[13]])) == ()


@given(books())
def test_nothing_is_coded_again_for_nothing(book: Codebook) -> None:
    renumbered = tuple(code.model_copy(update={"revision": 9}) for code in book.codes)
    assert affected(book, book.model_copy(update={"version": 9, "codes": renumbered})) == ()
    assert all(same_text(one, other) for one, other in zip(book.codes, renumbered, strict=True))


BLUE = apply(BOOK, [revised("recolour", A, colour="#3584e4")])


def test_a_colour_lets_nothing_be_coded_again() -> None:
    assert affected(BOOK, BLUE) == ()
    exclusive = [book.model_copy(update={"exclusive": True}) for book in (BOOK, BLUE)]
    assert affected(*exclusive) == ()
    assert Codebook(version=1, codes=(A, B)).hash == "11d9e0bbcc24"  # as it was before there were colours
    assert BLUE.hash != BOOK.hash


@pytest.mark.parametrize(
    "revision",
    [
        Revision(kind="drop", before=(A,)),
        split(A, [("mending clothes", "Cloth."), ("mending tools", "Iron.")]),
        merge([A, B], "getting things", "Any way."),
        revised("definition", A, definition="Doing it oneself."),
    ],
    ids=lambda one: one.kind,
)
def test_a_colour_given_meanwhile_is_in_nobodys_way_and_stays(revision: Revision) -> None:
    after = apply(BLUE, [revision]).code("c_a")
    assert after is None or after.colour == "#3584e4"
    assert (after is None) == (revision.kind in ("drop", "split"))


def test_two_colours_for_one_code_are_a_conflict() -> None:
    with pytest.raises(RevisionConflict) as found:
        apply(BLUE, [revised("recolour", A, colour="#e62d42")])
    assert (found.value.code_id, found.value.field) == ("c_a", "colour")
