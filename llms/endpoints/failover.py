"""One request's way through several servers of one model: on to the next where one fails, each asked once."""

from __future__ import annotations

import copy
import sys
from typing import Any

import openai
from openai import APITimeoutError

from intercoder.llms.endpoints.servers import Server, Servers, Turn

# The SDK builds on one of two HTTP libraries, depending on its version; this is the one in use.
_HTTP: Any = sys.modules[type(openai.DEFAULT_CONNECTION_LIMITS).__module__.partition(".")[0]]

BROKEN: tuple[type[Exception], ...] = (_HTTP.TransportError, APITimeoutError, OSError)
"""What a request ends with where no answer came."""
_NOT_THERE = (_HTTP.ConnectError, _HTTP.ConnectTimeout)
_TOO_LATE = (_HTTP.ReadTimeout, _HTTP.WriteTimeout, _HTTP.PoolTimeout, APITimeoutError)
_ELSEWHERE = frozenset({408, 409, 429})
"""Statuses that speak of the server at this moment, as do those from 500: another one may do better."""


class Way:
    """Where a request was sent, and what came of it.

    What it ends with is the best that it met: an answer, else that of the server in trouble that wants to be left
    alone for the shortest time, else that one was too slow or broke off, and only where none of them was there,
    that they cannot be reached.
    """

    def __init__(self, servers: Servers, request: Any) -> None:
        self.servers = servers
        self.request = request
        self._path = _path_of(request.url).removeprefix(_path_of(_HTTP.URL(servers.urls[0])).rstrip("/"))
        self._asked: list[Server] = []
        self._response: Any = None
        self._answered_at: Any = None
        self._rest = 0.0
        self._error: Exception | None = None

    def take(self) -> Turn | None:
        """A turn at the next server, to which the request is now addressed; None where none can be asked now."""
        turn = self.servers.take(but=self._asked)
        if turn is not None:
            self._asked.append(turn.server)
            self.request.url = _HTTP.URL(turn.server.url + self._path)
            self.request.headers["host"] = self.request.url.netloc.decode("ascii")
        return turn

    @property
    def left(self) -> list[Server]:
        """Servers that are worth waiting for; none once any server has answered something."""
        if self._response is not None:
            return []
        return [server for server in self.servers.all if server not in self._asked]

    def answered(self, turn: Turn, response: Any) -> bool:
        """Note a server's answer; whether it is one to stay with."""
        settled = response.status_code < 500 and response.status_code not in _ELSEWHERE
        rest = _told_to_rest(response.headers)
        if settled or self._response is None or rest < self._rest:
            self._response, self._answered_at, self._rest = response, self.request.url, rest
        if settled:
            self.servers.well(turn)
        else:
            self.servers.trouble(turn, rest=rest)
        return settled

    def broke(self, turn: Turn, error: Exception) -> None:
        """Note that no answer came."""
        self.servers.trouble(turn, error=error, away=not isinstance(error, _TOO_LATE))
        self._keep(error)

    def skip(self, server: Server) -> None:
        """Leave out a server that another request has just tried in vain."""
        self._asked.append(server)
        if server.error is not None:
            self._keep(copy.copy(server.error))

    def end(self) -> Any:
        """The response that it ends with.

        Raises:
            Exception: The error, where no server answered.
        """
        if self._response is not None:
            self.request.url = self._answered_at  # Errors tell by it which server it was.
            return self._response
        raise self._error or _HTTP.ConnectError("no server can be reached", request=self.request)

    def _keep(self, error: Exception) -> None:
        if isinstance(error, _TOO_LATE) or self._error is None or isinstance(self._error, _NOT_THERE):
            self._error = error


def _path_of(url: Any) -> str:
    path: str = url.raw_path.decode("ascii")
    return path


def _told_to_rest(headers: Any) -> float:
    """Seconds after which the server wants to be asked again; 0 where it does not say."""
    for name, seconds in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name])) * seconds
        except (KeyError, ValueError):
            continue
    return 0.0
