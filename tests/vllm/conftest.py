"""A model that vLLM runs, in this process and behind servers of its own; each is started once."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from intercoder.core.agent_settings import CoderSettings, ModeratorSettings, Sampling
from intercoder.core.deductive_settings import Deduction, DeductiveCoderSettings, DeductiveModerator
from intercoder.core.study import Embedding, Limits, Study, VllmLimits
from intercoder.llms.fetching.catalogue import model_path
from intercoder.llms.fetching.pulling import pull
from tests.vllm.adapters import random_adapter
from tests.vllm.serving import Server

NAME = "smollm2-135m"
CONTEXT = 2048
SAMPLING = Sampling(temperature=0.0, top_p=1.0, max_tokens=400)
"""Enough tokens for the longest answer that a schema allows, so that none is cut off."""


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """A checkpoint small enough to be run on a processor."""
    # Tests start several engines on one machine.
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    pull(NAME, report=print)
    return model_path(NAME)


@pytest.fixture(scope="session")
def adapters(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two adapters that change answers in different ways."""
    folder = tmp_path_factory.mktemp("adapters")
    return [random_adapter(smollm2, folder / name, seed) for seed, name in enumerate(("one", "other"))]


@pytest.fixture(scope="session")
def servers(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    """Two servers of the same model; the last test that uses them kills one."""
    folder = tmp_path_factory.mktemp("servers")
    started = [Server(smollm2, NAME, CONTEXT, folder / f"server-{place}.log") for place in range(2)]
    try:
        for server in started:
            server.wait_until_ready()
        yield started
    finally:
        for server in started:
            server.kill()


def study_with(model: str, *, coders: tuple[str, ...] = ()) -> Study:
    """Three coders and a moderator that is a model too, of one reference or of one a coder."""
    prompts = ("expert_angle", "informal_request", "explicit_instruction")
    references = coders or (model,) * 3
    return Study(
        question="What do people say about repair?",
        coders=tuple(
            CoderSettings(name=prompt, prompt=prompt, model=reference, sampling=SAMPLING, shots=2, seed=place)
            for place, (prompt, reference) in enumerate(zip(prompts, references, strict=True))
        ),
        moderators=(ModeratorSettings(name="moderator", kind="llm", model=model, sampling=SAMPLING),),
        embedding=Embedding(model="scripted:hashing"),
        deductive=Deduction(
            coders=tuple(
                DeductiveCoderSettings(name=name, model=model, sampling=SAMPLING) for name in ("first", "second")
            ),
            moderator=DeductiveModerator(kind="llm", model=model, sampling=SAMPLING),
        ),
        limits=Limits(concurrency=32, timeout=1800.0, vllm=VllmLimits(context=CONTEXT)),
    )


TEXTS = (
    "I mend my own bicycle because the shop takes a week and wants more than it is worth.",
    "My neighbour showed me how to solder; since then I repair radios for the whole street.",
    "They no longer sell the part, so the washing machine went to the dump.",
    "At the repair cafe I met people who think like me.",
    "Honestly, a new one was cheaper than looking for somebody who can do it.",
)
CODEBOOK = {
    "cost": "Somebody weighs prices, time or trouble.",
    "learning": "Somebody learns how a thing is repaired.",
}
