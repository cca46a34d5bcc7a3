"""A distillation that is killed with SIGKILL while it writes, asks or trains ends as if nothing had happened.

Nothing is written, asked or trained twice. A stub server stands in for the language model.
"""

import json
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

from intercoder.stores.classifiers.classifier_folders import read_grid
from tests.cli.conftest import command_line
from tests.cli.forking import AtStep, Forked
from tests.cli.killing import CONCURRENCY, LOST, Stub, committed, go, go_struck
from tests.llms.endpoints.fault_server import FaultServer
from tests.training.distillation.studies import SETTINGS, make_encoder, make_study

pytestmark = pytest.mark.long
pytest.importorskip("torch")
pytest.importorskip("sentence_transformers")
pytest.importorskip("sklearn")

LIMITS = f"[limits]\nconcurrency = {CONCURRENCY}\n"
OPTIONS = (
    *("--set", "classifier.max_steps=6", "--set", "classifier.checkpoint_every=1", "--set", "resamples=100"),
    *("--set", "classifier.learning_rate=0.01"),
)
ONE = ("--share", "0.5")
GRID = (
    *("--grid", "--set", "grid.shares=[0, 0.5]", "--set", "grid.totals=[20]", "--set", "grid.temperatures=[0.7]"),
    *("--set", "grid.filters=[0]", "--set", "grid.seeds=[0, 1]"),
)
Event = dict[str, Any]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, server: FaultServer) -> Path:
    """A study that people coded."""
    path = tmp_path_factory.mktemp("fresh") / "study"
    settings = SETTINGS.replace("scripted:words", f"openai:stub@{server.url}") + LIMITS
    make_study(path, 60, settings=settings, people=("ana",)).close()
    return path


def command_of(study: Path, encoder: str, *options: str) -> tuple[object, ...]:
    return ("distill", study, "--code", "repair", "--encoder", encoder, *OPTIONS, *options)


def copy_of(fresh: Path, stub: Stub, tmp_path: Path) -> Path:
    stub.asked.clear()
    stub.moment = -1
    return Path(shutil.copytree(fresh, tmp_path / "study"))


def run(study: Path, command: tuple[object, ...], dies_at: AtStep | None = None) -> list[Event]:
    """Run a command to its end, or to a step at which it is killed; what it told."""
    process = go(study, *command, dies_at=dies_at)
    out, _ = process.communicate()
    assert process.returncode == (-9 if dies_at else 0), (study.parent / "log.txt").read_text()
    return [json.loads(line) for line in out.splitlines()]


def left(study: Path) -> tuple[Any, ...]:
    """What a distillation leaves: its texts, its weights, its figures."""
    with sqlite3.connect(study / "study.db") as database:
        texts = sorted(database.execute("SELECT text, dropped, code_id, value FROM synthetic_segments"))
    folder = study / "classifiers" / "repair"
    card = json.loads((folder / "card.json").read_text("utf-8"))
    evaluation = json.loads((folder / "evaluation.json").read_text("utf-8"))
    figures = [{**one, "name": ""} for one in evaluation["systems"]]
    return texts, (folder / "model.safetensors").read_bytes(), card["digest"], card["confidence"], figures


@pytest.fixture(scope="module")
def uninterrupted(
    fresh: Path, encoder: str, stub: Stub, tmp_path_factory: pytest.TempPathFactory
) -> tuple[tuple[Any, ...], int]:
    """What a distillation that nobody disturbs leaves, and how many questions it takes."""
    study = copy_of(fresh, stub, tmp_path_factory.mktemp("whole"))
    subprocess.run(command_line(*command_of(study, encoder, *ONE)), check=True, capture_output=True)
    assert len(stub.asked) == len(set(stub.asked))
    return left(study), len(stub.asked)


def steps(told: list[Event]) -> list[tuple[int, int]]:
    """Of each training at which step it began, and how many steps were done."""
    found: list[tuple[int, int]] = []
    for event in told:
        if event["kind"] == "begin":
            found.append((event["done"], 0))
        elif event["kind"] == "step":
            found[-1] = (found[-1][0], found[-1][1] + 1)
    return found


