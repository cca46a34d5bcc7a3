"""Asking a `FaultServer` the way agents ask an endpoint."""

from typing import Any

import pytest
from langchain_openai.chat_models.base import BaseChatOpenAI

from intercoder.core.agent_settings import Sampling
from intercoder.core.errors import EndpointStopped
from intercoder.core.study import Limits, Privacy
from intercoder.llms.calling import Reply, call
from intercoder.llms.endpoints.endpoints import openai_chat
from intercoder.llms.privacy import no_tracing
from intercoder.llms.references import parse_reference
from tests.llms.endpoints.fault_server import Canned, FaultServer

KEY = "sk-very-secret-0123456789"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"label": {"type": "string", "minLength": 1, "maxLength": 60}},
    "required": ["label"],
    "additionalProperties": False,
}
SOON = {"retry-after-ms": "1"}


def model_at(
    url: str, *, retries: int = 1, timeout: float = 5.0, concurrency: int = 8, **privacy: bool
) -> BaseChatOpenAI:
    limits = Limits(retries=retries, timeout=timeout, concurrency=concurrency)
    return openai_chat(parse_reference(f"openai:m@{url}"), Sampling(), limits, Privacy(**privacy), "TEST_KEY")


async def ask(model: BaseChatOpenAI, text: str = "hello") -> Reply:
    with no_tracing(Privacy()):
        return await call(
            model, [("system", "s"), ("user", text)], schema=SCHEMA, name="coder", sampling=Sampling(), seed=3
        )


async def stop(answer: Canned) -> EndpointStopped:
    with FaultServer(answer) as server:
        with pytest.raises(EndpointStopped) as caught:
            await ask(model_at(server.url))
        assert server.count == 1
        assert caught.value.where == f"127.0.0.1:{server.port}"
        return caught.value
