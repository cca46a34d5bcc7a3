import json
from typing import Any

import pytest

from intercoder.agents.answers import coder_schema, moderator_schema, parse_coder_answer, parse_moderator_answer
from intercoder.agents.deductive_answers import decision_schema, settling_schema
from intercoder.agents.revision_answers import TextGiven, parse_reviser_answer, reviser_schema
from intercoder.llms.scripted import ScriptedChatModel, material_of
from intercoder.prompts.fence import fenced
from intercoder.prompts.material import Piece

TEXT = "Honestly the shifts were unpredictable, so nobody could arrange childcare."
CODERS = ("ada", "ben")


def question(text: str, *more: Piece) -> list[tuple[str, str]]:
    return [("system", "Code it."), ("user", fenced([Piece(kind="text", text=text), *more], "1a2b3c4d") + "\nNow.")]


async def reply(model: ScriptedChatModel, messages: list[tuple[str, str]], schema: Any, seed: int = 0) -> str:
    wrapped = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema, "strict": True}}
    return str((await model.ainvoke(messages, response_format=wrapped, seed=seed)).text)


async def test_a_coder_gets_words_of_the_text_and_a_verbatim_quote() -> None:
    answer = parse_coder_answer(await reply(ScriptedChatModel(), question(TEXT), coder_schema(2)), 2)
    (code,) = answer.codes
    assert set(code.label.split()) <= set(TEXT.lower().replace(",", "").replace(".", "").split())
    assert len(code.label.split()) in (2, 3)
    assert code.quote == "Honestly the shifts were unpredictable, so"
    assert code.reason


@pytest.mark.parametrize("text", ["", "Okay.", "Yes, sure.", "… 12 34 56 !!"])
async def test_texts_of_fewer_than_three_words_get_no_code(text: str) -> None:
    assert parse_coder_answer(await reply(ScriptedChatModel(), question(text), coder_schema(1)), 1).codes == ()


async def test_the_same_question_gets_the_same_answer_and_seeds_disagree_sometimes() -> None:
    model, texts = ScriptedChatModel(), [f"{TEXT} Chapter {'abcdefghij'[n] * 12}." for n in range(10)]
    answers = [[await reply(model, question(text), coder_schema(1), seed) for text in texts] for seed in (1, 1, 2)]
    assert answers[0] == answers[1]
    agreed = sum(one == other for one, other in zip(answers[0], answers[2], strict=True))
    assert 0 < agreed < len(texts)


async def test_a_moderator_keeps_the_first_suggestion() -> None:
    lines = Piece(kind="suggestions", text="ben: childcare trouble\nada: unpredictable shifts")
    text = await reply(ScriptedChatModel(), question(TEXT, lines), moderator_schema(CODERS, 1))
    (choice,) = parse_moderator_answer(text, CODERS, 1).choices
    assert (choice.chosen_from, choice.label) == ("ben", "childcare trouble")


async def test_a_moderator_without_suggestions_chooses_nothing() -> None:
    nothing = Piece(kind="suggestions", text="(none)")
    text = await reply(ScriptedChatModel(), question(TEXT, nothing), moderator_schema(CODERS, 1))
    assert parse_moderator_answer(text, CODERS, 1).choices == ()


async def test_labels_keep_to_the_schemas_length() -> None:
    schema = {"type": "object", "properties": {"label": {"type": "string", "maxLength": 5}}}
    assert len(json.loads(await reply(ScriptedChatModel(), question(TEXT), schema))["label"]) == 5


async def test_broken_never_answers_in_json() -> None:
    text = await reply(ScriptedChatModel(script="broken"), question(TEXT), coder_schema(1))
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)


async def test_flaky_fails_for_about_one_text_in_seven_and_always_the_same() -> None:
    async def failing() -> list[int]:
        model, failed = ScriptedChatModel(script="flaky"), []
        for number in range(140):
            try:
                await reply(model, question(f"{TEXT} {number}"), coder_schema(1))
            except RuntimeError:
                failed.append(number)
        return failed

    first = await failing()
    assert 8 <= len(first) <= 35
    assert await failing() == first


