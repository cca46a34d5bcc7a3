"""Chat models that run inside this process, as LangChain chat models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ChatMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field, field_validator

from intercoder.core.errors import ModelError
from intercoder.llms.chat_tokens import Turn
from intercoder.llms.engine import Engine, shared_engine, shared_engine_async
from intercoder.llms.requests import ModelReply, ModelRequest

if TYPE_CHECKING:
    from xgrammar import CompiledGrammar

_ROLES = {"system": "system", "human": "user", "ai": "assistant"}


class EmbeddedChatModel(BaseChatModel):
    """A model from a local folder. Concurrent requests are answered in batches.

    All models of the same folder in one process share its weights and its batches. Answers follow a JSON
    schema given as OpenAI's `response_format`. At temperature 0 an answer depends on its batch mates only by
    rounding; a `seed` fixes the draws, not the rounding.

    Example:
        ```python
        model = EmbeddedChatModel(name="smollm2-135m", path=model_path("smollm2-135m"))
        reply = await model.ainvoke("Say yes.", max_tokens=5)
        ```
    """

    name: str | None = None
    """What answers are said to come from; the folder's name where it is not given."""
    path: Path
    temperature: float = Field(default=0.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=256, gt=0)
    batch_size: int = Field(default=24, gt=0)
    """Most answers written at the same time; the first model of a folder sets it."""

    @field_validator("path")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        return path.expanduser().absolute()

    @property
    def _llm_type(self) -> str:
        return "intercoder-embedded"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {
            "model_name": self._model_name,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_tokens": self.max_tokens,
        }

    @property
    def _model_name(self) -> str:
        return self.name or self.path.name

    def load(self) -> Engine:
        """Load the weights now rather than with the first request.

        Raises:
            ModelError: The folder is not a usable model.
        """
        return shared_engine(self.path, self.batch_size)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        engine = self.load()
        schema = _schema(kwargs.get("response_format"))
        grammar = None if schema is None else engine.grammars.compile(schema)
        request = self._request(engine, messages, stop, kwargs, grammar)
        return self._result(request, engine.ask_blocking(request))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        engine = await shared_engine_async(self.path, self.batch_size)
        schema = _schema(kwargs.get("response_format"))
        grammar = None if schema is None else await engine.grammars.compile_async(schema)
        request = self._request(engine, messages, stop, kwargs, grammar)
        return self._result(request, await engine.ask(request))

    def _request(
        self,
        engine: Engine,
        messages: Sequence[BaseMessage],
        stop: Sequence[str] | None,
        options: Mapping[str, Any],
        grammar: CompiledGrammar | None,
    ) -> ModelRequest:
        max_tokens = int(options.get("max_tokens") or self.max_tokens)
        temperature, top_p = options.get("temperature"), options.get("top_p")
        return ModelRequest(
            prompt=engine.prompt([_turn(message) for message in messages], max_tokens),
            max_tokens=max_tokens,
            temperature=self.temperature if temperature is None else float(temperature),
            top_p=self.top_p if top_p is None else float(top_p),
            seed=options.get("seed"),
            stop=tuple(stop or ()),
            grammar=grammar,
        )

    def _result(self, request: ModelRequest, reply: ModelReply) -> ChatResult:
        message = AIMessage(
            content=reply.text,
            response_metadata={"finish_reason": reply.finish_reason, "model_name": self._model_name},
            usage_metadata={
                "input_tokens": len(request.prompt),
                "output_tokens": reply.output_tokens,
                "total_tokens": len(request.prompt) + reply.output_tokens,
            },
        )
        return ChatResult(
            generations=[ChatGeneration(message=message, generation_info={"finish_reason": reply.finish_reason})],
            llm_output={"model_name": self._model_name},
        )


def _turn(message: BaseMessage) -> Turn:
    role = message.role if isinstance(message, ChatMessage) else _ROLES.get(message.type)
    if role is None:
        raise ModelError(f"Embedded models take no {message.type} messages.")
    return Turn(role, str(message.text))


def _schema(response_format: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The JSON schema of an OpenAI `response_format`."""
    if response_format is None or response_format.get("type") == "text":
        return None
    wrapped = response_format.get("json_schema")
    if response_format.get("type") == "json_object":
        return {"type": "object"}
    if response_format.get("type") != "json_schema" or not isinstance(wrapped, Mapping) or "schema" not in wrapped:
        raise ModelError("response_format must be of type json_schema, json_object or text.")
    schema: Mapping[str, Any] = wrapped["schema"]
    return schema
