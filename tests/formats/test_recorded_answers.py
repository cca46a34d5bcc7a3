from pathlib import Path

import pytest

from intercoder.core.coding.given_answers import AnswerRow, Place
from intercoder.core.errors import InputError
from intercoder.formats.recorded_answers import read_recorded


def read(tmp_path: Path, *lines: str, coder: str = "gpt") -> list[AnswerRow]:
    file = tmp_path / "answers.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    return read_recorded(file, coder)


def refused(tmp_path: Path, *lines: str) -> str:
    with pytest.raises(InputError) as caught:
        read(tmp_path, *lines)
    return str(caught.value)


def test_a_code_a_row(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        "id,code,value,coder,pass,reason,quote",
        "7,Pride,1,gpt,1,he says so,I did it",
        "7,Pride,0,GPT,2,,",
        "7,Pride,1,other,1,,",
        "8,Pride,,gpt,,,",
    )
    assert [(row.place, row.code, row.value, row.attempt) for row in rows] == [
        (Place("", "", "7"), "Pride", "yes", 1),
        (Place("", "", "7"), "Pride", "no", 2),
    ]
    assert (rows[0].reason, rows[0].quote, rows[1].where) == ("he says so", "I did it", "answers.csv:row 2")


def test_a_column_a_code(tmp_path: Path) -> None:
    rows = read(tmp_path, "segment_id,text,Pride,code: value", "s_1,whatever,yes,n", "s_2,more,,unsure")
    assert [(row.place.segment_id, row.code, row.value) for row in rows] == [
        ("s_1", "Pride", "yes"),
        ("s_1", "value", "no"),
        ("s_2", "value", "unsure"),
    ]


def test_without_values_a_code_is_the_chosen_one(tmp_path: Path) -> None:
    rows = read(tmp_path, "document,code", "a.txt,Pride", "b.txt,unsure", "c.txt,")
    assert [(row.place.document, row.code, row.value) for row in rows] == [
        ("a.txt", "Pride", ""),
        ("b.txt", "unsure", "unsure"),
    ]


def test_what_is_wrong_is_listed(tmp_path: Path) -> None:
    told = refused(tmp_path, "id,code,value,pass", "1,Pride,maybe,1", "2,Pride,yes,3", ",Pride,yes,1", "3,,yes,1")
    for part in (
        "row 1: 'maybe' is not allowed for 'Pride'",
        "row 2: the pass is '3'",
        "row 3: names no segment",
        "row 4: names no code",
    ):
        assert part in told


def test_tables_without_the_columns_that_are_needed(tmp_path: Path) -> None:
    assert "no column that names segments" in refused(tmp_path, "name,Pride", "a,1")
    assert "no column for codes" in refused(tmp_path, "id,text", "a,b")
    assert "holds no answer of the coder 'gpt'" in refused(tmp_path, "id,code,value,coder", "1,Pride,1,other")
