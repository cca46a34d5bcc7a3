"""vLLM inside this process: one engine, asked by graphs, by several event loops, with every schema we have."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage

pytest.importorskip("vllm", reason="vLLM is not installed here; `make test-vllm` runs these tests")

from intercoder.agents.answers import (
    InvalidAnswer,
    coder_schema,
    moderator_schema,
    parse_coder_answer,
    parse_moderator_answer,
)
from intercoder.agents.deductive_answers import decision_schema, parse_decision, parse_settling, settling_schema
from intercoder.agents.revision_answers import parse_reviser_answer, reviser_schema
from intercoder.agents.writing import definition_schema, named_schema
from intercoder.core.agent_settings import Sampling
from intercoder.core.errors import ModelError
from intercoder.core.study import Limits, Privacy, VllmLimits
from intercoder.graphs import code_deductively, code_inductively
from intercoder.llms.calling import CallFailed, call
from intercoder.llms.factory import chat_model
from intercoder.llms.vllm.vllm_chat import VllmChatModel
from tests.llms.tiny_models import is_compact, response_format
from tests.vllm.conftest import CODEBOOK, CONTEXT, TEXTS, study_with

pytestmark = pytest.mark.vllm
LIMITS = Limits(vllm=VllmLimits(context=CONTEXT))


def model_named(reference: str) -> VllmChatModel:
    model = chat_model(
        reference, sampling=Sampling(temperature=0.0), limits=LIMITS, privacy=Privacy(), api_key_env="KEY"
    )
    assert isinstance(model, VllmChatModel)
    return model


@pytest.fixture(scope="module")
def references(smollm2: Path, adapters: list[Path]) -> list[str]:
    """The base, and the base with each adapter; all are known before the engine starts."""
    named = [f"vllm:{smollm2}", *(f"vllm:{smollm2}#{adapter}" for adapter in adapters)]
    for reference in named:
        model_named(reference)
    return named


@pytest.fixture(scope="module")
def model(references: list[str]) -> VllmChatModel:
    return model_named(references[0])


def test_the_inductive_graph_runs_on_it(references: list[str]) -> None:
    result = code_inductively(TEXTS, question="", study=study_with(references[0]))
    coded = {(one.segment_id, one.coder) for one in result.decisions if one.role == "coder"}
    assert not result.failures
    assert len(coded) == 3 * len(TEXTS)
    assert result.codebook.codes


def test_the_deductive_graph_runs_on_it(references: list[str]) -> None:
    study = study_with(references[0])
    result = code_deductively(TEXTS, CODEBOOK, model=references[0], coders=study.deductive.coders, study=study)
    assert not result.failures
    final = result.final
    assert all(segment.id in final.of(code.id) for code in result.codebook.codes for segment in result.segments)


async def test_adapters_change_answers_and_share_one_engine(references: list[str]) -> None:
    models = [model_named(reference) for reference in references]
    assert len({id(model.engine()) for model in models}) == 1
    questions = [f"Which colour has number {number}?" for number in range(3)]

    async def answers(model: VllmChatModel) -> list[str]:
        replies = await asyncio.gather(*(model.ainvoke(question, max_tokens=12) for question in questions))
        return [str(reply.content) for reply in replies]

    first = await asyncio.gather(*map(answers, models))
    assert len({tuple(said) for said in first}) == 3, "base and adapters, side by side in one batch, all differ"

    async def alone() -> list[str]:
        return [str((await model.ainvoke(questions[0], max_tokens=12)).content) for model in models]

    assert await alone() == await alone(), "in a batch rounding differs with who is in it"


def test_an_ensemble_of_adapters_codes(references: list[str]) -> None:
    study = study_with(references[0], coders=tuple(references))
    result = code_inductively(TEXTS[:1], question="", study=study)
    coded = {(one.segment_id, one.coder) for one in result.decisions if one.role == "coder"}
    # What random adapters write need not be usable; that they are asked and listed is what counts here.
    listed = {(one.segment_id, one.coder) for one in result.failures}
    assert len(coded | listed) >= 3


SCHEMAS: dict[str, tuple[dict[str, Any], Callable[[str], object]]] = {
    "coder": (coder_schema(1), lambda text: parse_coder_answer(text, 1)),
    "coder of three": (coder_schema(3), lambda text: parse_coder_answer(text, 3)),
    "moderator": (moderator_schema(["a", "b"], 1), lambda text: parse_moderator_answer(text, ["a", "b"], 1)),
    "deductive": (decision_schema(["yes", "no"]), lambda text: parse_decision(text, ["yes", "no"])),
    "choice": (decision_schema(["cost", "unsure"]), lambda text: parse_decision(text, ["cost", "unsure"])),
    "settling": (settling_schema(["yes", "no"]), lambda text: parse_settling(text, ["yes", "no"])),
    "definer": (definition_schema(), json.loads),
    "themer": (named_schema(), json.loads),
    "reviser": (reviser_schema(3, ["cost"], 1), lambda text: parse_reviser_answer(text, 1)),
}


async def test_answers_keep_to_every_schema(model: VllmChatModel) -> None:
    # Some drawn wildly, so that answers go where a greedy one would not.
    cases = [(name, temperature) for name in SCHEMAS for temperature in (0.0, 1.0, 1.5)]
    replies = await asyncio.gather(
        *(
            model.ainvoke(
                f"Say something about {name}.",
                response_format=response_format(SCHEMAS[name][0]),
                temperature=temperature,
                max_tokens=1500,
            )
            for name, temperature in cases
        )
    )
    for (name, _), reply in zip(cases, replies, strict=True):
        (schema, read), text = SCHEMAS[name], str(reply.content)
        assert reply.response_metadata["finish_reason"] == "stop", (name, text)
        assert is_compact(text)
        _check_lengths(json.loads(text), schema)
        try:
            read(text)
        except InvalidAnswer as error:
            # A label of nothing but marks keeps to its schema; it is refused later, as in every backend.
            assert "label is empty" in error.message, (name, text)


def _check_lengths(value: Any, schema: dict[str, Any]) -> None:
    if isinstance(value, str):
        assert schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
    elif isinstance(value, list):
        assert len(value) <= schema["maxItems"]
        for item in value:
            if "anyOf" not in schema["items"]:
                _check_lengths(item, schema["items"])
    elif isinstance(value, dict):
        assert list(value) == list(schema["properties"])
        for name, item in value.items():
            _check_lengths(item, schema["properties"][name])


def test_it_is_asked_without_an_event_loop_and_from_several(model: VllmChatModel) -> None:
    said = {str(model.invoke("Say yes.", max_tokens=5).content)}
    said |= {str(asyncio.run(model.ainvoke("Say yes.", max_tokens=5)).content) for _ in range(3)}
    assert len(said) == 1


async def test_tokens_are_counted_and_a_cut_answer_says_so(model: VllmChatModel) -> None:
    reply = await model.ainvoke("Count to a hundred.", max_tokens=2)
    assert reply.response_metadata["finish_reason"] == "length"
    usage = reply.usage_metadata
    assert usage is not None
    assert usage["output_tokens"] == 2
    assert usage["input_tokens"] > 5


async def test_a_seed_does_not_kill_the_engine(model: VllmChatModel) -> None:
    # Long prompts in many pieces, with prompts that come in between: where the processor build used to die.
    prompts = [f"{number} " + "word " * 900 for number in range(6)]
    replies = await asyncio.gather(
        *(model.ainvoke(prompt, temperature=0.9, seed=place, max_tokens=4) for place, prompt in enumerate(prompts))
    )
    assert all(reply.usage_metadata for reply in replies)


async def test_a_prompt_beyond_the_context_fails_its_own_request_only(model: VllmChatModel) -> None:
    async def asked(text: str) -> object:
        return await call(model, [("user", text)], schema=None, name="x", sampling=Sampling(max_tokens=8), seed=0)

    fine, failed = await asyncio.gather(asked("Hello."), asked("long " * CONTEXT), return_exceptions=True)
    assert not isinstance(fine, BaseException)
    assert isinstance(failed, CallFailed)
    assert failed.kind == "too_long"
    assert str(CONTEXT) in failed.message


async def test_a_schema_that_cannot_be_enforced_fails_its_own_request_only(model: VllmChatModel) -> None:
    bad = model.ainvoke("x", response_format=response_format({"type": "nonsense"}))
    fine, failed = await asyncio.gather(model.ainvoke("x", max_tokens=3), bad, return_exceptions=True)
    assert isinstance(failed, ModelError)
    assert isinstance(fine, AIMessage)


async def test_text_under_study_cannot_pass_for_a_control_token(model: VllmChatModel) -> None:
    plain = await model.ainvoke("a<|im_end|>b", max_tokens=1)
    assert plain.usage_metadata is not None
    spelt = await model.ainvoke("ab", max_tokens=1)
    assert spelt.usage_metadata is not None
    assert plain.usage_metadata["input_tokens"] > spelt.usage_metadata["input_tokens"] + 2


async def test_a_request_that_is_given_up_leaves_the_engine_at_work(model: VllmChatModel) -> None:
    asking = asyncio.create_task(model.ainvoke("Write a long story.", max_tokens=1000))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert (await model.ainvoke("Say yes.", max_tokens=2)).usage_metadata
