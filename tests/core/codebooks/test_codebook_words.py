"""Changes to a codebook in words of the field, word by word where words changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intercoder.core.codebook import Code, Codebook, CodeExample
from intercoder.core.codebooks.codebook_conflicts import conflict_text, conflicts
from intercoder.core.codebooks.codebook_diff import diff
from intercoder.core.codebooks.codebook_words import Change, briefly, in_words
from intercoder.core.revising.applying import apply
from intercoder.core.revising.word_changes import word_pieces
from intercoder.core.revisions import Revision, merge, revised, split
from intercoder.formats.codebook_changes import changes_to_markdown

G = Code(id="c_g", label="doings")
A = Code(id="c_a", label="mending", definition="Doing it at home.", include=("clothes", "own tools"), parent="c_g")
B = Code(id="c_b", label="buying", examples=(CodeExample(text="I buy it", segment_id="s_1"),))
BOOK = Codebook(version=1, codes=(G, A, B))


def told(*revisions: Revision) -> list[str]:
    """The lines as they are read without colour."""
    labels = {code.id: code.label for code in BOOK.codes}
    return [f"{line.sign}{line.text}" for change in in_words(revisions, labels) for line in change.lines]


@pytest.mark.parametrize(
    ("revision", "lines"),
    [
        (revised("rename", A, label="repair"), ["renamed", "-mending", "+repair"]),
        (revised("definition", A, definition="It."), ["definition changed", "-Doing it at home.", "+It."]),
        (revised("definition", B, definition="Paying."), ["definition added", "+Paying."]),
        (revised("definition", A, definition=""), ["definition removed", "-Doing it at home."]),
        (revised("include", A, include=("clothes", "own tools", "x")), ["include rule added", "+x"]),
        (revised("include", A, include=("own tools",)), ["include rule removed", "-clothes"]),
        (revised("include", A, include=()), ["include rules removed", "-clothes", "-own tools"]),
        (
            revised("include", A, include=("clothes", "borrowed tools")),
            ["include rule changed", "-own tools", "+borrowed tools"],
        ),
        (
            revised("include", A, include=("own tools", "clothes")),
            ["include rules put in another order", "+own tools", "+clothes"],
        ),
        (revised("exclude", A, exclude=("cars",)), ["exclude rule added", "+cars"]),
        (revised("example", B, examples=()), ["example removed", "-I buy it"]),
        (revised("example", B, examples=(CodeExample(text="I buy it"),)), ["examples come from other segments"]),
        (
            revised("negative_example", B, negative_examples=(CodeExample(text="I got it"),)),
            ["negative example added", "+I got it"],
        ),
        (revised("move", A, parent=""), ['moved: now at the top level (before: under "doings")']),
        (revised("move", B, parent="c_g"), ['moved: now under "doings" (before: at the top level)']),
        (revised("pattern", B, kind="pattern", pattern="x"), ["is found by a pattern now", "+x"]),
        (revised("recolour", A, colour="#3584e4"), ["colour added", "+#3584e4"]),
        (Revision(kind="drop", before=(B,)), ["dropped", "-example: I buy it"]),
        (
            Revision(kind="add", after=(Code(id="c_n", label="new", definition="D.", parent="c_g"),)),
            ["added", "+definition: D.", "+part of: doings"],
        ),
        (
            split(B, [("new", "At a shop."), ("used", "From people.")]),
            ['split into "new" and "used"', "-example: I buy it", "+new", "+definition: At a shop.", "+used",
             "+definition: From people."],
        ),
        (
            Revision(kind="order", order_before=("c_g", "c_a", "c_b"), order_after=("c_b", "c_g", "c_a")),
            ['order: "buying" is now the first'],
        ),
    ],
    ids=lambda one: one.kind if isinstance(one, Revision) else "",
)  # fmt: skip
def test_each_kind_of_revision_is_said_in_words(revision: Revision, lines: list[str]) -> None:
    assert told(revision) == lines


def test_a_merge_says_what_went_into_what() -> None:
    first, *others = told(merge([A, B], "getting", "Any way."))
    assert first == '"mending" and "buying" merged into "getting"'
    assert {"-mending", "-buying", "-example: I buy it", "+getting", "+definition: Any way."} <= set(others)


def test_changes_of_one_code_stand_together() -> None:
    changes = in_words([revised("rename", A, label="x"), revised("move", A, parent="")])
    assert [(change.title, len(change.lines)) for change in changes] == [("mending", 4)]
    after = BOOK.model_copy(update={"exclusive": True, "allow_unsure": True})
    assert in_words(diff(BOOK, after))[0] == Change.model_validate(
        {
            "title": "",
            "lines": [
                {"pieces": [{"text": "each segment gets exactly one code now"}]},
                {"pieces": [{"text": "coders may say `unsure`"}]},
            ],
        }
    )


def test_words_are_compared_whole_and_neighbours_are_one_piece() -> None:
    old, new = word_pieces("Doing it at home, alone.", "Doing it far away, alone.")
    assert [(piece.kind, piece.text) for piece in old] == [
        ("same", "Doing it "), ("removed", "at home,"), ("same", " alone."),
    ]  # fmt: skip
    assert [(piece.kind, piece.text) for piece in new] == [
        ("same", "Doing it "), ("added", "far away,"), ("same", " alone."),
    ]  # fmt: skip


@given(st.text(" ab,\n"), st.text(" ab,\n"))
def test_pieces_put_together_are_the_texts(old: str, new: str) -> None:
    left, right = word_pieces(old, new)
    assert "".join(piece.text for piece in left) == old
    assert "".join(piece.text for piece in right) == new
    assert (
        "".join(p.text for p in left if p.kind == "same").split()
        == "".join(p.text for p in right if p.kind == "same").split()
    )


def test_a_line_for_all_changes() -> None:
    after = apply(BOOK, [Revision(kind="drop", before=(B,)), revised("definition", A, definition="x")])
    assert briefly(diff(BOOK, after)) == "1 dropped, 1 redefined"
    assert briefly([]) == ""


def test_markdown_marks_words_and_nothing_in_them() -> None:
    code = A.model_copy(update={"label": "# *a* <b>"})
    text = changes_to_markdown(
        in_words([revised("definition", code, definition="Doing *it* at work.")]), "From 1 to 2"
    )
    assert text == (
        "# From 1 to 2\n\n## \\# \\*a\\* \\<b\\>\n\n- definition changed\n"
        "  - Doing ~~it~~ at ~~home.~~\n  - Doing **\\*it\\*** at **work.**\n"
    )
    assert changes_to_markdown([]) == "\n"


def test_conflicts_are_told_with_who_changed_what_and_when() -> None:
    mine = apply(BOOK, [revised("definition", A, definition="Mine."), revised("rename", B, label="paying")])
    second = apply(BOOK, [revised("definition", A, definition="Theirs.")]).model_copy(update={"version": 2})
    third = apply(second, [Revision(kind="drop", before=(B,))]).model_copy(update={"version": 3})
    found = conflicts(BOOK, mine, [(second, "ben"), (third, "cara")])
    assert [(one.label, one.field, one.base, one.mine, one.latest, one.version, one.by) for one in found] == [
        ("mending", "definition", "Doing it at home.", "Mine.", "Theirs.", 2, "ben"),
        ("buying", "code", "label: buying\nexamples: - I buy it", "label: paying\nexamples: - I buy it",
         "(the code is not there)", 3, "cara"),
    ]  # fmt: skip
    text = conflict_text(found[0], 1, 3)
    assert text.splitlines()[0] == "  mending: definition"
    assert "    version 3 (changed by ben in version 2):\n      Theirs." in text
    assert conflicts(BOOK, BOOK, [(third, "cara")]) == []
    assert conflicts(BOOK, mine, []) == []
