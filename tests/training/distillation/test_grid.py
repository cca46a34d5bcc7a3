"""A grid that is stopped: what is gone on with, and what stops it."""

from pathlib import Path
from typing import Any

import pytest

from intercoder.core.errors import EndpointStopped, ModelError, StudyError
from intercoder.stores.classifiers.classifier_folders import read_grid
from intercoder.training.distillation import classifier, grid, grid_cells
from intercoder.training.distillation.distillation_settings import read_settings
from intercoder.training.distillation.grid import run_grid
from intercoder.training.distillation.material import Material, prepare
from tests.training.distillation.studies import BUYING, REPAIR, make_encoder, make_study

pytest.importorskip("torch")
pytest.importorskip("sklearn")
WORDS = (
    *("resamples=100", "classifier.max_steps=2", "grid.shares=[0.5]", "grid.totals=[20]"),
    *("grid.temperatures=[0.7]", "grid.filters=[0]", "grid.seeds=[0,1]"),
)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_encoder(tmp_path_factory.mktemp("encoder"))


def material_of(path: Path, encoder: str, *words: str) -> Material:
    return prepare(make_study(path, 60), [], read_settings(None, [*WORDS, *words], {"encoder": encoder}))


def test_what_stopped_in_a_training_of_all_segments_may_go_on_with_other_settings(
    tmp_path: Path, encoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    material = material_of(tmp_path / "study", encoder)

    def stop(*_: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(grid.measuring, "predict", stop)
        with pytest.raises(KeyboardInterrupt):
            list(run_grid(material, "shares"))
    told: list[str] = []
    other = material.with_settings(
        read_settings(None, [*WORDS, "classifier.learning_rate=0.001"], {"encoder": encoder})
    )
    worked = list(run_grid(other, "shares", listen=lambda event: told.append(str(event.get("problem", "")))))
    assert [one.cell.problem for one in worked] == ["", ""]
    assert not any(told)


def test_what_failed_beside_the_cells_is_told_and_goes_on(
    tmp_path: Path, encoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    material = material_of(tmp_path / "study", encoder)

    def fail(*_: Any) -> Any:
        raise ModelError("memory does not suffice.")

    with monkeypatch.context() as patched:
        patched.setattr(grid.measuring, "learnt_figures", fail)
        patched.setattr(grid_cells.GridCells, "work", fail)
        list(run_grid(material, "shares"))
    folder = material.folder.path / "grids" / "shares"
    assert [one.system for one in read_grid(folder).grid.systems] == ["model", "people"]
    (problem,) = read_grid(folder).grid.problems
    assert "human_all" in problem
    assert "memory does not suffice" in problem

    trained: list[str] = []
    monkeypatch.setattr(classifier.Learning, "run", lambda *_: trained.append("cell"))
    list(run_grid(material, "shares"))
    assert read_grid(folder).grid.problems == ()
    assert trained == ["cell", "cell"], "what learnt from all of people's is still there"


def test_what_another_grid_has_worked_is_not_worked_again(
    tmp_path: Path, encoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    material = material_of(tmp_path / "study", encoder)
    first = list(run_grid(material, "first"))
    wider = material.with_settings(read_settings(None, [*WORDS, "grid.seeds=[0,1,2]"], {"encoder": encoder}))
    trained: list[str] = []
    real = grid_cells.train
    monkeypatch.setattr(grid_cells, "train", lambda *given: (trained.append("cell"), real(*given))[1])
    monkeypatch.setattr(grid, "train", lambda *_: trained.append("all of people's"))
    second = list(run_grid(wider, "second"))
    assert trained == ["cell"]
    assert [(one.cell, one.kept) for one in second[:2]] == [(one.cell, True) for one in first]
    assert not second[2].kept
    folder = material.folder.path / "grids"
    kept = [read_grid(folder / name) for name in ("first", "second")]
    assert [len(one.cells) for one in kept] == [2, 3]
    assert kept[0].grid.systems == kept[1].grid.systems
    monkeypatch.undo()
    assert [one.kept for one in run_grid(material, "first", new=True)] == [False, False]


def test_a_damaged_line_is_named_whose_grid_it_may_be(tmp_path: Path, encoder: str) -> None:
    material = material_of(tmp_path / "study", encoder)
    other = material.folder.path / "grids" / "other"
    other.mkdir(parents=True)
    (other / "grid.json").write_text("{}")
    (other / "systems.jsonl").write_text('{"key": 1}\n')
    with pytest.raises(StudyError, match="this is no KeptSystem") as raised:
        list(run_grid(material, "shares"))
    assert raised.value.where.endswith("other/systems.jsonl, line 1")
    assert raised.value.remedy.startswith("Delete this line")


def test_an_endpoint_that_answers_nobody_stops_the_grid(
    tmp_path: Path, encoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    material = material_of(tmp_path / "study", encoder)
    asked: list[int] = []

    async def silent(*_: Any) -> Any:
        asked.append(1)
        raise EndpointStopped("nobody answers.", where="there", remedy="Start it.")

    monkeypatch.setattr(grid_cells, "write_segments", silent)
    with pytest.raises(EndpointStopped):
        list(run_grid(material, "shares"))
    assert len(asked) == 1


def test_a_cell_of_which_nothing_can_be_learnt_is_refused_before_anything_is_written_for_it(
    tmp_path: Path, encoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = read_settings(None, [*WORDS, "grid.totals=[2]", "grid.seeds=[0]"], {"encoder": encoder})
    material = prepare(make_study(tmp_path / "study", 60, codes=(REPAIR, BUYING)), [], settings)

    async def refuse(*_: Any) -> Any:
        raise AssertionError("written")

    monkeypatch.setattr(grid_cells, "write_segments", refuse)
    (only,) = run_grid(material, "shares")
    assert "no segment of the training set of 2" in only.cell.problem
