"""Items, candidates and models for tests of selecting and grids."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from intercoder.core.agent_settings import CoderSettings, Sampling
from intercoder.core.study import Study
from intercoder.llms.embeddings import HashingEmbedder
from intercoder.llms.scripted import ScriptedChatModel, material_of
from intercoder.stores.database import connect
from intercoder.stores.in_memory import text_segment
from intercoder.training.candidates import Candidate, candidates, ways
from intercoder.training.development_items import DevelopmentItem, items_of
from intercoder.training.pairs import Pair, Pairs
from intercoder.training.selection_source import Source

CODES = {
    "I mend my own clothes because nobody else does it well.": "pride in mending",
    "Shops no longer sell parts for the kettle.": "missing parts",
    "My neighbour borrowed our ladder.": "help among neighbours",
    "It was cheaper to buy a new one.": "price of repair",
}


class NoSynonyms:
    """A WordNet that knows no word."""

    def synsets(self, word: str) -> list[Any]:
        return []


def pairs(codes: Mapping[str, str] = CODES) -> Pairs:
    """One pair a text, each text a document of its own."""
    made = [
        Pair(place=f"line {n}", quote=text, code=code, segment=text_segment(n, text))
        for n, (text, code) in enumerate(codes.items(), 1)
    ]
    return Pairs(source="codes.jsonl", pairs=tuple(made))


def items() -> list[DevelopmentItem]:
    return items_of(pairs())


def embed(texts: Sequence[str]) -> np.ndarray[Any, Any]:
    with ThreadPoolExecutor(1) as other:  # a test may have a loop of its own in this thread
        return other.submit(asyncio.run, HashingEmbedder().embed(list(texts))).result()


def listed(*references: str, prompts: Sequence[str] = ("expert_angle",), shots: int = 0) -> list[Candidate]:
    asked = ways(prompts, [shots], ["full_stop"])
    return candidates([(one, asked) for one in references], Sampling())


def answering(label_of: Mapping[str, str]) -> ScriptedChatModel:
    """A model that gives each text its label; nothing to code where that is empty, no JSON where it is `?`."""

    def answer(messages: Any, schema: Any, seed: int | None) -> str:
        label = label_of[material_of(messages)["text"]]
        if label == "?":
            return "no idea"
        codes = [{"quote": "", "label": label, "reason": ""}] if label else []
        return json.dumps({"codes": codes})

    return ScriptedChatModel(answer=answer)


def source(codes: Mapping[str, str] = CODES, log: Path | None = None) -> Source:
    """A file's codes, with answers kept in memory or in a file."""
    engine = connect(f"sqlite:///{log or ':memory:'}", create=True)
    study = Study(id="s", question="Why?", coders=(CoderSettings(name="x", model="scripted:words"),))
    return Source(study, pairs(codes), engine, log or Path(":memory:"))
