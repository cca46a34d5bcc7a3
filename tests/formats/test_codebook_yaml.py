"""Codebooks as YAML: nothing lost in writing, and nothing of what people put beside the values."""

from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from intercoder.core.codebook import Code, Codebook, CodeExample
from intercoder.core.codebooks.codebook_diff import diff
from intercoder.core.codebooks.codebook_drafts import completed
from intercoder.formats.codebook_yaml import to_yaml, updated_yaml
from intercoder.formats.codebook_yaml_reading import read_yaml
from tests.formats.codebooks import BOOK, books

COMMENTED = """\
# Our book
version: 3   # do not touch
hash: abc
exclusive: false

# what we agreed on
codes:
  # about mending
  - id: c_1
    label: "mending"   # the core one
    # think about it
    definition: Doing it
      oneself.
    include:
      - a   # from Ana
      - b
      # more?
    segments: 2

  # about shops
  # and their people
  - {id: c_2, label: shops}
  - label: third
    definition: >-
      folded text
      over lines
    examples: [x, y]

# that is all
"""


def test_yaml_says_which_version_it_is_and_leaves_out_what_is_empty() -> None:
    text = to_yaml(BOOK)
    assert text.startswith("# A codebook exported by intercoder.")
    read = YAML(typ="safe").load(text)
    assert (read["version"], read["hash"], read["run"]) == (3, BOOK.hash, "inductive-2")
    assert (read["exclusive"], read["allow_unsure"]) == (False, False)
    assert read["codes"][0] == {
        "id": "c_1",
        "label": "mending",
        "definition": "Doing it\noneself.",
        "examples": ["I mend it", "I mend it"],
        "segments": 2,
    }
    assert read["codes"][1]["parent"] == "mending"
    assert (read["codes"][2]["kind"], read["codes"][2]["pattern"]) == ("pattern", r"#\w+|`x`")
    assert "segments" not in read["codes"][2]


def test_lines_of_a_text_stand_as_lines() -> None:
    assert "  definition: |-\n    Doing it\n    oneself.\n" in to_yaml(BOOK)


@settings(max_examples=60)
@given(st.text("ab \n\t\r\x1f\x85\u2028:#-'\"?{}[],&*!|>%@`~", min_size=1))
def test_any_text_survives(odd: str) -> None:
    code = Code(id="c_1", label="a", definition=odd, include=(odd,), examples=(CodeExample(text=odd * 40),))
    (read,) = YAML(typ="safe").load(to_yaml(Codebook(version=1, codes=(code,))))["codes"]
    assert (read["definition"], read["include"], read["examples"]) == (odd, [odd], [odd * 40])


def test_an_empty_codebook_is_one_too() -> None:
    assert YAML(typ="safe").load(to_yaml(Codebook(version=1)))["codes"] == []
    assert read_yaml(updated_yaml(to_yaml(Codebook(version=1)), BOOK), "").codes[0].label == "mending"
    assert read_yaml(updated_yaml(COMMENTED, Codebook(version=1)), "").codes == ()


def commented() -> Codebook:
    return completed(read_yaml(COMMENTED, ""), Codebook(version=3))


def test_what_did_not_change_stands_as_it_was() -> None:
    book = commented().model_copy(update={"counts": {"c_1": 2}})
    head = COMMENTED.replace("hash: abc", f"hash: {book.hash}").replace("false\n", "false\nallow_unsure: false\n")
    expected = head.replace("  - label: third", f"  - id: {book.codes[2].id}\n    label: third")
    assert updated_yaml(COMMENTED, book) == expected


def test_codes_move_with_their_comments_and_take_them_away() -> None:
    book = commented()
    mending, shops, third = book.codes
    changed = mending.model_copy(update={"include": ("z", "b"), "definition": "Two\nlines.", "exclude": ("no",)})
    new = Code(id="c_9", label="new: one", include=("r",), parent="c_1")
    text = updated_yaml(COMMENTED, book.model_copy(update={"version": 4, "codes": (third, new, changed)}))
    assert text.endswith("""\
    examples: [x, y]
  - id: c_9
    label: 'new: one'
    include:
      - r
    parent: mending
  # about mending
  - id: c_1
    label: "mending"   # the core one
    # think about it
    definition: |-
      Two
      lines.
    include:
      - z
      - b
      # more?
    exclude:
      - no

# that is all
""")
    assert "about shops" not in text
    assert "version: 4   # do not touch\n" in text
    assert shops.id not in text


def test_one_item_of_a_list_goes_and_the_others_keep_their_comments() -> None:
    book = commented()
    changed = book.codes[0].model_copy(update={"include": ("a", "c")})
    text = updated_yaml(COMMENTED, book.model_copy(update={"codes": (changed, *book.codes[1:])}))
    assert "      - a   # from Ana\n      - c\n" in text


@settings(max_examples=60)
@given(books(), books())
def test_a_file_updated_to_another_book_reads_as_that_book(old: Codebook, new: Codebook) -> None:
    read = completed(read_yaml(updated_yaml(to_yaml(old), new), ""), new)
    assert diff(new, read) == []
    assert [code.id for code in read.codes] == [code.id for code in new.codes]
