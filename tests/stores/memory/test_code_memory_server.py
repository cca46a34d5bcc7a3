import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import numpy as np
import pytest

from intercoder.core.codebook import Code
from intercoder.core.coding.refinement import LabelToPlace, refine
from intercoder.core.errors import StudyError
from intercoder.core.protocols import Vectors
from intercoder.stores.memory import chroma_client, chroma_memory
from intercoder.stores.memory.code_memory import ChromaCodeMemory, ExactCodeMemory, open_memory

TRIES = 600


def unit(*shape: int, seed: int = 0) -> Vectors:
    rows = np.random.default_rng(seed).standard_normal(shape)
    scaled: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return scaled


def codes(number: int) -> list[Code]:
    return [Code(id=f"c_{at}", label=f"Label {at}") for at in range(number)]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def start(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A Chroma server that answers."""
    port = free_port()
    chroma = Path(sys.executable).with_name("chroma")
    command = [str(chroma), "run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
    url = f"http://127.0.0.1:{port}"
    with httpx.Client(trust_env=False) as client:
        for _ in range(TRIES):
            try:
                if client.get(f"{url}/api/v2/heartbeat").status_code == 200:
                    return server, url
            except httpx.TransportError:
                assert server.poll() is None, "the Chroma server has ended"
                time.sleep(0.05)
    stop(server)
    raise AssertionError("the Chroma server does not answer")


def stop(server: "subprocess.Popen[bytes]") -> None:
    server.terminate()
    try:
        server.wait(timeout=30)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server, address = start(tmp_path_factory.mktemp("server"))
    yield address
    stop(server)


def opened(url: str, study: str, owner: str = "token") -> ChromaCodeMemory:
    return open_memory(url, study_id=study, run_id="inductive-1", round=1, owner=owner)


@pytest.mark.parametrize("exact", [5_000, 60])
def test_a_server_gives_what_exact_search_gives(url: str, monkeypatch: pytest.MonkeyPatch, exact: int) -> None:
    monkeypatch.setattr(chroma_memory, "EXACT", exact)
    vectors = unit(400, 6)
    labels = [
        LabelToPlace(label=f"label {at}", founds=Code(id=f"c{at}", label=f"label {at}"), threshold=0.9)
        for at in range(len(vectors))
    ]
    memory = opened(url, f"study-{exact}")
    half = refine(labels[:200], vectors[:200], memory)
    memory.close()
    again = opened(url, f"study-{exact}")
    assert len(again) > 60
    assert half + refine(labels[200:], vectors[200:], again) == refine(labels, vectors, ExactCodeMemory())
    again.reset()
    assert len(opened(url, f"study-{exact}")) == 0
    again.close()


def test_two_studies_of_one_id_are_told_apart(url: str) -> None:
    mine = opened(url, "same")
    mine.add(codes(2), unit(2, 4))
    with pytest.raises(StudyError, match="another study with the id same") as error:
        opened(url, "same", owner="another token")
    assert url in error.value.where
    assert "`id` in study.toml" in error.value.remedy
    assert len(opened(url, "same")) == 2
    mine.close()


def test_the_server_is_a_langgraph_store_too(url: str) -> None:
    memory = opened(url, "store")
    memory.add(codes(3), np.eye(4, dtype=np.float32)[:3])
    store = memory.store(lambda texts: np.eye(4, dtype=np.float32)[[1] * len(texts)])
    assert [hit.key for hit in store.search(("store",), query="x", limit=1)] == ["c_1"]
    assert store.list_namespaces() == [("store", "inductive-1", "1")]
    memory.close()


def test_proxies_of_the_environment_are_passed_by(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    dead = f"http://127.0.0.1:{free_port()}"
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, dead)
    monkeypatch.setenv("no_proxy", "example.org")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("CHROMA_OTEL_COLLECTION_ENDPOINT", dead)
    contacted: set[Any] = set()
    connect = socket.socket.connect

    def watched(self: socket.socket, address: Any) -> None:
        contacted.add(address)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", watched)
    memory = opened(url, "proxies")
    memory.add(codes(3), unit(3, 4))
    assert len(memory.nearest(unit(1, 4), 2)[0]) == 2
    memory.close()
    assert contacted == {("127.0.0.1", int(url.rpartition(":")[2]))}
    assert os.environ["no_proxy"] == "example.org"
    assert "NO_PROXY" not in os.environ


def test_settings_left_in_the_working_directory_are_not_followed(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("CHROMA_SERVER_HOST=example.org\nCHROMA_API_IMPL=nonsense\n")
    monkeypatch.chdir(tmp_path)
    memory = opened(url, "dotenv")
    assert memory.place == url
    memory.close()


def test_a_server_that_stops_is_told_with_its_place(tmp_path: Path) -> None:
    server, url = start(tmp_path)
    try:
        memory = opened(url, "study")
        memory.add(codes(2), unit(2, 4))
    finally:
        stop(server)
    for attempt in (lambda: memory.add(codes(3)[2:], unit(1, 4)), lambda: opened(url, "study")):
        with pytest.raises(StudyError, match="cannot be used") as error:
            attempt()
        assert error.value.where == url
        assert "chroma run" in error.value.remedy
    assert len(memory) == 2


def test_another_server_is_no_chroma() -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *given: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        with pytest.raises(StudyError, match="no Chroma server"):
            opened(f"http://127.0.0.1:{server.server_port}", "study")
        server.shutdown()
        thread.join()


def test_a_server_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chroma_client, "SECONDS", 0.05)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(StudyError, match="timed out"):
            opened(f"http://127.0.0.1:{silent.getsockname()[1]}", "study")
