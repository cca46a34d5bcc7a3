"""The moderator of deductive coding: votes with their reasons, or a model that sees everybody's."""

import json
from typing import Any

import pytest

from intercoder.agents import DeductiveModerator
from intercoder.agents.asking import NoAnswer
from intercoder.agents.deductive_answers import parse_settling, settling_schema
from intercoder.agents.session import Session
from intercoder.core.agent_settings import default_coders
from intercoder.core.codebook import Codebook
from intercoder.core.decisions import CodeAnswer
from intercoder.core.deductive_settings import Deduction, DeductiveCoderSettings
from intercoder.core.deductive_settings import DeductiveModerator as ModeratorSettings
from intercoder.core.study import Study
from intercoder.llms.scripted import material_of
from intercoder.prompts.loader import load
from tests.agents.conftest import Model, answering, segment
from tests.agents.deductive import BOOK, EXCLUSIVE, PRIDE, THRIFT, said, unsure, votes

WEIGHTS = {"ana": 2.5, "ben": 1.0, "caro": 1.0}


def moderator(model: Model | None = None, book: Codebook = BOOK, **settings: Any) -> DeductiveModerator:
    kind = {"kind": "llm"} if model is not None else {}
    coders = tuple(DeductiveCoderSettings(name=name, weight=weight) for name, weight in WEIGHTS.items())
    deduction = Deduction(coders=coders, moderator=ModeratorSettings(**kind, **settings))
    study = Study(id="study", question="Why?", coders=default_coders(), deductive=deduction)
    return DeductiveModerator.of_study(study, book, model=model)


def settling(decision: str, reason: str = "It fits.") -> str:
    return json.dumps({"reason": reason, "decision": decision})


def kept(answer: CodeAnswer) -> tuple[str, str, tuple[str, ...]]:
    return answer.value, answer.reason, answer.overruled


@pytest.mark.parametrize(
    ("values", "allowed", "expected"),
    [
        (["yes", "no", "no"], False, ("no", "ben says so.", ("ana",))),
        (["yes", "no"], False, ("yes", "ana says so.", ("ben",))),
        (["no", "yes"], False, ("no", "ana says so.", ("ben",))),
        (["yes", "no"], True, ("unsure", "The coders are divided.", ("ana", "ben"))),
        (["yes", "no", "unsure"], True, ("unsure", "caro says so.", ("ana", "ben"))),
        (["no", "yes", "yes", "unsure"], True, ("yes", "ben says so.", ("ana", "dora"))),
        (["no"], False, ("no", "ana says so.", ())),
    ],
)
async def test_most_votes_stand_and_ties_are_unsure_or_the_earliest_coders(
    session: Session, values: list[str], allowed: bool, expected: tuple[str, str, tuple[str, ...]]
) -> None:
    book = unsure(BOOK) if allowed else BOOK
    settled = await moderator(book=book).settle(segment(), THRIFT, votes(*values), session)
    assert kept(settled) == expected
    assert (settled.coder, settled.code_id, settled.provenance.model) == ("moderator", "c_thrift", "rule:majority")


async def test_a_rules_trail_leads_to_the_answer_that_it_kept(session: Session) -> None:
    settled = await moderator().settle(segment(), THRIFT, votes("yes", "no", "no"), session)
    assert settled.provenance.answer_key == "key of ben"


async def test_weights_are_votes(session: Session) -> None:
    settled = await moderator(kind="weighted").settle(segment(), THRIFT, votes("yes", "no", "no"), session)
    assert kept(settled) == ("yes", "ana says so.", ("ben", "caro"))
    without = await moderator(kind="majority").settle(segment(), THRIFT, votes("yes", "no", "no"), session)
    assert without.value == "no"


async def test_of_a_sides_quotes_one_that_stands_in_the_text_is_kept(session: Session) -> None:
    answers = [said("ana", "yes", quote="a fridge"), said("ben", "yes", quote="toaster"), said("caro", "no")]
    settled = await moderator().settle(segment(), THRIFT, answers, session)
    assert (settled.reason, settled.quote.text, settled.quote.verified) == ("ana says so.", "toaster", True)


