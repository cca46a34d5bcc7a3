"""Whole runs over several servers: one dies and nothing is missing; servers change and nothing is asked again."""

import json
from pathlib import Path
from typing import Any

import pytest

from intercoder.core.agent_settings import CoderSettings, ModeratorSettings
from intercoder.core.errors import EndpointStopped
from intercoder.core.protocols import Run
from intercoder.core.study import Study
from intercoder.core.study_toml import parse_study
from intercoder.graphs.jobs import JobResult, begin_inductive, execute, unfinished
from intercoder.graphs.other_servers import alike
from intercoder.graphs.planning import plan_inductive
from intercoder.llms.endpoints import servers
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.runs.export import coded_lines
from intercoder.stores.study_folder import StudyFolder, create_study, open_study
from tests.graphs.conftest import SETTINGS, fill, lines
from tests.llms.endpoints.fault_server import Canned, FaultServer, says

SEGMENTS = 40
QUESTIONS = 3 * SEGMENTS
ONE, OTHER, THIRD = (f"http://127.0.0.1:{port}/v1" for port in (1, 2, 3))


@pytest.fixture(autouse=True)
def _short_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "FIRST_REST", 0.02)


def settings(*urls: str) -> str:
    coders = SETTINGS.partition("[[moderators]]")[0].replace("scripted:words", f"openai:m@{'|'.join(urls)}")
    return coders + '[embedding]\nmodel = "scripted:hashing"\n[limits]\nconcurrency = 8\nwave = 10\nretries = 1\n'


def answer(body: dict[str, Any]) -> Canned:
    """A label taken from the text, so that codes differ."""
    words = body["messages"][-1]["content"].split()
    label = f"about {words[-5]}"
    return says(json.dumps({"codes": [{"quote": words[-5], "label": label, "reason": "It says so."}]}), delay=0.01)


def study_at(path: Path, *urls: str) -> StudyFolder:
    folder = create_study(path / "study", settings(*urls))
    fill(folder, lines(SEGMENTS))
    return folder


def move(folder: StudyFolder, *urls: str) -> StudyFolder:
    """The study opened again with other servers."""
    (folder.path / "study.toml").write_text(settings(*urls), encoding="utf-8")
    folder.close()
    return open_study(folder.path)


def run(folder: StudyFolder) -> Run:
    done = execute(folder, lambda: begin_inductive(folder, Scope()), lambda _: None)
    assert isinstance(done, JobResult)
    assert (done.run.status, done.run.position, done.run.failures) == ("done", SEGMENTS, 0)
    return done.run


def told(folder: StudyFolder, run: Run) -> list[tuple[Any, ...]]:
    return [(line["coder"], line["label"], line["code"]) for line in coded_lines(folder, run)]


def test_one_of_two_dies_and_every_segment_is_coded(tmp_path: Path) -> None:
    with FaultServer(answer, dies_after=25) as dying, FaultServer(answer) as other:
        folder = study_at(tmp_path, dying.url, other.url)
        done = run(folder)
        assert dying.count + other.count <= QUESTIONS + 8
        assert other.count >= QUESTIONS - 25
    assert len(told(folder, done)) == 4 * SEGMENTS


@pytest.mark.parametrize(
    ("before", "after"),
    [((1,), (1, 2)), ((1,), (2, 1)), ((1, 2), (2, 1)), ((1, 2), (1, 2, 3)), ((1, 2), (2, 3)), ((1, 2), (2,))],
    ids=["added", "put in front", "turned", "third", "exchanged", "removed"],
)
def test_servers_may_come_and_go_and_no_question_is_asked_again(
    tmp_path: Path, before: tuple[int, ...], after: tuple[int, ...]
) -> None:
    with FaultServer(answer) as one, FaultServer(answer) as two, FaultServer(answer) as three:
        named = {1: one, 2: two, 3: three}
        folder = study_at(tmp_path, *(named[place].url for place in before))
        first = run(folder)
        folder = move(folder, *(named[place].url for place in after))
        second = run(folder)
        assert sum(server.count for server in named.values()) == QUESTIONS
    assert told(folder, second) == told(folder, first)


def test_a_run_that_lost_its_servers_goes_on_with_others(tmp_path: Path) -> None:
    with FaultServer(answer, dies_after=20) as one, FaultServer(answer, dies_after=20) as two:
        folder = study_at(tmp_path, one.url, two.url)
        with pytest.raises(EndpointStopped) as stopped:
            run(folder)
        assert stopped.value.where == f"127.0.0.1:{one.port}, 127.0.0.1:{two.port}"
    notes: list[dict[str, Any]] = []
    with FaultServer(answer) as new:
        folder = move(folder, new.url)
        done = execute(folder, lambda: unfinished(folder), notes.append)
        assert QUESTIONS - 40 <= new.count <= QUESTIONS - 40 + 2 * 8
    assert done is not None
    assert len(told(folder, done.run)) == 4 * SEGMENTS
    assert not [note for note in notes if note["kind"] == "note"]


def test_the_plan_names_all_servers(tmp_path: Path) -> None:
    plan = plan_inductive(study_at(tmp_path, ONE, OTHER), Scope())
    assert {actor.goes_to for actor in plan.actors if actor.role == "coder"} == {
        "this machine (127.0.0.1:1, 127.0.0.1:2)"
    }
    assert plan.obstacles == ()


def test_the_plan_finds_a_server_elsewhere_among_them(tmp_path: Path) -> None:
    plan = plan_inductive(study_at(tmp_path, ONE, "https://llm.example.org/v1"), Scope())
    assert plan.actors[0].goes_to == "this machine (127.0.0.1:1), llm.example.org"
    assert "llm.example.org is refused" in plan.obstacles[0]


def study(*urls: str) -> Study:
    return parse_study(settings(*urls))


def test_settings_are_alike_whatever_the_servers() -> None:
    assert alike(study(ONE, OTHER).coders, study(THIRD).coders)
    assert not alike(study(ONE).coders, study(THIRD).coders)
    assert not alike(study(ONE, OTHER).coders, study(THIRD).coders[:2])
    asked = CoderSettings(name="ana", model=f"openai:m@{ONE}|{OTHER}")
    assert not alike(asked, asked.model_copy(update={"seed": 1}))
    assert not alike(asked, asked.model_copy(update={"model": f"openai:n@{ONE}|{OTHER}"}))
    assert not alike(asked, asked.model_copy(update={"model": "nonsense"}))
    assert alike(ModeratorSettings(name="m"), ModeratorSettings(name="m"))
