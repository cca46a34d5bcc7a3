"""`stop` ends a run that somebody started elsewhere."""

import json
import subprocess
from pathlib import Path

from intercoder.graphs.detached import start
from intercoder.stores.runs.runs import list_runs
from intercoder.stores.study_folder import StudyFolder
from tests.cli.conftest import Call, command_line
from tests.graphs.held_runs import LONG, ended
from tests.graphs.held_runs import held as held
from tests.graphs.held_runs import held_model as held_model


def test_a_run_is_stopped_and_can_be_resumed(held: StudyFolder, command: Call) -> None:
    started = start(held, ["run", "inductive"])
    assert f"stop it: intercoder stop '{held.path}'" in command("status", held.path).out
    out = command("stop", held.path).out
    ended(started.pid)
    assert out == (
        f"inductive-1 was told to stop, and is over (process {started.pid}).\n"
        f"Go on with: intercoder resume '{held.path}'\n"
    )
    assert [run.status for run in list_runs(held.engine, held.study.id)] == ["stopped"]


def test_a_run_that_ignores_ctrl_c_is_stopped_all_the_same(held: StudyFolder, command: Call) -> None:
    # As a shell starts jobs in the background: Ctrl-C is meant for what stands in front.
    ignoring = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *command_line("run", "inductive", held.path, "--json")]
    with subprocess.Popen(ignoring, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["kind"] == "begin"
        told = command("stop", held.path, "--json").objects
        assert told == [{"kind": "stopped", "run": "inductive-1", "pid": process.pid}]
        assert json.loads(process.stdout.readlines()[-1])["kind"] == "stopped"
        assert process.wait(LONG) == 130


def test_there_may_be_nothing_to_stop(filled: Path, command: Call) -> None:
    assert "error: no run is at work on this study." in command("stop", filled, code=2).err