async def test_a_function_can_answer_instead() -> None:
    seen: list[Any] = []

    def answer(messages: Any, schema: Any, seed: Any) -> str:
        seen.append((messages, schema, seed))
        return "said"

    model = ScriptedChatModel(answer=answer)
    assert await reply(model, question(TEXT), {"type": "object"}, seed=5) == "said"
    assert seen == [(question(TEXT), {"type": "object"}, 5)]


def test_only_the_last_fenced_message_is_the_question() -> None:
    messages = [*question("worked example"), ("assistant", "{}"), *question(TEXT), ("user", "That was not JSON.")]
    assert material_of(messages) == {"text": TEXT}


def test_a_text_cannot_close_its_fence_with_another_marker() -> None:
    text = "one\n<<<end text 00000000>>>\ntwo"
    assert material_of(question(text))["text"] == text


def test_without_a_fence_the_last_message_is_the_text() -> None:
    assert material_of([("user", "a"), ("assistant", "b"), ("user", "c")]) == {"text": "c"}


async def test_usage_is_estimated_and_synchronous_calls_answer_alike() -> None:
    model = ScriptedChatModel()
    later, now = await model.ainvoke(question(TEXT)), model.invoke(question(TEXT))
    assert later.content == now.content != ""
    assert later.usage_metadata and later.usage_metadata["input_tokens"] > 10


CODE = Piece(kind="codebook", text="Code: planning of shifts\nDefinition: Who plans working hours.")


@pytest.mark.parametrize(
    ("text", "mostly"), [("The shifts were planned on day {}.", "Yes"), ("We bought a red car on day {}.", "No")]
)
async def test_a_code_is_mostly_given_to_texts_that_share_a_word_with_it(text: str, mostly: str) -> None:
    schema, texts = decision_schema(["Yes", "No"]), [text.format(n) for n in range(40)]
    said = [
        json.loads(await reply(ScriptedChatModel(), question(text, CODE), schema))["decision"] for text in texts
    ]
    assert 28 <= said.count(mostly) < 40
    assert set(said) == {"Yes", "No"}


async def test_it_is_unsure_only_where_the_schema_allows_it() -> None:
    schema, texts = decision_schema(["Yes", "No", "unsure"]), [f"We bought car {n}." for n in range(40)]
    said = [
        json.loads(await reply(ScriptedChatModel(), question(text, CODE), schema))["decision"] for text in texts
    ]
    assert set(said) == {"No", "unsure"}


async def test_among_several_codes_it_chooses_the_one_that_shares_most_words() -> None:
    schema = decision_schema(["red cars", "planning of shifts", "other"])
    text = await reply(ScriptedChatModel(), question("Nobody minds the planning of our shifts.", CODE), schema)
    assert json.loads(text)["decision"] == "planning of shifts"


async def test_a_settled_decision_is_the_first_coders() -> None:
    lines = Piece(kind="suggestions", text="ben: No. It is cheap.\nada: Yes. It is dear.")
    text = await reply(ScriptedChatModel(), question(TEXT, CODE, lines), settling_schema(["Yes", "No"]))
    assert json.loads(text)["decision"] == "No"


async def test_revisions_cite_and_quote_what_was_shown() -> None:
    excerpts = f"1. Nora: {TEXT} …\n   ada: Yes. It says so.\n2. Nothing.\n   ada: No. It does not."
    text = await reply(ScriptedChatModel(), question(excerpts, CODE), reviser_schema(2, ["pay"], 2))
    (revision,) = parse_reviser_answer(text, 2).revisions
    assert revision.evidence == (1,)
    assert isinstance(revision, TextGiven)
    assert revision.text
    assert revision.text in TEXT


async def test_a_text_is_written_that_holds_the_words_given() -> None:
    words = Piece(kind="words", text="glue, shop, boots")
    schema = {"type": "object", "properties": {"text": {"type": "string", "maxLength": 100}}}
    asked = [("user", fenced([words], "1a2b3c4d") + "\nWrite.")]
    texts = {json.loads(await reply(ScriptedChatModel(), asked, schema, seed))["text"] for seed in range(20)}
    assert len(texts) > 15
    assert all([word for word in text.split() if word.isalpha()] == ["glue", "shop", "boots"] for text in texts)
