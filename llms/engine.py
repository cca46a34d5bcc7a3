"""One chat model in this process, answering many requests in one batch."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from intercoder.core.errors import ModelError
from intercoder.llms import packed
from intercoder.llms.batching import BatcherClosed, MicroBatcher
from intercoder.llms.chat_tokens import ChatEncoder, Turn
from intercoder.llms.grammar import GrammarMaker
from intercoder.llms.threads import wait_quietly
from intercoder.llms.writing import ModelReply, ModelRequest, Writer


class Engine:
    """A causal language model from a local folder, its tokenizer and grammars.

    Args:
        path: An ordinary checkpoint (safetensors) with tokenizer and chat template.
        batch_size: Most answers written at the same time.
        dtype: `bfloat16` or `float32`; by default whichever is faster on this processor.

    Raises:
        ModelError: The folder is not a usable model.
    """

    def __init__(self, path: Path, batch_size: int, dtype: str = "") -> None:
        wait_quietly()
        from transformers import AutoTokenizer

        self.path = path
        tokenizer = _load(AutoTokenizer, path)
        self.encoder = ChatEncoder(tokenizer, path.name)
        self._model = _load_model(path, dtype or _fastest_dtype())
        config = self._model.config
        self.vocabulary = int(config.vocab_size)
        self.context = int(getattr(config, "max_position_embeddings", 1 << 30))
        stop_tokens = _stop_tokens(self._model, tokenizer)
        self.grammars = GrammarMaker(tokenizer, self.vocabulary, stop_tokens)
        self._closing = threading.Event()
        self._writer = Writer(self._model, self.encoder.decode, stop_tokens, self._go_on)
        self.batcher: MicroBatcher[ModelRequest, ModelReply] = MicroBatcher(
            self._writer.write, size=batch_size, name=f"model {path.name}"
        )

    def prompt(self, turns: Sequence[Turn], max_tokens: int) -> tuple[int, ...]:
        """Token ids of a chat.

        Raises:
            ModelError: Prompt and answer would not fit into the model's context; both sizes are named.
        """
        ids = tuple(self.encoder.encode(turns))
        if len(ids) + max_tokens > self.context:
            raise ModelError(
                f"The prompt has {len(ids)} tokens and the answer may take {max_tokens}, "
                f"but the model's context holds {self.context}.",
                where=self.path.name,
                remedy="Use smaller segments, fewer examples or a model with a longer context.",
            )
        return ids

    def close(self) -> None:
        """Stop after the token that is being written, and refuse further requests."""
        self._closing.set()
        self.batcher.close()

    def _go_on(self) -> None:
        if self._closing.is_set():
            raise BatcherClosed("The program is ending.")


_ENGINES: dict[Path, Engine] = {}
_LOADING = threading.Lock()


def shared_engine(path: Path, batch_size: int) -> Engine:
    """The process's one engine for that folder; the first caller's batch size counts."""
    path = path.resolve()
    with _LOADING:
        if path not in _ENGINES:
            _ENGINES[path] = Engine(path, batch_size)
            atexit.register(_ENGINES[path].close)
        return _ENGINES[path]


def _load(auto: Any, path: Path, **options: Any) -> Any:
    try:
        return auto.from_pretrained(path, local_files_only=True, trust_remote_code=False, **options)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"The folder is not a usable model: {error}", where=str(path)) from error


def _load_model(path: Path, dtype: str) -> Any:
    from transformers import AutoModelForCausalLM

    packed.register()
    return _load(AutoModelForCausalLM, path, dtype=dtype, attn_implementation=packed.ATTENTION).eval()


def _fastest_dtype() -> str:
    """bfloat16 where the processor multiplies it natively; elsewhere float32 is faster."""
    try:
        flags = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return "float32"
    return "bfloat16" if "avx512_bf16" in flags or "amx_bf16" in flags else "float32"


def _stop_tokens(model: Any, tokenizer: Any) -> tuple[int, ...]:
    declared = model.generation_config.eos_token_id
    ids = declared if isinstance(declared, list) else [declared]
    return tuple(dict.fromkeys(i for i in [*ids, tokenizer.eos_token_id] if i is not None))
