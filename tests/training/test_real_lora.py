"""A real model learns from real codes: the loss falls, and the adapter changes what it answers."""

import asyncio
import csv
import hashlib
import json
from pathlib import Path

import pytest

from intercoder.agents.coder import Coder
from intercoder.agents.means import Means
from intercoder.agents.subgraph import standalone_session
from intercoder.core.agent_settings import CoderSettings, Sampling
from intercoder.core.decisions import Answer
from intercoder.llms.adapters import read_adapter
from intercoder.llms.fetching.pulling import pull
from intercoder.training.lora import train
from intercoder.training.pairs import Pairs, load_pairs
from intercoder.training.settings import LoraSettings
from tests.training.adapting import write_lines

pytest.importorskip("peft")
pytestmark = [pytest.mark.embedded, pytest.mark.shared]

BASE = "embedded:smollm2-135m"
SETTINGS = LoraSettings(batch_size=2, max_steps=5, checkpoint_every=5, learning_rate=1e-3, warmup=0, held_out=0.2)
MOST = 12
"""Codes that are learnt from; of answers that are short, since a step costs what is read."""


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Pairs:
    """Codes of survey answers on games; those that final tables are made on are left out."""
    with (shared_data / "games_as_art" / "responses.csv").open(encoding="utf-8", newline="") as stream:
        rows = [
            row
            for row in csv.DictReader(stream)
            if int(hashlib.sha256(row["id"].encode()).hexdigest(), 16) % 3 and len(row["why_art"]) < 120
        ]
    lines = [
        {"quote": row["why_art"], "code": code, "document": row["id"]}
        for row in rows
        for code in row["human_codes"].split(";")
    ]
    return load_pairs(write_lines(tmp_path_factory.mktemp("pairs") / "games.jsonl", lines[:MOST]))


def answers(reference: str, pairs: Pairs) -> list[Answer]:
    """What the model says about some texts."""
    sampling = Sampling(temperature=0, top_p=1, max_tokens=200)
    settings = CoderSettings(name="x", model=reference, shots=0, sampling=sampling)
    coder = Coder(settings, Means(reference=reference, question="Why is a game art?"))

    async def ask_all() -> list[Answer]:
        session = standalone_session()
        return await asyncio.gather(*[coder.code(pair.segment, session) for pair in pairs.pairs[:1]])

    return asyncio.run(ask_all())


def test_real_codes_are_learnt_and_change_answers(pairs: Pairs, tmp_path: Path) -> None:
    pull("smollm2-135m", report=print)
    means = Means(reference=BASE, question="Why is a game art?")
    coder = CoderSettings(name="games", model=BASE, shots=0)
    trained = train(pairs, SETTINGS, coder=coder, means=means, out=tmp_path / "games")
    losses = trained.card.losses
    assert losses.held_out_before is not None
    assert losses.held_out_after is not None
    assert losses.held_out_after < 0.9 * losses.held_out_before
    assert read_adapter(trained.adapter).base == "smollm2-135m"
    config = json.loads((trained.adapter / "adapter_config.json").read_text("utf-8"))
    assert (config["r"], config["lora_alpha"], config["lora_dropout"], config["bias"]) == (16, 32, 0.05, "none")
    plain = [answer.suggestions for answer in answers(BASE, pairs)]
    changed = [answer.suggestions for answer in answers(f"{BASE}#{trained.adapter}", pairs)]
    assert plain != changed
