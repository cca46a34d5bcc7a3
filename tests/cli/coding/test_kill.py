"""A run that is killed with SIGKILL at random moments and resumed ends as if nothing had happened.

No question whose answer was committed is asked again.
"""

import json
import os
import random
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from intercoder.stores.study_folder import create_study
from tests.cli.conftest import call, command_line
from tests.cli.forking import Forked
from tests.cli.killing import (
    CONCURRENCY,
    LOST,
    QUESTIONS,
    SEGMENTS,
    SETTINGS,
    Stub,
    committed,
    go,
    go_struck,
    killed,
)
from tests.graphs.conftest import fill, lines
from tests.llms.endpoints.fault_server import FaultServer

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, server: FaultServer) -> Path:
    """A study that has been filled and not been run."""
    path = tmp_path_factory.mktemp("fresh") / "study"
    folder = create_study(path, SETTINGS.format(url=server.url, concurrency=CONCURRENCY))
    fill(folder, lines(SEGMENTS))
    folder.close()
    return path


@pytest.fixture(scope="module")
def uninterrupted(fresh: Path, tmp_path_factory: pytest.TempPathFactory, stub: Stub) -> tuple[bytes, bytes]:
    """What a run that nobody disturbs exports."""
    study = tmp_path_factory.mktemp("uninterrupted") / "study"
    shutil.copytree(fresh, study)
    stub.asked.clear()
    stub.moment = -1
    subprocess.run(command_line("run", "inductive", study), check=True, capture_output=True)
    assert len(stub.asked) == len(set(stub.asked)) == QUESTIONS
    return exported(study)


def exported(study: Path) -> tuple[bytes, bytes]:
    out = study.parent / "out.jsonl"
    assert call("export", study, "--to", "jsonl", out).code == 0
    return out.read_bytes(), (study / "codebook.yaml").read_bytes()


@pytest.mark.parametrize("chain", range(2))
def test_killed_and_resumed_is_as_never_killed(
    chain: int, fresh: Path, uninterrupted: tuple[bytes, bytes], stub: Stub, tmp_path: Path
) -> None:
    dice = random.Random(chain)
    study = tmp_path / "study"
    shutil.copytree(fresh, study)
    stub.asked.clear()
    command: tuple[object, ...] = ("run", "inductive", study)
    kills = 0
    while True:
        safe = committed(study)
        before = len(stub.asked)
        event = dice.randrange(12) if kills % 3 == 2 else None
        was_killed = killed(study, stub, before + 1 + dice.randrange(30), event, *command)
        asked_now = stub.asked[before:]
        assert not safe & set(asked_now), "a committed question was asked again"
        assert safe <= committed(study), "a committed answer was lost"
        assert len(set(asked_now) - committed(study)) <= LOST
        if not was_killed:
            break
        kills += 1
        command = ("resume", study)
    assert kills >= 4
    assert exported(study) == uninterrupted
    assert len(stub.asked) - QUESTIONS <= kills * LOST


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_being_told_to_stop_it_stops_cleanly(
    stop: signal.Signals, fresh: Path, uninterrupted: tuple[bytes, bytes], stub: Stub, tmp_path: Path
) -> None:
    study = tmp_path / "study"
    shutil.copytree(fresh, study)
    stub.asked.clear()
    process = go_struck(stub, 50, lambda struck: os.kill(struck.pid, stop), study, "run", "inductive", study)
    out, _ = process.communicate()
    assert process.returncode == 130
    told = json.loads(out.splitlines()[-1])
    assert (told["kind"], told["run"], told["total"]) == ("stopped", "inductive-1", SEGMENTS)
    stub.moment = -1
    safe = committed(study)
    before = len(stub.asked)
    assert go(study, "resume", study).wait() == 0
    assert not safe & set(stub.asked[before:])
    assert exported(study) == uninterrupted


def test_a_second_run_is_refused_while_one_works(fresh: Path, stub: Stub, tmp_path: Path) -> None:
    study = tmp_path / "study"
    shutil.copytree(fresh, study)
    stub.asked.clear()
    refused: list[subprocess.CompletedProcess[str]] = []

    def intrude(_: Forked) -> None:
        # The server waits here, so the first run cannot end before the second has been refused.
        refused.append(subprocess.run(command_line("run", "inductive", study), capture_output=True, text=True))

    process = go_struck(stub, 20, intrude, study, "run", "inductive", study)
    process.communicate()
    stub.moment = -1
    assert process.returncode == 0
    assert refused[0].returncode == 2
    assert f"process {process.pid}" in refused[0].stderr
    assert "`inductive-1` is working on this study" in refused[0].stderr
