"""Synthetic segments in a file of their own, and in no other."""

import csv
import json
from pathlib import Path

import pytest

from intercoder.core.synthetic import SyntheticSegment
from intercoder.stores.classifiers.synthetic_segments import SqlSyntheticStore
from intercoder.stores.study_folder import open_study
from tests.cli.conftest import Call


@pytest.fixture
def coded(command: Call, filled: Path) -> Path:
    """A study with a finished run."""
    command("run", "inductive", filled)
    return filled


@pytest.fixture
def holding(coded: Path) -> Path:
    """A coded study that holds a synthetic segment, and one that was dropped."""
    folder = open_study(coded)
    kept = SyntheticSegment(
        id="y_1",
        origin="o",
        code_id="c_1",
        code_revision=1,
        codebook_version=1,
        value="yes",
        call=0,
        text="=SYNTHETIC 1+1",
        temperature=0.7,
        seed=0,
    )
    dropped = kept.model_copy(update={"id": "y_2", "call": 1, "dropped": "synthetic_cosine", "like": "y_1"})
    SqlSyntheticStore(folder.engine, folder.study.id).write([kept, dropped])
    folder.close()
    return coded


def test_they_are_written_to_a_file_of_their_own(command: Call, holding: Path, tmp_path: Path) -> None:
    done = command("export", holding, tmp_path / "s.jsonl", "--to", "jsonl", "--synthetic")
    assert done.out.strip().endswith("2 synthetic segments, 1 of them kept.")
    lines = [json.loads(line) for line in (tmp_path / "s.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(line["synthetic"], line["dropped"]) for line in lines] == [(True, None), (True, "synthetic_cosine")]
    command("export", holding, tmp_path / "s.csv", "--to", "csv", "--synthetic")
    with (tmp_path / "s.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["synthetic"] for row in rows] == ["True", "True"]
    assert rows[0]["text"] == "'=SYNTHETIC 1+1"


def test_no_other_export_holds_any(command: Call, holding: Path, tmp_path: Path) -> None:
    for number, options in enumerate(
        (["csv"], ["csv", "--attributes", "--times"], ["jsonl"], ["md"], ["jsonl", "--attributes"])
    ):
        out = tmp_path / f"export-{number}"
        command("export", holding, out, "--to", *options)
        assert "SYNTHETIC" not in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["csv", "--run", "inductive-1"], "belong to no run"),
        (["csv", "--wide"], "belong to no run"),
        (["csv", "--times"], "belong to no run"),
        (["md"], "written as a table"),
    ],
)
def test_what_makes_no_sense_is_refused(
    command: Call, holding: Path, tmp_path: Path, options: list[str], said: str
) -> None:
    done = command("export", holding, tmp_path / "out", "--synthetic", "--to", *options, code=2)
    assert said in done.err
    assert not (tmp_path / "out").exists()


def test_a_study_without_any_says_so(command: Call, coded: Path, tmp_path: Path) -> None:
    done = command("export", coded, tmp_path / "out.csv", "--to", "csv", "--synthetic", code=2)
    assert "no synthetic segments" in done.err
    assert "intercoder distill" in done.err
