"""Chat models in vLLM inside this process, as LangChain chat models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult

from intercoder.core.study import VllmLimits
from intercoder.llms.adapters import Adapter
from intercoder.llms.chat_messages import chat_result, schema_of, turn_of
from intercoder.llms.local_chat import LocalChatModel
from intercoder.llms.vllm.vllm_engine import VllmEngine, VllmReply, VllmRequest, shared_vllm


class VllmChatModel(LocalChatModel):
    """A model from a local folder, run by vLLM in this process.

    All models of the same folder share one engine, which batches their requests; adapters are put on per request.
    Answers follow a JSON schema given as OpenAI's `response_format`. A request's `seed` counts where vLLM can
    take one (not in its build for processors: there draws are the engine's).

    Example:
        ```python
        model = VllmChatModel(path=Path("models/smollm2-135m"))
        reply = await model.ainvoke("Say yes.", max_tokens=5)
        ```
    """

    adapter: Adapter | None = None
    """The LoRA adapter whose answers are wanted; it should be known before the first request to its base."""
    limits: VllmLimits = VllmLimits()
    """How the engine runs; the first model of a folder sets it."""

    def model_post_init(self, context: Any, /) -> None:
        """Make the adapter known, so that the engine starts with room for it."""
        super().model_post_init(context)
        self.engine().expect(self.adapter)

    @property
    def _llm_type(self) -> str:
        return "intercoder-vllm"

    @property
    def _adapter_digest(self) -> str:
        return self.adapter.digest if self.adapter is not None else ""

    def engine(self) -> VllmEngine:
        """The engine that this model shares with others of its folder; it starts with the first request."""
        return shared_vllm(self.path, self.limits)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return self._result(self.engine().ask_blocking(self._request(messages, stop, kwargs)))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return self._result(await self.engine().ask(self._request(messages, stop, kwargs)))

    def _request(
        self, messages: Sequence[BaseMessage], stop: Sequence[str] | None, options: Mapping[str, Any]
    ) -> VllmRequest:
        temperature, top_p = options.get("temperature"), options.get("top_p")
        return VllmRequest(
            turns=[turn_of(message) for message in messages],
            max_tokens=int(options.get("max_tokens") or self.max_tokens),
            temperature=self.temperature if temperature is None else float(temperature),
            top_p=self.top_p if top_p is None else float(top_p),
            seed=options.get("seed"),
            stop=tuple(stop or ()),
            schema=schema_of(options.get("response_format")),
            adapter=self.adapter,
        )

    def _result(self, reply: VllmReply) -> ChatResult:
        return chat_result(
            reply.text,
            reply.finish_reason,
            name=self._model_name,
            read=reply.input_tokens,
            written=reply.output_tokens,
        )
