import socket
from typing import Any

import pytest

from intercoder.core.errors import EndpointStopped
from intercoder.llms.calling import CallFailed
from intercoder.llms.endpoints import connections
from tests.llms.endpoints.endpoint_client import KEY, SOON, ask, model_at, stop
from tests.llms.endpoints.fault_server import Canned, FaultServer, fails, says, sends


async def refusal(
    answer: Canned | list[Canned], *, retries: int = 1, seconds: float = 5.0
) -> tuple[CallFailed, int]:
    with FaultServer(answer) as server:
        with pytest.raises(CallFailed) as caught:
            await ask(model_at(server.url, retries=retries, timeout=seconds))
        return caught.value, server.count


async def test_an_endpoint_that_is_down_stops_the_run() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(EndpointStopped, match="cannot be reached") as caught:
        await ask(model_at(f"http://127.0.0.1:{port}/v1", retries=0))
    assert caught.value.where == f"127.0.0.1:{port}"
    assert "resume" in caught.value.remedy


async def test_a_refused_key_stops_the_run_and_names_the_setting() -> None:
    assert "api_key_env" in (await stop(fails(401, f"Incorrect API key provided: {KEY}"))).remedy
    await stop(fails(403))


async def test_a_missing_model_stops_the_run() -> None:
    stopped = await stop(fails(404, "The model `m` does not exist"))
    assert "The model `m` does not exist" in stopped.message
    assert "/v1" in stopped.remedy


async def test_used_up_credit_stops_the_run() -> None:
    spent = fails(429, "quota", code="insufficient_quota", headers=SOON)
    with FaultServer(spent) as server, pytest.raises(EndpointStopped, match="credit"):
        await ask(model_at(server.url))


async def test_too_many_requests_are_sent_again_when_the_server_says() -> None:
    with FaultServer([fails(429, headers=SOON), fails(429, headers=SOON), says("x")]) as server:
        assert (await ask(model_at(server.url, retries=2))).text == "x"
        assert server.count == 3


async def test_retry_after_beyond_reason_is_a_failure_of_the_request() -> None:
    failed, count = await refusal(fails(429, "later", headers={"retry-after": "86400"}))
    assert (failed.kind, count) == ("error", 1)
    assert "429" in failed.message


async def test_a_server_error_that_passes_is_not_noticed() -> None:
    with FaultServer([fails(500, headers=SOON), says("x")]) as server:
        assert (await ask(model_at(server.url))).text == "x"


async def test_a_server_error_that_stays_fails_the_request_after_the_retries() -> None:
    failed, count = await refusal(fails(500, "boom", headers=SOON), retries=2)
    assert (failed.kind, count) == ("error", 3)
    assert "500" in failed.message and "boom" in failed.message


@pytest.mark.parametrize(("retries", "asked"), [(0, 1), (1, 2), (3, 2)])
async def test_a_server_that_hangs_is_asked_once_more_at_most(
    retries: int, asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "AGAIN_AFTER", 0.001)
    failed, count = await refusal(Canned(hang=True), seconds=0.5, retries=retries)
    assert (failed.kind, count) == ("timeout", asked)


async def test_an_answer_that_was_lost_is_not_noticed() -> None:
    with FaultServer([Canned(hang=True), says("x")]) as server:
        assert (await ask(model_at(server.url, timeout=0.2))).text == "x"


@pytest.mark.parametrize(
    "answer",
    [
        Canned(body=says("x").body[:40]),
        Canned(body=b"<html>hello</html>", headers={"content-type": "text/html"}),
        Canned(body=b""),
        sends({"hello": 1}),
        sends([1, 2]),
        sends("hello"),
        sends({"choices": []}),
        sends({"choices": [{"message": None}]}),
        sends({"error": {"message": "overloaded"}}),
    ],
    ids=["truncated", "html", "nothing", "shape", "list", "string", "no choice", "no message", "error"],
)
async def test_a_reply_of_another_shape_fails_the_request(answer: Canned) -> None:
    failed, count = await refusal(answer)
    assert (failed.kind, count) == ("error", 1)
    assert "not a chat completion" in failed.message


async def test_a_connection_that_breaks_off_fails_the_request_after_the_retries() -> None:
    failed, count = await refusal(Canned(body=says("x").body, cut=True), retries=0)
    assert (failed.kind, count) == ("error", 1)
    assert "broke off" in failed.message


@pytest.mark.parametrize("text", ["", None])
async def test_an_empty_reply_is_an_empty_text(text: Any) -> None:
    with FaultServer(says(text)) as server:
        assert (await ask(model_at(server.url))).text == ""


async def test_ten_thousand_tokens_are_too_long() -> None:
    failed, _ = await refusal(says("token " * 10_000))
    assert failed.kind == "too_long"
    assert len(failed.text) == 20_000


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (fails(400, "This model's maximum context length is 2048 tokens"), "too_long"),
        (says("", finish="content_filter"), "refused"),
    ],
    ids=["context", "content"],
)
async def test_a_request_that_is_refused_says_why(answer: Canned, kind: str) -> None:
    assert (await refusal(answer))[0].kind == kind
