"""One chat model in this process, answering many requests in one batch."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from langchain_core.exceptions import ContextOverflowError

from intercoder.core.errors import ModelError
from intercoder.llms.batching import BatcherClosed, MicroBatcher
from intercoder.llms.embedded.chat_tokens import Turn
from intercoder.llms.embedded.grammar import GrammarMaker
from intercoder.llms.embedded.loading import load
from intercoder.llms.embedded.prefixes import shared_length
from intercoder.llms.embedded.requests import ModelReply, ModelRequest
from intercoder.llms.embedded.writing import ModelBatch, Writer
from intercoder.llms.once import Once


class PromptTooLong(ModelError, ContextOverflowError):
    """A prompt that does not fit into the model's context. It concerns one request; others may go on."""


class Engine:
    """A causal language model from a local folder, its grammars and its batches.

    Args:
        path: An ordinary checkpoint (safetensors) with tokenizer and chat template.
        batch_size: Most answers written at the same time.
        dtype: `bfloat16` or `float32`; by default whichever is faster on this processor.
        adapter: Folder of a LoRA adapter that is merged into the weights.

    Raises:
        ModelError: The folder is not a usable model.
    """

    def __init__(self, path: Path, batch_size: int, dtype: str = "", adapter: Path | None = None) -> None:
        self.path = path
        self.batch_size = batch_size
        loaded = load(path, dtype, adapter)
        loaded.model.go_on = self._go_on
        self.context = loaded.context
        self._encoder = loaded.encoder
        self.grammars = GrammarMaker(loaded.tokenizer, loaded.model.vocabulary, loaded.stop_tokens)
        self._writer = Writer(
            loaded.model, loaded.encoder.decode, loaded.stop_tokens, loaded.token_bytes, batch_size
        )
        self._closing = threading.Event()
        self._batcher: MicroBatcher[ModelRequest, ModelReply] = MicroBatcher(
            self._write,
            size=batch_size,
            likeness=lambda one, other: shared_length(one.prompt, other.prompt),
            name=f"model {path.name}",
        )

    def prompt(self, turns: Sequence[Turn], max_tokens: int) -> tuple[int, ...]:
        """Token ids of a chat.

        Raises:
            PromptTooLong: Prompt and answer would not fit into the model's context; both sizes are named.
        """
        ids = tuple(self._encoder.encode(turns))
        if len(ids) + max_tokens > self.context:
            raise PromptTooLong(
                f"The prompt has {len(ids)} tokens and the answer may take {max_tokens}, "
                f"but the model's context holds {self.context}.",
                where=self.path.name,
                remedy="Use smaller segments, fewer examples or a model with a longer context.",
            )
        return ids

    async def ask(self, request: ModelRequest) -> ModelReply:
        """The reply to one request, written in a batch with others.

        Raises:
            ModelError: Memory did not suffice for the batch.
            BatcherClosed: The program is ending.
        """
        return await self._batcher.ask(request)

    def ask_blocking(self, request: ModelRequest) -> ModelReply:
        """As `ask`, for a caller without an event loop."""
        return self._batcher.ask_blocking(request)

    def close(self) -> None:
        """Stop after the token that is being written, and refuse further requests."""
        self._closing.set()
        self._batcher.close()

    def _go_on(self) -> None:
        if self._closing.is_set():
            raise BatcherClosed("The program is ending.")

    def _write(self, batch: ModelBatch) -> None:
        try:
            self._writer.write(batch)
        except (MemoryError, RuntimeError) as error:
            if isinstance(error, MemoryError) or "allocate memory" in str(error):
                raise _out_of_memory(self.path, self.batch_size) from error
            raise


def _out_of_memory(path: Path, rows: int) -> ModelError:
    if rows == 1:
        remedy = "Close other programs, use smaller segments or a smaller model."
    else:
        remedy = f"Try batch_size={rows // 2}, or `concurrency = {rows // 2}` under [limits] in study.toml."
    return ModelError(f"Memory does not suffice to write {rows} answers at a time.", where=path.name, remedy=remedy)


class _Place(NamedTuple):
    """Which engine: folder and adapter alone, so that the first caller's batch size counts."""

    path: Path
    batch_size: int
    adapter: Path | None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Place) and (self.path, self.adapter) == (other.path, other.adapter)

    def __hash__(self) -> int:
        return hash((self.path, self.adapter))


def _start(place: _Place) -> Engine:
    engine = Engine(place.path, place.batch_size, adapter=place.adapter)
    atexit.register(engine.close)
    return engine


_ENGINES: Once[_Place, Engine] = Once(_start, name="model loading")


def shared_engine(path: Path, batch_size: int, adapter: Path | None = None) -> Engine:
    """The process's one engine for that folder and adapter; the first caller's batch size counts.

    Raises:
        ModelError: The folder is not a usable model.
    """
    return _ENGINES.get(_Place(path, batch_size, adapter))


async def shared_engine_async(path: Path, batch_size: int, adapter: Path | None = None) -> Engine:
    """As `shared_engine`, without keeping the event loop waiting."""
    return await _ENGINES.get_async(_Place(path, batch_size, adapter))
