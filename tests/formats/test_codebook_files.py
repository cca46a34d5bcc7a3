"""Codebooks as files: what people and other programs read, and nothing in it that they would carry out."""

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from intercoder.core.codebook import Code, Codebook, CodeExample
from intercoder.formats.codebook_files import CSV_COLUMNS, by_use, to_csv, to_markdown, to_yaml

BOOK = Codebook(
    version=3,
    run="inductive-2",
    codes=(
        Code(id="c_1", label="mending", definition="Doing it oneself.", examples=(CodeExample(text="I mend it"),)),
        Code(id="c_2", label="=SUM(A1)", include=("a", "b"), exclude=("c",), parent="c_1"),
        Code(id="c_3", label="# Heading *bold*", examples=(CodeExample(text="- one\n- two"),)),
    ),
    counts={"c_1": 2, "c_2": 7},
)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


def test_yaml_says_which_version_it_is_and_leaves_out_what_is_empty() -> None:
    text = to_yaml(BOOK)
    assert text.startswith("# A codebook exported by intercoder.")
    read = YAML(typ="safe").load(text)
    assert (read["version"], read["hash"], read["run"]) == (3, BOOK.hash, "inductive-2")
    assert read["codes"][0] == {
        "id": "c_1", "label": "mending", "definition": "Doing it oneself.", "examples": ["I mend it"], "segments": 2
    }  # fmt: skip
    assert read["codes"][1] == {
        "id": "c_2", "label": "=SUM(A1)", "include": ["a", "b"], "exclude": ["c"], "parent": "c_1", "segments": 7
    }  # fmt: skip
    assert "segments" not in read["codes"][2]
    assert to_yaml(BOOK) == text


@settings(max_examples=40, deadline=None)
@given(texts, st.text("ab \n\t\r\x1f\x85\u2028:#-'\"?{}[],&*!|>%@`~", min_size=1))
def test_any_text_survives_yaml(label: str, odd: str) -> None:
    code = Code(id="c_1", label=label, definition=odd, include=(label,), examples=(CodeExample(text=odd * 40),))
    (read,) = YAML(typ="safe").load(to_yaml(Codebook(version=1, codes=(code,))))["codes"]
    assert (read["label"], read["definition"], read["include"]) == (label, odd, [label])
    assert read["examples"] == [odd * 40]


def test_csv_has_a_line_a_code_and_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(BOOK))))
    assert tuple(rows[0]) == CSV_COLUMNS
    assert [row["label"] for row in rows] == ["mending", "'=SUM(A1)", "# Heading *bold*"]
    assert [row["segments"] for row in rows] == ["2", "7", ""]
    assert (rows[1]["include"], rows[1]["exclude"], rows[1]["parent"]) == ("a | b", "c", "c_1")
    assert rows[2]["examples"] == "'- one\n- two"


def test_markdown_begins_with_what_is_used_most_and_shows_markup_as_text() -> None:
    text = to_markdown(BOOK)
    assert text.startswith("# Codebook, version 3\n\n## \\=SUM(A1)\n\n7 segments\n\n## mending\n\n2 segments\n")
    assert "\nDoing it oneself.\n\n> I mend it\n" in text
    assert "## \\# Heading \\*bold\\*\n\n> \\- one - two\n" in text


def test_equally_used_codes_stay_in_order_of_age() -> None:
    book = BOOK.model_copy(update={"counts": {"c_3": 1, "c_2": 1}})
    assert [code.id for code in by_use(book)] == ["c_2", "c_3", "c_1"]


def test_an_empty_codebook_is_one_too() -> None:
    empty = Codebook(version=1)
    assert YAML(typ="safe").load(to_yaml(empty))["codes"] == []
    assert to_csv(empty) == ",".join(CSV_COLUMNS) + "\n"
    assert to_markdown(empty) == "# Codebook, version 1\n"