@pytest.mark.parametrize("share_done", [0.4, 0.9])
def test_killed_while_it_writes_or_asks(
    share_done: float,
    fresh: Path,
    encoder: str,
    stub: Stub,
    uninterrupted: tuple[tuple[Any, ...], int],
    tmp_path: Path,
) -> None:
    expected, questions = uninterrupted
    study = copy_of(fresh, stub, tmp_path)
    command = command_of(study, encoder, *ONE)
    process = go_struck(stub, round(share_done * questions), Forked.kill, study, *command)
    process.communicate()
    assert process.returncode == -9
    stub.moment = -1
    safe, before = committed(study), len(stub.asked)
    assert safe
    run(study, command)
    assert not safe & set(stub.asked[before:]), "a committed question was asked again"
    assert len(stub.asked) - questions <= LOST
    assert left(study) == expected


def test_killed_while_it_trains(
    fresh: Path, encoder: str, stub: Stub, uninterrupted: tuple[tuple[Any, ...], int], tmp_path: Path
) -> None:
    expected, questions = uninterrupted
    study = copy_of(fresh, stub, tmp_path)
    command = command_of(study, encoder, *ONE)
    told = run(study, command, AtStep(3))
    assert not (study / "classifiers" / "repair").exists(), "it appears when all is done"
    assert len(stub.asked) == questions
    again = run(study, command)
    assert len(stub.asked) == questions, "nothing is asked again"
    (_, before), (began, after), *others = *steps(told), *steps(again)
    assert (before, after > 0) == (3, True)
    assert 2 <= began <= 3, "it goes on from the last checkpoint"
    assert others and all(first == 0 and done > 0 for first, done in others), "the baselines had not begun"
    assert left(study) == expected


def test_a_grid_killed_in_a_cell_works_the_other_cells_once(
    fresh: Path, encoder: str, stub: Stub, tmp_path: Path
) -> None:
    study = copy_of(fresh, stub, tmp_path)
    command = command_of(study, encoder, *GRID)
    run(study, command, AtStep(3, after=3))
    folder = study / "grids" / "repair"
    with (folder / "grid.jsonl").open("a", encoding="utf-8") as lines:
        lines.write('{"settings": {"sha')  # what a process that dies while it writes leaves
    kept, asked = (folder / "grid.jsonl").read_text("utf-8").splitlines()[:-1], len(stub.asked)
    assert len(kept) == 3
    again = run(study, command)
    assert len(stub.asked) == asked, "nothing is written or asked again"
    ((began, done),) = steps(again)
    assert began >= 2
    assert began + done == 6
    assert [one["kept"] for one in again if one["kind"] == "worked"] == [True, True, True, False]
    assert (folder / "grid.jsonl").read_text("utf-8").splitlines()[:3] == kept
    assert len(read_grid(folder).cells) == 4
    assert not list((folder / ".work").iterdir()), "weights of cells are not kept"
    once_more = run(study, command)
    assert steps(once_more) == []
    assert len(stub.asked) == asked


def test_told_to_stop_it_says_how_to_go_on(fresh: Path, encoder: str, stub: Stub, tmp_path: Path) -> None:
    study = copy_of(fresh, stub, tmp_path)
    process = go_struck(stub, 3, Forked.terminate, study, *command_of(study, encoder, *ONE))
    process.communicate()
    stub.moment = -1
    assert process.returncode == 130
    assert "run the same command again to go on" in (study.parent / "log.txt").read_text("utf-8")


def test_two_do_not_work_on_the_same_name(fresh: Path, encoder: str, stub: Stub, tmp_path: Path) -> None:
    study = copy_of(fresh, stub, tmp_path)
    command = command_of(study, encoder, *ONE)
    refused: list[subprocess.CompletedProcess[str]] = []

    def intrude(process: Forked) -> None:
        stub.moment = -1
        other = go(study, *command)
        other.communicate()
        refused.append(subprocess.CompletedProcess([], other.returncode))
        process.kill()

    go_struck(stub, 3, intrude, study, *command).communicate()
    assert refused[0].returncode == 2
    assert "another process" in (study.parent / "log.txt").read_text("utf-8")
