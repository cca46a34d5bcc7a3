"""How a run stands, from rows as runs write them."""

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest
import sqlalchemy as sa

from intercoder.core.decisions import Failure
from intercoder.core.protocols import Run
from intercoder.stores import schema
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.database import writing
from intercoder.stores.lease import NAMELESS
from intercoder.stores.runs.answer_counts import LATEST
from intercoder.stores.runs.run_progress import RunWatch, run_lines
from intercoder.stores.runs.runs import create_run, set_status, update_run, write_failures
from intercoder.stores.study_folder import StudyFolder
from tests.graphs.conftest import fill, lines

SEGMENTS = 20
NOW = "2026-05-04T10:00:30Z"


@pytest.fixture
def run(folder: StudyFolder) -> Run:
    """An inductive run of one coder over twenty segments, of which nothing is done."""
    fill(folder, lines(SEGMENTS))
    return create_run(folder.engine, folder.study, "inductive", Scope())


@contextmanager
def at_work(folder: StudyFolder, run: str) -> Iterator[None]:
    """A lease as this process would hold it."""
    holder: dict[str, Any] = {
        "study_id": folder.study.id,
        "run": run,
        "token": "t",
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "process_started": psutil.Process().create_time(),
        "heartbeat": 0.0,
    }
    with writing(folder.engine) as connection:
        connection.execute(sa.insert(schema.leases).values(holder))
    yield
    with writing(folder.engine) as connection:
        connection.execute(sa.delete(schema.leases))


def answer(folder: StudyFolder, run: str, *numbers: int, at: str = NOW, **changes: Any) -> None:
    rows = [
        {
            "study_id": folder.study.id,
            "key": f"{run}-{number}",
            "run": run,
            "round": 1,
            "segment_id": "s",
            "role": "coder",
            "coder": "ana",
            "model": "m",
            "prompt": "p",
            "prompt_hash": "h",
            "status": "ok",
            "text": "",
            "error": "",
            "kind": "",
            "input_tokens": 100,
            "output_tokens": 10,
            "cost": 0.5,
            "created_at": at,
            **changes,
        }
        for number in numbers
    ]
    with writing(folder.engine) as connection:
        connection.execute(sa.insert(schema.answers), rows)


def decide(folder: StudyFolder, run: str, *numbers: int, **changes: Any) -> None:
    with writing(folder.engine) as connection:
        segments = list(connection.execute(sa.select(schema.segments.c.segment_id)).scalars())
        rows = [
            {
                "study_id": folder.study.id,
                "decision_id": f"{run}-{number}",
                "run": run,
                "round": 1,
                "segment_id": segments[number % len(segments)],
                "role": "moderator",
                "coder": "medoid",
                "position": 0,
                "label": f"label {number}",
                "code_id": "c",
                "value": "",
                "reason": "",
                "quote": "",
                "verified": True,
                "chosen_from": "",
                "overruled": [],
                "merged_from": "",
                "similarity": None,
                "model": "",
                "prompt": "",
                "prompt_hash": "",
                "answer_key": "",
                "codebook_version": 1,
                "supersedes": "",
                "created_at": NOW,
                **changes,
            }
            for number in numbers
        ]
        connection.execute(sa.insert(schema.decisions), rows)


def test_a_runs_state_is_what_its_process_says(folder: StudyFolder, run: Run) -> None:
    def state() -> str:
        return run_lines(folder)[0].state

    assert state() == "gone"
    with at_work(folder, run.id):
        assert state() == "running"
    with at_work(folder, NAMELESS):
        assert state() == "starting"
    for status in ("stopped", "waiting", "done"):
        set_status(folder.engine, folder.study.id, run.id, status)
        assert state() == status
    create_run(folder.engine, folder.study, "inductive", Scope(limit=3))
    assert [(line.id, line.total, line.unit) for line in run_lines(folder)] == [
        ("inductive-2", 3, "segment"),
        ("inductive-1", SEGMENTS, "segment"),
    ]


def test_only_what_is_new_is_counted_and_all_is_counted(folder: StudyFolder, run: Run) -> None:
    watch = RunWatch(folder, run.id)
    assert watch.look(NOW).spent.calls == 0
    answer(folder, run.id, *range(4), at="2026-05-04T10:00:10Z")
    answer(folder, "inductive-9", *range(7))
    assert watch.look(NOW).spent.calls == 4
    answer(folder, run.id, *range(4, 10), coder="ben")
    seen = watch.look(NOW)
    assert [(one.name, one.calls, one.input_tokens, one.output_tokens, one.cost) for one in seen.actors] == [
        ("ana", 4, 400, 40, 2.0),
        ("ben", 6, 600, 60, 3.0),
    ]
    assert seen == RunWatch(folder, run.id).look(NOW) == watch.look(NOW)


