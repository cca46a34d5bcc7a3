import asyncio
import math
from pathlib import Path
from typing import Any

import pytest

from intercoder.agents.session import Slots
from intercoder.core.agent_settings import CoderSettings
from intercoder.core.errors import InputError, SettingsError
from intercoder.core.protocols import LoggedAnswer
from intercoder.core.study import Study
from intercoder.llms.scripted import ScriptedChatModel
from intercoder.stores.in_memory import InMemoryAnswerLog
from intercoder.training.development_items import draw_items
from intercoder.training.selection import Selection, rank
from intercoder.training.trying import Asking, Tried
from intercoder.training.trying_all import try_all
from tests.training.selecting import CODES, NoSynonyms, answering, embed, items, listed

STUDY = Study(id="s", question="Why?", coders=(CoderSettings(name="x", model="scripted:words"),))
GOOD, POOR, SHY, MUTE, WILD = (f"hf:{name}" for name in ("good", "poor", "shy", "mute", "wild"))
MODELS = {
    GOOD: answering(CODES),
    POOR: answering(dict.fromkeys(CODES, "stuff")),
    SHY: answering({text: code if n == 0 else "" for n, (text, code) in enumerate(CODES.items())}),
    MUTE: answering(dict.fromkeys(CODES, "")),
    WILD: answering({text: code if n == 0 else "?" for n, (text, code) in enumerate(CODES.items())}),
}


class Stopped(Exception):
    """What ends a process in the middle."""


