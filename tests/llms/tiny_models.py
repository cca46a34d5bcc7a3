"""Models with random weights, made in a moment: they say nothing sensible, but always the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "initializer_range": 0.3,
}


def tokenizer(template: str | None = TEMPLATE) -> Any:
    """A tokenizer of bytes and a few longer words, with control tokens and one added word that is none."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate(letters)}
    merges = []
    for word in ("ĊĊ", "th", "the", "co", "de", "code"):
        parts = {"the": ("th", "e"), "code": ("co", "de")}.get(word, (word[0], word[1]))
        merges.append(parts)
        vocabulary[word] = len(vocabulary)
    inner = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=inner, eos_token=CONTROL[2], pad_token=CONTROL[0], additional_special_tokens=[CONTROL[1]]
    )
    wrapped.add_tokens(["<tool_call>", "    "])
    wrapped.chat_template = template
    return wrapped


def save(folder: Path, kind: str = "llama", template: str | None = TEMPLATE, **options: Any) -> Path:
    """Write a model of that kind to a folder, as `save_pretrained` does."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    words = tokenizer(template)
    torch.manual_seed(7)
    config = AutoConfig.for_model(
        kind,
        **SIZES | {"vocab_size": len(words), "eos_token_id": words.eos_token_id, "bos_token_id": None} | options,
    )
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def answer_schema(**lengths: int) -> dict[str, Any]:
    """A schema of an object with bounded strings."""
    return {
        "type": "object",
        "properties": {name: {"type": "string", "maxLength": most} for name, most in lengths.items()},
        "required": list(lengths),
        "additionalProperties": False,
    }


def response_format(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema as OpenAI's parameter."""
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}}


def is_compact(text: str) -> bool:
    """Whether a JSON text has no optional white space."""
    return text == json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))
