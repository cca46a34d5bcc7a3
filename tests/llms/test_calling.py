import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from langchain_core.exceptions import ContextOverflowError, ModelAuthenticationError, ModelTimeoutError
from langchain_core.language_models import FakeListChatModel, GenericFakeChatModel
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from pydantic import Field

from intercoder.core.agent_settings import Sampling
from intercoder.core.errors import EndpointStopped, ModelError
from intercoder.llms.calling import REPLY_LENGTH, CallFailed, Reply, call
from intercoder.llms.scripted import ScriptedChatModel

MESSAGES = [("system", "be brief"), ("user", "hello"), ("assistant", "hi"), ("user", "again")]
SCHEMA = {"type": "object", "properties": {"label": {"type": "string"}}, "required": ["label"]}


class Recorder(BaseChatModel):
    """Answers with one message and keeps what it was asked."""

    message: AIMessage = AIMessage("fine")
    asked: list[Any] = Field(default_factory=list)
    error: Exception | None = None

    @property
    def _llm_type(self) -> str:
        return "recorder"

    def _generate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> Any:
        self.asked.append((messages, kwargs))
        if self.error is not None:
            raise self.error
        return ChatResult(generations=[ChatGeneration(message=self.message.model_copy())])


class Tooled(Recorder):
    """A model of another provider: it knows structured output, but not our arguments."""

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, AIMessage]:
        return self.bind(tools=tools)


async def ask(model: BaseChatModel, schema: Any = SCHEMA, seed: int | None = 7) -> Reply:
    return await call(model, MESSAGES, schema=schema, name="coder", sampling=Sampling(), seed=seed)


async def failing(error: Exception) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        await ask(Recorder(error=error))
    return caught.value


async def test_roles_schema_sampling_and_seed_reach_the_model() -> None:
    model = Recorder()
    await ask(model)
    messages, arguments = model.asked[0]
    assert [(message.type, message.content) for message in messages] == [
        ("system", "be brief"),
        ("human", "hello"),
        ("ai", "hi"),
        ("human", "again"),
    ]
    assert arguments == {
        "temperature": 0.7,
        "top_p": 0.7,
        "max_tokens": 160,
        "seed": 7,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "coder", "schema": SCHEMA, "strict": True},
        },
    }
    assert arguments["response_format"]["json_schema"]["schema"] is SCHEMA


async def test_no_schema_and_no_seed_are_not_sent() -> None:
    model = Recorder()
    await ask(model, schema=None, seed=None)
    assert set(model.asked[0][1]) == {"temperature", "top_p", "max_tokens"}


async def test_usage_and_the_reason_for_ending_are_read() -> None:
    usage = {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}
    model = Recorder(message=AIMessage("fine", usage_metadata=usage, response_metadata={"finish_reason": "length"}))
    assert await ask(model) == Reply(text="fine", input_tokens=5, output_tokens=2, finish="length")


@pytest.mark.parametrize(
    "model", [FakeListChatModel(responses=["fine"]), GenericFakeChatModel(messages=iter([AIMessage("fine")]))]
)
async def test_langchains_own_fakes_can_be_asked(model: BaseChatModel) -> None:
    assert await ask(model) == Reply(text="fine", input_tokens=0, output_tokens=0, finish="")


async def test_the_scripted_model_can_be_asked() -> None:
    assert (
        await ask(ScriptedChatModel(answer=lambda messages, schema, seed: f"{seed} {schema == SCHEMA}"))
    ).text == "7 True"


async def test_content_in_blocks_becomes_text() -> None:
    blocks = [{"type": "text", "text": "fi"}, {"type": "text", "text": "ne"}]
    assert (await ask(Recorder(message=AIMessage(blocks)))).text == "fine"  # type: ignore[arg-type]


async def test_an_empty_answer_is_handed_on() -> None:
    assert (await ask(Recorder(message=AIMessage("")))).text == ""


async def test_models_of_other_providers_answer_through_their_own_structured_output() -> None:
    called = AIMessage("", tool_calls=[{"name": "coder", "args": {"label": "ünïcode"}, "id": "1"}])
    model = Tooled(message=called)
    assert (await ask(model)).text == '{"label": "ünïcode"}'
    _, arguments = model.asked[0]
    assert arguments["tools"][0] == {"title": "coder", **SCHEMA}
    assert "temperature" not in arguments


async def test_what_such_a_model_says_in_words_is_handed_on_too() -> None:
    assert (await ask(Tooled(message=AIMessage("no tool")))).text == "no tool"
    assert (await ask(Tooled(message=AIMessage("plain")), schema=None)).text == "plain"


async def test_a_reply_beyond_all_bounds_is_cut_and_told() -> None:
    with pytest.raises(CallFailed) as caught:
        await ask(Recorder(message=AIMessage("x" * 50_000)))
    assert caught.value.kind == "too_long"
    assert caught.value.text == "x" * REPLY_LENGTH
    assert "50000" in caught.value.message


@pytest.mark.parametrize(
    "message",
    [
        AIMessage("", additional_kwargs={"refusal": "I will not."}),
        AIMessage("half", response_metadata={"finish_reason": "content_filter"}),
    ],
)
async def test_a_refusal_is_not_an_answer(message: AIMessage) -> None:
    with pytest.raises(CallFailed) as caught:
        await ask(Recorder(message=message))
    assert caught.value.kind == "refused"


class Status(Exception):
    """As other providers' SDKs raise it: with a status and no class of LangChain's."""

    def __init__(self, status: int, words: str = "") -> None:
        super().__init__(words or f"status {status}")
        self.status_code = status


class PromptTooLong(ModelError, ContextOverflowError):
    """As the embedded backend may raise it."""


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TimeoutError(), "timeout"),
        (ModelTimeoutError(), "timeout"),
        (ContextOverflowError("4097 tokens"), "too_long"),
        (PromptTooLong("4097 tokens"), "too_long"),
        (Status(400), "refused"),
        (Status(400, "This model's maximum context length is 64 tokens, you asked for 99."), "too_long"),
        (Status(400, "the request exceeds the available context size"), "too_long"),
        (Status(422), "refused"),
        (Status(429), "error"),
        (Status(503), "error"),
        (ConnectionResetError("reset"), "error"),
        (ZeroDivisionError("division by zero"), "error"),
    ],
)
async def test_failures_of_one_request_are_sorted(error: Exception, kind: str) -> None:
    assert (await failing(error)).kind == kind


@pytest.mark.parametrize(
    "error",
    [
        ModelAuthenticationError(),
        Status(401),
        Status(403),
        Status(404),
        Status(308),
        ConnectionRefusedError(),
        httpx.ConnectError("Name or service not known"),
    ],
)
async def test_an_endpoint_that_answers_nobody_stops_the_run(error: Exception) -> None:
    with pytest.raises(EndpointStopped) as caught:
        await ask(Recorder(error=error))
    assert caught.value.where == "Recorder"
    assert caught.value.remedy


async def test_errors_of_our_own_pass_unchanged() -> None:
    with pytest.raises(ModelError, match="not pulled"):
        await ask(Recorder(error=ModelError("The model is not pulled.")))


async def test_an_unexpected_error_is_told_on_one_short_line() -> None:
    failure = await failing(ValueError("first\nsecond\n" + "x" * 1000))
    assert failure.message.startswith("ValueError: first second xxx")
    assert "\n" not in failure.message
    assert len(failure.message) < 300


async def test_cancelling_is_not_a_failure() -> None:
    task = asyncio.create_task(ask(ScriptedChatModel(delay=60)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
