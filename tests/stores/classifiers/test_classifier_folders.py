"""Evaluations and grids as a study's folders hold them."""

import json
import math
from pathlib import Path

import pytest

from intercoder.core.classifier_results import (
    Bounded,
    CellSettings,
    Evaluation,
    Grid,
    GridCell,
    MeasuredCode,
    PartSizes,
)
from intercoder.core.errors import StudyError
from intercoder.stores.classifiers.classifier_folders import beside_grids, read_evaluations, read_grid, read_grids

PARTS = PartSizes(training=3, development=1, held_out=1)
CODES = (MeasuredCode(code_id="c_1", label="pride"),)
CELLS = tuple(CellSettings(share=share, total=10, temperature=0.7, seed=0) for share in (0.2, 0.5))
KEYS = ("1", "2")


def evaluation(name: str) -> Evaluation:
    return Evaluation(
        classifier=name, digest="d", head="yes_no", codes=CODES, parts=PARTS, human=2, synthetic=8, systems=()
    )


def keep(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def grid(folder: Path) -> Grid:
    made = Grid(
        name="g", head="yes_no", codes=CODES, parts=PARTS, encoder="embedded:minilm-l6", cells=CELLS, keys=KEYS
    )
    keep(folder / "grid.json", made.model_dump_json())
    return made


def test_evaluations_are_read_by_name(tmp_path: Path) -> None:
    for name in ("zeal", "awe", ".work"):
        keep(tmp_path / "classifiers" / name / "evaluation.json", evaluation(name).model_dump_json())
    (tmp_path / "classifiers" / "unmeasured").mkdir()
    assert [one.classifier for one in read_evaluations(tmp_path)] == ["awe", "zeal"]


def test_an_evaluation_on_what_a_grid_was_measured_on_says_so(tmp_path: Path) -> None:
    parts = PARTS.model_copy(update={"measured_on": ("s_1", "s_2")})
    others = {"awe": ("s_1", "s_2"), "more": ("s_0", "s_1", "s_2"), "zeal": ("s_3",)}
    for name, segments in others.items():
        split = parts.model_copy(update={"measured_on": segments})
        found = evaluation(name).model_copy(update={"parts": split, "notes": ("First.",)})
        keep(tmp_path / "classifiers" / name / "evaluation.json", found.model_dump_json())
    made = grid(tmp_path / "grids" / "g").model_copy(update={"parts": parts})
    keep(tmp_path / "grids" / "g" / "grid.json", made.model_dump_json())
    awe, more, zeal = read_evaluations(tmp_path)
    assert awe.notes[0] == "First."
    assert "grid `g` was measured on the same held-out segments" in awe.notes[1]
    assert "grid `g` was measured on 2 of the 3 held-out segments" in more.notes[1]
    assert zeal.notes == ("First.",)
    assert beside_grids(awe, tmp_path) == awe, "it is said once"


def test_a_file_with_a_hash_of_the_held_out_segments_is_read(tmp_path: Path) -> None:
    found = json.loads(evaluation("awe").model_dump_json())
    found["parts"]["measured_on"] = "0123456789ab"
    keep(tmp_path / "classifiers" / "awe" / "evaluation.json", json.dumps(found))
    assert read_evaluations(tmp_path)[0].parts.measured_on == ()


def test_a_study_without_classifiers_has_none(tmp_path: Path) -> None:
    assert read_evaluations(tmp_path) == ()
    assert read_grids(tmp_path) == ()


def test_what_is_undefined_is_null_in_the_file() -> None:
    text = Bounded(value=0.5, n=3).model_dump_json()
    assert json.loads(text) == {"value": 0.5, "low": None, "high": None, "n": 3}
    assert math.isnan(Bounded.model_validate_json(text).low)
    cell = CellSettings(share=0, total=10, temperature=math.nan, seed=1)
    assert CellSettings.model_validate_json(cell.model_dump_json()).without_seed == (0, 10, None, 0)


def keep_cells(folder: Path, *cells: GridCell) -> None:
    keep(folder / "grid.jsonl", "".join(f"{one.model_dump_json()}\n" for one in cells))


def test_a_grids_cells_are_in_its_order_and_the_last_of_each_counts(tmp_path: Path) -> None:
    made = grid(tmp_path)
    failed = GridCell(settings=CELLS[1], key="2", problem="memory")
    keep_cells(tmp_path, failed, GridCell(settings=CELLS[0], key="1"), GridCell(settings=CELLS[1], key="2"))
    found = read_grid(tmp_path)
    assert found.grid == made
    assert [(one.key, one.problem) for one in found.cells] == [("1", ""), ("2", "")]


def test_cells_that_another_grid_left_are_not_its_own(tmp_path: Path) -> None:
    grid(tmp_path)
    keep_cells(tmp_path, GridCell(settings=CELLS[0], key="other"), GridCell(settings=CELLS[1], key="2"))
    assert [one.key for one in read_grid(tmp_path).cells] == ["2"]


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    grid(tmp_path)
    line = GridCell(settings=CELLS[0], key="1").model_dump_json()
    keep(tmp_path / "grid.jsonl", f"{line}\n{line[: len(line) // 2]}")
    assert len(read_grid(tmp_path).cells) == 1


def test_a_grid_that_has_just_begun_has_no_cells(tmp_path: Path) -> None:
    grid(tmp_path / "grids" / "g")
    (found,) = read_grids(tmp_path)
    assert found.cells == ()


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    keep(tmp_path / "classifiers" / "awe" / "evaluation.json", '{"classifier": "awe"}')
    with pytest.raises(StudyError, match="this is no Evaluation: digest") as raised:
        read_evaluations(tmp_path)
    assert "evaluation.json" in raised.value.where
    grid(tmp_path)
    keep(tmp_path / "grid.jsonl", "{}\n")
    with pytest.raises(StudyError) as raised:
        read_grid(tmp_path)
    assert raised.value.where.endswith("grid.jsonl, line 1")
