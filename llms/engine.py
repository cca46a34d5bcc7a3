"""One chat model in this process, answering many requests in one batch."""

from __future__ import annotations

import atexit
import random
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from intercoder.core.errors import ModelError
from intercoder.llms.batching import BatcherClosed, MicroBatcher, Ticket
from intercoder.llms.chat_tokens import ChatEncoder, Turn
from intercoder.llms.grammar import GrammarMaker, RowGrammars
from intercoder.llms.sampling import Sampling, choose
from intercoder.llms.threads import wait_quietly

if TYPE_CHECKING:
    import torch
    import xgrammar


class ModelRequest(NamedTuple):
    """One answer wanted."""

    prompt: tuple[int, ...]
    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    grammar: xgrammar.CompiledGrammar | None = None


class ModelReply(NamedTuple):
    """One answer got."""

    text: str
    output_tokens: int
    finish_reason: str
    """`stop` for a complete answer, `length` for one cut off at `max_tokens`."""


ModelTicket: TypeAlias = Ticket[ModelRequest, ModelReply]


class Engine:
    """A causal language model from a local folder, its tokenizer and grammars.

    Args:
        path: An ordinary checkpoint (safetensors) with tokenizer and chat template.
        batch_size: Most answers written at the same time.

    Raises:
        ModelError: The folder is not a usable model.
    """

    def __init__(self, path: Path, batch_size: int) -> None:
        wait_quietly()
        from transformers import AutoTokenizer

        self.path = path
        tokenizer = _load(AutoTokenizer, path)
        self.encoder = ChatEncoder(tokenizer, path.name)
        self._model = _load_model(path)
        config = self._model.config
        self.vocabulary = int(config.vocab_size)
        self.context = int(getattr(config, "max_position_embeddings", 1 << 30))
        self._stop_tokens = _stop_tokens(self._model, tokenizer)
        self.grammars = GrammarMaker(tokenizer, self.vocabulary, self._stop_tokens)
        self._closing = threading.Event()
        self.batcher: MicroBatcher[ModelRequest, ModelReply] = MicroBatcher(
            self._answer, size=batch_size, name=f"model {path.name}"
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

    def _answer(self, tickets: Sequence[ModelTicket]) -> None:
        import torch

        with torch.inference_mode():
            _Writing(self, tickets).run()


class _Writing:
    """One batch while it is written."""

    def __init__(self, engine: Engine, tickets: Sequence[ModelTicket]) -> None:
        self.engine = engine
        self.tickets = list(tickets)
        questions = [ticket.question for ticket in tickets]
        self.written: list[list[int]] = [[] for _ in tickets]
        self.sampling = [
            Sampling(question.temperature, question.top_p, random.Random(question.seed)) for question in questions
        ]
        self.grammars = RowGrammars([question.grammar for question in questions], engine.vocabulary)

    def run(self) -> None:
        import torch
        from transformers import DynamicCache

        prompts = [list(ticket.question.prompt) for ticket in self.tickets]
        longest = max(map(len, prompts))
        ids = torch.tensor([[0] * (longest - len(p)) + p for p in prompts])
        seen = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts])
        cache: Any = DynamicCache(config=self.engine._model.config)
        position = (seen.cumsum(-1) - 1).clamp(min=0)
        while self.tickets:
            if self.engine._closing.is_set():
                raise BatcherClosed("The program is ending.")
            logits = self.engine._model(
                input_ids=ids,
                attention_mask=seen,
                position_ids=position,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            ).logits[:, -1, :]
            tokens = self.step(logits.float())
            keep = [row for row, ticket in enumerate(self.tickets) if ticket.wanted]
            if len(keep) < len(self.tickets):
                self.drop(keep)
                tokens = [tokens[row] for row in keep]
                seen, position = seen[keep], position[keep]
                if keep:
                    cache.batch_select_indices(torch.tensor(keep))
            ids = torch.tensor(tokens).unsqueeze(1)
            seen = torch.cat([seen, seen.new_ones(len(tokens), 1)], dim=1)
            position = position[:, -1:] + 1

    def step(self, logits: torch.Tensor) -> list[int]:
        self.grammars.mask(logits)
        tokens = choose(logits, self.sampling)
        complete = self.grammars.accept(tokens)
        for row, token in enumerate(tokens):
            self.take(row, token, complete[row])
        return tokens

    def take(self, row: int, token: int, complete: bool) -> None:
        question, written = self.tickets[row].question, self.written[row]
        stopped = token in self.engine._stop_tokens
        if not stopped:
            written.append(token)
        text = self.engine.encoder.decode(written) if question.stop else ""
        cuts = [at for stop in question.stop if (at := text.find(stop)) >= 0]
        if stopped or complete or cuts or len(written) >= question.max_tokens:
            reason = "stop" if stopped or complete or cuts else "length"
            text = text[: min(cuts)] if cuts else self.engine.encoder.decode(written)
            self.tickets[row].answer(ModelReply(text, len(written), reason))

    def drop(self, keep: list[int]) -> None:
        self.tickets = [self.tickets[row] for row in keep]
        self.written = [self.written[row] for row in keep]
        self.sampling = [self.sampling[row] for row in keep]
        self.grammars.keep(keep)


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


def _load_model(path: Path) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    model = _load(AutoModelForCausalLM, path, dtype=torch.bfloat16 if _has_fast_bfloat16() else torch.float32)
    return model.eval()


def _has_fast_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 natively; elsewhere float32 is faster."""
    try:
        flags = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def _stop_tokens(model: Any, tokenizer: Any) -> tuple[int, ...]:
    declared = model.generation_config.eos_token_id
    ids = declared if isinstance(declared, list) else [declared]
    return tuple(dict.fromkeys(i for i in [*ids, tokenizer.eos_token_id] if i is not None))
