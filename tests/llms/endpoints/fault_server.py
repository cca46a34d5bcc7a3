"""A stub of an OpenAI-compatible server on loopback: answers as it is told, also wrongly, late or never.

Used by tests of endpoints and by benchmarks. One thread runs one asyncio loop, so that hundreds of requests
can wait at once::

    with FaultServer(says("hello")) as server:
        model = ChatOpenAI(base_url=server.url, ...)
        ...
        assert server.requests[0]["model"] == "m"
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeAlias

_REASONS = {200: "OK", 307: "Temporary Redirect", 401: "Unauthorized", 404: "Not Found"}


@dataclass(frozen=True)
class Canned:
    """One answer of the server."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    """Seconds before the answer is sent."""
    hang: bool = False
    """Never answer, and keep the connection."""
    cut: bool = False
    """Close the connection after half of the body."""


Script: TypeAlias = Canned | Sequence[Canned] | Callable[[dict[str, Any]], Canned]
"""One answer for all requests, answers in turn (the last is repeated), or a function of the request."""


def says(text: str, *, finish: str = "stop", usage: bool = True, delay: float = 0.0) -> Canned:
    """A chat completion with this text."""
    message = {"role": "assistant", "content": text}
    value: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "stub",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
    }
    if usage:
        value["usage"] = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    return sends(value, delay=delay)


def sends(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None, delay: float = 0.0) -> Canned:
    """Any JSON value."""
    return Canned(status=status, body=json.dumps(value).encode(), headers=headers or {}, delay=delay)


def fails(
    status: int, message: str = "no", *, code: str | None = None, headers: Mapping[str, str] | None = None
) -> Canned:
    """An error in the shape that OpenAI-compatible servers use."""
    error = {"message": message, "type": "error", "param": None, "code": code}
    return sends({"error": error}, status=status, headers=headers)


class FaultServer:
    """The server, running between `__enter__` and `__exit__`.

    Args:
        script: What to answer.
        delay: Seconds added before each answer.
        record: Keep requests; switch off in benchmarks.
        port: Where to listen, for a server that comes back; 0 for any port that is free.
        dies_after: With this request it is killed: whatever is in flight gets no answer, and nobody listens.
    """

    def __init__(
        self,
        script: Script,
        *,
        delay: float = 0.0,
        record: bool = True,
        port: int = 0,
        dies_after: int | None = None,
    ) -> None:
        self.requests: list[dict[str, Any]] = []
        """Bodies, in the order in which they came."""
        self.targets: list[str] = []
        """What stood in the request lines: a path, or for a proxy a whole address."""
        self.headers: list[dict[str, str]] = []
        """Headers of each request, names in lower case."""
        self.count = 0
        """Requests that came, recorded or not."""
        self.connections = 0
        self.port = port
        self._script = script
        self._delay = delay
        self._record = record
        self._dies_after = dies_after
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self) -> str:
        """Base address for clients."""
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread.is_alive():
            with suppress(RuntimeError):  # it died meanwhile
                self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        starting = asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=1024)
        server = self._loop.run_until_complete(starting)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        waiting = asyncio.all_tasks(self._loop)
        for task in waiting:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*waiting, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Read one request and answer it; False when the connection is to be closed."""
        line, *rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (item.partition(":") for item in rest)}
        raw = await reader.readexactly(int(headers.get("content-length", "0")))
        body = _json(raw)
        answer = self._pick(body)
        self.count += 1
        if self._record:
            self.targets.append(line.split(" ")[1])
            self.requests.append(body)
            self.headers.append(headers)
        if self.count == self._dies_after:
            self._loop.stop()
            await asyncio.Event().wait()
        if self._delay or answer.delay:
            await asyncio.sleep(self._delay + answer.delay)
        if answer.hang:
            await asyncio.Event().wait()
        writer.write(_head(answer) + (answer.body[: len(answer.body) // 2] if answer.cut else answer.body))
        await writer.drain()
        return not answer.cut

    def _pick(self, body: dict[str, Any]) -> Canned:
        if isinstance(self._script, Canned):
            return self._script
        if callable(self._script):
            return self._script(body)
        return self._script[min(self.count, len(self._script) - 1)]


def _json(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _head(answer: Canned) -> bytes:
    headers = {
        "content-type": "application/json",
        "content-length": str(len(answer.body)),
        **answer.headers,
    }
    lines = [f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
