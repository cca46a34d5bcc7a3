"""Servers that fail in every way, through whole runs: nothing is lost, all is listed, and `retry` heals it."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from intercoder.agents.session import GIVE_UP_AFTER
from tests.cli.conftest import CODED, Call, replace
from tests.graphs.conftest import lines
from tests.llms.endpoints.fault_server import Canned, FaultServer, fails, says, sends

CODERS = 3
ANSWER = says(json.dumps({"codes": [{"quote": "it", "label": "mending things", "reason": "It says so."}]}))
AT_ONCE = {"retry-after-ms": "1"}


class Server:
    """A server that fails as it is told, for as long as it is told."""

    def __init__(self) -> None:
        self.fault: Canned | None = None
        self.seen: list[str] = []

    def __call__(self, body: dict[str, Any]) -> Canned:
        self.seen.append(json.dumps(body, sort_keys=True))
        return self.fault or ANSWER


@pytest.fixture(scope="module")
def script() -> Server:
    return Server()


@pytest.fixture(scope="module")
def url(script: Server) -> Iterator[str]:
    with FaultServer(script, record=False) as running:
        yield running.url


@pytest.fixture
def server(script: Server, url: str) -> Server:
    script.fault = None
    script.seen.clear()
    return script


@pytest.fixture
def study(filled: Path, url: str) -> Path:
    """A study whose coders ask the server."""
    replace(filled / "study.toml", retries="1")
    use(filled, url)
    return filled


def use(study: Path, url: str) -> None:
    """Let the study's coders ask a server."""
    file = study / "study.toml"
    text = re.sub(r'"(scripted:words|openai:stub@[^"]*)"', f'"openai:stub@{url}"', file.read_text(encoding="utf-8"))
    file.write_text(text, encoding="utf-8")


def overview(command: Call, study: Path) -> dict[str, Any]:
    return command("status", study, "--json").objects[0]


def labels(command: Call, study: Path) -> list[str | None]:
    """Labels of the coders' and moderators' decisions that stand."""
    out = study.parent / "out.jsonl"
    command("export", study, "--to", "jsonl", out)
    return [json.loads(line)["label"] for line in out.read_text(encoding="utf-8").splitlines()]


ALL = ["mending things"] * CODED * (CODERS + 1)


@pytest.mark.parametrize(
    ("fault", "kind", "message"),
    [
        (fails(429, "slow down", headers=AT_ONCE), "error", 'The endpoint answered 429: "slow down".'),
        (fails(500, "out of memory", headers=AT_ONCE), "error", 'The endpoint answered 500: "out of memory".'),
        (fails(400, "no such parameter"), "refused", 'refused the request: "no such parameter"'),
        (fails(400, "context length exceeded"), "too_long", 'too long for the model: "context length exceeded"'),
        (Canned(hang=True), "timeout", "no answer in time (`timeout` under `[limits]`)"),
        (Canned(body=ANSWER.body, cut=True), "error", "The connection to the endpoint broke off."),
        (Canned(body=b'{"choices": [{"mess'), "error", "not a chat completion"),
        (Canned(body=b"<html>Bad gateway</html>"), "error", "not a chat completion"),
        (sends({"hello": "world"}), "error", "not a chat completion"),
        (says('{"codes": [{"quote": "it", "label": "mend'), "invalid", "breaks off before its end"),
        (says('{"codes": "mending"}'), "invalid", "`codes`: Input should be"),
        (says("I would call this mending."), "invalid", "holds no JSON object"),
        (says("\ud83d half a smile"), "invalid", "holds no JSON object"),
        (says(""), "invalid", "The answer is empty."),
        (says("word " * 10_000), "too_long", "has 50000 characters; at most 20000 are read"),
    ],
    ids=[
        "429", "500", "400", "context", "hangs", "cut", "truncated", "html", "other-json",
        "half-answer", "wrong-shape", "prose", "surrogate", "empty", "too-long",
    ],
)  # fmt: skip
def test_failed_answers_are_listed_and_retry_heals_them(
    command: Call, study: Path, server: Server, fault: Canned, kind: str, message: str
) -> None:
    server.fault = fault
    if kind == "timeout":
        replace(study / "study.toml", timeout="0.2")
    done = command("run", "inductive", study, code=1)
    assert f"{CODED * CODERS} answers failed" in done.out
    assert f"Next: intercoder retry {study}" in done.out
    seen = overview(command, study)
    assert len(seen["failures"]) == CODED * CODERS
    assert {failure["kind"] for failure in seen["failures"]} == {kind}
    assert all(message in failure["message"] for failure in seen["failures"])
    assert [failure["start"] for failure in seen["failures"]] == sorted(f["start"] for f in seen["failures"])
    assert {failure["document"] for failure in seen["failures"]} == {"notes.txt"}
    assert labels(command, study) == []

    server.fault = None
    server.seen.clear()
    replace(study / "study.toml", timeout="30.0")
    assert "retry" not in command("retry", study).out
    assert len(server.seen) == CODED * CODERS
    assert labels(command, study) == ALL
    assert overview(command, study)["failures"] == []
    assert "nothing to retry" in command("retry", study).out


