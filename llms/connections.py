"""HTTP connections to one endpoint: pooled, bounded, and only to where they are told to go."""

from __future__ import annotations

import asyncio
from typing import Any
from weakref import WeakKeyDictionary

import openai
from openai import APITimeoutError, DefaultAsyncHttpxClient, DefaultHttpxClient

from intercoder.core.record import Record

CONNECT_SECONDS = 10.0
"""Longest wait for a connection: an endpoint that does not even accept one is down, not busy."""
KEEPALIVE_SECONDS = 4.0
"""How long an idle connection is kept: less than the 5 s after which uvicorn (vLLM) closes it, so that no
request is sent into a connection that is being closed."""

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
    """Whether the address is https. Certificates take 0.1 s to load, so http goes without them."""


class EndpointClient(DefaultAsyncHttpxClient):
    """The asynchronous HTTP client that is handed to the openai SDK.

    Redirects are not followed, and the environment is trusted only where proxies are allowed. Each event
    loop gets a pool of its own, since a connection cannot outlive the loop that opened it. The timeout holds
    for the whole answer, so a server that trickles bytes is bounded too; it begins when the request gets
    one of the pool's places, so waiting in line is not counted against the server. A timeout is not
    retried: a server that is too slow is not helped by asking it twice.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        self._options: dict[str, Any] = {
            "trust_env": settings.proxies,
            "follow_redirects": False,
            "verify": settings.tls,
            "timeout": request_timeout(settings),
            "limits": _PoolLimits(
                max_connections=settings.concurrency,
                max_keepalive_connections=settings.concurrency,
                keepalive_expiry=KEEPALIVE_SECONDS,
            ),
        }
        super().__init__(**{**self._options, "verify": False})  # Its own pool is never used, see `send`.
        self._settings = settings
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, _Pool] = WeakKeyDictionary()

    async def send(self, request: Any, **options: Any) -> Any:
        """Send one request over the running loop's pool.

        Raises:
            APITimeoutError: The whole answer was not there in time.
        """
        pool = self._pool()
        async with pool.places:
            try:
                async with asyncio.timeout(self._settings.timeout):
                    return await pool.client.send(request, **options)
            except TimeoutError as error:
                raise APITimeoutError(request=request) from error

    def _pool(self) -> _Pool:
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is None:
            pool = _Pool(DefaultAsyncHttpxClient(**self._options), self._settings.concurrency)
            self._pools[loop] = pool
        return pool


class _Pool:
    """One event loop's connections, and the places in it."""

    def __init__(self, client: DefaultAsyncHttpxClient, places: int) -> None:
        self.client = client
        self.places = asyncio.Semaphore(places)


def request_timeout(settings: ConnectionSettings) -> openai.Timeout:
    """What the HTTP library itself bounds: the connection. `EndpointClient.send` bounds the rest."""
    return openai.Timeout(None, connect=min(CONNECT_SECONDS, settings.timeout))


def blocking_client(settings: ConnectionSettings) -> DefaultHttpxClient:
    """The client for synchronous calls, which a foreign application may make; the same rules hold."""
    return DefaultHttpxClient(
        trust_env=settings.proxies,
        follow_redirects=False,
        verify=settings.tls,
        timeout=openai.Timeout(settings.timeout, connect=min(CONNECT_SECONDS, settings.timeout)),
    )
