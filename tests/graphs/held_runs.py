"""A study whose model holds its answers back until a test lets it go on, to watch runs in processes."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from intercoder.core.errors import StudyError
from intercoder.graphs.detached import stop, wait_until_stopped
from intercoder.llms.scripted import ScriptedChatModel
from intercoder.stores.study_folder import StudyFolder, create_study
from tests.graphs.conftest import fill, lines
from tests.llms.endpoints.fault_server import Canned, FaultServer, fails, says

SEGMENTS = 12
SECRET = "sk-this-is-a-key"
LONG = 60
"""Seconds that a process may take on a machine that has much to do."""
SETTINGS = """
question = "What do people say about repair?"
[[coders]]
name = "ana"
model = "openai:stub@{url}"
[embedding]
model = "scripted:hashing"
[limits]
concurrency = 2
wave = 4
"""


class Model:
    """Answers by rule; the request whose number is `moment` waits, with all after it, until `gate` is opened."""

    def __init__(self) -> None:
        self.asked = 0
        self.moment = SEGMENTS // 2
        self.gate = threading.Event()
        self.refused = False
        """Whether the key is refused from `moment` on."""

    def __call__(self, body: dict[str, Any]) -> Canned:
        self.asked += 1
        if self.asked == self.moment:
            assert self.gate.wait(LONG)
        if self.refused and self.asked >= self.moment:
            return fails(401, "the key is not known")
        messages = [(message["role"], message["content"]) for message in body["messages"]]
        schema = body["response_format"]["json_schema"]["schema"]
        return says(ScriptedChatModel()._reply(messages, schema, body.get("seed")))


@pytest.fixture
def held_model() -> Iterator[Model]:
    made = Model()
    yield made
    made.gate.set()


@pytest.fixture
def held(held_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StudyFolder]:
    """A study whose model is the stub; every process that is still at work at the end is taken away."""
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    with FaultServer(held_model, record=False) as server:
        study = create_study(tmp_path / "study with space", SETTINGS.format(url=server.url))
        fill(study, lines(SEGMENTS))
        yield study
        held_model.gate.set()
        with contextlib.suppress(StudyError):
            stopping = stop(study, firmly=True)
            assert wait_until_stopped(study, stopping, LONG)


def ended(pid: int) -> None:
    """Wait for a process."""
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(LONG)
