import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from intercoder.core.agent_settings import CoderSettings, Sampling
from intercoder.core.errors import InputError, ModelError, SettingsError
from intercoder.training.grid import METRICS, Measured, Result, cells, in_order, run_grid
from intercoder.training.grid_settings import read_grid
from intercoder.training.settings import LoraSettings

BASES = ["hf:one", "hf:two"]
CODERS = cells(BASES, ["simplified_task", "own", "explicit_instruction"], ["full_stop", "line_break"], shots=0,
               sampling=Sampling())  # fmt: skip


def measured(f1: float) -> Measured:
    fields = dict.fromkeys(
        [name for name in Measured.model_fields if name not in ("items", "empty", "failures")], f1
    )
    return Measured(**fields, items=4, empty=0, failures=0)


class Work:
    """Trains adapters of a few bytes, and remembers what was asked of it."""

    def __init__(self, fail: Callable[[CoderSettings], Exception | None] = lambda coder: None) -> None:
        self.trained: list[str] = []
        self.measured: list[str] = []
        self.version = "1"
        self.figure = 0.5
        self.fail = fail

    def key(self, coder: CoderSettings) -> str:
        return f"{coder.name} {self.version}"

    def train(self, coder: CoderSettings, out: Path) -> None:
        self.trained.append(coder.name)
        if (error := self.fail(coder)) is not None:
            raise error
        adapter(out, coder.name)

    def measure(self, coder: CoderSettings, adapter: Path) -> Measured:
        self.measured.append(coder.name)
        return measured(self.figure)


def adapter(folder: Path, words: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    config = {"peft_type": "LORA", "base_model_name_or_path": "one", "r": 1, "target_modules": ["up_proj"]}
    (folder / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "adapter_model.safetensors").write_bytes(words.encode())


def test_cells_stand_as_in_the_seeds_table() -> None:
    assert [(one.prompt, one.ending, one.model) for one in CODERS[:4]] == [
        ("explicit_instruction", "line_break", "hf:one"),
        ("explicit_instruction", "line_break", "hf:two"),
        ("explicit_instruction", "full_stop", "hf:one"),
        ("explicit_instruction", "full_stop", "hf:two"),
    ]
    assert [one.prompt for one in CODERS[4:]] == ["simplified_task"] * 4 + ["own"] * 4
    assert len({one.name for one in CODERS}) == 12


def test_cells_of_one_base_are_worked_together_and_shown_in_order(tmp_path: Path) -> None:
    results = list(run_grid(CODERS, Work(), tmp_path))
    assert [one.coder.model for one in results] == ["hf:one"] * 6 + ["hf:two"] * 6
    assert [one.coder for one in in_order(results, CODERS)] == CODERS


def test_what_is_done_is_kept_and_what_was_stopped_goes_on(tmp_path: Path) -> None:
    class Stopped(BaseException):
        pass

    first = Work(lambda coder: Stopped() if coder.name == "two-own-0" else None)  # type: ignore[arg-type, return-value]
    with pytest.raises(Stopped):
        list(run_grid(CODERS, first, tmp_path))
    again = Work()
    results = list(run_grid(CODERS, again, tmp_path))
    done = set(first.measured)
    assert {one.coder.name for one in results if one.kept} == done
    assert set(again.trained) == {coder.name for coder in CODERS} - done
    assert all(one.measured == measured(0.5) for one in results)


def test_a_cell_is_worked_anew_if_anything_about_it_changed(tmp_path: Path) -> None:
    list(run_grid(CODERS[:2], Work(), tmp_path))
    other = Work()
    other.version = "2"
    assert not any(one.kept for one in run_grid(CODERS[:1], other, tmp_path))
    adapter(tmp_path / CODERS[1].name, "trained anew by hand")
    assert not any(one.kept for one in run_grid(CODERS[1:2], Work(), tmp_path))
    assert all(one.kept for one in run_grid(CODERS[1:2], Work(), tmp_path))
    (tmp_path / CODERS[1].name / METRICS).write_text("{", encoding="utf-8")
    assert not any(one.kept for one in run_grid(CODERS[1:2], Work(), tmp_path))
    assert not any(one.kept for one in run_grid(CODERS[1:2], Work(), tmp_path, new=True))


def test_undefined_figures_are_kept_as_they_are(tmp_path: Path) -> None:
    work = Work()
    work.figure = math.nan
    list(run_grid(CODERS[:1], work, tmp_path))
    (again,) = run_grid(CODERS[:1], Work(), tmp_path)
    assert again.kept
    assert again.measured is not None
    assert math.isnan(again.measured.f1)


@pytest.mark.parametrize(
    "error", [ModelError("memory does not suffice"), RuntimeError("out of memory"), KeyError("x")]
)
def test_a_cell_that_fails_does_not_stop_the_others_and_is_tried_again(tmp_path: Path, error: Exception) -> None:
    name = CODERS[0].name
    results = list(run_grid(CODERS[:3], Work(lambda coder: error if coder.name == name else None), tmp_path))
    problems = {one.coder.name: one.problem for one in results if one.problem}
    assert list(problems) == [name]
    assert str(error) in problems[name]
    again = Work()
    assert [one.problem for one in run_grid(CODERS[:3], again, tmp_path)] == [""] * 3
    assert again.trained == [name]


def test_which_cell_is_begun_is_told(tmp_path: Path) -> None:
    events: list[dict[str, object]] = []
    results: list[Result] = []
    for result in run_grid(CODERS[:2], Work(), tmp_path, listen=events.append):
        results.append(result)
        assert len(events) == len(results)
    assert events[1] == {"kind": "cell", "name": CODERS[1].name, "done": 1, "total": 2}


def test_a_grid_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "grid.toml"
    file.write_text('bases = ["hf:one"]\nendings = "full_stop"\n[settings]\nrank = 4\n', encoding="utf-8")
    found = read_grid(file, LoraSettings(alpha=8))
    assert (found.bases, found.prompts, tuple(found.crossed_endings)) == (("hf:one",), "all", ("full_stop",))
    assert (found.settings.rank, found.settings.alpha) == (4, 8)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("bases = [", "not valid TOML"),
        ("", "`bases`"),
        ("bases = []", "`bases`"),
        ('bases = ["a"]\nprompt = "x"', "`prompt`"),
        ('bases = ["a"]\nendings = "comma"', "`endings`"),
        ('bases = ["a"]\n[settings]\nranks = 3', "`settings.ranks`"),
        ('bases = ["a"]\nsettings = 3', "`settings`"),
    ],
)
def test_a_file_that_is_no_grid_is_told(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "grid.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"grid\.toml") as refused:
        read_grid(file, LoraSettings())
    assert told in str(refused.value)


def test_a_grid_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_grid(tmp_path / "nowhere.toml", LoraSettings())


def test_without_a_held_out_document_there_is_nothing_to_measure_on() -> None:
    from intercoder.training.grid_cells import GridCells
    from tests.training.selecting import CODES, source

    with pytest.raises(InputError, match="none is held out"):
        GridCells(source(dict(list(CODES.items())[:1])), LoraSettings(), encoder=None)
