"""One vLLM engine per base model, shared by all models of this process and by all their event loops.

The engine lives on a thread with an event loop of its own: graphs are run with several event loops one after the
other, and some callers have none. Batching is vLLM's.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import itertools
import multiprocessing
import threading
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from intercoder.core.errors import EndpointStopped, IntercoderError, ModelError
from intercoder.core.study import VllmLimits
from intercoder.llms.adapters import Adapter
from intercoder.llms.embedded.chat_tokens import Turn
from intercoder.llms.embedded.engine import PromptTooLong
from intercoder.llms.embedded.grammar import grammar_text
from intercoder.llms.vllm import vllm_start
from intercoder.llms.vllm.vllm_log import last_words
from intercoder.llms.vllm.vllm_start import GRACE, StartedEngine

if TYPE_CHECKING:
    from vllm.lora.request import LoRARequest
    from vllm.outputs import RequestOutput
    from vllm.sampling_params import SamplingParams

Result = TypeVar("Result")

PROCESS = "EngineCore"
"""What vLLM calls the process that does the work."""
PATIENCE = 50
"""How many times vLLM's own patience it is waited until its processes have ended."""


class VllmRequest(NamedTuple):
    """One answer wanted."""

    turns: Sequence[Turn]
    max_tokens: int
    temperature: float
    top_p: float
    seed: int | None = None
    stop: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None
    adapter: Adapter | None = None


class VllmReply(NamedTuple):
    """One answer got."""

    text: str
    input_tokens: int
    output_tokens: int
    finish_reason: str
    """`stop` for a complete answer, `length` for one cut off at `max_tokens`."""


