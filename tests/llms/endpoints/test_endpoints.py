import asyncio
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_openai import ChatOpenAI
from langchain_openai.chat_models.base import BaseChatOpenAI
from openai import APIConnectionError

from intercoder.core.agent_settings import Sampling
from intercoder.core.errors import ModelError
from intercoder.core.study import Limits, Privacy
from intercoder.llms.calling import CallFailed, Reply
from intercoder.llms.endpoints.connections import EndpointClient
from intercoder.llms.endpoints.endpoints import openai_chat
from intercoder.llms.privacy import no_tracing
from intercoder.llms.references import parse_reference
from tests.llms.endpoints.endpoint_client import KEY, SCHEMA, ask, model_at
from tests.llms.endpoints.fault_server import FaultServer, says


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(os, "environ", os.environ.copy())
    yield


async def test_a_request_carries_schema_sampling_and_seed_and_the_reply_is_plain_text() -> None:
    with FaultServer(says('{"label": "a"}')) as server:
        reply = await ask(model_at(server.url))
        assert reply == Reply(text='{"label": "a"}', input_tokens=11, output_tokens=7, finish="stop")
        assert server.requests == [
            {
                "model": "m",
                "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "hello"}],
                "temperature": 0.7,
                "top_p": 0.7,
                "max_tokens": 160,
                "seed": 3,
                "stream": False,
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "coder", "schema": SCHEMA, "strict": True},
                },
            }
        ]
        assert server.targets == ["/v1/chat/completions"]


async def test_binding_a_response_format_works_too_for_those_who_use_the_model_directly() -> None:
    response_format = {"type": "json_schema", "json_schema": {"name": "coder", "schema": SCHEMA, "strict": True}}
    with FaultServer(says('{"label": "a"}')) as server, no_tracing(Privacy()):
        message = await model_at(server.url).bind(response_format=response_format).ainvoke("hello")
        assert message.content == '{"label": "a"}'
        assert server.requests[0]["response_format"] == response_format
        assert server.requests[0]["max_tokens"] == 160


async def test_a_reply_without_usage_counts_nothing() -> None:
    with FaultServer(says("x", usage=False)) as server:
        assert (await ask(model_at(server.url))).input_tokens == 0


async def test_a_reply_cut_by_the_token_limit_keeps_its_text() -> None:
    with FaultServer(says('{"label": "a', finish="length")) as server:
        reply = await ask(model_at(server.url))
        assert (reply.text, reply.finish) == ('{"label": "a', "length")


async def test_models_named_like_openais_newest_still_use_chat_completions() -> None:
    with FaultServer(says("x")) as server:
        reference = parse_reference(f"openai:qwen-codex@{server.url}")
        await ask(openai_chat(reference, Sampling(), Limits(), Privacy(), "TEST_KEY"))
        assert server.targets == ["/v1/chat/completions"]


async def test_streaming_is_off_even_if_a_caller_streams() -> None:
    with FaultServer(says("whole")) as server, no_tracing(Privacy()):
        chunks = [chunk.text async for chunk in model_at(server.url).astream("hello")]
        assert "".join(chunks) == "whole"
        assert server.requests[0]["stream"] is False


async def test_synchronous_calls_work_under_the_same_rules() -> None:
    with FaultServer(says("now")) as server, no_tracing(Privacy()):
        reply = await asyncio.to_thread(model_at(server.url).invoke, "hello")
        assert reply.content == "now"


async def test_waiting_for_a_free_connection_is_not_held_against_the_server() -> None:
    with FaultServer(says("x"), delay=0.05) as server:
        model = model_at(server.url, timeout=1.0, concurrency=1, retries=0)
        replies = await asyncio.gather(*(ask(model) for _ in range(24)))
        assert len(replies) == 24
        assert server.connections == 1


async def test_models_of_one_endpoint_share_their_connections() -> None:
    with FaultServer(says("x")) as server:
        for _ in range(5):
            await ask(model_at(server.url))
        assert (server.count, server.connections) == (5, 1)


def test_a_model_outlives_the_event_loop_it_was_first_used_in() -> None:
    with FaultServer(says("x")) as server:
        model = model_at(server.url, retries=0)
        assert [asyncio.run(ask(model)).text for _ in range(3)] == ["x", "x", "x"]


def test_sixty_four_requests_wait_side_by_side() -> None:
    async def all_at_once(model: BaseChatOpenAI) -> int:
        return len(await asyncio.gather(*(ask(model) for _ in range(64))))

    with FaultServer(says("x"), delay=0.2) as server:
        assert asyncio.run(asyncio.wait_for(all_at_once(model_at(server.url, concurrency=64)), 6)) == 64
        assert server.connections == 64


def test_a_remote_endpoint_needs_its_key_and_the_error_names_the_variable() -> None:
    reference = parse_reference("openai:m@https://llm.example.org/v1")
    with pytest.raises(ModelError, match="TEST_KEY is not set"):
        openai_chat(reference, Sampling(), Limits(), Privacy(allow_remote=True), "TEST_KEY")


def test_a_remote_endpoint_is_refused_before_its_key_is_looked_for() -> None:
    with pytest.raises(ModelError, match="refused"):
        openai_chat(parse_reference("openai:gpt-4o"), Sampling(), Limits(), Privacy(), "TEST_KEY")


async def sent_to_openai(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The body of a request to OpenAI itself, caught before it leaves."""
    bodies: list[dict[str, Any]] = []

    async def catch(self: EndpointClient, request: Any, **options: Any) -> Any:
        assert str(request.url) == "https://api.openai.com/v1/chat/completions"
        bodies.append(json.loads(request.content))
        raise APIConnectionError(request=request)

    monkeypatch.setattr(EndpointClient, "send", catch)
    os.environ["TEST_KEY"] = KEY
    privacy = Privacy(allow_remote=True)
    model = openai_chat(parse_reference(f"openai:{name}"), Sampling(), Limits(retries=0), privacy, "TEST_KEY")
    assert isinstance(model, ChatOpenAI)
    with pytest.raises(CallFailed):
        await ask(model)
    return bodies[0]


async def test_openai_itself_gets_its_own_name_of_the_token_limit_and_no_string_lengths(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = await sent_to_openai("gpt-4o", monkeypatch)
    assert body["max_completion_tokens"] == 160
    assert "max_tokens" not in body
    assert body["temperature"] == 0.7
    assert body["response_format"]["json_schema"]["schema"] == {
        **SCHEMA,
        "properties": {"label": {"type": "string"}},
    }


async def test_openais_reasoning_models_are_not_sent_what_they_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    body = await sent_to_openai("gpt-5-mini", monkeypatch)
    assert not {"temperature", "top_p"} & set(body)
    assert body["seed"] == 3