class StoppingLog(InMemoryAnswerLog):
    """Breaks off, as a killed process does, after so many answers."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.left = after

    async def put(self, answer: LoggedAnswer) -> None:
        if not self.left:
            raise Stopped
        self.left -= 1
        await super().put(answer)


async def ask(log: InMemoryAnswerLog, *references: str, round_: int = 1, **options: Any) -> dict[str, Tried]:
    asking = Asking(log, Slots(2), round_)
    return await try_all(STUDY, listed(*references), items(), asking, models=MODELS, **options)


async def chosen(*references: str, k: int = 3) -> Selection:
    tried = await ask(InMemoryAnswerLog(), *references)
    return rank(listed(*references), items(), tried, k, embed=embed, encoder=None, wordnet=NoSynonyms())


async def test_who_says_what_people_said_comes_first() -> None:
    found = await chosen(POOR, SHY, GOOD, k=2)
    assert [one.candidate.coder.model for one in found.ranked] == [GOOD, SHY, POOR]
    assert [coder.model for coder in found.coders] == [GOOD, SHY]
    assert found.ranked[0].standing.means["rouge1"] == 1
    assert [coder.weight for coder in found.coders] == [1.0, 0.25]


async def test_nothing_to_code_where_people_coded_is_a_miss_as_a_failure_is() -> None:
    found = {one.candidate.coder.model: one for one in (await chosen(SHY, WILD, GOOD)).ranked}
    assert (found[SHY].empty, found[SHY].failures) == (3, 0)
    assert (found[WILD].empty, found[WILD].failures) == (0, 3)
    for measure in ("rouge1", "cosine"):
        assert found[SHY].standing.means[measure] == found[WILD].standing.means[measure] > 0
        assert found[SHY].standing.means[measure] == pytest.approx(found[GOOD].standing.means[measure] / 4)


async def test_of_equals_the_earlier_candidate_stays() -> None:
    assert [coder.model for coder in (await chosen(SHY, WILD, k=1)).coders] == [SHY]
    assert [coder.model for coder in (await chosen(WILD, SHY, k=1)).coders] == [WILD]


async def test_what_a_person_should_know_is_told() -> None:
    notes = " ".join((await chosen(MUTE, k=3)).notes)
    assert "With 4 items" in notes
    assert "only 1 candidates to keep 3 of" in notes
    assert "coded nothing at all: mute-expert_angle-0" in notes


async def test_a_selection_that_was_stopped_asks_nothing_twice() -> None:
    log = StoppingLog(after=5)
    with pytest.raises(Stopped):
        await ask(log, GOOD, POOR)
    log.left = 100
    resumed = await ask(log, GOOD, POOR)
    assert sum(one.asked for one in resumed.values()) == 3
    assert {name: one.labels for name, one in resumed.items()} == {
        name: one.labels for name, one in (await ask(InMemoryAnswerLog(), GOOD, POOR)).items()
    }
    again = await ask(log, GOOD, POOR)
    assert sum(one.asked for one in again.values()) == 0
    assert [one.tokens for one in again.values()] == [one.tokens for one in resumed.values()]


async def test_failures_are_asked_again_in_the_next_round_only() -> None:
    log = InMemoryAnswerLog()
    first = await ask(log, WILD)
    assert (len(next(iter(first.values())).failures), len(log.answers)) == (3, 7)
    assert next(iter((await ask(log, WILD)).values())).asked == 0
    second = next(iter((await ask(log, WILD, round_=2)).values()))
    assert (second.asked, len(second.failures)) == (6, 3)


async def test_no_more_questions_are_in_flight_than_slots() -> None:
    flying, most = 0, 0

    class Counting(ScriptedChatModel):
        async def _agenerate(self, *arguments: Any, **options: Any) -> Any:
            nonlocal flying, most
            flying += 1
            most = max(most, flying)
            await asyncio.sleep(0)
            try:
                return self._generate(*arguments, **options)
            finally:
                flying -= 1

    asking = Asking(InMemoryAnswerLog(), Slots(2))
    await try_all(STUDY, listed(GOOD), items(), asking, models={GOOD: Counting()})
    assert most == 2


async def test_a_prompt_that_is_not_there_is_told_before_anything_is_asked() -> None:
    log = InMemoryAnswerLog()
    candidates = [*listed(GOOD), *listed(POOR, prompts=["nope"])]
    with pytest.raises(SettingsError, match="nope"):
        await try_all(STUDY, candidates, items(), Asking(log, Slots(2)), models=MODELS)
    assert log.answers == []


async def test_progress_counts_questions_of_all_candidates() -> None:
    events: list[dict[str, Any]] = []
    await ask(InMemoryAnswerLog(), GOOD, POOR, listen=events.append)
    assert events[0] == {"kind": "begin", "run": "select", "round": 1, "done": 0, "total": 8, "unit": "question"}
    progress = [one for one in events if one["kind"] == "progress"]
    assert [one["done"] for one in progress] == list(range(1, 9))
    assert progress[-1]["calls"] == 8


async def test_times_are_of_what_was_asked_now() -> None:
    log = InMemoryAnswerLog()
    for known in (False, True):
        tried = await ask(log, GOOD)
        (one,) = rank(listed(GOOD), items(), tried, embed=None, encoder=None, wordnet=NoSynonyms()).ranked
        assert math.isnan(one.seconds) == known


def test_items_of_documents_that_an_adapter_learnt_from_are_left_out() -> None:
    seen = {items()[0].segment.document_id}
    assert [one.segment.text for one in draw_items(items(), None, seed=0, spared=seen)] == list(CODES)[1:]
    with pytest.raises(InputError, match="people coded 3; 1 more are of documents that an adapter was trained on"):
        draw_items(items(), 4, seed=0, spared=seen)
    with pytest.raises(InputError, match="no item to try"):
        draw_items(items(), None, seed=0, spared={one.segment.document_id for one in items()})


def test_the_same_seed_draws_the_same_items_whatever_their_order() -> None:
    forth, back = draw_items(items(), 2, seed=3), draw_items(items()[::-1], 2, seed=3)
    assert {one.segment.id for one in forth} == {one.segment.id for one in back}


@pytest.mark.embedded
def test_a_real_model_is_tried(tmp_path: Path) -> None:
    """SmolLM2 zero-shot and with examples on two items."""
    from intercoder.llms.fetching.catalogue import model_path
    from intercoder.llms.fetching.pulling import pull

    for name in ("smollm2-135m", "minilm-l6"):
        pull(name, report=print)
    few = items()[:2]
    candidates = [*listed("embedded:smollm2-135m"), *listed("embedded:smollm2-135m", shots=2)]
    tried = asyncio.run(try_all(STUDY, candidates, few, Asking(InMemoryAnswerLog(), Slots(4))))
    found = rank(candidates, few, tried, k=1, embed=embed, encoder=model_path("minilm-l6"), wordnet=NoSynonyms())
    assert len(found.coders) == 1
    assert sum(one.failures for one in found.ranked) == 0
    assert 0 <= found.ranked[0].standing.means["bertscore_f1"] <= 1
