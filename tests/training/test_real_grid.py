"""A grid of two cells on a model that is made in a moment: killed in the second, and gone on with."""

import json
import signal
from pathlib import Path

import pytest

from tests.cli.conftest import Call, command
from tests.cli.forking import AtWords, Forked
from tests.llms.tiny_models import save

__all__ = ["command"]

pytest.importorskip("torch")
pytest.importorskip("peft")

LINES = [
    {"quote": "I mend clothes.", "code": "pride"},
    {"quote": "No parts are sold.", "code": "missing parts"},
    {"quote": "We share a ladder.", "code": "help"},
]


@pytest.fixture
def grid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command that trains the grid."""
    monkeypatch.setenv("INTERCODER_MODELS", str(tmp_path / "models"))
    base = save(tmp_path / "tiny", max_position_embeddings=4096)
    (tmp_path / "codes.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in LINES), encoding="utf-8")
    (tmp_path / "grid.toml").write_text(
        f'bases = ["hf:{base}"]\nprompts = ["expert_angle", "simplified_task"]\nendings = "full_stop"\n'
        "[settings]\nmax_steps = 4\ncheckpoint_every = 1\nheld_out = 0.3\nmax_length = 4096\nrank = 2\n",
        encoding="utf-8",
    )
    return ["train", "lora", "codes.jsonl", "--grid", "grid.toml", "--json"]


def test_a_grid_that_was_killed_keeps_what_is_done_and_goes_on(
    grid: list[str], command: Call, tmp_path: Path
) -> None:
    second_step = AtWords(("cell 2 of 2", "step 2 of 4"))
    killed = Forked(*grid, log=tmp_path / "log.txt", cwd=tmp_path, dies_at=second_step, errors=True)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL, (tmp_path / "log.txt").read_text("utf-8")
    first, second = (tmp_path / "adapters" / f"tiny-{name}-0" for name in ("expert_angle", "simplified_task"))
    weights = (first / "adapter_model.safetensors").stat().st_mtime_ns
    assert (first / "metrics.json").is_file()
    assert not second.exists()

    done = command(*grid)
    assert "going on after step" in done.err
    assert (first / "adapter_model.safetensors").stat().st_mtime_ns == weights
    assert (second / "metrics.json").is_file()
    assert [row["prompt"] for row in done.objects] == ["expert_angle", "simplified_task"]
    assert [row["items"] for row in done.objects] == [1, 1]
    assert all(row["problem"] == "" and row["f1"] is None for row in done.objects)

    again = command(*grid)
    assert again.objects == done.objects
    assert again.err.count("from before") == 2
