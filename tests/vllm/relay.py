"""What stands before a server of a test and kills it in the middle of its work, whatever the machine's speed."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import httpx

from tests.vllm.serving import PATIENCE, Server


class FatalRelay:
    """Passes requests on to a server; with its answer number `answers` it kills it while it writes another one.

    Afterwards nobody listens here either.
    """

    def __init__(self, server: Server, answers: int) -> None:
        self.lost = 0
        """Requests that the server was answering when it died."""
        self._server = server
        self._answers = answers
        self._answered = 0
        self._busy = 0
        self._changed = threading.Condition()
        self._client = httpx.Client(trust_env=False, timeout=None)
        self._http = _LoopbackServer(self)
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Base address for clients."""
        return f"http://127.0.0.1:{self._http.server_port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._client.close()

    def ask(self, method: str, path: str, body: bytes) -> httpx.Response | None:
        """The server's answer, or nothing if it was killed before."""
        with self._changed:
            self._busy += 1
            self._changed.notify_all()
        try:
            response = self._client.request(
                method,
                self._server.url.removesuffix("/v1") + path,
                content=body,
                headers={"Content-Type": "application/json"},
            )
        except httpx.TransportError:
            response = None
        with self._changed:
            self._busy -= 1
            if response is not None and method == "POST":
                self._answered += 1
                if self._answered == self._answers:
                    self._kill()
        return response

    def _kill(self) -> None:
        self._changed.wait_for(lambda: self._busy > 0, timeout=PATIENCE)
        self.lost = self._busy
        self._server.kill()
        threading.Thread(target=self._stop_listening).start()

    def _stop_listening(self) -> None:
        self._http.shutdown()
        self._http.server_close()


class _LoopbackServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, relay: FatalRelay) -> None:
        self.relay = relay
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _LoopbackServer

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        response = self.server.relay.ask(self.command, self.path, body)
        if response is None:
            # The client finds its connection closed, as with a server that died.
            return
        self.send_response(response.status_code)
        self.send_header("Content-Type", response.headers["content-type"])
        self.send_header("Content-Length", str(len(response.content)))
        self.end_headers()
        self.wfile.write(response.content)

    do_GET = do_POST = _pass_on

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: requests are no news."""
