"""The embedded backend against bare batched `generate` of transformers with xgrammar, in one run.

The questions are those of three coders about the bundled interviews, to the same schema, at temperature 0, in
batches of the same size. Ours are many concurrent `ainvoke` calls of the chat model, in the order in which a
graph asks; the bare loop gets its prompts sorted by length, which favours it. Models and grammars are loaded
before the clock starts, and nothing is kept from one round to the next.

    python benchmarks/embedded.py [--model qwen2.5-coder-0.5b] [--questions 60] [--batch 32] [--rounds 1]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.reporting import report
from intercoder.agents.coder import Coder
from intercoder.agents.means import Means
from intercoder.core.agent_settings import CoderSettings
from intercoder.core.documents import Segment
from intercoder.llms.embedded.embedded import EmbeddedChatModel
from intercoder.llms.embedded.prefixes import PrefixMemory
from intercoder.llms.fetching.catalogue import model_path
from intercoder.llms.fetching.pulling import pull

INTERVIEWS = Path(__file__).parents[1] / "examples" / "interviews"
CODERS = ("expert_angle", "informal_request", "impersonalization")
LIMIT = 160
"""Most tokens of an answer."""


class Asked(NamedTuple):
    """One question as it goes to a model."""

    messages: list[tuple[str, str]]
    schema: Mapping[str, Any]


class Measured(NamedTuple):
    """What one way took."""

    seconds: float
    processor: float
    """Processor seconds of all threads."""
    tokens: int
    """Written, not read."""


def questions(model: EmbeddedChatModel, count: int) -> list[Asked]:
    """Questions of three coders about speaker turns, segment by segment."""
    means = Means(question="How do people come to repair things?", model=model)
    coders = [Coder(CoderSettings(name=name, prompt=name), means) for name in CODERS]
    asked = []
    for number, (speaker, text) in enumerate(_turns()):
        segment = Segment(
            id=f"s_{number}",
            document_id="d",
            document="interviews",
            unit="turn",
            start=0,
            end=len(text),
            text=text,
            speaker=speaker,
        )
        for coder in coders:
            found = coder.question_about(segment)
            messages = [(message.role, message.content) for message in found.messages]
            asked.append(Asked(messages, found.schema))
    return asked[:count]


def _turns() -> list[tuple[str, str]]:
    lines = [line for file in sorted(INTERVIEWS.glob("*.txt")) for line in file.read_text("utf-8").splitlines()]
    turns = [line.split(": ", 1) for line in lines if ": " in line]
    return [(speaker, text) for speaker, text in turns if speaker != "Interviewer"]


def timed(work: Callable[[], int]) -> Measured:
    """Time work that returns the number of tokens written."""
    began, processor = time.perf_counter(), time.process_time()
    tokens = work()
    return Measured(time.perf_counter() - began, time.process_time() - processor, tokens)


def ours(model: EmbeddedChatModel, asked: list[Asked]) -> int:
    """All questions at once, one `ainvoke` each."""
    model.load()._writer.model.prefixes = PrefixMemory()

    async def ask(question: Asked) -> int:
        wrapped = {"type": "json_schema", "json_schema": {"name": "answer", "schema": question.schema}}
        reply = await model.ainvoke(question.messages, response_format=wrapped)
        return reply.usage_metadata["output_tokens"] if reply.usage_metadata else 0

    async def main() -> int:
        return sum(await asyncio.gather(*map(ask, asked)))

    return asyncio.run(main())


class Bare:
    """transformers' own `generate` with xgrammar's logits processor, left-padded batches."""

    def __init__(self, folder: Path, asked: list[Asked], batch: int) -> None:
        import json

        import torch
        import xgrammar
        from transformers import AutoModelForCausalLM, AutoTokenizer

        from intercoder.llms.embedded.loading import fastest_dtype

        self.words = AutoTokenizer.from_pretrained(folder, padding_side="left")
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, fastest_dtype()))
        info = xgrammar.TokenizerInfo.from_huggingface(self.words, vocab_size=self.model.config.vocab_size)
        self.grammar = xgrammar.GrammarCompiler(info).compile_json_schema(
            json.dumps(asked[0].schema), any_whitespace=False, separators=(",", ":")
        )
        self.prompts = sorted((self._rendered(question) for question in asked), key=len)
        self.batch = batch

    def _rendered(self, question: Asked) -> str:
        messages = [{"role": role, "content": text} for role, text in question.messages]
        return str(self.words.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))

    def __call__(self) -> int:
        """Answer everything; the number of tokens written."""
        import torch
        from xgrammar.contrib.hf import LogitsProcessor

        tokens = 0
        for start in range(0, len(self.prompts), self.batch):
            prompts = self.prompts[start : start + self.batch]
            inputs = self.words(prompts, return_tensors="pt", padding=True, add_special_tokens=False)
            with torch.inference_mode():
                out = self.model.generate(
                    **inputs,
                    max_new_tokens=LIMIT,
                    do_sample=False,
                    logits_processor=[LogitsProcessor(self.grammar)],
                )
            new = out[:, inputs["input_ids"].shape[1] :]
            ends = torch.tensor([self.words.eos_token_id, self.words.pad_token_id])
            tokens += int((~torch.isin(new, ends)).sum())
        return tokens


def main() -> None:
    """Run both ways and report."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--model", default="qwen2.5-coder-0.5b")
    arguments.add_argument("--questions", type=int, default=60)
    arguments.add_argument("--batch", type=int, default=32)
    arguments.add_argument("--rounds", type=int, default=1)
    options = arguments.parse_args()

    pull(options.model, report=print)
    folder = model_path(options.model)
    model = EmbeddedChatModel(name=options.model, path=folder, max_tokens=LIMIT, batch_size=options.batch)
    asked = questions(model, options.questions)
    model.load().grammars.compile(asked[0].schema)
    bare = Bare(folder, asked, options.batch)

    best: dict[str, Measured] = {}
    for _ in range(options.rounds):
        for name, work in (("embedded", lambda: ours(model, asked)), ("bare generate", bare)):
            measured = timed(work)
            print(f"{name}: {measured.tokens / measured.seconds:.1f} tokens/s", flush=True)
            if name not in best or measured.seconds < best[name].seconds:
                best[name] = measured
    figures = {name: _figures(measured, len(asked)) for name, measured in best.items()}
    rate = "tokens_per_second"
    figures["embedded / bare"] = {
        rate: figures["embedded"][rate] / figures["bare generate"][rate],
        "tokens_per_processor_second": figures["embedded"]["tokens_per_processor_second"]
        / figures["bare generate"]["tokens_per_processor_second"],
        "aim": 0.9,
    }
    report("embedded", figures)


def _figures(measured: Measured, count: int) -> dict[str, float]:
    return {
        "questions": count,
        "seconds": measured.seconds,
        "tokens_written": measured.tokens,
        "tokens_per_second": measured.tokens / measured.seconds,
        "tokens_per_processor_second": measured.tokens / measured.processor,
    }


if __name__ == "__main__":
    main()
