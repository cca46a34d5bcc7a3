"""Screen 6: runs are started, watched, stopped, resumed and retried without leaving, as processes of their own."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from textual.pilot import Pilot
from textual.widgets import Input

from intercoder.core.decisions import Failure
from intercoder.graphs.detached import Started, start
from intercoder.stores import schema
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.database import writing
from intercoder.stores.lease import read_holder
from intercoder.stores.runs.runs import create_run, list_runs, update_run, write_failures
from intercoder.stores.study_folder import StudyFolder
from intercoder.tui.dialogs import AskYes, Choose
from intercoder.tui.screens import run_acting
from intercoder.tui.screens.runs import RunsScreen
from intercoder.tui.widgets.run_dialogs import PlanDialog, Reading, RunForm
from intercoder.tui.widgets.virtual_list import VirtualList
from tests.graphs.held_runs import Model, ended
from tests.graphs.held_runs import held as held
from tests.graphs.held_runs import held_model as held_model
from tests.stores.runs.test_run_progress import answer, decide
from tests.tui.conftest import SIZES, started, text_of

HOSTILE = "\x1b[2J[bold]wake[/bold] [@click=app.quit]x[/] \u202eabc 修理 مرحبا 👩‍🔧"


async def until(pilot: Pilot[None], true: Callable[[], object]) -> None:
    """Let the app go on until something is so."""
    for _ in range(400):
        if true():
            return
        await pilot.pause(0.05)
    raise AssertionError(text_of(pilot.app))  # type: ignore[arg-type]


def shows(app: Any, *texts: str) -> bool:
    return isinstance(app.screen, RunsScreen) and all(text in text_of(app) for text in texts)


def notified(app: Any) -> str:
    return "\n".join(one.message for one in app._notifications)


def status(folder: StudyFolder) -> str:
    return list_runs(folder.engine, folder.study.id)[-1].status


async def test_a_run_is_started_from_here_and_goes_on_when_one_leaves(held: StudyFolder, held_model: Model) -> None:
    app = started(held, "runs")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: shows(app, "No run yet"))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunForm))
        app.screen.query_one("#sample", Input).focus()
        await pilot.press(*"many")
        assert "✗ 'many' cannot be taken" in text_of(app)
        await pilot.press("enter")
        assert isinstance(app.screen, RunForm)
        await pilot.press(*["backspace"] * 4, *"10", "enter")
        await until(
            pilot, lambda: isinstance(app.screen, PlanDialog) and "→ this machine (127.0.0.1" in text_of(app)
        )
        plan = text_of(app)
        assert "intercoder run inductive STUDY --sample=10" in plan
        assert "10 segments" in plan and "10 calls" in plan
        await pilot.press("y")
        await until(pilot, lambda: shows(app, "inductive-1  ● running"))
        await until(pilot, lambda: shows(app, "5/10 answers"))
        await pilot.press("n")
        await until(pilot, lambda: "run `inductive-1` is working on this study" in notified(app))
    holder = read_holder(held.engine, held.study.id)
    assert holder is not None and holder.run == "inductive-1"
    held_model.gate.set()
    ended(holder.pid)
    assert status(held) == "done"


async def test_a_run_that_was_started_elsewhere_is_stopped_and_resumed_and_says_why_it_stops(
    held: StudyFolder, held_model: Model
) -> None:
    pid = start(held, ["run", "inductive"]).pid
    app = started(held, "runs")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: shows(app, "inductive-1  ● running"))
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, AskYes))
        await pilot.press("y")
        await until(pilot, lambda: shows(app, "inductive-1  ■ stopped"))
        ended(pid)
        assert status(held) == "stopped"

        held_model.refused = True
        held_model.gate.set()
        await until(pilot, lambda: app.screen.check_action("resume", ()))
        await pilot.press("R")
        await until(
            pilot,
            lambda: shows(app, "inductive-1  ■ stopped", "The endpoint refuses the key.", "→ Put a valid key"),
        )
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, Reading) and "-> Put a valid key" in text_of(app))
        await pilot.press("escape")
    assert status(held) == "stopped"


async def test_what_failed_is_asked_again(study: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    run = create_run(study.engine, study.study, "inductive", Scope(unit="turn", limit=2))
    failed = Failure(segment_id="s", role="coder", coder="ana", kind="invalid", message="no JSON")
    with writing(study.engine) as connection:
        write_failures(connection, study.study.id, run, [failed])
        update_run(connection, study.study.id, run.id, position=2, status="done")
    going_on = threading.Event()
    asked: list[tuple[object, ...]] = []

    def retry(folder: StudyFolder, arguments: object, options: object, **more: object) -> Started:
        asked.append((arguments, options))
        assert going_on.wait(30)
        return Started(run="", pid=0, log=folder.path / "log", code=0, said="Nothing failed any more.")

    monkeypatch.setattr(run_acting, "start", retry)
    app = started(study, "runs")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.check_action("retry", ()))
        await pilot.press("t")
        await until(pilot, lambda: shows(app, "retry is starting…"))
        assert app.screen.check_action("retry", ()) is None
        going_on.set()
        await until(pilot, lambda: "Nothing failed any more." in notified(app))
        assert "is starting" not in text_of(app)
    assert asked == [(("retry",), ())]


@pytest.mark.parametrize("size", SIZES)
async def test_a_run_whose_process_died_can_be_resumed(study: StudyFolder, size: tuple[int, int]) -> None:
    create_run(study.engine, study.study, "inductive", Scope(unit="turn", limit=3))
    app = started(study, "runs")
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: shows(app, "✗ stopped (its process is gone)"))
        await until(pilot, lambda: app.screen.check_action("resume", ()))
        assert app.screen.check_action("stop", ()) is None
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, Reading))
        assert "There is no log" in text_of(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))


async def test_keys_lead_on_from_a_run(study: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    app = started(study, "runs")
    went: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(app, "go", lambda place, **what: went.append((place, what)))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: shows(app, "codevelop-1  round 1  ? waits for people", "0/5 revisions"))
        assert app.screen.check_action("answer", ())
        await pilot.press("a", "enter", "enter", "o")
        with study.engine.connect() as connection:
            newest = sa.text("SELECT segment_id FROM decisions WHERE run = 'codevelop-1' ORDER BY rowid DESC")
            segment = connection.execute(newest).scalar()
        assert went == [("revisions", {}), *[("corpus", {"segment": segment})] * 2]
        await pilot.press("escape", "down")
        await until(pilot, lambda: shows(app, "calibrate-1  ✓ done"))
        assert app.screen.check_action("resume", ()) is None
        assert app.screen.check_action("answer", ()) is None
        assert app.screen.check_action("retry", ()) is None


async def test_what_comes_in_is_followed_or_held_still(study: StudyFolder) -> None:
    run = create_run(study.engine, study.study, "inductive", Scope(unit="turn", limit=9))
    decide(study, run.id, 0, 1, 2)
    app = started(study, "runs")
    async with app.run_test(size=(120, 40)) as pilot:
        latest = app.screen.query_one("#latest", VirtualList)
        await until(pilot, lambda: shows(app, "label 2 ★ new code") and latest.cursor == 2)
        decide(study, run.id, 3)
        await until(pilot, lambda: latest.cursor == 3)
        await pilot.press("w")
        assert "held still" in text_of(app)
        decide(study, run.id, *range(4, 4 + 48))
        await until(pilot, lambda: latest.count == 50)
        assert latest.cursor == 1
        await pilot.press("w")
        await until(pilot, lambda: latest.cursor == 49)


async def test_what_runs_say_is_shown_and_never_obeyed(study: StudyFolder) -> None:
    run = create_run(study.engine, study.study, "inductive", Scope(unit="turn", limit=9))
    failure = Failure(segment_id="s", role="coder", coder="ana", kind="invalid", message=f"{HOSTILE} and more")
    with writing(study.engine) as connection:
        write_failures(connection, study.study.id, run, [failure])
        connection.execute(sa.update(schema.segments).values(speaker=HOSTILE))
    decide(study, run.id, 0, label=HOSTILE)
    answer(study, run.id, 1, coder=HOSTILE[:60])
    app = started(study, "runs")
    async with app.run_test(size=(120, 40)) as pilot:
        escaped = r"\u001b[2J[bold]wake"
        await until(pilot, lambda: shows(app, "✗ 1 invalid") and text_of(app).count(escaped) == 3)
        shown = text_of(app)
        assert "\x1b" not in shown and "\u202e" not in shown
        app.screen.query_one("#failures").focus()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Reading))
        assert r"[@click=app.quit]x[/] \u202eabc 修理" in text_of(app)
        assert "and more" in text_of(app)
        await pilot.press("enter")


async def test_a_change_of_another_is_seen(study: StudyFolder) -> None:
    run = create_run(study.engine, study.study, "inductive", Scope(unit="turn", limit=9))
    app = started(study, "runs")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: shows(app, "0/9 segments"))
        with writing(study.engine) as connection:
            update_run(connection, study.study.id, run.id, position=9, status="done")
        await until(pilot, lambda: shows(app, "inductive-1  ✓ done", "9/9 segments"))


async def test_what_cannot_begin_is_told(study: StudyFolder) -> None:
    app = started(study, "runs")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: shows(app, "codevelop-1"))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press(*"merge", "enter")
        await until(pilot, lambda: isinstance(app.screen, RunForm))
        await pilot.press("enter")
        await until(pilot, lambda: "the study has no run yet" in text_of(app))
        assert isinstance(app.screen, RunForm)


async def test_a_plan_that_would_not_start_starts_nothing(study: StudyFolder) -> None:
    coders = tuple(
        one.model_copy(update={"model": "openai:m@http://elsewhere.example/v1"}) for one in study.study.coders
    )
    study.study = study.study.model_copy(update={"coders": coders})
    app = started(study, "runs")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunForm))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, PlanDialog) and "Would not start" in text_of(app))
        assert "elsewhere.example" in text_of(app)
        await pilot.press("y")
        assert isinstance(app.screen, PlanDialog)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))
    assert not (study.path / "runs").exists()
