"""The coded data set as files: exact as JSON lines, harmless in spreadsheets and Markdown."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from intercoder.core.coding.coded_lines import COLUMNS, Line, line_of
from intercoder.core.decisions import Decision, Provenance
from intercoder.core.documents import Segment
from intercoder.core.texts.quotes import Quote
from intercoder.formats.coded_files import write_csv, write_jsonl, write_markdown
from intercoder.formats.harmless import plain_cell, plain_markdown

SEGMENT = Segment(
    id="s_1",
    document_id="d_1",
    document="notes.txt",
    unit="turn",
    start=10,
    end=40,
    text="We mend *it*.\n\n- Always.",
)
texts = st.text(st.characters(exclude_categories=["Cs"]))


def line(**changes: Any) -> Line:
    decision = Decision(
        id="x_1", run="inductive-1", round=1, segment_id="s_1", role="coder", coder="ana", position=0,
        label="mending", reason="She says so.", quote=Quote(text="mend", start=13, end=17),
        provenance=Provenance(model="m", prompt="coder/p", prompt_hash="h"), codebook_version=1,
    )  # fmt: skip
    return line_of(decision.model_copy(update=changes), SEGMENT, None)


def jsonl(*lines: Line) -> str:
    out = io.StringIO()
    assert write_jsonl(lines, out) == len(lines)
    return out.getvalue()


def table(*lines: Line) -> list[dict[str, str]]:
    out = io.StringIO(newline="")
    assert write_csv(lines, out) == len(lines)
    return list(csv.DictReader(io.StringIO(out.getvalue(), newline="")))


def markdown(*lines: Line) -> str:
    out = io.StringIO()
    assert write_markdown(lines, out) == len(lines)
    return out.getvalue()


def test_json_lines_keep_keys_in_order_types_and_text() -> None:
    empty = line(label=None, reason="", quote=Quote(text=""))
    first, second = (json.loads(text) for text in jsonl(line(), empty).splitlines())
    assert list(first) == list(COLUMNS)
    assert (first["start"], first["quote_start"], first["verified"], first["similarity"]) == (10, 13, True, None)
    assert first["text"] == SEGMENT.text
    assert (second["label"], second["quote_start"], second["verified"]) == (None, None, False)


@given(texts, texts)
def test_any_text_survives_json_lines_and_takes_one_line(label: str, reason: str) -> None:
    written = jsonl(line(label=label, reason=reason), line())
    assert written.count("\n") == 2
    read = json.loads(written.partition("\n")[0])
    assert (read["label"], read["reason"]) == (label, reason)


def test_csv_has_the_columns_and_no_formula() -> None:
    row, other = table(line(label="=1+1", reason="-5 degrees"), line(label=None))
    assert tuple(row) == COLUMNS
    assert (row["label"], row["reason"], row["quote_start"]) == ("'=1+1", "'-5 degrees", "13")
    assert row["text"] == SEGMENT.text
    assert other["label"] == ""


@given(texts, texts)
@example("a\rb", "a\r")
@example("\r\n", "\n\r,")
def test_any_text_comes_back_from_csv(label: str, reason: str) -> None:
    row, other = table(line(label=f"a{label}", reason=f"a{reason}"), line(label="last"))
    assert (row["label"], row["reason"]) == (f"a{label}", f"a{reason}")
    assert other["label"] == "last"


def test_rows_of_csv_end_in_a_line_feed_and_its_header_runs_nothing() -> None:
    out = io.StringIO(newline="")
    write_csv([{"=1+1": "yes", "b": "x\ry"}], out, ("=1+1", "b"))
    assert out.getvalue() == '\'=1+1,b\nyes,"x\ry"\n'


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_what_a_spreadsheet_would_run_is_quoted(text: str) -> None:
    assert plain_cell(text) == f"'{text}"
    assert plain_cell(f"a{text}") == f"a{text}"


@pytest.mark.parametrize("value", [None, -1, -0.5, True, ""])
def test_other_values_stay_as_they_are(value: object) -> None:
    assert plain_cell(value) is value


def test_markdown_shows_each_text_once_with_all_that_is_said_about_it() -> None:
    coder = line(quote=Quote(text="mended"))
    empty = line(coder="ben", label=None)
    settled = line(role="moderator", coder="chair", label="mend") | {"code": "mending"}
    assert markdown(coder, empty, settled) == (
        "# notes.txt\n\n"
        "> We mend \\*it\\*.\n> \n> \\- Always.\n\n"
        "- **mending**, ana (coder): She says so. (quote not found)\n\n"
        "- nothing to code, ben (coder)\n\n"
        "- **mend** → **mending**, chair (moderator): She says so.\n\n"
    )


MARKUP = st.lists(st.sampled_from([*"ab1.)-+=*_`~<>[]()#|&;!\\ \n:/@", "http://a.b", "&amp;"])).map("".join)


@given(MARKUP | texts.filter(lambda text: "\0" not in text))
def test_no_text_is_taken_for_markup(text: str) -> None:
    line = plain_markdown(text)
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(f"> a\n> {line}\n")
    assert [token.type for token in tokens if token.type != "inline"] == [
        "blockquote_open", "paragraph_open", "paragraph_close", "blockquote_close"
    ]  # fmt: skip
    parts = next(token.children or [] for token in tokens if token.type == "inline")
    assert {part.type for part in parts} <= {"text", "softbreak"}
    shown = "".join(part.content or "\n" for part in parts).removeprefix("a").strip()
    assert shown.split() == text.split()


def test_an_answer_about_a_given_code_that_came_without_a_quote_has_none_to_verify() -> None:
    without = line(value="no", quote=Quote(text=""))
    made_up = line(value="yes", quote=Quote(text="mended"))
    assert [without["verified"], made_up["verified"]] == [None, False]
    assert [row["verified"] for row in table(without, made_up)] == ["", "False"]
    assert markdown(without, made_up).count("(quote not found)") == 1
