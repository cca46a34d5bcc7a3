"""A merge that is killed with SIGKILL and resumed ends as if nothing had happened, and asks nothing twice."""

import random
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

from intercoder.stores.study_folder import create_study
from tests.cli.conftest import call, command_line
from tests.cli.killing import CONCURRENCY, LOST, SEGMENTS, SETTINGS, Stub, committed, killed
from tests.graphs.conftest import fill, lines
from tests.llms.endpoints.fault_server import FaultServer

pytestmark = pytest.mark.long

MERGE = ("--lower", "0.3", "--upper", "0.6")
TABLES = ("concepts", "concept_labels", "concept_examples", "concept_merges", "codebook_entries")


@pytest.fixture(scope="module")
def coded(tmp_path_factory: pytest.TempPathFactory, server: FaultServer) -> Path:
    """A study with a finished inductive run."""
    path = tmp_path_factory.mktemp("coded") / "study"
    folder = create_study(path, SETTINGS.format(url=server.url, concurrency=CONCURRENCY))
    fill(folder, lines(SEGMENTS))
    folder.close()
    assert call("run", "inductive", path).code == 0
    return path


def result(study: Path) -> dict[str, list[Any]]:
    """Everything that the merge left in the database."""
    with sqlite3.connect(study / "study.db") as database:
        return {table: sorted(database.execute(f"SELECT * FROM {table}")) for table in TABLES}


@pytest.fixture(scope="module")
def uninterrupted(coded: Path, tmp_path_factory: pytest.TempPathFactory, stub: Stub) -> dict[str, list[Any]]:
    """What a merge leaves that nobody disturbs."""
    study = tmp_path_factory.mktemp("uninterrupted") / "study"
    shutil.copytree(coded, study)
    stub.asked.clear()
    stub.moment = -1
    subprocess.run(command_line("merge", study, *MERGE), check=True, capture_output=True)
    assert len(stub.asked) == len(set(stub.asked)) > 20
    return result(study)


@pytest.mark.parametrize("chain", range(2))
def test_killed_and_resumed_is_as_never_killed(
    chain: int, coded: Path, uninterrupted: dict[str, list[Any]], stub: Stub, tmp_path: Path
) -> None:
    dice = random.Random(chain)
    study = tmp_path / "study"
    shutil.copytree(coded, study)
    stub.asked.clear()
    command: tuple[object, ...] = ("merge", study, *MERGE)
    kills = 0
    while True:
        safe = committed(study)
        before = len(stub.asked)
        event = dice.randrange(4) if kills % 3 == 2 else None
        was_killed = killed(study, stub, before + 1 + dice.randrange(8), event, *command)
        asked_now = stub.asked[before:]
        assert not safe & set(asked_now), "a committed question was asked again"
        assert safe <= committed(study), "a committed answer was lost"
        assert len(set(asked_now) - committed(study)) <= LOST
        if not was_killed:
            break
        kills += 1
        command = ("resume", study)
    assert kills >= 2
    assert result(study) == uninterrupted