class VllmEngine:
    """A base model in vLLM, started with the first request.

    Args:
        path: Folder of the weights, with tokenizer and chat template.
        limits: Context, memory, processors.
    """

    def __init__(self, path: Path, limits: VllmLimits) -> None:
        self.path = path
        self.limits = limits
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._adapters: dict[str, Adapter] = {}
        self._numbers = itertools.count(1)
        # What follows is touched on the engine's own thread alone.
        self._started: StartedEngine | None = None
        self._being_started = False
        self._failure: IntercoderError | None = None
        self._loading: dict[str, asyncio.Future[LoRARequest]] = {}
        self._asking = 0
        self._idle: asyncio.Event | None = None
        self._starting: asyncio.Lock | None = None

    def expect(self, adapter: Adapter | None = None) -> None:
        """Tell that requests will come, with this adapter. An engine that had stopped may be started again."""
        with self._lock:
            if adapter is not None:
                self._adapters[adapter.digest] = adapter
            loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self._forget_failure)

    async def ask(self, request: VllmRequest) -> VllmReply:
        """The reply to one request.

        Raises:
            PromptTooLong: Prompt and answer would not fit into the context; both sizes are named.
            ModelError: vLLM cannot start, or cannot enforce the schema or load the adapter.
            EndpointStopped: The engine died; its log's last words are told.
        """
        return await asyncio.wrap_future(self._submit(self._answer(request)))

    def ask_blocking(self, request: VllmRequest) -> VllmReply:
        """As `ask`, for a caller without an event loop."""
        return self._submit(self._answer(request)).result()

    def close(self) -> None:
        """End the engine's processes. Requests under way get an error; another request starts them again."""
        if self._loop is None:
            return
        stopping = self._submit(self._stop())
        for _ in range(PATIENCE):
            with contextlib.suppress(TimeoutError):
                stopping.result(timeout=GRACE)
                return
            if self._being_started:
                # Nobody is there to stop it yet, and the interpreter would wait for it at its end.
                for child in multiprocessing.active_children():
                    if child.name.startswith(PROCESS):
                        child.kill()

    def _submit(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name=f"vLLM {self.path.name}", daemon=True).start()
                atexit.register(self.close)
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _forget_failure(self) -> None:
        self._failure = None

    async def _answer(self, request: VllmRequest) -> VllmReply:
        async with self._engine_for(request.adapter) as engine:
            prompt = self._prompt(engine, request)
            parameters = _parameters(engine, request)
            lora = None if request.adapter is None else await self._lora(engine, request.adapter)
            output = await self._generate(engine, prompt, parameters, lora)
        written = output.outputs[0]
        return VllmReply(
            text=written.text if request.stop else engine.encoder.decode(written.token_ids),
            input_tokens=len(prompt),
            output_tokens=len(written.token_ids),
            finish_reason=written.finish_reason or "",
        )

    @contextlib.asynccontextmanager
    async def _engine_for(self, adapter: Adapter | None) -> Any:
        """The engine at work, with room for the adapter; held until the request is answered."""
        self._starting = self._starting or asyncio.Lock()
        self._idle = self._idle or asyncio.Event()
        async with self._starting:
            if self._started is not None and not self._started.takes(adapter):
                # It came after the start: the engine has no room for it, and is started anew with room.
                while self._asking:
                    self._idle.clear()
                    await self._idle.wait()
                await self._stop()
            engine = self._started or self._start()
            self._asking += 1
        try:
            yield engine
        finally:
            self._asking -= 1
            if not self._asking:
                self._idle.set()

    def _start(self) -> StartedEngine:
        if self._failure is not None:
            raise self._failure
        with self._lock:
            adapters = list(self._adapters.values())
        self._being_started = True
        try:
            self._started = vllm_start.start(self.path, self.limits, adapters)
        except IntercoderError as failure:
            # All who wait would only try again, one after the other.
            self._failure = failure
            raise
        finally:
            self._being_started = False
        return self._started

    async def _stop(self) -> None:
        started, self._started = self._started, None
        self._loading = {}
        if started is not None:
            started.end()

    def _prompt(self, engine: StartedEngine, request: VllmRequest) -> list[int]:
        ids = engine.encoder.encode(request.turns)
        if len(ids) + request.max_tokens > engine.context:
            raise PromptTooLong(
                f"The prompt has {len(ids)} tokens and the answer may take {request.max_tokens}, "
                f"but the model's context holds {engine.context}.",
                where=self.path.name,
                remedy="Use smaller segments or fewer examples, or, if the model can take more, "
                "a larger `context` under [limits.vllm].",
            )
        return ids

    async def _lora(self, engine: StartedEngine, adapter: Adapter) -> LoRARequest:
        if adapter.digest not in self._loading:
            self._loading[adapter.digest] = asyncio.ensure_future(self._load(engine, adapter))
        try:
            return await asyncio.shield(self._loading[adapter.digest])
        except IntercoderError:
            self._loading.pop(adapter.digest, None)
            raise

    async def _load(self, engine: StartedEngine, adapter: Adapter) -> LoRARequest:
        from vllm.lora.request import LoRARequest
        from vllm.v1.engine.exceptions import EngineDeadError

        request = LoRARequest(f"{adapter.path.name}-{adapter.digest}", next(self._numbers), str(adapter.path))
        try:
            # By itself: an adapter that fails to load with its first request takes the engine along.
            await engine.llm.add_lora(request)
        except EngineDeadError as error:
            raise self._died(engine) from error
        except Exception as error:
            words = " ".join(str(error).split())[-300:]
            raise ModelError(
                f"vLLM cannot load the adapter: {words}",
                where=str(adapter.path),
                remedy="Use an adapter of the linear layers of its own base.",
            ) from error
        return request

    async def _generate(
        self, engine: StartedEngine, prompt: list[int], parameters: SamplingParams, lora: LoRARequest | None
    ) -> RequestOutput:
        from vllm import TokensPrompt
        from vllm.v1.engine.exceptions import EngineDeadError

        name, last = f"request-{next(self._numbers)}", None
        try:
            # To its end: a generator that is left in the middle holds the engine for good.
            async for output in engine.llm.generate(
                TokensPrompt(prompt_token_ids=prompt), parameters, name, lora_request=lora
            ):
                last = output
        except EngineDeadError as error:
            raise self._died(engine) from error
        if last is None:
            raise ModelError("vLLM gave no answer.", where=self.path.name)
        return last

    def _died(self, engine: StartedEngine) -> IntercoderError:
        """What all who ask are told, until a new run asks."""
        if self._started is engine:
            self._started = None
            self._loading = {}
            self._failure = EndpointStopped(
                f"vLLM stopped. Its log ends: {last_words(engine.log)}",
                where=self.path.name,
                remedy=f"What was answered is kept. See {engine.log}, then `intercoder resume`.",
            )
            engine.end()
        assert self._failure is not None
        return self._failure


def _parameters(engine: StartedEngine, request: VllmRequest) -> SamplingParams:
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams

    drawn = request.temperature > 0
    constraint = None
    if request.schema is not None:
        constraint = StructuredOutputsParams(grammar=grammar_text(request.schema))
    return SamplingParams(
        max_tokens=request.max_tokens,
        temperature=request.temperature,
        top_p=request.top_p if drawn else 1.0,
        seed=request.seed if drawn and engine.seeds else None,
        stop=list(request.stop),
        structured_outputs=constraint,
        output_kind=RequestOutputKind.FINAL_ONLY,
        # The answer's tokens become text here, as in the other backends.
        detokenize=bool(request.stop),
    )


_ENGINES: dict[Path, VllmEngine] = {}
_ENGINES_LOCK = threading.Lock()


def shared_vllm(path: Path, limits: VllmLimits) -> VllmEngine:
    """The process's one engine for that folder; the first caller's limits count."""
    with _ENGINES_LOCK:
        return _ENGINES.setdefault(path, VllmEngine(path, limits))


def end_all() -> None:
    """End the processes of all engines, for programs that need their memory for something else."""
    with _ENGINES_LOCK:
        engines = list(_ENGINES.values())
    for engine in engines:
        engine.close()
