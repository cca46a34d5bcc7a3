"""A checkpoint folder as a model that is ready to write."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from intercoder.core.errors import IntercoderError, ModelError
from intercoder.llms import torch_environment
from intercoder.llms.embedded import packed, selfcheck
from intercoder.llms.embedded.adapted import merged
from intercoder.llms.embedded.chat_tokens import ChatEncoder
from intercoder.llms.embedded.packed_model import PackedModel
from intercoder.llms.embedded.weights import lay_out

_UNBOUNDED = 1 << 30


class LoadedModel(NamedTuple):
    """A model in memory with all that is needed to ask it."""

    encoder: ChatEncoder
    tokenizer: Any
    model: PackedModel
    stop_tokens: tuple[int, ...]
    """Ids that end an answer."""
    token_bytes: int
    """Memory that one token takes in keys and values of all layers."""
    context: int
    """Most tokens of a prompt and its answer."""


def load(path: Path, dtype: str = "", adapter: Path | None = None) -> LoadedModel:
    """Load a causal language model from a local folder; the network is never asked.

    Args:
        path: An ordinary checkpoint (safetensors) with tokenizer and chat template.
        dtype: `bfloat16` or `float32`; by default whichever is faster on this processor.
        adapter: Folder of a LoRA adapter that is merged into the weights, which rounds the sum to `dtype`.

    Raises:
        ModelError: The folder is not a usable model, or a model of a kind that cannot be run here.
    """
    dtype = dtype or fastest_dtype()
    tokenizer, encoder = load_words(path)
    model = load_weights(path, dtype, attention="eager")
    if adapter is not None:
        model = merged(model, adapter)
    model.eval()
    config = model.config.get_text_config()
    vocabulary = int(model.get_output_embeddings().weight.shape[0])
    packed_model = PackedModel(model, vocabulary)
    try:
        wanted = selfcheck.expected(model, vocabulary)
        packed.register()
        model.set_attn_implementation(packed.ATTENTION)
        lay_out(model)
        fits = selfcheck.agrees(packed_model, wanted, dtype)
    except IntercoderError:
        raise
    except Exception as error:  # Whatever an unknown architecture may raise, the remedy is the same.
        raise _foreign(path, config) from error
    if not fits:
        raise _foreign(path, config)
    return LoadedModel(
        encoder=encoder,
        tokenizer=tokenizer,
        model=packed_model,
        stop_tokens=_stop_tokens(model, tokenizer),
        token_bytes=_token_bytes(config, model.dtype.itemsize),
        context=_context(config),
    )


def load_words(path: Path) -> tuple[Any, ChatEncoder]:
    """A checkpoint's tokenizer (transformers), and the encoder of its chats.

    Raises:
        ModelError: The folder is not a usable model, or has no chat template.
    """
    torch_environment.prepare()
    from transformers import AutoTokenizer

    tokenizer = _from_folder(AutoTokenizer, path)
    return tokenizer, ChatEncoder(tokenizer, path.name)


def load_weights(path: Path, dtype: str, attention: str = "sdpa") -> Any:
    """A checkpoint's model as transformers has it.

    Raises:
        ModelError: The folder is not a usable model.
    """
    torch_environment.prepare()
    from transformers import AutoModelForCausalLM

    return _from_folder(AutoModelForCausalLM, path, dtype=dtype, attn_implementation=attention)


def fastest_dtype() -> str:
    """bfloat16 where the processor multiplies it natively; elsewhere float32 is faster."""
    try:
        flags = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return "float32"
    return "bfloat16" if "avx512_bf16" in flags or "amx_bf16" in flags else "float32"


def _from_folder(auto: Any, path: Path, **options: Any) -> Any:
    try:
        return auto.from_pretrained(
            path, local_files_only=True, trust_remote_code=False, **({"use_safetensors": True} | options)
        )
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"The folder is not a usable model: {error}",
            where=str(path),
            remedy="It must hold config.json, tokenizer.json and weights as safetensors.",
        ) from error


def _stop_tokens(model: Any, tokenizer: Any) -> tuple[int, ...]:
    declared = model.generation_config.eos_token_id
    ids = declared if isinstance(declared, list) else [declared]
    return tuple(dict.fromkeys(number for number in [*ids, tokenizer.eos_token_id] if number is not None))


def _context(config: Any) -> int:
    """Most tokens the model can look back on; with sliding windows, as many as one window holds."""
    sizes = [getattr(config, "max_position_embeddings", None)]
    kinds = getattr(config, "layer_types", None) or ("sliding_attention",)
    if "sliding_attention" in kinds and getattr(config, "use_sliding_window", True):
        sizes.append(getattr(config, "sliding_window", None))
    return min((int(size) for size in sizes if size), default=_UNBOUNDED)


def _token_bytes(config: Any, item: int) -> int:
    """Memory that one token of a row takes in keys and values of all layers."""
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return int(2 * config.num_hidden_layers * heads * width * item)


def _foreign(path: Path, config: Any) -> ModelError:
    return ModelError(
        f"Models of this kind ({getattr(config, 'model_type', 'unknown')}) cannot be run inside this process.",
        where=str(path),
        remedy="Serve it with vLLM, Ollama or llama.cpp and name it as openai:MODEL@http://127.0.0.1:PORT/v1.",
    )
