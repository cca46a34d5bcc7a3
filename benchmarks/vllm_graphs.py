"""vLLM alone against our graph, in this process and over HTTP, on the same prompts in one run.

The graph codes short texts with three coders and an LLM moderator (study on disk, code memory, answer log). What it
asked is noted, and the very same prompts and schemas go to `LLM.generate` all at once. Then the graph runs again
against `vllm serve`, which keeps to schemas in its own way. Some of the prompts are also asked one after the other,
which is favoured: all of each prompt is in the engine's prefix cache by then. All at temperature 0; engines, what
prompts have in common, and grammars are warm before the clock starts. Tokens are those written.

Run it where `make test-vllm` runs, as it needs vLLM:

    .venv-vllm/bin/python benchmarks/vllm_graphs.py [--model smollm2-135m] [--segments 200] [--concurrency 256]
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

import sqlalchemy as sa

from benchmarks.reporting import report
from intercoder.agents import asking
from intercoder.core.documents import Document, Span
from intercoder.core.texts.sentences import sentence_starts
from intercoder.graphs.jobs import begin_inductive, execute
from intercoder.llms.embedded.chat_tokens import ChatEncoder, Turn
from intercoder.llms.embedded.grammar import grammar_text
from intercoder.llms.fetching.catalogue import model_path
from intercoder.llms.fetching.pulling import pull
from intercoder.stores.corpus.intake import Source, import_source
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.database import reading
from intercoder.stores.schema import answers
from intercoder.stores.study_folder import StudyFolder, create_study

INTERVIEWS = Path(__file__).parents[1] / "examples" / "interviews"
CODERS = ("expert_angle", "informal_request", "explicit_instruction")
CONTEXT = 2048
WARM = 6
"""Segments of the run before the clock starts."""


class Asked(NamedTuple):
    """One question as the graph asked it."""

    conversation: Sequence[tuple[str, str]]
    schema: Mapping[str, Any]
    max_tokens: int


class Measured(NamedTuple):
    """What one way took."""

    calls: int
    seconds: float
    tokens: int

    @property
    def rate(self) -> float:
        """Tokens written a second."""
        return self.tokens / self.seconds


def texts(count: int) -> list[str]:
    """So many different texts of one to three sentences from the bundled interviews."""
    sentences = []
    for file in sorted(INTERVIEWS.glob("*.txt")):
        for paragraph in filter(str.strip, file.read_text("utf-8").splitlines()):
            starts = [*sentence_starts(paragraph, "en"), len(paragraph)]
            sentences += [paragraph[start:stop].strip() for start, stop in itertools.pairwise(starts)]
    windows = [
        " ".join(sentences[at : at + length]) for length in (2, 1, 3) for at in range(len(sentences) - length + 1)
    ]
    distinct = list(dict.fromkeys(window for window in windows if window))
    if len(distinct) < count:
        raise SystemExit(f"The interviews give {len(distinct)} texts at most.")
    return distinct[:count]


def study(path: Path, model: str, texts: Sequence[str], concurrency: int) -> StudyFolder:
    """A study with these texts, three coders and a moderator of one model."""
    sampling = "sampling = {temperature = 0.0, top_p = 1.0, max_tokens = 160}"
    text = f"""
