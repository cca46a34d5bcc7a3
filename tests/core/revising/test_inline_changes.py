"""Changes field by field, old and new in one text."""

from intercoder.core.codebook import Code, CodeExample
from intercoder.core.revising.inline_changes import CodeChange, inline_changes, inline_pieces
from intercoder.core.revising.word_changes import Piece
from intercoder.core.revisions import BookSettings, Revision, merge, revised, split

CODE = Code(id="c", label="mending", definition="Somebody mends a thing.", include=("clothes", "old tools"))
OTHER = Code(id="d", label="lending", definition="Lent.", parent="c", examples=(CodeExample(text="lends"),))
SIGNS = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}


def written(pieces: tuple[Piece, ...]) -> str:
    return "".join(SIGNS[piece.kind].format(piece.text) for piece in pieces)


def lines(change: CodeChange) -> list[str]:
    return [f"{row.sign}{row.name}: {written(row.pieces)}" for row in change.rows]


def told(revision: Revision) -> list[tuple[str, str, list[str]]]:
    return [(one.title, one.label, lines(one)) for one in inline_changes(revision, {})]


def test_words_that_differ_stand_side_by_side() -> None:
    assert written(inline_pieces("a b c d", "a x y d")) == "a [-b c-]{+x y+} d"
    assert written(inline_pieces("one two", "one two three")) == "one two{+ three+}"
    assert written(inline_pieces("", "new")) == "{+new+}"
    assert written(inline_pieces("same", "same")) == "same"


def test_both_texts_can_be_read_out_of_the_pieces() -> None:
    old, new = "Somebody mends a thing\nat home.", "A thing is mended, at home or elsewhere."
    pieces = inline_pieces(old, new)
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == new


def test_what_stays_is_there_too() -> None:
    assert told(revised("definition", CODE, definition="Somebody mends it.")) == [
        (
            "",
            "mending",
            ["definition: Somebody mends [-a thing.-]{+it.+}", "include: clothes", "include: old tools"],
        )
    ]


def test_rules_are_compared_one_by_one() -> None:
    revision = revised("include", CODE, include=("old machines", "hats"))
    assert told(revision)[0][2] == [
        "definition: Somebody mends a thing.",
        "-include: [-clothes-]",
        "include: old [-tools-]{+machines+}",
        "+include: {+hats+}",
    ]


def test_a_parent_is_named_by_its_label() -> None:
    revision = revised("move", CODE, parent="p")
    (change,) = inline_changes(revision, {"p": "repair"})
    assert lines(change)[-1] == "+part of: {+repair+}"


def test_codes_that_come_and_go() -> None:
    parts = told(split(CODE, [("one", "First."), ("two", "Second.")]))
    assert [(title, label) for title, label, _ in parts] == [
        ("split into 2", "mending"),
        ("part", "one"),
        ("part", "two"),
    ]
    assert parts[1][2] == ["+definition: {+First.+}"]
    assert told(Revision(kind="drop", before=(CODE,)))[0][2][0] == "-definition: [-Somebody mends a thing.-]"
    assert told(Revision(kind="add", after=(OTHER,)))[0][:2] == ("new", "lending")


def test_a_merge_shows_what_the_first_becomes_and_what_goes_into_it() -> None:
    first, gone = told(merge((CODE, OTHER), "repair", "Somebody mends a thing."))
    assert first[2][:2] == ["label: [-mending-]{+repair+}", "definition: Somebody mends a thing."]
    assert "+example: {+lends+}" in first[2]
    assert gone[:2] == ('goes into "repair"', "lending")
    assert gone[2][-1] == "-part of: [-mending-]"


def test_what_is_about_the_book_is_told_in_sentences() -> None:
    settings = Revision(
        kind="settings", settings_before=BookSettings(), settings_after=BookSettings(exclusive=True)
    )
    assert told(settings) == [("", "", [": each segment gets exactly one code now"])]
