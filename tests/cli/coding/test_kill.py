"""A run that is killed with SIGKILL at random moments and resumed ends as if nothing had happened.

A stub server stands in for the model: it answers by rule, counts what it is asked, and strikes when its moment
has come, so that no test waits for a clock. Each question is marked in the token count of its answer, which the
answer log keeps: so we know which questions were committed when the process died, and that none of them is
asked again.
"""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from intercoder.llms.scripted import ScriptedChatModel
from intercoder.stores.study_folder import create_study
from tests.cli.conftest import call, command_line
from tests.cli.forking import Forked
from tests.graphs.conftest import fill, lines
from tests.llms.endpoints.fault_server import Canned, FaultServer, sends

pytestmark = pytest.mark.long

CONCURRENCY = 6
LOST = 2 * CONCURRENCY
"""Most answers a kill may lose: the calls in flight, and as many that are on their way to the log."""
SEGMENTS = 36
QUESTIONS = SEGMENTS * 4
SETTINGS = """
question = "What do people say about repair?"
[[coders]]
name = "ana"
model = "openai:stub@{url}"
seed = 1
[[coders]]
name = "ben"
model = "openai:stub@{url}"
seed = 2
[[coders]]
name = "caro"
model = "openai:stub@{url}"
seed = 3
[[moderators]]
name = "moderator"
kind = "llm"
model = "openai:stub@{url}"
[embedding]
model = "scripted:hashing"
[limits]
concurrency = {concurrency}
wave = 10
"""


class Stub:
    """Answers by rule; `strike` is called at the request whose number is `moment`."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.moment = -1
        self.strike: Callable[[], None] = lambda: None

    def __call__(self, body: dict[str, Any]) -> Canned:
        mark = int(sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:12], 16)
        self.asked.append(mark)
        if len(self.asked) == self.moment:
            self.strike()
        messages = [(message["role"], message["content"]) for message in body["messages"]]
        schema = body["response_format"]["json_schema"]["schema"]
        text = ScriptedChatModel()._reply(messages, schema, body.get("seed"))
        message = {"role": "assistant", "content": text}
        usage = {"prompt_tokens": mark, "completion_tokens": 1, "total_tokens": mark + 1}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        return sends(
            {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": choices, "usage": usage}
        )


@pytest.fixture(scope="module")
def stub() -> Stub:
    return Stub()


@pytest.fixture(scope="module")
def server(stub: Stub) -> Iterator[FaultServer]:
    with FaultServer(stub, record=False) as running:
        yield running


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


def go(study: Path, *arguments: object) -> Forked:
    return Forked(*arguments, "--json", log=study.parent / "log.txt")


def exported(study: Path) -> tuple[bytes, bytes]:
    out = study.parent / "out.jsonl"
    assert call("export", study, "--to", "jsonl", out).code == 0
    return out.read_bytes(), (study / "codebook.yaml").read_bytes()


def committed(study: Path) -> set[int]:
    """Marks of the questions whose answers are in the database."""
    with sqlite3.connect(study / "study.db") as database:
        return {mark for (mark,) in database.execute("SELECT input_tokens FROM answers")}


def killed(study: Path, stub: Stub, moment: int, event: int | None, *arguments: object) -> bool:
    """Run until request `moment` or output line `event`, then SIGKILL. False if it ended before."""
    process = go(study, *arguments)

    def strike() -> None:
        process.kill()

    stub.moment, stub.strike = (moment, strike) if event is None else (-1, strike)
    assert process.stdout is not None
    for number, _line in enumerate(process.stdout):
        if number == event:
            process.kill()
    code = process.wait()
    process.stdout.close()
    assert code in (0, -signal.SIGKILL), (study.parent / "log.txt").read_text()
    return code == -signal.SIGKILL


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
    process = go(study, "run", "inductive", study)
    stub.moment, stub.strike = 50, lambda: os.kill(process.pid, stop)
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

    def intrude() -> None:
        # The server waits here, so the first run cannot end before the second has been refused.
        refused.append(subprocess.run(command_line("run", "inductive", study), capture_output=True, text=True))

    process = go(study, "run", "inductive", study)
    stub.moment, stub.strike = 20, intrude
    process.communicate()
    stub.moment = -1
    assert process.returncode == 0
    assert refused[0].returncode == 2
    assert f"process {process.pid}" in refused[0].stderr
    assert "`inductive-1` is working on this study" in refused[0].stderr
