"""Moderators settle what coders said; their claims are checked and dissent stays on record."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from intercoder.agents.asking import NoAnswer
from intercoder.agents.means import Means
from intercoder.agents.moderator import Moderator, build_moderator
from intercoder.agents.session import Session
from intercoder.core.agent_settings import ModeratorSettings
from intercoder.core.decisions import Answer, Provenance, Settlement, Suggestion
from intercoder.core.texts.quotes import Quote
from intercoder.llms.embeddings import HashingEmbedder
from intercoder.llms.scripted import material_of
from tests.agents.conftest import Model, answering, segment

NAMES = ("ana", "ben", "caro", "dora")


def moderator(model: Model | None = None, *, name: str = "chair", max_codes: int = 1, **settings: Any) -> Moderator:
    kind = {"kind": "llm", "model": "given:model"} if model is not None else {}
    return Moderator(
        ModeratorSettings(**{"name": name, **kind, **settings}),
        HashingEmbedder(),
        Means(reference="given:model", question="Why?", secret="study", model=model),
        max_codes=max_codes,
        weights={"ana": 2.5},
    )


def panel(*labels: str | Sequence[str]) -> list[Answer]:
    """One answer a coder: a label, several, or none."""
    return [
        Answer(
            coder=name,
            suggestions=tuple(
                Suggestion(label=label, reason=f"{name} says so.", quote=Quote(text="mended", start=2, end=8))
                for label in ([said] if isinstance(said, str) else said)
            ),
            provenance=Provenance(answer_key=f"key of {name}"),
        )
        for name, said in zip(NAMES, labels, strict=False)
    ]


def choosing(source: str, label: str, reason: str = "It fits best.") -> str:
    return json.dumps({"choices": [{"chosen_from": source, "label": label, "reason": reason}]})


def kept(settlement: Settlement) -> list[tuple[str, str]]:
    return [(choice.chosen_from, choice.suggestion.label) for choice in settlement.choices]


SAID = panel("mending", "repair at home", "toaster", "saving money")


async def shown(session: Session, text: str, **settings: Any) -> list[str]:
    """The suggestions in the order in which a moderator sees them."""
    model = answering(choosing("ana", "mending"))
    await moderator(model, **settings).settle(segment(text), SAID, session)
    return material_of(model.asked[0][0])["suggestions"].splitlines()


async def test_suggestions_are_shown_in_an_order_of_the_segments_own(session: Session) -> None:
    texts = [f"I mended thing number {n}." for n in range(12)]
    orders = [await shown(session, text) for text in texts]
    expected = ["ana: mending", "ben: repair at home", "caro: toaster", "dora: saving money"]
    assert all(sorted(order) == expected for order in orders)
    assert len({tuple(order) for order in orders}) > 3
    assert len({order[0] for order in orders}) > 1


async def test_the_order_is_the_same_each_time_and_another_for_another_moderator(session: Session) -> None:
    model = answering(choosing("ana", "mending"))
    for _ in range(2):
        await moderator(model).settle(segment(), SAID, session)
    assert (model.count, session.tally.recalled) == (1, 1)
    orders = {tuple(await shown(session, segment().text, name=name)) for name in "abcdefgh"}
    assert len(orders) > 2


async def test_a_model_sees_text_and_speaker_and_may_only_name_coders_who_gave_a_code(session: Session) -> None:
    asked: list[dict[str, Any]] = []

    def answer(messages: Any, schema: Any, seed: Any) -> str:
        asked.append({"schema": schema, **material_of(messages)})
        return choosing("ben", "repair at home")

    settlement = await moderator(answering(using=answer)).settle(
        segment(speaker="Helen"), panel("mending", "repair at home", []), session
    )
    assert asked[0]["text"] == segment().text
    assert asked[0]["speaker"] == "Helen"
    sources = asked[0]["schema"]["properties"]["choices"]["items"]["properties"]["chosen_from"]["enum"]
    assert sources == ["ana", "ben", "new"]
    assert kept(settlement) == [("ben", "repair at home")]
    assert settlement.overruled == ("ana", "caro")


async def test_a_kept_suggestion_keeps_its_quote_and_gets_the_moderators_reason(session: Session) -> None:
    settlement = await moderator(answering(choosing("ana", " Mending. "))).settle(segment(), SAID, session)
    (choice,) = settlement.choices
    assert (choice.chosen_from, choice.suggestion.label) == ("ana", "mending")
    assert choice.suggestion.reason == "It fits best."
    assert choice.suggestion.quote.verified
    without = await moderator(answering(choosing("ana", "mending", "")), name="b").settle(segment(), SAID, session)
    assert without.choices[0].suggestion.reason == "ana says so."


async def test_without_new_codes_a_model_may_only_choose(session: Session) -> None:
    asked: list[Any] = []

    def answer(messages: Any, schema: Any, seed: Any) -> str:
        asked.append(schema["properties"]["choices"]["items"]["properties"])
        return choosing("ana", "Care for things" if len(asked) == 1 else "Saving money.")

    chooser = moderator(answering(using=answer), new_codes=False, prompt="choose")
    settlement = await chooser.settle(segment(), panel("mending", "mending", [], "saving money"), session)
    assert asked[0]["label"]["enum"] == ["mending", "saving money"]
    assert asked[0]["chosen_from"]["enum"] == ["ana", "ben", "dora"]
    assert len(asked) == 2, "a label of its own is asked for again"
    assert kept(settlement) == [("dora", "saving money")]


@pytest.mark.parametrize("source", ["new", "ana"])
async def test_a_label_that_no_coder_gave_is_the_moderators_own_whatever_is_claimed(
    session: Session, source: str
) -> None:
    settlement = await moderator(answering(choosing(source, "Care for things"))).settle(segment(), SAID, session)
    assert kept(settlement) == [("new", "Care for things")]
    assert settlement.overruled == NAMES


@pytest.mark.parametrize(("claimed", "given"), [("ben", "ana"), ("new", "ana"), ("caro", "caro")])
async def test_a_label_that_a_coder_gave_is_traced_to_who_gave_it(
    session: Session, claimed: str, given: str
) -> None:
    said = panel("mending", "repair at home", "mending")
    settlement = await moderator(answering(choosing(claimed, "Mending"))).settle(segment(), said, session)
    assert kept(settlement) == [(given, "mending")]
    assert settlement.choices[0].suggestion.quote.verified
    assert settlement.overruled == ("ben",)


async def test_only_a_new_label_is_held_to_five_words(
    session: Session,
) -> None:
    long = "things one mends again and again"
    model = answering(choosing("new", long), choosing("new", "Mending again and again"))
    settlement = await moderator(model).settle(segment(), SAID, session)
    assert kept(settlement) == [("new", "Mending again and again")]
    assert "at most 5 words" in model.asked[1][0][-1][1]
    stubborn = moderator(answering(choosing("new", long)), name="stubborn")
    with pytest.raises(NoAnswer, match="at most 5 words"):
        await stubborn.settle(segment(), SAID, session)
    wordy = moderator(answering(choosing("ana", long)), name="wordy")
    assert kept(await wordy.settle(segment(), panel(long, "x"), session)) == [("ana", long)]


async def test_nobody_is_asked_where_no_coder_gave_a_code(session: Session) -> None:
    model = answering(choosing("new", "Silence"))
    settlement = await moderator(model).settle(segment(), panel([], [], []), session)
    assert (settlement.choices, settlement.overruled, model.count) == ((), (), 0)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (["mending", [], []], []),
        (["mending", [], [], "mending"], [("ana", "mending")]),
        (["mending", "mending", []], [("ana", "mending")]),
        ([[]], []),
    ],
)
async def test_by_rule_nothing_stands_where_more_than_half_found_nothing(
    session: Session, said: list[Any], expected: list[tuple[str, str]]
) -> None:
    settlement = await moderator().settle(segment(), panel(*said), session)
    assert kept(settlement) == expected
    silent = tuple(name for name, one in zip(NAMES, said, strict=False) if one == [])
    spoken = tuple(name for name, one in zip(NAMES, said, strict=False) if one != [])
    assert settlement.overruled == (silent if expected else spoken)


async def test_a_model_is_asked_even_where_most_found_nothing(session: Session) -> None:
    model = answering('{"choices": []}')
    settlement = await moderator(model).settle(segment(), panel("mending", [], []), session)
    assert (settlement.choices, settlement.overruled, model.count) == ((), ("ana",), 1)


async def test_a_rules_trail_leads_to_the_answer_that_it_kept(session: Session) -> None:
    settlement = await moderator().settle(segment(), panel("mending toasters", "toaster mending", "money"), session)
    (choice,) = settlement.choices
    assert settlement.provenance.answer_key == f"key of {choice.chosen_from}"
    assert settlement.provenance.model == "rule:medoid"
    assert choice.suggestion.reason == f"{choice.chosen_from} says so."


async def test_weighted_moderation_listens_to_whom_people_agreed_with(session: Session) -> None:
    said = panel("saving money", "toaster mending", "toaster mending")
    assert kept(await moderator(kind="majority").settle(segment(), said, session)) == [("ben", "toaster mending")]
    assert kept(await moderator(kind="weighted").settle(segment(), said, session)) == [("ana", "saving money")]


async def test_several_codes_may_stand(session: Session) -> None:
    said = panel(["mending", "home"], ["mending", "home"], ["mending", "money"])
    settlement = await moderator(max_codes=2).settle(segment(), said, session)
    assert sorted(label for _, label in kept(settlement)) == ["home", "mending"]
    assert settlement.overruled == ()


def test_the_subgraph_settles_a_hosts_answers() -> None:
    graph = build_moderator(kind="majority", embeddings=HashingEmbedder(), name="chair")
    result = graph.invoke({"text": "I mended it.", "answers": panel("mending", "mending", "money")})
    assert kept(result["settlement"]) == [("ana", "mending")]
    assert result["settlement"].moderator == "chair"
    assert result["settlement"].overruled == ("caro",)


async def test_weighted_moderation_weighs_silence_too(session: Session) -> None:
    # ana weighs 2.5, the others 1.
    spoke = await moderator(kind="weighted").settle(segment(), panel("mending", [], []), session)
    assert [choice.suggestion.label for choice in spoke.choices] == ["mending"]
    silent = await moderator(kind="weighted").settle(segment(), panel([], "mending", "mending"), session)
    assert silent.choices == ()


async def test_a_suggestion_that_quotes_what_is_not_there_gives_way(session: Session) -> None:
    answers = panel("lasting pictures", "lasting pictures", "mending")
    made_up = [
        answer.model_copy(
            update={
                "suggestions": tuple(
                    one.model_copy(update={"quote": Quote(text="x")}) for one in answer.suggestions
                )
            }
        )
        for answer in answers[:2]
    ]
    settled = await moderator().settle(segment(), [*made_up, answers[2]], session)
    assert [choice.suggestion.label for choice in settled.choices] == ["mending"]
    none_left = await moderator().settle(segment(), made_up, session)
    assert [choice.suggestion.label for choice in none_left.choices] == ["lasting pictures"]