def test_rates_are_those_of_the_last_half_minute(folder: StudyFolder, run: Run) -> None:
    answer(folder, run.id, *range(8), at="2026-05-04T09:00:00Z")
    answer(folder, run.id, 8, 9, at="2026-05-04T10:00:10Z")
    watch = RunWatch(folder, run.id)
    with at_work(folder, run.id):
        pace = watch.look(NOW).pace
        assert (pace.calls, pace.segments) == (2 / 20, 2 / 20)
        assert pace.left == (SEGMENTS - 10) / (2 / 20)
        answer(folder, run.id, 10, 11)
        assert watch.look(NOW).pace.calls == 4 / 20
        assert watch.look("2026-05-04T10:00:50Z").pace.calls == 2 / 20
    over = watch.look(NOW).pace
    assert (over.calls, over.left) == (0, None)


def test_coding_and_settling_are_two_stages(folder: StudyFolder, run: Run) -> None:
    watch = RunWatch(folder, run.id)
    answer(folder, run.id, *range(10))
    coding, settling = watch.look(NOW).stages
    assert (coding.name, coding.done, coding.total, coding.state) == ("coding", 10, SEGMENTS, "now")
    assert (settling.name, settling.done, settling.total, settling.state) == ("settling", 0, SEGMENTS, "now")
    with writing(folder.engine) as connection:
        update_run(connection, folder.study.id, run.id, position=SEGMENTS, status="done")
    seen = watch.look(NOW)
    assert [(stage.done, stage.state) for stage in seen.stages] == [(SEGMENTS, "done")] * 2
    assert seen.recalled == SEGMENTS - 10


def test_the_latest_decisions_come_with_their_segments(folder: StudyFolder, run: Run) -> None:
    watch = RunWatch(folder, run.id)
    assert watch.look(NOW).latest == ()
    decide(folder, run.id, 0, 1)
    decide(folder, "final-1", 2, value="yes")
    decide(folder, run.id, 3, similarity=0.8)
    latest = watch.look(NOW).latest
    assert [(one.label, one.founded) for one in latest] == [
        ("label 0", True),
        ("label 1", True),
        ("label 3", False),
    ]
    assert re.match(r"Person \d+ \w+", latest[0].text)
    decide(folder, run.id, *range(10, 10 + LATEST))
    decide(folder, run.id, 100, label=None, code_id=None)
    latest = watch.look(NOW).latest
    assert len(latest) == LATEST and (latest[-1].label, latest[-1].founded) == (None, False)
    assert latest == RunWatch(folder, run.id).look(NOW).latest


def test_decisions_that_lie_far_back_are_found_too(
    folder: StudyFolder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intercoder.stores.runs.answer_counts._LOOKED_THROUGH", 3)
    decide(folder, run.id, 0, 1)
    decide(folder, "final-1", *range(2, 9))
    assert [one.label for one in RunWatch(folder, run.id).look(NOW).latest] == ["label 0", "label 1"]


def test_failures_that_read_alike_stand_together(folder: StudyFolder, run: Run) -> None:
    def fail(segment: str, message: str) -> Failure:
        return Failure(segment_id=segment, role="coder", coder="ana", kind="timeout", message=message)

    watch = RunWatch(folder, run.id)
    assert watch.look(NOW).failures == ()
    with writing(folder.engine) as connection:
        write_failures(connection, folder.study.id, run, [fail("s_2", "late"), fail("s_1", "late")])
    (group,) = watch.look(NOW).failures
    assert (group.kind, group.message, group.count, group.coder, group.segment_id) == (
        "timeout", "late", 2, "ana", "s_1",
    )  # fmt: skip
    with writing(folder.engine) as connection:
        write_failures(connection, folder.study.id, run, [fail("s_3", "gone")])
    assert [(one.message, one.count) for one in watch.look(NOW).failures] == [("late", 2), ("gone", 1)]


def test_what_matters_of_the_settings_is_told(folder: StudyFolder) -> None:
    fill(folder, lines(SEGMENTS))
    run = create_run(folder.engine, folder.study, "inductive", Scope(sample=5, seed=3))
    told = dict(RunWatch(folder, run.id).look(NOW).settings)
    assert told["ana"] == "scripted:words" and told["medoid"] == "rule: medoid"
    assert told["sample"] == "5 paragraphs drawn from 20, seed 3"


def test_a_look_never_reads_through_answers_or_decisions(folder: StudyFolder, run: Run) -> None:
    watch = RunWatch(folder, run.id)
    answer(folder, run.id, *range(5))
    decide(folder, run.id, *range(5))
    watch.look(NOW)
    answer(folder, run.id, *range(5, 9))
    decide(folder, run.id, *range(5, 9))
    asked: list[tuple[str, Any]] = []
    with folder.engine.connect() as connection:

        def hear(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            asked.append((statement, parameters))

        sa.event.listen(folder.engine, "before_cursor_execute", hear)
        watch.look(NOW)
        sa.event.remove(folder.engine, "before_cursor_execute", hear)
        plans = [
            (
                statement,
                [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)],
            )
            for statement, parameters in asked
        ]
    of_large = [step for statement, plan in plans for step in plan if re.search(r"\b(answers|decisions)\b", step)]
    assert len(of_large) >= 5, plans
    # A maximum of row numbers is one step down the tree, though it is called a search without a condition.
    assert all(re.fullmatch(r"SEARCH \w+( USING INTEGER PRIMARY KEY \(.*\))?", step) for step in of_large), plans
