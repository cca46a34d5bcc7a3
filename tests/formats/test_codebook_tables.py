"""Codebooks as CSV and Markdown: nothing in them that a program would carry out."""

import csv
import io

from intercoder.core.codebook import Code, Codebook
from intercoder.formats.codebook_markdown import to_markdown
from intercoder.formats.codebook_tables import COLUMNS, to_csv
from tests.formats.codebooks import BOOK


def test_csv_has_a_line_a_code_and_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(BOOK))))
    assert tuple(rows[0]) == COLUMNS
    assert [row["label"] for row in rows] == ["mending", "'=SUM(A1)", "# Heading *bold*"]
    assert [row["segments"] for row in rows] == ["2", "7", ""]
    assert (rows[1]["include"], rows[1]["exclude"], rows[1]["parent"]) == (
        r"a \| b | b\| | " + "\\",
        "c",
        "mending",
    )
    assert rows[2]["negative_examples"] == "'- one\n- two"
    assert [row["kind"] for row in rows] == ["model", "model", "pattern"]
    assert {row["made_from"] for row in rows} == {f"version 3 {BOOK.hash}"}


def test_markdown_begins_with_what_is_used_most_and_shows_markup_as_text() -> None:
    text = to_markdown(BOOK)
    assert text.startswith(f"# Codebook, version 3 <!-- {BOOK.hash} -->\n\n*One code a segment:* no\n")
    assert (
        "\n## \\=SUM(A1) <!-- c_2 -->\n\n*Part of:* mending\n\n*Segments:* 7\n\n**Include:**\n\n- a \\| b\n" in text
    )
    assert text.index("SUM") < text.index("## mending")
    assert "\nDoing it oneself.\n\n**Examples:**\n\n- I mend it\n" in text
    assert "## \\# Heading \\*bold\\* <!-- c_3 -->\n\n*Pattern:* \\#\\\\w+\\|\\`x\\`\n" in text
    assert "**Not this code:**\n\n- \\- one - two\n" in text


def test_equally_used_codes_stay_in_order_of_age() -> None:
    book = BOOK.model_copy(update={"counts": {"c_3": 1, "c_2": 1}})
    assert [code.id for code in book.by_use] == ["c_2", "c_3", "c_1"]


def test_a_parent_whose_label_is_not_clear_is_named_by_its_id() -> None:
    codes = (Code(id="c_1", label="a"), Code(id="c_2", label="A"), Code(id="c_3", label="b", parent="c_1"))
    rows = list(csv.DictReader(io.StringIO(to_csv(Codebook(version=1, codes=codes)))))
    assert rows[2]["parent"] == "c_1"


def test_an_empty_codebook_is_one_too() -> None:
    empty = Codebook(version=1)
    assert to_csv(empty) == ",".join(COLUMNS) + "\n"
    assert "##" not in to_markdown(empty)
