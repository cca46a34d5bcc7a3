"""Whatever the environment says, a run contacts nothing but loopback and keeps no key."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from intercoder.llms.scripted import ScriptedChatModel
from tests.cli.conftest import Command, replace
from tests.cli.test_bad_endpoints import use
from tests.llms.endpoints.fault_server import Canned, FaultServer, fails, says

KEY = "secret-value-0123456789"
REMOTE = "https://remote.example/v1"

WATCH = '''
"""Imported by Python itself at start: writes down whom this process looks up and connects to."""
import atexit, os, sys

@atexit.register
def environment():
    with open(os.environ["WATCHED"] + ".environment", "a") as log:
        log.write("".join(f"{name}={value}\\n" for name, value in os.environ.items()))

def watch(event, arguments):
    if event == "socket.connect":
        record(arguments[1])
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        record(arguments[0])

def record(place):
    if isinstance(place, tuple):
        place = place[0]
    with open(os.environ["WATCHED"], "a") as log:
        log.write(f"{place!r}\\n")

sys.addaudithook(watch)
'''


class Trap:
    """A proxy on loopback that nobody should call."""

    def __init__(self) -> None:
        self.called: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                self.called.append(connection.recv(4096))

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def trap() -> Iterator[Trap]:
    trap = Trap()
    yield trap
    trap.close()


@contextmanager
def stub() -> Iterator[FaultServer]:
    """A server that answers by rule, for coders and an LLM moderator."""

    def answer(body: dict[str, Any]) -> Canned:
        messages = [(message["role"], message["content"]) for message in body["messages"]]
        schema = body["response_format"]["json_schema"]["schema"]
        return says(ScriptedChatModel()._reply(messages, schema, body.get("seed")))

    with FaultServer(answer) as server:
        yield server


@pytest.fixture
def leaky(tmp_path: Path, trap: Trap) -> dict[str, str]:
    """An environment in which everything says: send it elsewhere."""
    watch = tmp_path / "watch"
    watch.mkdir()
    (watch / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "OPENAI_PROXY"), trap.url)
    return {
        **os.environ,
        **proxies,
        **{name.lower(): url for name, url in proxies.items()},
        "NO_PROXY": "",
        "LANGSMITH_TRACING": "true",
        "LANGSMITH_ENDPOINT": trap.url,
        "LANGSMITH_API_KEY": f"ls-{KEY}",
        "LANGCHAIN_TRACING_V2": "true",
        "LANGCHAIN_API_KEY": f"lc-{KEY}",
        "OTEL_EXPORTER_OTLP_ENDPOINT": trap.url,
        "OPENAI_BASE_URL": REMOTE,
        "OPENAI_API_BASE": REMOTE,
        "OPENAI_API_KEY": KEY,
        "OPENAI_ORG_ID": f"org-{KEY}",
        "WATCHED": str(tmp_path / "watched.txt"),
        "PYTHONPATH": os.pathsep.join([str(watch), os.environ.get("PYTHONPATH", "")]),
    }


def contacted(tmp_path: Path) -> set[str]:
    log = tmp_path / "watched.txt"
    return set(log.read_text(encoding="utf-8").split()) if log.exists() else set()


def holding(folder: Path, secret: str) -> list[Path]:
    """Files that hold a secret, databases and hidden files too."""
    return [file for file in folder.rglob("*") if file.is_file() and secret.encode() in file.read_bytes()]


def test_a_run_contacts_nothing_but_the_loopback_and_keeps_no_key(
    intercoder: Command, filled: Path, tmp_path: Path, leaky: dict[str, str], trap: Trap
) -> None:
    with stub() as server:
        replace(filled / "study.toml", kind=f'"llm"\nmodel = "openai:stub@{server.url}"')
        use(filled, server.url)
        done = intercoder("run", "inductive", filled, env=leaky)
        assert {headers["authorization"] for headers in server.headers} == {f"Bearer {KEY}"}
        assert not any(f"org-{KEY}" in str(headers) for headers in server.headers)
        assert server.count == 4 * 3 + 3
    assert contacted(tmp_path) == {"'127.0.0.1'"}
    left = (tmp_path / "watched.txt.environment").read_text(encoding="utf-8")
    assert trap.url not in left
    assert "LANGSMITH_TRACING=false" in left
    assert "LANGSMITH_API_KEY" not in left
    assert "NO_PROXY=*" in left
    assert trap.called == []
    assert KEY not in done.stdout + done.stderr
    assert holding(filled, KEY) == []
    assert holding(filled, "Shops no longer sell parts"), "the search itself would miss what is there"


def test_the_watch_sees_what_would_leave(tmp_path: Path, leaky: dict[str, str]) -> None:
    script = "import socket\ntry: socket.create_connection(('192.0.2.1', 9), 0.01)\nexcept OSError: pass"
    subprocess.run([sys.executable, "-c", script], env=leaky, check=True)
    assert "'192.0.2.1'" in contacted(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [("run inductive study", 2), ("run inductive study --dry-run", 0), ("status study", 0)],
)
def test_a_remote_endpoint_is_refused_before_anything_is_sent(
    intercoder: Command, filled: Path, tmp_path: Path, leaky: dict[str, str], trap: Trap, arguments: str, code: int
) -> None:
    use(filled, REMOTE)
    done = intercoder(*arguments.split(), env=leaky, code=code)
    if code:
        assert done.stderr.startswith(f"error: {REMOTE}: The endpoint remote.example is refused")
        assert "`allow_remote = true` under `[privacy]`" in done.stderr
    assert contacted(tmp_path) == set()
    assert trap.called == []
    assert KEY not in done.stdout + done.stderr
    assert holding(filled, KEY) == []


def test_a_key_that_the_server_repeats_is_not_kept(
    intercoder: Command, filled: Path, leaky: dict[str, str]
) -> None:
    with FaultServer(fails(400, f"bad request with Bearer {KEY}")) as server:
        use(filled, server.url)
        done = intercoder("run", "inductive", filled, env=leaky, code=1)
    assert "bad request with Bearer [key]" in done.stdout
    assert KEY not in done.stdout + done.stderr
    assert holding(filled, KEY) == []
