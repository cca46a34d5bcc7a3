"""What is told under the table of a grid."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from intercoder.cli.training.distilling_results import print_grid
from tests.evals.report.distilled_studies import grid


@pytest.mark.parametrize(("decisions", "told"), [(40, True), (160, False)])
def test_a_grid_says_on_how_much_people_are_held_against_one_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], decisions: int, told: bool
) -> None:
    worked = grid("shares", "thrift", seeds=1)
    systems = tuple(one.model_copy(update={"decisions": decisions}) for one in worked.grid.systems)
    place = tmp_path / "grids" / "shares"
    place.mkdir(parents=True)
    (place / "grid.json").write_text(worked.grid.model_copy(update={"systems": systems}).model_dump_json())
    (place / "grid.jsonl").write_text("".join(f"{cell.model_dump_json()}\n" for cell in worked.cells))
    material: Any = SimpleNamespace(folder=SimpleNamespace(path=tmp_path), parts=SimpleNamespace(held_out=(1, 2)))
    print_grid(material, "shares", [], json=False, csv=False)
    found = " ".join(capsys.readouterr().out.split())
    assert ("Note: People are held against one another on 40 of the 160 decisions" in found) is told
    assert "less that at 80% written" in found
    assert "Cells with one seed have no interval" in found