def test_only_what_failed_is_asked_again_and_what_stood_stays(command: Call, study: Path, server: Server) -> None:
    broken = True

    def sometimes(body: dict[str, Any]) -> Canned:
        answer = server(body)
        return (
            fails(500, headers=AT_ONCE)
            if broken and "ladder" in body["messages"][-1]["content"].partition("<<<text")[2]
            else answer
        )

    with FaultServer(sometimes, record=False) as other:
        use(study, other.url)
        assert "3 answers failed" in command("run", "inductive", study, code=1).out
        assert labels(command, study) == ALL[: -CODERS - 1]
        broken = False
        server.seen.clear()
        command("retry", study)
    assert len(server.seen) == CODERS
    assert all("ladder" in question for question in server.seen)
    assert labels(command, study) == ALL


def test_a_server_that_asks_to_wait_once_costs_nothing(command: Call, study: Path, server: Server) -> None:
    first: set[str] = set()

    def patient(body: dict[str, Any]) -> Canned:
        question = json.dumps(body, sort_keys=True)
        if question in first:
            return ANSWER
        first.add(question)
        return fails(429, "in a moment", headers={"retry-after": "0"})

    with FaultServer(patient, record=False) as busy:
        use(study, busy.url)
        command("run", "inductive", study)
    assert labels(command, study) == ALL


@pytest.mark.parametrize(
    ("fault", "what", "remedy"),
    [
        (fails(401, "wrong key"), "The endpoint refuses the key.", "`api_key_env` names"),
        (fails(404, "no model stub"), 'no such model or path: "no model stub"', "Check the model's name"),
        (
            Canned(status=307, headers={"location": "http://remote.example/"}),
            "another address",
            "the model's reference",
        ),
    ],
    ids=["401", "404", "307"],
)
def test_an_endpoint_that_answers_nobody_stops_the_run_and_resume_goes_on(
    command: Call, study: Path, server: Server, fault: Canned, what: str, remedy: str
) -> None:
    server.fault = fault
    done = command("run", "inductive", study, code=1)
    error, advice = done.err.splitlines()[-2:]
    assert error.startswith("error: 127.0.0.1:")
    assert what in error
    assert remedy in advice
    assert "Kept: 0 answers, 0 of 4 segments settled" in done.out
    assert f"Go on with: intercoder resume {study}" in done.out
    assert overview(command, study)["runs"][0]["status"] == "stopped"
    assert command("resume", study, "--json", code=1).objects[-1]["kind"] == "stopped"

    server.fault = None
    command("resume", study)
    assert labels(command, study) == ALL


def test_an_endpoint_that_is_down_stops_the_run_and_resume_goes_on(command: Call, study: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    use(study, f"http://127.0.0.1:{port}/v1")
    done = command("run", "inductive", study, code=1)
    assert f"error: 127.0.0.1:{port}: The endpoint cannot be reached." in done.err
    assert "Start the server or check the address" in done.err
    with FaultServer(ANSWER, port=port, record=False):
        command("resume", study)
    assert labels(command, study) == ALL


def test_an_endpoint_that_goes_down_on_the_way_keeps_what_was_answered(
    command: Call, study: Path, server: Server, tmp_path: Path
) -> None:
    (tmp_path / "more.txt").write_text(lines(20), encoding="utf-8")
    command("import", study, "more.txt", "--unit", "paragraph")
    replace(study / "study.toml", concurrency="4")
    answered = 30

    def tiring(body: dict[str, Any]) -> Canned:
        answer = server(body)
        return answer if len(server.seen) <= answered else fails(503, "overloaded", headers=AT_ONCE)

    with FaultServer(tiring, record=False) as weak:
        use(study, weak.url)
        done = command("run", "inductive", study, code=1)
        port = weak.port
    assert f"the last {GIVE_UP_AFTER} calls failed" in done.err
    kept = overview(command, study)["runs"][0]
    assert kept["status"] == "stopped"
    assert kept["calls"] >= answered
    server.seen.clear()
    with FaultServer(server, port=port, record=False):
        command("resume", study, code=1)
        command("retry", study)
    assert labels(command, study) == ["mending things"] * 24 * (CODERS + 1)
    assert len(server.seen) == 24 * CODERS - answered
