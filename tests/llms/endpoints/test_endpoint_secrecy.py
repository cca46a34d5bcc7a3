import asyncio
import json
import logging
import os
import socket
from collections.abc import Iterator
from typing import Any, cast

import pytest
from langchain_core.tracers.langchain import wait_for_all_tracers
from langsmith.utils import get_env_var

from intercoder.core.errors import EndpointStopped
from intercoder.core.study import Privacy
from intercoder.llms.calling import CallFailed
from intercoder.llms.privacy import no_tracing, quiet_environment
from tests.llms.endpoints.endpoint_client import KEY, SOON, ask, model_at, stop
from tests.llms.endpoints.fault_server import Canned, FaultServer, fails, says


def forget_environment() -> None:
    """LangSmith remembers the variables it has read."""
    cast(Any, get_env_var).cache_clear()


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(os, "environ", os.environ.copy())
    forget_environment()
    yield
    forget_environment()


@pytest.fixture
def contacts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Hosts that any socket of this process looks up or connects to."""
    hosts: list[str] = []
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def connecting(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX:
            hosts.append(address[0])
        return connect(self, address)

    def looking_up(host: Any, *rest: Any, **options: Any) -> Any:
        hosts.append(host if isinstance(host, str) else host.decode())
        return look_up(host, *rest, **options)

    monkeypatch.setattr(socket.socket, "connect", connecting)
    monkeypatch.setattr(socket, "getaddrinfo", looking_up)
    return hosts


async def test_a_redirect_is_not_followed(contacts: list[str]) -> None:
    stopped = await stop(Canned(status=307, headers={"location": "http://203.0.113.9/v1/chat/completions"}))
    assert "another address" in stopped.message
    assert set(contacts) == {"127.0.0.1"}


LOUD = {
    **{
        name: "http://proxy.example:3128"
        for upper in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        for name in (upper, upper.lower())
    },
    "LANGSMITH_TRACING": "true",
    "LANGCHAIN_TRACING_V2": "true",
    "LANGSMITH_API_KEY": "lsv2_pt_0",
    "LANGSMITH_GATEWAY": "true",
    "OPENAI_BASE_URL": "https://remote.example/v1",
    "OPENAI_API_BASE": "https://remote.example/v1",
    "OPENAI_PROXY": "http://proxy.example:3128",
    "OPENAI_ORG_ID": "org-secret",
    "OPENAI_PROJECT_ID": "proj-secret",
    "OPENAI_API_KEY": "sk-of-another-service",
}


@pytest.mark.parametrize("command_line", [False, True], ids=["library", "command line"])
async def test_with_a_loud_environment_nothing_but_loopback_is_contacted(
    command_line: bool, contacts: list[str]
) -> None:
    os.environ.update(LOUD)
    for name in ("NO_PROXY", "no_proxy"):
        os.environ.pop(name, None)
    if command_line:
        quiet_environment(Privacy(), os.environ)
    with FaultServer(says("x")) as server:
        model = model_at(server.url)
        assert (await ask(model)).text == "x"
        with no_tracing(Privacy()):
            assert (await asyncio.to_thread(model.invoke, "hello")).content == "x"
        wait_for_all_tracers()
        told = json.dumps(server.headers)
    assert set(contacts) == {"127.0.0.1"}
    assert not any(secret in told for secret in ("org-secret", "proj-secret", "sk-of-another-service", "lsv2"))


async def test_proxies_are_followed_where_they_are_allowed() -> None:
    with FaultServer(says("through the proxy")) as proxy:
        os.environ.update(HTTP_PROXY=f"http://127.0.0.1:{proxy.port}", NO_PROXY="", no_proxy="")
        for name in ("http_proxy", "all_proxy", "ALL_PROXY"):
            os.environ.pop(name, None)
        reply = await ask(model_at("http://127.0.0.1:9/v1", allow_proxies=True))
        assert reply.text == "through the proxy"
        assert proxy.targets == ["http://127.0.0.1:9/v1/chat/completions"]


@pytest.mark.parametrize("status", [400, 401, 404, 500])
async def test_the_key_is_sent_and_appears_nowhere_else(
    status: int, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    os.environ["TEST_KEY"] = KEY
    caplog.set_level(logging.DEBUG)
    with FaultServer(fails(status, f"You sent {KEY}, which is wrong", headers=SOON)) as server:
        model = model_at(server.url)
        with pytest.raises((EndpointStopped, CallFailed)) as caught:
            await ask(model)
        assert server.headers[0]["authorization"] == f"Bearer {KEY}"
    logging.getLogger("test").exception("the call failed", exc_info=caught.value)
    seen = [str(caught.value), repr(caught.value), repr(caught.value.__dict__), repr(model), str(model)]
    seen += [str(model.model_dump()), model.model_dump_json(), caplog.text, *capfd.readouterr()]
    assert not any(KEY in text for text in seen)
