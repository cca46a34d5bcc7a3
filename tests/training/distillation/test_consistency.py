"""Whether a coder finds in synthetic segments what they were written for."""

import json
from typing import Any

import pytest

from intercoder.agents.deductive_coder import DeductiveCoder
from intercoder.agents.session import Session, Slots
from intercoder.core.agent_settings import Sampling, default_coders
from intercoder.core.codebook import Codebook
from intercoder.core.deductive_settings import DeductiveCoderSettings
from intercoder.core.study import Study
from intercoder.core.synthetic import SyntheticSegment, Written
from intercoder.llms.scripted import ScriptedChatModel, material_of
from intercoder.stores.in_memory import InMemoryAnswerLog
from intercoder.training.distillation.consistency import consistent
from tests.training.distillation.synthesizing import BOOK, PRIDE, THRIFT

STUDY = Study(id="study", question="Why do people repair?", coders=default_coders("scripted:words"))


def written(text: str, value: Written = "yes", code_id: str = THRIFT.id) -> SyntheticSegment:
    return SyntheticSegment(
        id=f"y_{text}",
        origin="o",
        code_id=code_id,
        code_revision=1,
        codebook_version=2,
        value=value,
        call=0,
        text=text,
        temperature=0.7,
        seed=0,
    )


class Deciding(ScriptedChatModel):
    """Says what the text says, the first time; then what `later` says of it."""

    later: dict[str, str] = {}  # noqa: RUF012
    asked: list[tuple[str, int | None, float]] = []  # noqa: RUF012

    def _result(self, messages: Any, options: Any) -> Any:
        self.asked.append((messages[-1].content, options["seed"], options["temperature"]))
        return super()._result(messages, options)

    def _reply(self, messages: Any, schema: Any, seed: int | None) -> str:
        text = material_of(messages)["text"]
        decision = self.later.get(text, text) if seed and seed > 1 else text
        return json.dumps({"quote": "", "reason": "", "decision": decision})


def coder(model: Deciding, book: Codebook = BOOK, temperature: float = 0.0) -> DeductiveCoder:
    settings = DeductiveCoderSettings(shots=0, sampling=Sampling(temperature=temperature))
    return DeductiveCoder.of_study(STUDY, settings, book, model=model)


@pytest.fixture
def session() -> Session:
    return Session(InMemoryAnswerLog(), Slots(4), run="distill")


async def test_a_text_is_consistent_if_every_answer_repeats_what_it_was_written_for(session: Session) -> None:
    segments = [
        written("Yes"),
        written("No"),
        written("No", "no"),
        written("Yes", "no"),
        written("unsure"),
        written("unsure", "no"),
    ]
    book = BOOK.model_copy(update={"allow_unsure": True})
    model = Deciding(asked=[])
    assert await consistent(segments, 3, coder(model, book), session) == [True, False, True, False, False, False]


async def test_one_answer_that_differs_is_enough(session: Session) -> None:
    model = Deciding(later={"Yes": "No"}, asked=[])
    assert await consistent([written("Yes")], 1, coder(model), session) == [True]
    assert await consistent([written("Yes")], 2, coder(model), session) == [False]


async def test_a_text_that_was_not_repeated_is_asked_about_no_more(session: Session) -> None:
    model, told = Deciding(later={"Yes": "No"}, asked=[]), []
    segments = [written("No"), written("Yes"), written("No", "no"), written("No", "no", PRIDE.id)]
    found = await consistent(segments, 3, coder(model), session, lambda *counts: told.append(counts))
    assert found == [False, False, True, True]
    first = [(1, 4, 1), (2, 4, 1), (3, 4, 1), (4, 4, 1)]
    assert told == [*first, (1, 3, 2), (2, 3, 2), (3, 3, 2), (1, 2, 3), (2, 2, 3)]
    assert len(model.asked) == 9


async def test_it_is_asked_with_other_seeds_and_draws(session: Session) -> None:
    for temperature, drawn in ((0.0, 0.7), (0.3, 0.3)):
        model = Deciding(asked=[])
        await consistent([written("Yes")], 3, coder(model, temperature=temperature), session)
        assert [(seed, heat) for _, seed, heat in model.asked] == [(1, drawn), (2, drawn), (3, drawn)]


async def test_it_is_not_asked_twice(session: Session) -> None:
    model = Deciding(asked=[])
    for _ in range(2):
        await consistent([written("Yes"), written("No", "no")], 2, coder(model), session)
    assert len(model.asked) == 4


async def test_an_unusable_answer_repeats_nothing(session: Session) -> None:
    assert await consistent([written("perhaps"), written("Yes")], 1, coder(Deciding(asked=[])), session) == [
        False,
        True,
    ]


async def test_in_an_exclusive_book_the_code_must_be_chosen(session: Session) -> None:
    book = BOOK.model_copy(update={"exclusive": True})
    segments = [
        written("thrift"),
        written("pride"),
        written("pride", code_id=PRIDE.id),
        written("pride", "no"),
        written("thrift", "no"),
    ]
    found = await consistent(segments, 2, coder(Deciding(asked=[]), book), session)
    assert found == [True, False, True, True, False]


async def test_without_texts_nobody_is_asked(session: Session) -> None:
    model = Deciding(asked=[])
    assert await consistent([], 3, coder(model), session) == []
    assert model.asked == []
