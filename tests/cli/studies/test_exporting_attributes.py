"""What is known of documents, in exports."""

import csv
import json
from pathlib import Path

import pytest

from intercoder.core.texts.attribute_columns import attribute_columns
from tests.cli.conftest import Call

TABLE = """\
id,answer,age_group,town,kettle,start,=1+1
1,I mend my kettle at home.,old,Graz,one,early,a
2,The shop repaired the roof for us.,young,=Wien,,late,b
"""
BOOK = """\
codes:
  - label: kettle
    kind: pattern
    pattern: kettle
"""
OWN = ["segment_id", "document", "start", "end", "text"]


@pytest.fixture
def coded(command: Call, made: Path, tmp_path: Path) -> Path:
    """A table with attributes, some called like columns or codes, coded with given codes."""
    (tmp_path / "answers.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "book.yaml").write_text(BOOK, encoding="utf-8")
    command(
        "import", made, tmp_path / "answers.csv", "--unit", "row", "--text-column", "answer", "--id-column", "id"
    )
    command("codebook", "import", made, tmp_path / "book.yaml")
    command("run", "final", made, "--all")
    return made


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_wide_export_tells_attributes_before_codes(command: Call, coded: Path, tmp_path: Path) -> None:
    command("export", coded, tmp_path / "wide.csv", "--to", "csv", "--wide")
    old, young = rows_of(tmp_path / "wide.csv")
    known = ["age_group", "town", "attribute: kettle", "attribute: start", "'=1+1"]
    assert list(old) == [*OWN, "id", *known, "kettle"]
    assert [old[name] for name in (*known, "kettle")] == ["old", "Graz", "one", "early", "a", "yes"]
    assert [young[name] for name in ("town", "attribute: kettle", "kettle")] == ["'=Wien", "", "no"]
    assert old["start"] == "0"


def test_a_long_export_tells_attributes_when_asked(command: Call, coded: Path, tmp_path: Path) -> None:
    command("export", coded, tmp_path / "plain.jsonl", "--to", "jsonl")
    command("export", coded, tmp_path / "known.jsonl", "--to", "jsonl", "--attributes")
    command("export", coded, tmp_path / "known.csv", "--to", "csv", "--attributes", "--times")
    plain, known = (
        [json.loads(line) for line in (tmp_path / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
        for name in ("plain", "known")
    )
    assert [{name: line[name] for name in plain[0]} for line in known] == plain
    assert "town" not in plain[0]
    assert [(line["town"], line["attribute: start"], line["kettle"]) for line in known] == [
        ("Graz", "early", "one"),
        ("=Wien", "late", known[1]["kettle"]),
    ]
    table = rows_of(tmp_path / "known.csv")
    assert [row["town"] for row in table] == ["Graz", "'=Wien"]
    assert table[0]["created_at"].endswith("Z")
    assert "no columns" in command("export", coded, tmp_path / "x.md", "--to", "md", "--attributes", code=2).err


def test_who_speaks_is_told(command: Call, made: Path, tmp_path: Path) -> None:
    (tmp_path / "talk.txt").write_text("Ana: I mend my kettle.\n\nBen: I do not.\n", encoding="utf-8")
    (tmp_path / "book.yaml").write_text(BOOK, encoding="utf-8")
    command("import", made, tmp_path / "talk.txt", "--unit", "turn")
    command("codebook", "import", made, tmp_path / "book.yaml")
    command("run", "final", made, "--all")
    command("export", made, tmp_path / "wide.csv", "--to", "csv", "--wide")
    rows = rows_of(tmp_path / "wide.csv")
    assert list(rows[0]) == [*OWN, "speaker", "kettle"]
    assert [(row["speaker"], row["kettle"]) for row in rows] == [("Ana", "yes"), ("Ben", "no")]


def test_no_two_columns_are_called_the_same() -> None:
    names = ["Text", "attribute: text", "text", "town", "Town", "a\nb", ""]
    columns = attribute_columns(names, ["text"])
    assert list(columns) == names
    folded = [column.casefold() for column in columns.values()]
    assert len({*folded, "text"}) == len(names) + 1
    assert columns["a\nb"] == "a b"
