"""Orchestration: our graph against the bare client on the same prompts, and our own CPU time per call.

Two figures, both from one run on this machine:

1. A local stub server answers every request after one second. 400 segments x 3 coders + 1 moderator at
   concurrency 64 through the graph (study on disk, code memory, everything), against a bare asyncio loop that
   sends the very same 1,600 prompts with the bare client at the same concurrency. Wall time, ratio.
2. A scripted model in memory: CPU seconds of the whole graph per model call, and of the scripted model alone.

    python benchmarks/orchestration.py [--segments 400] [--concurrency 64] [--delay 1.0]
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.reporting import report
from benchmarks.studies import filled_study, settings

URL = "openai:stub@{url}"


def serve(pipe: Connection, delay: float) -> None:
    """The stub server, in a process of its own; sends its address, then on each message what it was asked."""
    from tests.llms.endpoints.fault_server import says

    def answer(body: dict[str, Any]) -> Any:
        schema = body["response_format"]["json_schema"]["schema"]["properties"]
        text = "".join(character for character in body["messages"][-1]["content"][-400:] if character.isalpha())
        label = f"about {text[-12:].lower()}"
        if "codes" in schema:
            return says(f'{{"codes":[{{"label":"{label}","reason":"It says so.","quote":""}}]}}')
        return says(f'{{"choices":[{{"chosen_from":"new","label":"{label}","reason":"It fits best."}}]}}')

    answering(pipe, delay, answer)


def answering(pipe: Connection, delay: float, answer: Callable[[dict[str, Any]], Any]) -> None:
    """Serve until the pipe has asked three times: forget what came before, tell what came since, stop."""
    from tests.llms.endpoints.fault_server import FaultServer

    with FaultServer(answer, delay=delay) as server:
        pipe.send(server.url)
        pipe.recv()
        warm = len(server.requests)
        pipe.recv()
        bodies = list(server.requests)[warm:]
        pipe.send([(body["messages"], body["response_format"]) for body in bodies])
        pipe.recv()


@contextmanager
def server(delay: float, serve: Callable[[Connection, float], None] = serve) -> Iterator[tuple[str, Connection]]:
    """Start a stub server in a process of its own."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, delay), daemon=True)
    process.start()
    try:
        yield ours.recv(), ours
    finally:
        process.terminate()
        process.join()


def over_http(segments: int, concurrency: int, delay: float) -> dict[str, float]:
    """Wall time of the graph and of the bare client over the same prompts."""
    from intercoder.graphs.jobs import begin_inductive, execute
    from intercoder.stores.corpus.samples import Scope

    with server(delay) as (url, pipe), tempfile.TemporaryDirectory() as place:
        model = URL.format(url=url)
        text = settings(model, moderator="llm", concurrency=concurrency)
        warm = filled_study(Path(place) / "warm", 4, text)  # imports and first connections are not what is measured
        execute(warm, lambda: begin_inductive(warm, Scope()), lambda _: None)
        folder = filled_study(Path(place) / "study", segments, text)
        pipe.send("forget")
        began, cpu = time.perf_counter(), time.process_time()
        result = execute(folder, lambda: begin_inductive(folder, Scope()), lambda _: None)
        graph, graph_cpu = time.perf_counter() - began, time.process_time() - cpu
        assert result is not None and result.run.failures == 0, result
        pipe.send("what were you asked?")
        asked = pipe.recv()
        began, cpu = time.perf_counter(), time.process_time()
        asyncio.run(bare(url, asked, concurrency))
        alone, bare_cpu = time.perf_counter() - began, time.process_time() - cpu
        pipe.send("thank you")
    return {
        "calls": len(asked),
        "graph_seconds": graph,
        "bare_seconds": alone,
        "ratio": graph / alone,
        "graph_cpu_ms_per_call": 1000 * graph_cpu / len(asked),
        "bare_cpu_ms_per_call": 1000 * bare_cpu / len(asked),
    }


async def bare(url: str, asked: list[Any], concurrency: int) -> None:
    """Send the same prompts with the bare client."""
    import httpx
    from langchain_openai import ChatOpenAI

    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    async with httpx.AsyncClient(trust_env=False, limits=limits) as client:
        model = ChatOpenAI(model="stub", base_url=url, api_key="none", http_async_client=client, max_retries=0)
        slots = asyncio.Semaphore(concurrency)

        async def one(messages: Any, response_format: Any) -> None:
            async with slots:
                await model.ainvoke(messages, response_format=response_format)

        await asyncio.gather(*(one(*question) for question in asked))


def in_memory(segments: int) -> dict[str, float]:
    """CPU time per call of the graph with a scripted model, and of the scripted model alone."""
    from intercoder.agents.answers import coder_schema
    from intercoder.core.agent_settings import Sampling
    from intercoder.core.study_toml import parse_study
    from intercoder.graphs import code_inductively
    from intercoder.llms.calling import call
    from intercoder.llms.scripted import ScriptedChatModel

    study = parse_study(settings("scripted:words", moderator="llm", concurrency=64))
    texts = [f"Person {n} repairs the broken toaster number {n * 7919} at home." for n in range(segments)]
    code_inductively(texts[:20], question="warm", study=study)
    cpu = time.process_time()
    code_inductively(texts, question="what", study=study)
    whole = time.process_time() - cpu

    async def alone() -> None:
        model = ScriptedChatModel()
        schema = coder_schema(1)
        for text in texts:
            await call(model, [("user", text)], schema=schema, name="coder", sampling=Sampling(), seed=1)

    cpu = time.process_time()
    asyncio.run(alone())
    model = time.process_time() - cpu
    calls = segments * 4
    return {
        "calls": calls,
        "cpu_ms_per_call": 1000 * whole / calls,
        "scripted_model_ms_per_call": 1000 * model / segments,
        "own_cpu_ms_per_call": 1000 * (whole / calls - model / segments),
    }


def main() -> None:
    """Measure and report."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--segments", type=int, default=400)
    arguments.add_argument("--concurrency", type=int, default=64)
    arguments.add_argument("--delay", type=float, default=1.0)
    given = arguments.parse_args()
    report(
        "orchestration",
        {
            "over HTTP, stub answers after a delay": over_http(given.segments, given.concurrency, given.delay),
            "in memory, scripted model": in_memory(given.segments),
        },
    )


if __name__ == "__main__":
    main()
