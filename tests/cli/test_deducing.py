"""`run codevelop`, `calibrate` and `run final` as people see them."""

import csv
from pathlib import Path

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
