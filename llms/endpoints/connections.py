"""HTTP connections to an endpoint's servers: pooled, bounded, and only to where they are told to go."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import openai
from openai import APITimeoutError, DefaultAsyncHttpxClient, DefaultHttpxClient

from intercoder.core.record import Record
from intercoder.llms.endpoints.failover import BROKEN, Way
from intercoder.llms.endpoints.servers import Server, Servers
from intercoder.llms.privacy import parse_address

CONNECT_SECONDS = 10.0
"""Longest wait for a connection: an endpoint that does not even accept one is down, not busy."""
KEEPALIVE_SECONDS = 4.0
"""How long an idle connection is kept: less than the 5 s after which uvicorn (vLLM) closes it, so that no
request is sent into a connection that is being closed."""
AGAIN_AFTER = 0.5
"""Seconds before the only server is asked again what it did not answer in time."""

# The SDK builds on one of two HTTP libraries, depending on its version; this is that library's own class.
_PoolLimits = type(openai.DEFAULT_CONNECTION_LIMITS)


class ConnectionSettings(Record):
    """What connections to an endpoint are made with. Equal settings share one client."""

    concurrency: int
    timeout: float
    """Seconds for one answer, from the moment a connection is free for the request."""
    proxies: bool
    """Whether proxy variables of the environment are followed."""
    tls: bool
    """Whether any address is https. Certificates take 0.1 s to load, so http goes without them."""
    again: bool
    """Whether the only server is asked once more what it did not answer in time."""


class EndpointClient(DefaultAsyncHttpxClient):
    """The asynchronous HTTP client that is handed to the openai SDK.

    Redirects are not followed, and the environment is trusted only where proxies are allowed. Each event
    loop gets a pool of its own, since a connection cannot outlive the loop that opened it. The timeout holds
    for the whole answer, so a server that trickles bytes is bounded too; it begins when the request gets
    one of the pool's places, so waiting in line is not counted against the server.

    What is not answered in time goes to each other server once; a server that is alone is asked once more
    after a pause, which mends a request that was lost. More often would not help a server that is too slow, so
    the SDK, which sends again after refusals and broken connections, is not left to repeat it.

    With several servers a request goes to the least busy one, and on to the next where that fails.

    Args:
        settings: What connections are made with.
        urls: Base addresses of several servers, the first as requests come addressed; empty for one, where
            requests go as they are addressed.
    """

    def __init__(self, settings: ConnectionSettings, urls: Sequence[str] = ()) -> None:
        self._options: dict[str, Any] = {
            "trust_env": settings.proxies,
            "follow_redirects": False,
            "verify": settings.tls,
            "timeout": request_timeout(settings),
            "limits": _PoolLimits(
                max_connections=settings.concurrency * max(len(urls), 1),
                max_keepalive_connections=settings.concurrency * max(len(urls), 1),
                keepalive_expiry=KEEPALIVE_SECONDS,
            ),
        }
        super().__init__(**{**self._options, "verify": False})  # Its own pool is never used, see `send`.
        self.servers = tuple(parse_address(url).shown for url in urls)
        """Hosts and ports of several servers; empty for one."""
        self._urls = tuple(urls)
        self._settings = settings
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, _Pool] = WeakKeyDictionary()

    async def send(self, request: Any, **options: Any) -> Any:
        """Send one request over the running loop's pool.

        Raises:
            APITimeoutError: The whole answer was not there in time.
        """
        pool = self._pool()
        async with pool.places:
            if self._urls:
                return await self._send_to_any(pool, Way(pool.servers, request), options)
            try:
                return await self._ask(pool, request, options)
            except APITimeoutError:
                if not self._settings.again:
                    raise
            await asyncio.sleep(AGAIN_AFTER)
            return await self._ask(pool, request, options)

    async def _send_to_any(self, pool: _Pool, way: Way, options: dict[str, Any]) -> Any:
        while True:
            turn = way.take()
            if turn is None:
                if not way.left:
                    return way.end()
                for server in await pool.news(way.left):
                    way.skip(server)
                continue
            try:
                if way.answered(turn, await self._ask(pool, way.request, options)):
                    return way.end()
            except BROKEN as error:
                way.broke(turn, error)
            finally:
                turn.end()

    async def _ask(self, pool: _Pool, request: Any, options: dict[str, Any]) -> Any:
        try:
            async with asyncio.timeout(self._settings.timeout):
                return await pool.client.send(request, **options)
        except TimeoutError as error:
            raise APITimeoutError(request=request) from error

    def _pool(self) -> _Pool:
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is None:
            pool = _Pool(DefaultAsyncHttpxClient(**self._options), self._settings.concurrency, self._urls)
            self._pools[loop] = pool
        return pool


class _Pool:
    """One event loop's connections, the places in it, and how its servers do."""

    def __init__(self, client: DefaultAsyncHttpxClient, places: int, urls: Sequence[str]) -> None:
        self.client = client
        self.places = asyncio.Semaphore(places)
        self.servers = Servers(urls, changed=self._tell)
        self._changed = asyncio.Event()

    async def news(self, servers: Sequence[Server]) -> list[Server]:
        """Wait until one of these has rested, or a request somewhere ended; those that were tried in vain."""
        ages = [server.age for server in servers]
        try:
            async with asyncio.timeout(self.servers.until_rested(servers)):
                await self._changed.wait()
        except TimeoutError:
            pass
        return [server for server, age in zip(servers, ages, strict=True) if server.age != age and server.away]

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def request_timeout(settings: ConnectionSettings) -> openai.Timeout:
    """What the HTTP library itself bounds: the connection. `EndpointClient.send` bounds the rest."""
    return openai.Timeout(None, connect=min(CONNECT_SECONDS, settings.timeout))


class BlockingClient(DefaultHttpxClient):
    """The client for synchronous calls, which a foreign application may make; the same rules hold.

    It does not wait for a server that rests: where none can be asked the SDK comes back later.
    """

    def __init__(self, settings: ConnectionSettings, urls: Sequence[str] = ()) -> None:
        super().__init__(
            trust_env=settings.proxies,
            follow_redirects=False,
            verify=settings.tls,
            timeout=openai.Timeout(settings.timeout, connect=min(CONNECT_SECONDS, settings.timeout)),
        )
        self._servers = Servers(urls)
        self._lock = threading.Lock()

    def send(self, request: Any, **options: Any) -> Any:
        """Send one request."""
        if not self._servers.urls:
            return super().send(request, **options)
        way = Way(self._servers, request)
        while True:
            with self._lock:
                turn = way.take()
            if turn is None:
                return way.end()
            try:
                response = super().send(request, **options)
                with self._lock:
                    settled = way.answered(turn, response)
            except BROKEN as error:
                settled = False
                with self._lock:
                    way.broke(turn, error)
            finally:
                with self._lock:
                    turn.end()
            if settled:
                return way.end()
