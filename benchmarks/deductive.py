"""Deductive coding: our graph against the bare client, what prompts share, and what a small revision costs.

Three sets of figures:

1. A local stub server answers every request after one second. 150 segments x 13 codes that do not exclude one
   another at concurrency 64 through the graph (study on disk), against a bare asyncio loop that sends the very same
   1,950 prompts with the bare client at the same concurrency. Wall time, ratio.
2. From those prompts: how much of a prompt is the same in all questions about one code, and so is computed once by
   a server that caches prefixes. In characters, and in tokens as dry runs estimate them.
3. A codebook's development in memory: calls of the first round, and of the round after a revision of one code.

    python benchmarks/deductive.py [--segments 150] [--codes 13] [--concurrency 64] [--delay 1.0]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import takewhile
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.orchestration import URL, answering, bare, server
from benchmarks.reporting import report
from benchmarks.studies import filled_study, settings
from intercoder.core.codebook import Code, Codebook, CodeExample

WORDS = (
    "cost",
    "skill",
    "time",
    "parts",
    "waste",
    "habit",
    "pride",
    "help",
    "tools",
    "law",
    "shops",
    "age",
    "trust",
)


def book(codes: int) -> Codebook:
    """So many codes, each with a definition, rules and examples as people write them."""
    return Codebook(version=1, codes=tuple(_code(place) for place in range(codes)))


def _code(place: int) -> Code:
    word = f"{WORDS[place % len(WORDS)]} {place}"
    return Code(
        id=f"c{place}",
        label=word,
        definition=f"The person says that {word} is a reason to repair a thing, or not to.",
        include=(f"Somebody else's {word}, if the person reports it.",),
        exclude=(f"The {word} of anything that cannot be repaired.",),
        examples=(CodeExample(text=f"In the end it was a matter of {word}."),),
        negative_examples=(CodeExample(text=f"I read about {word} once."),),
    )


def serve(pipe: Connection, delay: float) -> None:
    """The stub server, in a process of its own."""
    from tests.llms.endpoints.fault_server import says

    reply = json.dumps({"quote": "", "reason": "It says so in the text.", "decision": "No"})
    answering(pipe, delay, lambda body: says(reply))


def over_http(segments: int, codes: int, concurrency: int, delay: float) -> dict[str, dict[str, float]]:
    """Wall time of the graph and of the bare client over the same prompts, and what the prompts share."""
    with server(delay, serve) as (url, pipe), tempfile.TemporaryDirectory() as place:
        text = settings(URL.format(url=url), concurrency=concurrency)
        _code_all(Path(place) / "warm", 4, codes, text)  # imports and first connections are not what is measured
        pipe.send("forget")
        graph, graph_cpu = _code_all(Path(place) / "study", segments, codes, text)
        pipe.send("what were you asked?")
        asked = pipe.recv()
        assert len(asked) == segments * codes, len(asked)
        began, cpu = time.perf_counter(), time.process_time()
        asyncio.run(bare(url, asked, concurrency))
        alone, bare_cpu = time.perf_counter() - began, time.process_time() - cpu
        pipe.send("thank you")
    return {
        "over HTTP, stub answers after a delay": {
            "calls": len(asked),
            "graph_seconds": graph,
            "bare_seconds": alone,
            "ratio": graph / alone,
            "graph_cpu_ms_per_call": 1000 * graph_cpu / len(asked),
            "bare_cpu_ms_per_call": 1000 * bare_cpu / len(asked),
        },
        "prompts": shared_prefix([messages for messages, _ in asked]),
    }


def _code_all(path: Path, segments: int, codes: int, text: str) -> tuple[float, float]:
    """Seconds, and seconds of CPU, that coding a new study takes."""
    from intercoder.core.codebooks.codebook_diff import diff
    from intercoder.graphs.jobs import execute
    from intercoder.stores.codebooks.revisions import revise_by_hand
    from intercoder.stores.corpus.samples import Scope
    from intercoder.stores.runs.deductions import create_deductive_run

    folder = filled_study(path, segments, text)
    made = revise_by_hand(folder.engine, folder.study.id, diff(Codebook(version=0), book(codes)), "benchmark")
    ids = [code.id for code in made.leaves]
    began, cpu = time.perf_counter(), time.process_time()
    result = execute(
        folder,
        lambda: create_deductive_run(folder.engine, folder.study, "final", made, ids, Scope()),
        lambda _: None,
    )
    assert result is not None, path
    assert result.run.failures == 0, result
    return time.perf_counter() - began, time.process_time() - cpu


def shared_prefix(prompts: Sequence[Sequence[Mapping[str, str]]]) -> dict[str, float]:
    """How much of the prompts is a prefix that all questions about the same code have in common."""
    from intercoder.llms.usage import estimate_tokens

    of_code: dict[str, list[str]] = defaultdict(list)
    for messages in prompts:
        last = messages[-1]["content"]
        code = next(line for line in last.splitlines() if line.startswith("Code: "))
        of_code[code].append("\n".join(f"{one['role']}\n{one['content']}" for one in messages))
    whole = [text for texts in of_code.values() for text in texts]
    common = [prefix for texts in of_code.values() for prefix in [_common(texts)] * len(texts)]
    everywhere = _common(whole)
    return {
        "characters_per_prompt": sum(map(len, whole)) / len(whole),
        "tokens_per_prompt": sum(map(estimate_tokens, whole)) / len(whole),
        "shared_share_of_characters": sum(map(len, common)) / sum(map(len, whole)),
        "shared_share_of_tokens": sum(map(estimate_tokens, common)) / sum(map(estimate_tokens, whole)),
        "shared_by_all_codes": len(everywhere) * len(whole) / sum(map(len, whole)),
    }


def _common(texts: Sequence[str]) -> str:
    """The longest beginning that all texts have: that of the first and the last in the order of characters."""
    first, last = min(texts), max(texts)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return first[: sum(1 for _ in same)]


def revised_round(segments: int, codes: int) -> dict[str, float]:
    """Calls of a development's first round, and of the round after a revision that touches one code."""
    from langgraph.checkpoint.memory import InMemorySaver
    from langgraph.types import Command

    from intercoder.core.agent_settings import CoderSettings
    from intercoder.core.deductive_settings import Development
    from intercoder.core.study import Study
    from intercoder.graphs import InMemoryDevelopmentStore, build_codevelopment, make_development_context
    from intercoder.llms.scripted import ScriptedChatModel
    from intercoder.stores.in_memory import InMemoryAnswerLog
    from intercoder.stores.in_memory_development import RUN

    first = book(codes).codes[0].label
    revision = {"evidence": [1], "rationale": "Plainer.", "kind": "definition", "text": "Whatever it costs."}
    calls = {"coder": 0, "reviser": 0}

    def answer(messages: Sequence[tuple[str, str]], schema: Mapping[str, Any] | None, seed: int | None) -> str:
        if "revisions" not in (schema or {})["properties"]:
            calls["coder"] += 1
            return json.dumps({"quote": "", "reason": "It says so.", "decision": "No"})
        calls["reviser"] += 1
        return json.dumps({"revisions": [revision] if f"Code: {first}\n" in messages[-1][1] else []})

    study = Study(
        id="study",
        question="Why repair?",
        coders=(CoderSettings(name="coder", model="given:scripted"),),
        development=Development(repeat=False, rounds=2),
    )
    store = InMemoryDevelopmentStore(study, [f"Text {n}." for n in range(segments)], book(codes))
    models = {"given:scripted": ScriptedChatModel(answer=answer)}
    context = make_development_context(study, store.run(RUN), store=store, log=InMemoryAnswerLog(), models=models)
    config: Any = {"configurable": {"thread_id": "1"}}
    graph = build_codevelopment(InMemorySaver())
    asyncio.run(graph.ainvoke({"run": RUN}, config, context=context))
    before = dict(calls)
    answers = {one.id: {"answer": "approve", "by": "benchmark"} for one in store.waiting(RUN)}
    assert len(answers) == 1, answers
    asyncio.run(graph.ainvoke(Command(resume={"answers": answers}), config, context=context))
    return {
        "first_round_coder_calls": before["coder"],
        "first_round_reviser_calls": before["reviser"],
        "next_round_coder_calls": calls["coder"] - before["coder"],
        "next_round_reviser_calls": calls["reviser"] - before["reviser"],
        "share_of_coder_calls": (calls["coder"] - before["coder"]) / before["coder"],
        "one_of_the_codes": 1 / codes,
    }


def main() -> None:
    """Measure and report."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--segments", type=int, default=150)
    arguments.add_argument("--codes", type=int, default=13)
    arguments.add_argument("--concurrency", type=int, default=64)
    arguments.add_argument("--delay", type=float, default=1.0)
    given = arguments.parse_args()
    figures = over_http(given.segments, given.codes, given.concurrency, given.delay)
    report(
        "deductive",
        {**figures, "a round after a revision of one code": revised_round(given.segments, given.codes)},
    )


if __name__ == "__main__":
    main()
