"""Chat models that answer by rule: no weights, no network, the same answer to the same question."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias, get_args

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field

from intercoder.core.identity import digest
from intercoder.llms.usage import estimate_messages, estimate_tokens

Script: TypeAlias = Literal["words", "broken", "flaky"]
Messages: TypeAlias = Sequence[tuple[str, str]]
AnswerFunction: TypeAlias = Callable[[Messages, Mapping[str, Any] | None, int | None], str]
"""Messages as (role, text), the answer's JSON schema if there is one, the seed -> the reply."""

SCRIPTS: tuple[Script, ...] = get_args(Script)
FEWEST_WORDS = 3
"""Texts with fewer words get an empty answer: "nothing to code"."""
FLAKY = 7
"""`scripted:flaky` fails for one in so many questions."""
BROKEN_REPLY = '{"codes": [{"label": "cut'

_ROLES = {"human": "user", "ai": "assistant"}
_PIECE = re.compile(
    r"^<<<(?P<kind>\w+) (?P<marker>\w+)>>>\n(?P<text>.*?)\n<<<end (?P=kind) (?P=marker)>>>$",
    re.DOTALL | re.MULTILINE,
)
_WORD = re.compile(r"[^\W\d_]+")
_QUOTED_WORDS = 6
_REASON = "These are the longest words of the text."


class ScriptedChatModel(BaseChatModel):
    """A model for tests, for trying the plumbing of a study, and for benchmarks. It understands nothing.

    It shows that documents come in, prompts are built, answers are read, merged and exported, in seconds and
    without weights; its codes are words picked from the text by length and mean nothing.

    Scripts: `words` takes the label from the text's longest words and the quote from its beginning, and as
    a moderator keeps the first suggestion; the choice of words depends on the seed, so that coders disagree
    sometimes. `broken` never answers in JSON. `flaky` is `words`, but raises an error for about one question
    in seven; which ones depends on text and seed alone.

    Example:
        ```python
        model = ScriptedChatModel(answer=lambda messages, schema, seed: '{"codes": []}')
        ```
    """

    script: Script = "words"
    answer: AnswerFunction | None = Field(default=None, exclude=True)
    """Used instead of the script where it is given."""
    delay: float = Field(default=0.0, ge=0)
    """Seconds each answer takes; calls wait side by side."""

    @property
    def _llm_type(self) -> str:
        return "intercoder-scripted"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        if self.delay:
            time.sleep(self.delay)
        return self._result(messages, kwargs)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        if self.delay:
            await asyncio.sleep(self.delay)
        return self._result(messages, kwargs)

    def _result(self, messages: Sequence[BaseMessage], options: Mapping[str, Any]) -> ChatResult:
        asked = [(_ROLES.get(message.type, message.type), str(message.content)) for message in messages]
        schema = (options.get("response_format") or {}).get("json_schema", {}).get("schema")
        text = self._reply(asked, schema, options.get("seed"))
        read, written = estimate_messages(asked), estimate_tokens(text)
        message = AIMessage(
            content=text,
            response_metadata={"finish_reason": "stop", "model_name": self.script},
            usage_metadata={"input_tokens": read, "output_tokens": written, "total_tokens": read + written},
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _reply(self, messages: Messages, schema: Mapping[str, Any] | None, seed: int | None) -> str:
        if self.answer is not None:
            return self.answer(messages, schema, seed)
        if self.script == "broken":
            return BROKEN_REPLY
        material = material_of(messages)
        text = material.get("text", "")
        if self.script == "flaky" and _draw(FLAKY, text, seed) == 0:
            raise RuntimeError("the script fails for this text")
        if schema is None:
            return _label(text, seed)
        return json.dumps(_filled(schema, "", material, seed), ensure_ascii=False)


def material_of(messages: Messages) -> dict[str, str]:
    """The fenced pieces of the question, by kind; without a fence the last message of the user is `text`.

    Earlier exchanges are worked examples and later messages may ask for a repair, so the last message that
    has a fence counts.
    """
    asked = [text for role, text in messages if role == "user"]
    for message in reversed(asked):
        pieces = {found["kind"]: found["text"] for found in _PIECE.finditer(message)}
        if pieces:
            return pieces
    return {"text": asked[-1] if asked else ""}


def _filled(schema: Mapping[str, Any], key: str, material: Mapping[str, str], seed: int | None) -> Any:
    """A value that the schema allows, made from the material. `key` is the property it stands under."""
    kind = schema.get("type")
    if kind == "object":
        properties: Mapping[str, Any] = schema.get("properties", {})
        return {name: _filled(inner, name, material, seed) for name, inner in properties.items()}
    if kind == "array":
        return [_filled(schema["items"], key, material, seed)] if _codable(material) else []
    if "enum" in schema:
        first = _first_suggestion(material)[0]
        return first if first in schema["enum"] else schema["enum"][0]
    if kind == "string":
        return _string(key, material, seed)[: schema.get("maxLength")]
    return {"integer": 0, "number": 0.0, "boolean": False}.get(str(kind))


def _string(key: str, material: Mapping[str, str], seed: int | None) -> str:
    text = material.get("text", "")
    if key == "label":
        return _first_suggestion(material)[1] or _label(text, seed)
    return _opening(text) if key == "quote" else _REASON


def _codable(material: Mapping[str, str]) -> bool:
    if "suggestions" in material:
        return bool(_first_suggestion(material)[1])
    return len(_WORD.findall(material.get("text", ""))) >= FEWEST_WORDS


def _first_suggestion(material: Mapping[str, str]) -> tuple[str, str]:
    """Coder's name and label of the first line `name: label`; empty strings where there is none."""
    for line in material.get("suggestions", "").splitlines():
        name, colon, label = line.partition(": ")
        if colon and label.strip():
            return name.strip(), label.strip()
    return "", ""


def _label(text: str, seed: int | None) -> str:
    """Two or three of the text's longest words, in the order of the text; which ones depends on the seed."""
    words = list(dict.fromkeys(word.lower() for word in _WORD.findall(text)))
    longest = sorted(words, key=len, reverse=True)  # a stable sort: of equal words the earlier is first
    chosen = (longest[:2], longest[:2], longest[:3], longest[1:3])[_draw(4, text, seed)]
    return " ".join(word for word in words if word in chosen) or "nothing"


def _opening(text: str) -> str:
    """The text's first words, verbatim."""
    words = list(re.finditer(r"\S+", text))[:_QUOTED_WORDS]
    return text[words[0].start() : words[-1].end()] if words else ""


def _draw(sides: int, text: str, seed: int | None) -> int:
    """A number from 0 to `sides` - 1 that text and seed determine."""
    return int(digest(text, seed or 0)[:8], 16) % sides
