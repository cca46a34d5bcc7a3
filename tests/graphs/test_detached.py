"""Runs that are processes of their own. A stub model holds its answers back, so that no test waits for a clock."""

import json
import os
import signal
import socket
import subprocess
import sys
from typing import Any

import psutil
import pytest
import sqlalchemy as sa

from intercoder.core.errors import StudyBusy, StudyError
from intercoder.graphs.detached import log_tail, run_log, start, stop, wait_until_stopped
from intercoder.stores import schema
from intercoder.stores.database import writing
from intercoder.stores.lease import lease_holder
from intercoder.stores.runs.runs import list_runs
from intercoder.stores.study_folder import StudyFolder
from tests.graphs.held_runs import LONG, SECRET, Model, ended
from tests.graphs.held_runs import held as held
from tests.graphs.held_runs import held_model as held_model


def test_a_run_is_a_process_of_its_own_that_ends_by_itself(held: StudyFolder, held_model: Model) -> None:
    started = start(held, ["run", "inductive"])
    assert (started.run, started.code) == ("inductive-1", None)
    assert lease_holder(held.engine, held.study.id) == "inductive-1"
    assert os.getsid(started.pid) == started.pid != os.getsid(0)
    with pytest.raises(StudyBusy, match=r"`inductive-1` is working on this study"):
        start(held, ["run", "inductive"])
    command = " ".join(psutil.Process(started.pid).cmdline())
    held_model.gate.set()
    ended(started.pid)
    assert [run.status for run in list_runs(held.engine, held.study.id)] == ["done"]
    assert lease_holder(held.engine, held.study.id) is None
    assert run_log(held, "inductive-1") == started.log == held.path / "runs" / "inductive-1.log"
    said = started.log.read_text(encoding="utf-8")
    assert said.startswith(f"$ intercoder run inductive '{held.path}'\ninductive-1: 12 segments")
    assert "Next: intercoder export" in log_tail(started.log, 1)
    assert SECRET not in said + command

    again = start(held, ["retry"])
    assert (again.run, again.code) == ("", 0)
    assert again.said == "No answer failed; there is nothing to retry."


def test_what_keeps_a_run_from_beginning_is_told(held: StudyFolder) -> None:
    with pytest.raises(StudyError, match="only 12 segments") as refused:
        start(held, ["run", "inductive"], ["--sample", "999"])
    assert refused.value.remedy
    with pytest.raises(StudyError, match=r"(?s)did not begin \(exit code 2\).*No such option: --simple"):
        start(held, ["run", "inductive"], ["--simple"])
    assert list_runs(held.engine, held.study.id) == []


def test_a_run_that_is_stopped_can_be_resumed(held: StudyFolder, held_model: Model) -> None:
    started = start(held, ["run", "inductive"])
    stopping = stop(held)
    assert (stopping.run, stopping.pid) == ("inductive-1", started.pid)
    assert wait_until_stopped(held, stopping, LONG)
    ended(started.pid)
    (run,) = list_runs(held.engine, held.study.id)
    assert run.status == "stopped"
    assert log_tail(started.log, 1).startswith("Go on with: intercoder resume")
    with pytest.raises(StudyError, match="no run is at work"):
        stop(held)

    held_model.gate.set()
    again = start(held, ["resume"], ["inductive-1"])
    ended(again.pid)
    assert again.run == "inductive-1"
    assert [one.status for one in list_runs(held.engine, held.study.id)] == ["done"]
    assert again.log.name == "inductive-1.2.log" and run_log(held, "inductive-1") == again.log


def test_a_run_outlives_whoever_started_it(held: StudyFolder, held_model: Model) -> None:
    code = (
        "import json, sys; from pathlib import Path\n"
        "from intercoder.graphs.detached import start\n"
        "from intercoder.stores.study_folder import open_study\n"
        "print(json.dumps(start(open_study(Path(sys.argv[1])), ['run', 'inductive']).pid))"
    )
    done = subprocess.run([sys.executable, "-c", code, held.path], capture_output=True, text=True, check=True)
    pid = json.loads(done.stdout)
    assert lease_holder(held.engine, held.study.id) == "inductive-1"
    held_model.gate.set()
    ended(pid)
    assert [run.status for run in list_runs(held.engine, held.study.id)] == ["done"]


def test_a_run_that_was_killed_is_not_taken_for_living(held: StudyFolder) -> None:
    started = start(held, ["run", "inductive"])
    os.kill(started.pid, signal.SIGKILL)
    ended(started.pid)
    assert lease_holder(held.engine, held.study.id) is None


def test_what_is_not_here_is_not_stopped_from_here(held: StudyFolder) -> None:
    holder: dict[str, Any] = {
        "study_id": held.study.id,
        "run": "inductive-1",
        "token": "other",
        "host": "another-machine",
        "pid": 4711,
        "process_started": 0.0,
        "heartbeat": 1e12,
    }
    with writing(held.engine) as connection:
        connection.execute(sa.insert(schema.leases).values(holder))
    with pytest.raises(StudyError, match="another-machine") as refused:
        stop(held)
    assert "kill -INT 4711" in refused.value.remedy
    own = {"host": socket.gethostname(), "pid": os.getpid(), "process_started": psutil.Process().create_time()}
    with writing(held.engine) as connection:
        connection.execute(sa.update(schema.leases).values(own))
    with pytest.raises(StudyError, match="by this very program"):
        stop(held)
    with writing(held.engine) as connection:
        connection.execute(sa.delete(schema.leases))
