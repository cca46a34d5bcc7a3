"""Starting vLLM's engine: the environment it is told of, its arguments, and what to do if it does not start."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import psutil

from intercoder.core.errors import ModelError
from intercoder.core.study import VllmLimits
from intercoder.llms import torch_environment
from intercoder.llms.adapters import Adapter
from intercoder.llms.embedded.chat_tokens import ChatEncoder
from intercoder.llms.vllm.vllm_adapters import room_for
from intercoder.llms.vllm.vllm_log import last_words, new_log, written_to

if TYPE_CHECKING:
    from vllm.v1.engine.async_llm import AsyncLLM

CPU_CACHE_GIB = "2"
"""Memory for keys and values on a machine without a GPU, unless VLLM_CPU_KVCACHE_SPACE says otherwise."""

GRACE = 0.2
"""Seconds that vLLM's processes get to end by themselves."""

_QUIET = {
    # vLLM reports its use to its makers otherwise.
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    # A fork of a process that has threads may hang.
    "VLLM_WORKER_MULTIPROC_METHOD": "spawn",
}
_MEMORY = re.compile(
    r"out of memory|cannot allocate|can't allocate|No available memory|KV cache|free memory|Not enough memory",
    re.IGNORECASE,
)


class StartedEngine(NamedTuple):
    """vLLM's engine at work, and what is known of it."""

    llm: AsyncLLM
    encoder: ChatEncoder
    context: int
    """Most tokens of a prompt and its answer."""
    rank: int
    """Greatest rank of an adapter; 0 where it takes none."""
    seeds: bool
    """Whether a request may have a seed of its own."""
    log: Path
    adapters: frozenset[str] | None
    """Digests of the only adapters that it takes; None where it takes any of that rank."""
    workers: tuple[psutil.Process, ...] = ()
    """The processes that its own has begun."""

    def takes(self, adapter: Adapter | None) -> bool:
        """Whether there is room for the adapter."""
        if adapter is None:
            return True
        return adapter.rank <= self.rank and (self.adapters is None or adapter.digest in self.adapters)

    def end(self) -> None:
        """End its processes, with little patience: they hold nothing that would be lost."""
        self.llm.shutdown(timeout=GRACE)
        # It would do so again when the interpreter ends, and complain that half of it is gone by then.
        self.llm.shutdown = lambda timeout=None: None
        # Workers of an engine that was killed may wait for it for ever, with all the memory that they hold.
        _, left = psutil.wait_procs(self.workers, timeout=GRACE)
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def start(path: Path, limits: VllmLimits, adapters: Sequence[Adapter]) -> StartedEngine:
    """Start an engine. Takes from half a minute to some minutes.

    The thread that calls this has to live as long as the engine: on Linux an engine ends with it.

    Args:
        path: Folder of the weights, with tokenizer and chat template.
        limits: Context, memory, processors.
        adapters: Those it must have room for.

    Raises:
        ModelError: vLLM cannot run this model, or memory does not suffice; its log's last words are told.
    """
    torch_environment.prepare()
    os.environ.update(_QUIET)
    log = new_log(path.name)
    with written_to(log):
        try:
            return _start(path, limits, adapters, log)
        except ModelError:
            raise
        except Exception as error:  # Whatever goes wrong in there, its log says it best.
            raise _not_started(path, log, error) from error


def _start(path: Path, limits: VllmLimits, adapters: Sequence[Adapter], log: Path) -> StartedEngine:
    from transformers import AutoTokenizer
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.platforms import current_platform
    from vllm.usage.usage_lib import UsageContext
    from vllm.v1.engine.async_llm import AsyncLLM

    encoder = ChatEncoder(AutoTokenizer.from_pretrained(path, local_files_only=True), path.name)
    cpu = bool(current_platform.is_cpu())
    if cpu:
        os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", CPU_CACHE_GIB)
    arguments: dict[str, Any] = {
        "model": str(path),
        "dtype": limits.dtype,
        "tensor_parallel_size": limits.gpus,
        "gpu_memory_utilization": limits.memory,
        "enable_prefix_caching": True,
        "disable_log_stats": True,
        # Compiling takes minutes on a processor and gains little there.
        "enforce_eager": cpu,
    }
    arguments |= room_for(adapters, cpu=cpu)
    longest = AsyncEngineArgs(**arguments).create_model_config().max_model_len
    context = min(limits.context, longest)
    # Batches as large as vLLM makes them for many prompts at once, not as small as for people who wait.
    llm = AsyncLLM.from_engine_args(
        AsyncEngineArgs(**arguments, max_model_len=context), usage_context=UsageContext.LLM_CLASS
    )
    # vLLM's processor build dies over a request with a seed: its generators know no offset.
    return StartedEngine(
        llm=llm,
        encoder=encoder,
        context=context,
        rank=arguments.get("max_lora_rank", 0),
        # vLLM's processor build dies over a request with a seed: its generators know no offset.
        seeds=not cpu,
        log=log,
        adapters=frozenset(adapter.digest for adapter in adapters) if cpu else None,
        workers=tuple(_workers(llm)),
    )


def _workers(llm: AsyncLLM) -> Iterator[psutil.Process]:
    """What the engine's processes have begun; nothing where this vLLM keeps its processes elsewhere."""
    resources = getattr(llm.engine_core, "resources", None)
    for engine in getattr(getattr(resources, "engine_manager", None), "processes", ()):
        with contextlib.suppress(psutil.NoSuchProcess):
            yield from psutil.Process(engine.pid).children(recursive=True)


def _not_started(path: Path, log: Path, error: Exception) -> ModelError:
    words = last_words(log)
    own = " ".join(str(error).split())
    if "Engine core init" not in own and own not in words:
        words = own if not words else f"{own} / {words}"
    if _MEMORY.search(words):
        remedy = (
            "Give a smaller `context` or another `memory` under [limits.vllm] in study.toml, close other programs, "
            "or choose a smaller model."
        )
    else:
        remedy = f"Its whole log: {log}"
    return ModelError(f"vLLM could not start. It said: {words[:600]}", where=path.name, remedy=remedy)
