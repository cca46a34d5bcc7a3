"""Chat models that run inside this process, as LangChain chat models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult
from pydantic import Field, field_validator

from intercoder.llms.adapters import read_adapter
from intercoder.llms.chat_messages import chat_result, schema_of, turn_of
from intercoder.llms.embedded.engine import Engine, shared_engine, shared_engine_async
from intercoder.llms.embedded.requests import ModelReply, ModelRequest
from intercoder.llms.local_chat import LocalChatModel

if TYPE_CHECKING:
    from xgrammar import CompiledGrammar


class EmbeddedChatModel(LocalChatModel):
    """A model from a local folder. Concurrent requests are answered in batches.

    All models of the same folder and adapter in one process share weights and batches. Answers follow a JSON
    schema given as OpenAI's `response_format`. At temperature 0 an answer depends on its batch mates only by
    rounding; a `seed` fixes the draws, not the rounding.

    Example:
        ```python
        model = EmbeddedChatModel(name="smollm2-135m", path=model_path("smollm2-135m"))
        reply = await model.ainvoke("Say yes.", max_tokens=5)
        ```
    """

    adapter: Path | None = None
    """Folder of a LoRA adapter that is merged into the weights."""
    batch_size: int = Field(default=24, gt=0)
    """Most answers written at the same time; the first model of a folder sets it."""

    @field_validator("adapter")
    @classmethod
    def _adapter_absolute(cls, adapter: Path | None) -> Path | None:
        return adapter.expanduser().absolute() if adapter is not None else None

    @property
    def _llm_type(self) -> str:
        return "intercoder-embedded"

    @property
    def _adapter_digest(self) -> str:
        return read_adapter(self.adapter).digest if self.adapter is not None else ""

    def load(self) -> Engine:
        """Load the weights now rather than with the first request.

        Raises:
            ModelError: The folder is not a usable model.
        """
        return shared_engine(self.path, self.batch_size, self.adapter)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        engine = self.load()
        schema = schema_of(kwargs.get("response_format"))
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
        engine = await shared_engine_async(self.path, self.batch_size, self.adapter)
        schema = schema_of(kwargs.get("response_format"))
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
            prompt=engine.prompt([turn_of(message) for message in messages], max_tokens),
            max_tokens=max_tokens,
            temperature=self.temperature if temperature is None else float(temperature),
            top_p=self.top_p if top_p is None else float(top_p),
            seed=options.get("seed"),
            stop=tuple(stop or ()),
            grammar=grammar,
        )

    def _result(self, request: ModelRequest, reply: ModelReply) -> ChatResult:
        return chat_result(
            reply.text,
            reply.finish_reason,
            name=self._model_name,
            read=len(request.prompt),
            written=reply.output_tokens,
        )
