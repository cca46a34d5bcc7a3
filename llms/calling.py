"""The one function through which agents ask a model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from intercoder.core.agent_settings import Sampling
from intercoder.core.record import Record
from intercoder.llms.failures import CallFailed, FailureKind, sort_failure

__all__ = ["REPLY_LENGTH", "CallFailed", "FailureKind", "Reply", "call"]

REPLY_LENGTH = 20_000
"""Most characters of a reply. No bounded answer comes near; a model in a loop goes beyond."""

Manner: TypeAlias = Literal["openai", "tools", "arguments"]

_MESSAGES: dict[str, type[BaseMessage]] = {
    "system": SystemMessage,
    "user": HumanMessage,
    "assistant": AIMessage,
}
_FINISH = ("finish_reason", "stop_reason", "done_reason")
_OPENAI = "https://api.openai.com/"
_NOT_AT_OPENAI = frozenset({"minLength", "maxLength"})


class Reply(Record):
    """What a model said."""

    text: str
    """May be empty: whether that is an answer is for the caller to say."""
    input_tokens: int
    """As the model counted them; 0 where it does not say."""
    output_tokens: int
    finish: str
    """Why it ended, in the model's words (`stop`, `length`, ...); empty where it does not say."""


async def call(
    model: BaseChatModel,
    messages: Sequence[tuple[str, str]],
    *,
    schema: Mapping[str, Any] | None,
    name: str,
    sampling: Sampling,
    seed: int | None,
) -> Reply:
    """Ask a model once.

    The schema goes to the server (OpenAI-compatible endpoints), to the decoder (embedded models) or through
    the model's own structured output (other providers' models that can call tools; these keep the sampling
    they were made with). Other models get it as an argument they may ignore, so the caller validates.

    Args:
        model: Any LangChain chat model.
        messages: Role (`system`, `user`, `assistant`) and text, in order.
        schema: JSON schema of the answer; None asks for free text.
        name: Name of the schema: letters, digits, `_` and `-`, at most 64.
        sampling: Temperature, top_p and token budget.
        seed: Seed of the sampling, where the model takes one; None sends none.

    Raises:
        CallFailed: This request failed; others may go on.
        EndpointStopped: The endpoint answers nobody (see `sort_failure`).
        IntercoderError: As the model raised it.
    """
    prompt = [_MESSAGES[role](content=text) for role, text in messages]
    manner = _manner(type(model))
    try:
        if manner == "tools":
            return _checked(*await _ask_by_tools(model, prompt, schema, name))
        ask = _openai_arguments if manner == "openai" else _arguments
        message = await model.ainvoke(prompt, **ask(model, schema, name, sampling, seed))
        return _checked(message, _text(message))
    except Exception as error:
        # Without its cause: a server may have echoed the key in what a traceback would print.
        raise sort_failure(error, model) from None


@lru_cache(maxsize=256)
def _manner(kind: type[BaseChatModel]) -> Manner:
    """How models of this class are asked to keep to a schema."""
    if "openai_api_base" in kind.model_fields:
        return "openai"
    return "arguments" if kind.bind_tools is BaseChatModel.bind_tools else "tools"


def _arguments(
    model: BaseChatModel, schema: Mapping[str, Any] | None, name: str, sampling: Sampling, seed: int | None
) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
    }
    if seed is not None:
        arguments["seed"] = seed
    if schema is not None:
        arguments["response_format"] = _response_format(schema, name)
    return arguments


def _openai_arguments(
    model: BaseChatModel, schema: Mapping[str, Any] | None, name: str, sampling: Sampling, seed: int | None
) -> dict[str, Any]:
    arguments = _arguments(model, None, name, sampling, seed)
    for disabled, values in (getattr(model, "disabled_params", None) or {}).items():
        if values is None or arguments.get(disabled) in values:
            arguments.pop(disabled, None)
    if schema is not None:
        at_openai = (getattr(model, "openai_api_base", None) or _OPENAI).startswith(_OPENAI)
        response_format = _response_format(_without_lengths(schema) if at_openai else schema, name)
        # In the body rather than as an argument: LangChain would have the SDK parse the reply a second time
        # (2 ms of CPU a call) and raise where the token limit cut it, and the cut text would be lost.
        arguments["extra_body"] = {
            **(getattr(model, "extra_body", None) or {}),
            "response_format": response_format,
        }
    return arguments


def _response_format(schema: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": name, "schema": schema, "strict": True}}


def _without_lengths(schema: Any) -> Any:
    """The schema without string lengths, which OpenAI's strict mode refuses; the caller validates them."""
    if isinstance(schema, Mapping):
        return {key: _without_lengths(value) for key, value in schema.items() if key not in _NOT_AT_OPENAI}
    if isinstance(schema, list):
        return [_without_lengths(item) for item in schema]
    return schema


async def _ask_by_tools(
    model: BaseChatModel, prompt: list[BaseMessage], schema: Mapping[str, Any] | None, name: str
) -> tuple[AIMessage, str]:
    if schema is None:
        message = await model.ainvoke(prompt)
        return message, _text(message)
    structured = model.with_structured_output({"title": name, **schema}, include_raw=True)
    answer = await structured.ainvoke(prompt)
    if not isinstance(answer, dict):
        raise TypeError("the model's structured output lacks the raw message")
    message, parsed = answer["raw"], answer["parsed"]
    return message, _text(message) if parsed is None else json.dumps(parsed, ensure_ascii=False)


def _text(message: BaseMessage) -> str:
    return message.content if isinstance(message.content, str) else str(message.text)


def _checked(message: BaseMessage, text: str) -> Reply:
    """The reply, unless it is a refusal or beyond all bounds."""
    metadata = message.response_metadata
    finish = next((str(metadata[key]) for key in _FINISH if metadata.get(key)), "")
    usage = getattr(message, "usage_metadata", None) or {}
    read, written = usage.get("input_tokens", 0), usage.get("output_tokens", 0)
    if message.additional_kwargs.get("refusal") or finish == "content_filter":
        raise CallFailed("refused", "The model declined to answer.", input_tokens=read, output_tokens=written)
    if len(text) > REPLY_LENGTH:
        raise CallFailed(
            "too_long",
            f"The reply has {len(text)} characters; at most {REPLY_LENGTH} are read.",
            text[:REPLY_LENGTH],
            input_tokens=read,
            output_tokens=written,
        )
    return Reply(text=text, input_tokens=read, output_tokens=written, finish=finish)