question = "How do people come to repair things?"
[embedding]
model = "scripted:hashing"
[limits]
concurrency = {concurrency}
timeout = 3600.0
[limits.vllm]
context = {CONTEXT}
[[moderators]]
name = "moderator"
kind = "llm"
model = "{model}"
{sampling}
"""
    for name in CODERS:
        text += f'[[coders]]\nname = "{name}"\nprompt = "{name}"\nmodel = "{model}"\n{sampling}\n'
    folder = create_study(path, text)
    source = Source(name="texts", sha256=str(len(texts)), options={}, unit="row")
    import_source(folder.engine, folder.study.id, source, _documents(texts), _whole, [])
    return folder


def _documents(texts: Sequence[str]) -> Iterator[Document]:
    for place, text in enumerate(texts):
        yield Document(name=f"texts#{place}", source="texts", key=str(place), text=text)


def _whole(document: Document) -> list[Span]:
    return [Span(start=0, end=len(document.text))]


def graph(model: str, given: Sequence[str], concurrency: int) -> tuple[Measured, list[Asked], list[Asked]]:
    """Run the graph; what it took, and what it asked before the clock started and after."""
    with tempfile.TemporaryDirectory() as place:
        asked = _noted()
        warm = study(Path(place) / "warm", model, given[-WARM:], concurrency)
        execute(warm, lambda: begin_inductive(warm, Scope()), lambda _: None)
        before = list(asked)
        asked.clear()
        folder = study(Path(place) / "study", model, given[:-WARM], concurrency)
        began = time.perf_counter()
        result = execute(folder, lambda: begin_inductive(folder, Scope()), lambda _: None)
        seconds = time.perf_counter() - began
        assert result is not None
        print(f"  failures: {result.run.failures}", flush=True)
        with reading(folder.engine) as connection:
            tokens = connection.execute(sa.select(sa.func.sum(answers.c.output_tokens))).scalar_one()
    return Measured(len(asked), seconds, int(tokens)), before, list(asked)


def _noted() -> list[Asked]:
    """From now on, all that agents ask."""
    asked: list[Asked] = []
    bare = getattr(asking.call, "bare", asking.call)

    async def call(model: Any, conversation: Any, **options: Any) -> Any:
        asked.append(Asked(conversation, options["schema"], options["sampling"].max_tokens))
        return await bare(model, conversation, **options)

    call.bare = bare  # type: ignore[attr-defined]
    asking.call = call  # type: ignore[assignment]
    return asked


def alone(folder: Path, before: Sequence[Asked], asked: Sequence[Asked]) -> Measured:
    """The loop of `LLM.generate` over all prompts at once."""
    from transformers import AutoTokenizer
    from vllm import LLM, SamplingParams, TokensPrompt
    from vllm.sampling_params import StructuredOutputsParams

    encoder = ChatEncoder(AutoTokenizer.from_pretrained(folder), folder.name)
    engine = LLM(str(folder), max_model_len=CONTEXT, enforce_eager=True, enable_prefix_caching=True)

    def generate(questions: Sequence[Asked]) -> int:
        prompts = [
            TokensPrompt(prompt_token_ids=encoder.encode([Turn(*turn) for turn in one.conversation]))
            for one in questions
        ]
        parameters = [
            SamplingParams(
                temperature=0.0,
                max_tokens=one.max_tokens,
                structured_outputs=StructuredOutputsParams(grammar=grammar_text(one.schema)),
            )
            for one in questions
        ]
        return sum(len(out.outputs[0].token_ids) for out in engine.generate(prompts, parameters, use_tqdm=False))

    generate(before)
    began = time.perf_counter()
    tokens = generate(asked)
    measured = Measured(len(asked), time.perf_counter() - began, tokens)
    engine.llm_engine.engine_core.shutdown()
    return measured


def one_by_one(reference: str, asked: Sequence[Asked]) -> Measured:
    """The same engine in this process, each question after the answer to the one before."""
    from intercoder.core.agent_settings import Sampling
    from intercoder.core.study import Limits, Privacy
    from intercoder.llms.calling import call
    from intercoder.llms.factory import chat_model

    model = chat_model(reference, sampling=Sampling(), limits=Limits(), privacy=Privacy(), api_key_env="NONE")

    async def main() -> int:
        tokens = 0
        for one in asked:
            sampling = Sampling(temperature=0.0, top_p=1.0, max_tokens=one.max_tokens)
            reply = await call(model, one.conversation, schema=one.schema, name="x", sampling=sampling, seed=0)
            tokens += reply.output_tokens
        return tokens

    began = time.perf_counter()
    tokens = asyncio.run(main())
    return Measured(len(asked), time.perf_counter() - began, tokens)


def over_http(folder: Path, name: str, given: Sequence[str], concurrency: int) -> Measured:
    """The graph against a server of the same model."""
    from tests.vllm.serving import Server

    with tempfile.TemporaryDirectory() as place:
        server = Server(folder, name, CONTEXT, Path(place) / "server.log", "--max-num-seqs", "256")
        try:
            server.wait_until_ready()
            return graph(f"openai:{name}@{server.url}", given, concurrency)[0]
        finally:
            server.kill()


def main() -> None:
    """Measure and report."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--model", default="smollm2-135m")
    arguments.add_argument("--segments", type=int, default=200)
    arguments.add_argument("--concurrency", type=int, default=256)
    arguments.add_argument("--serial", type=int, default=24)
    options = arguments.parse_args()

    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "2")
    pull(options.model, report=print)
    folder, reference = model_path(options.model), f"vllm:{options.model}"
    given = texts(options.segments + WARM)

    ways: dict[str, Measured] = {}
    ways["graph in process"], before, asked = graph(reference, given, options.concurrency)
    _told("graph in process", ways)
    # Evenly from all, so that coders and moderators are asked as often as in the whole.
    ways["one after the other"] = one_by_one(reference, asked[:: max(1, len(asked) // options.serial)])
    _told("one after the other", ways)
    _end_engines()
    ways["engine alone"] = alone(folder, before, asked)
    _told("engine alone", ways)
    ways["graph over HTTP"] = over_http(folder, options.model, given, options.concurrency)
    _told("graph over HTTP", ways)

    figures = {
        name: {"calls": one.calls, "seconds": one.seconds, "tokens": one.tokens, "tokens_per_second": one.rate}
        for name, one in ways.items()
    }
    engine = ways["engine alone"].rate
    figures["ratio to the engine alone"] = {
        "segments": options.segments,
        "in process (aim 0.95)": ways["graph in process"].rate / engine,
        "over HTTP (aim 0.85)": ways["graph over HTTP"].rate / engine,
        "one after the other": ways["one after the other"].rate / engine,
    }
    report("vllm_graphs", figures)


def _told(name: str, ways: Mapping[str, Measured]) -> None:
    one = ways[name]
    print(f"{name}: {one.calls} calls, {one.tokens} tokens, {one.rate:.1f} tokens/s", flush=True)


def _end_engines() -> None:
    from intercoder.llms.vllm.vllm_engine import end_all

    end_all()


if __name__ == "__main__":
    main()
