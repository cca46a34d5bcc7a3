"""`run codevelop`, `calibrate` and `run final` as people see them."""

import csv
from pathlib import Path

import pytest

from tests.cli.conftest import Call

PATTERNS = """\
codes:
  - label: text
    kind: pattern
    pattern: kettle
  - label: Start
    kind: pattern
    pattern: mend
"""
BOOK = """\
codes:
  - label: mending
    definition: Somebody mends a thing.
  - label: named
    kind: pattern
    pattern: kettle
"""
WIDTH = 80


@pytest.fixture
def coded_by_people(command: Call, filled: Path, tmp_path: Path) -> Path:
    """A study with a codebook whose segments two people coded."""
    (tmp_path / "book.yaml").write_text(BOOK, encoding="utf-8")
    command("codebook", "import", filled, tmp_path / "book.yaml")
    for coder, answers in {"ana": "yes no yes no", "ben": "yes no no no"}.items():
        command("sample", filled, "calibration", "-n", 4, "--coder", coder)
        sheet = filled / "exports" / f"calibration-{coder}.csv"
        with sheet.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
        with sheet.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, rows[0])
            writer.writeheader()
            for row, answer in zip(rows, answers.split(), strict=True):
                writer.writerow(row | {"mending": answer})
        command("import-coding", filled, sheet)
    return filled


def test_a_changed_prompt_is_calibrated_anew(command: Call, coded_by_people: Path) -> None:
    runs = [command("calibrate", coded_by_people, "--json").objects[-1]["run"] for _ in range(2)]
    own = coded_by_people / "prompts" / "shared" / "deductive_reminder.md"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text("Answer.", encoding="utf-8")
    runs += [command("calibrate", coded_by_people, "--json").objects[-1]["run"] for _ in range(2)]
    assert runs == ["calibrate-1", "calibrate-1", "calibrate-2", "calibrate-2"]


def table_of(out: str, title: str) -> list[str]:
    """The lines of a table, below its title and header, without white space at their ends."""
    lines = [line.rstrip() for line in out.splitlines()]
    start = next(place for place, line in enumerate(lines) if line.startswith(title))
    return lines[start + 2 : lines.index("", start + 2)]


def test_tables_of_figures_fit_a_terminal(command: Call, coded_by_people: Path) -> None:
    planned = command("calibrate", coded_by_people, "--plan").out
    assert "named" not in planned  # a pattern is exact; nobody codes it by hand
    found = command("calibrate", coded_by_people).out
    final = command("run", "final", coded_by_people, "--all", "--override", "mending", "--note", "a trial").out
    round_one = command("run", "codevelop", coded_by_people, code=3).out
    tables = [
        table_of(round_one, "Can it be told from guessing?"),
        table_of(planned, "mending: given to 20% of segments"),
        table_of(found, "What stands in the end"),
        table_of(final, "Estimates with 95% intervals"),
    ]
    assert [line for table in tables for line in table if len(line) > WIDTH] == []
    agreement = " ".join(tables[2])
    assert "people" in agreement
    assert "not shown, 1 positive" in agreement
    assert any(line.split()[:2] == ["corrected", "undefined"] for line in tables[3])


def test_codes_that_are_not_ready_are_named_where_they_are_left_out(command: Call, coded_by_people: Path) -> None:
    assert "Not coded, since not ready: mending" in command("run", "final", coded_by_people, "--all").out


def test_coding_again_tells_how_many_decisions_changed(command: Call, coded_by_people: Path) -> None:
    command("run", "codevelop", coded_by_people, code=3)
    first = command("run", "codevelop", coded_by_people, "--json", code=3).objects[-1]
    assert first["recoded"] == []
    command("revisions", coded_by_people, "approve", *first["waiting"])
    out = command("run", "codevelop", coded_by_people, code=3).out
    (row,) = [line.split() for line in table_of(out, "What coding again changed")[-1:]]
    last = command("run", "codevelop", coded_by_people, "--json", code=3).objects[-1]
    (recoded,) = last["recoded"]
    assert (recoded["round"], recoded["again"], recoded["first"], recoded["lost"]) == (2, 4, 0, 0)
    assert list(recoded["changed_by_code"].values()) == [recoded["changed"]]
    assert int(row[-4]) == recoded["changed"] == sum(map(int, row[-3:]))
    assert f"{recoded['changed']} of 4 decisions changed." in out


def test_codes_called_like_columns_leave_the_texts_in_a_wide_export(
    command: Call, filled: Path, tmp_path: Path
) -> None:
    (tmp_path / "book.yaml").write_text(PATTERNS, encoding="utf-8")
    command("codebook", "import", filled, tmp_path / "book.yaml")
    command("run", "final", filled, "--all")
    command("export", filled, tmp_path / "wide.csv", "--to", "csv", "--wide")
    with (tmp_path / "wide.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["segment_id", "document", "start", "end", "text", "code: text", "code: Start"]
    assert [row["code: text"] for row in rows] == ["yes" if "kettle" in row["text"] else "no" for row in rows]
    assert rows[1]["text"].startswith("Shops no longer")
    assert [row["start"].isdecimal() for row in rows] == [True] * 4


def test_who_brings_a_codebook_is_led_to_trying_it(command: Call, made: Path, tmp_path: Path) -> None:
    (tmp_path / "book.yaml").write_text(PATTERNS, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("We mend it.", encoding="utf-8")
    told = command("import", made, tmp_path / "notes.txt", "--unit", "paragraph").out.splitlines()
    assert told[-2:] == [
        f"If you have a codebook: intercoder codebook import {made} codebook.yaml",
        f"Next: intercoder run inductive {made}",
    ]
    wanted = f"Next: intercoder run codevelop {made}"
    assert command("codebook", "import", made, tmp_path / "book.yaml").out.splitlines()[-1] == wanted
    assert command("status", made).out.splitlines()[-1] == wanted
    assert command("import", made, tmp_path / "notes.txt", "--unit", "paragraph").out.splitlines()[-1] == wanted
