import os
import socket
import subprocess
import sys

import psutil
import pytest
import sqlalchemy as sa

from intercoder.core.errors import StudyBusy
from intercoder.stores import schema
from intercoder.stores.database import writing
from intercoder.stores.lease import PATIENCE, Lease, lease_holder
from intercoder.stores.study_folder import StudyFolder


def hold(folder: StudyFolder, **changes: object) -> None:
    """A lease as another process would have written it."""
    holder = {
        "study_id": folder.study.id,
        "run": "inductive-1",
        "token": "other",
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "process_started": psutil.Process().create_time(),
        "heartbeat": 0.0,
    }
    with writing(folder.engine) as connection:
        connection.execute(sa.insert(schema.leases).values(holder | changes))


def test_a_second_run_is_told_who_holds_the_study(folder: StudyFolder) -> None:
    with (
        Lease(folder.engine, folder.study.id, "inductive-1"),
        pytest.raises(StudyBusy, match=f"`inductive-1` is working on this study.*process {os.getpid()}"),
        Lease(folder.engine, folder.study.id, "inductive-2"),
    ):
        pass
    assert lease_holder(folder.engine, folder.study.id) is None


def test_the_lease_is_given_back_after_an_error(folder: StudyFolder) -> None:
    with pytest.raises(RuntimeError, match="of old age"), Lease(folder.engine, folder.study.id, "inductive-1"):
        assert lease_holder(folder.engine, folder.study.id) == "inductive-1"
        raise RuntimeError("of old age")
    with Lease(folder.engine, folder.study.id, "inductive-2"):
        assert lease_holder(folder.engine, folder.study.id) == "inductive-2"


def test_a_dead_holders_lease_is_taken_over(folder: StudyFolder) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    hold(folder, pid=dead.pid)
    with Lease(folder.engine, folder.study.id, "inductive-2"):
        assert lease_holder(folder.engine, folder.study.id) == "inductive-2"


def test_a_reused_process_id_does_not_count_as_alive(folder: StudyFolder) -> None:
    hold(folder, process_started=psutil.Process().create_time() - 1000)
    assert lease_holder(folder.engine, folder.study.id) is None


def test_a_holder_elsewhere_lives_by_its_heartbeat(folder: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    hold(folder, host="another-machine", pid=1, heartbeat=1000.0)
    monkeypatch.setattr("intercoder.stores.lease.time.time", lambda: 1000.0 + PATIENCE - 1)
    assert lease_holder(folder.engine, folder.study.id) == "inductive-1"
    monkeypatch.setattr("intercoder.stores.lease.time.time", lambda: 1000.0 + PATIENCE + 1)
    assert lease_holder(folder.engine, folder.study.id) is None


def test_people_write_while_a_run_holds_the_lease(folder: StudyFolder) -> None:
    memo = {
        "study_id": folder.study.id,
        "memo_id": "m1",
        "target_id": "s_1",
        "author": "ana",
        "text": "look again",
        "supersedes": "",
        "created_at": "2026-01-01T00:00:00Z",
    }
    with Lease(folder.engine, folder.study.id, "inductive-1"), writing(folder.engine) as connection:
        connection.execute(sa.insert(schema.memos).values(memo))
    with folder.engine.connect() as connection:
        assert connection.execute(sa.select(schema.memos.c.text)).scalar_one() == "look again"
