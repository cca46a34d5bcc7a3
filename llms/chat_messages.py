"""What a LangChain model is asked, in the words of models that run here: turns of a chat, a schema, a reply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, ChatMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from intercoder.core.errors import ModelError
from intercoder.llms.embedded.chat_tokens import Turn

_ROLES = {"system": "system", "human": "user", "ai": "assistant"}


def turn_of(message: BaseMessage) -> Turn:
    """The message as a turn of a chat.

    Raises:
        ModelError: Messages of this kind have no place in a chat template.
    """
    role = message.role if isinstance(message, ChatMessage) else _ROLES.get(message.type)
    if role is None:
        raise ModelError(f"Models in this process take no {message.type} messages.")
    return Turn(role, str(message.text))


def schema_of(response_format: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The JSON schema of an OpenAI `response_format`; None for free text.

    Raises:
        ModelError: It is of another shape.
    """
    if response_format is None or response_format.get("type") == "text":
        return None
    wrapped = response_format.get("json_schema")
    if response_format.get("type") == "json_object":
        return {"type": "object"}
    if response_format.get("type") != "json_schema" or not isinstance(wrapped, Mapping) or "schema" not in wrapped:
        raise ModelError("response_format must be of type json_schema, json_object or text.")
    schema: Mapping[str, Any] = wrapped["schema"]
    return schema


def chat_result(text: str, finish: str, *, name: str, read: int, written: int) -> ChatResult:
    """A reply as LangChain hands it on.

    Args:
        text: The answer.
        finish: `stop` for a complete answer, `length` for one that was cut off.
        name: The model's name.
        read: Tokens of the prompt.
        written: Tokens of the answer.
    """
    message = AIMessage(
        content=text,
        response_metadata={"finish_reason": finish, "model_name": name},
        usage_metadata={"input_tokens": read, "output_tokens": written, "total_tokens": read + written},
    )
    return ChatResult(
        generations=[ChatGeneration(message=message, generation_info={"finish_reason": finish})],
        llm_output={"model_name": name},
    )