async def test_in_an_exclusive_book_codes_are_sides(session: Session) -> None:
    answers = [said("ana", "yes", PRIDE), said("ben", "yes", THRIFT), said("caro", "yes", THRIFT)]
    settled = await moderator(book=EXCLUSIVE).settle(segment(), None, answers, session)
    assert (settled.value, settled.code_id, settled.overruled) == ("yes", "c_thrift", ("ana",))
    tied = await moderator(book=unsure(EXCLUSIVE)).settle(segment(), None, answers[:2], session)
    assert (tied.value, tied.code_id) == ("unsure", "")


async def test_a_model_sees_code_text_and_answers_with_reasons(session: Session) -> None:
    model = answering(settling("No", "Nothing is saved."))
    chair = moderator(model)
    settled = await chair.settle(segment(speaker="Nora"), THRIFT, votes("yes", "no", "yes"), session)
    assert kept(settled) == ("no", "Nothing is saved.", ("ana", "caro"))
    assert settled.provenance.prompt == "deductive_moderator/default"
    material = material_of(model.asked[0][0])
    assert material["codebook"].startswith("Code: thrift\n")
    assert (material["speaker"], material["text"]) == ("Nora", segment().text)
    assert sorted(material["suggestions"].splitlines()) == [
        "ana: Yes. ana says so.",
        "ben: No. ben says so.",
        "caro: Yes. caro says so.",
    ]
    assert chair.asks
    assert not moderator().asks


async def test_answers_are_shown_in_an_order_of_the_segments_own(session: Session) -> None:
    model = answering(settling("No"))
    for n in range(10):
        await moderator(model).settle(segment(f"Text {n}."), THRIFT, votes("yes", "no", "yes"), session)
    orders = {material_of(asked)["suggestions"] for asked, _ in model.asked}
    assert len(orders) > 2


async def test_a_model_is_not_asked_where_coders_agree(session: Session) -> None:
    model = answering(settling("No"))
    settled = await moderator(model).settle(segment(), THRIFT, votes("yes", "yes"), session)
    assert (settled.value, settled.overruled, model.count) == ("yes", (), 0)


async def test_a_model_chooses_among_the_codes_that_coders_chose(session: Session) -> None:
    asked: list[Any] = []

    def answer(messages: Any, schema: Any, seed: Any) -> str:
        asked.append((material_of(messages), schema["properties"]["decision"]["enum"]))
        return settling("pride")

    answers = [said("ana", "yes", PRIDE), said("ben", "yes", THRIFT), said("caro", "unsure", None)]
    chair = moderator(answering(using=answer), unsure(EXCLUSIVE))
    settled = await chair.settle(segment(), None, answers, session)
    assert (settled.value, settled.code_id, settled.overruled) == ("yes", "c_pride", ("ben", "caro"))
    assert asked[0][1] == ["thrift", "pride", "unsure"]
    assert "caro: unsure. caro says so." in asked[0][0]["suggestions"].splitlines()
    undecided = moderator(answering(settling("unsure")), unsure(EXCLUSIVE), name="other")
    unsettled = await undecided.settle(segment(), None, answers, session)
    assert (unsettled.value, unsettled.code_id, unsettled.reason) == ("unsure", "", "It fits.")


async def test_an_answer_that_is_none_is_listed_under_its_code(session: Session) -> None:
    with pytest.raises(NoAnswer) as missing:
        await moderator(answering(settling("maybe"))).settle(segment(), THRIFT, votes("yes", "no"), session)
    failure = missing.value.failure
    assert (failure.role, failure.kind, failure.code_id) == ("moderator", "invalid", "c_thrift")


@pytest.mark.parametrize(("template", "held"), [("default", 2), ("choice", 2)])
def test_bundled_worked_examples_are_answers_of_the_schema_in_its_order(template: str, held: int) -> None:
    for example in load("deductive_moderator", template, shots=held).examples:
        heads = [line.removeprefix("Code: ") for line in example.codebook.splitlines() if line.startswith("Code: ")]
        options = ["Yes", "No"] if template == "default" else heads
        assert list(example.answer) == settling_schema(options)["required"]
        parse_settling(json.dumps(example.answer), options)
        assert example.suggestions
