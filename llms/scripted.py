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

from intercoder.llms.scripted_answers import draw, filled, label
from intercoder.llms.usage import estimate_messages, estimate_tokens

Script: TypeAlias = Literal["words", "broken", "flaky"]
Messages: TypeAlias = Sequence[tuple[str, str]]
AnswerFunction: TypeAlias = Callable[[Messages, Mapping[str, Any] | None, int | None], str]
"""Messages as (role, text), the answer's JSON schema if there is one, the seed -> the reply."""

SCRIPTS: tuple[Script, ...] = get_args(Script)
FLAKY = 7
"""`scripted:flaky` fails for one in so many questions."""
BROKEN_REPLY = '{"codes": [{"label": "cut'

_ROLES = {"human": "user", "ai": "assistant"}
_PIECE = re.compile(
    r"^<<<(?P<kind>\w+) (?P<marker>\w+)>>>\n(?P<text>.*?)\n<<<end (?P=kind) (?P=marker)>>>$",
    re.DOTALL | re.MULTILINE,
)


class ScriptedChatModel(BaseChatModel):
    """A model for tests, for trying the plumbing of a study, and for benchmarks. It understands nothing.

    It shows that documents come in, prompts are built, answers are read, merged and exported, in seconds and
    without weights; its codes are words picked from the text by length and mean nothing.

    Scripts: `words` takes the label from the text's longest words and the quote from its beginning, and as
    a moderator keeps the first suggestion; the choice of words depends on the seed, so that coders disagree
    sometimes. A code that stands before it mostly gives to texts that share a word with it, and as a reviser it
    proposes one change, made of an excerpt's words. `broken` never answers in JSON. `flaky` is `words`, but raises
    an error for about one question in seven; which ones depends on text and seed alone.

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
        if self.script == "flaky" and draw(FLAKY, text, seed) == 0:
            raise RuntimeError("the script fails for this text")
        if schema is None:
            return label(text, seed)
        return json.dumps(filled(schema, "", material, seed), ensure_ascii=False)


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
