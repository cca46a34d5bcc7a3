"""A question is asked once, repaired once, and asked again only in another round."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel

from intercoder.agents.asking import NoAnswer, ask
from intercoder.agents.coder import Coder
from intercoder.agents.means import Means
from intercoder.agents.session import GIVE_UP_AFTER, Session
from intercoder.core.agent_settings import CoderSettings, Sampling
from intercoder.core.errors import EndpointStopped
from intercoder.core.protocols import LoggedAnswer
from intercoder.core.study import Price
from intercoder.llms.adapters import identity, other_names
from intercoder.llms.calling import CallFailed, FailureKind
from intercoder.llms.references import parse_reference
from intercoder.stores.in_memory import InMemoryAnswerLog
from tests.agents.conftest import Waiting, answering, one_code, segment, session_of, settled

GOOD = one_code("Mending", "the toaster")
PROSE = "I would call that mending."


def coder(asked: BaseChatModel, *, question: str = "Why?", max_codes: int = 1, **settings: Any) -> Coder:
    given = CoderSettings(**{"name": "ana", "model": "given:model", **settings})
    means = Means(reference=given.model, question=question, model=asked)
    return Coder(given, means, max_codes=max_codes)


async def key_of(session: Session, **settings: Any) -> str:
    return (await coder(answering(GOOD), **settings).code(segment(), session)).provenance.answer_key


async def test_an_answer_is_recalled_and_not_asked_again(session: Session, log: InMemoryAnswerLog) -> None:
    model = answering(GOOD)
    first = await coder(model).code(segment(), session)
    assert await coder(model).code(segment(), session) == first
    later = session_of(log, run="inductive-2")
    assert await coder(model).code(segment(), later) == first
    assert model.count == 1
    assert (session.tally.calls, session.tally.recalled) == (1, 1)
    assert (later.tally.calls, later.tally.recalled) == (0, 1)


async def test_an_answer_is_kept_before_it_is_used() -> None:
    handed: asyncio.Queue[LoggedAnswer] = asyncio.Queue()
    durable = asyncio.Event()

    class Slow(InMemoryAnswerLog):
        async def put(self, answer: LoggedAnswer) -> None:
            handed.put_nowait(answer)
            await durable.wait()
            await super().put(answer)

    asking = asyncio.create_task(coder(answering(GOOD)).code(segment(), session_of(Slow())))
    kept = await handed.get()
    await settled()
    assert not asking.done()
    durable.set()
    assert (await asking).provenance.answer_key == kept.key
    assert (kept.status, kept.text, kept.coder) == ("ok", GOOD, "ana")


async def test_keys_differ_by_everything_that_determines_an_answer(session: Session) -> None:
    variants: list[dict[str, Any]] = [
        {},
        {"name": "ben"},
        {"seed": 1},
        {"model": "given:other"},
        {"prompt": "informal_request"},
        {"shots": 0},
        {"ending": "line_break"},
        {"question": "How?"},
        {"max_codes": 2},
        {"sampling": Sampling(temperature=0.1)},
        {"sampling": Sampling(max_tokens=200)},
    ]
    keys = [await key_of(session, **variant) for variant in variants]
    assert len(set(keys)) == len(variants)
    assert session.tally.calls == len(variants)
    assert await key_of(session, weight=3.0) == keys[0]


async def test_the_schema_belongs_to_the_question(session: Session) -> None:
    model = answering(GOOD)
    asking = coder(model)
    question = asking.question_about(segment())
    for schema in (question.schema, {**question.schema, "title": "another"}):
        await ask(asking._actor, replace(question, schema=schema), session)
    assert (model.count, session.tally.recalled) == (2, 0)


async def test_two_coders_that_ask_the_same_get_answers_of_their_own(session: Session) -> None:
    model = answering(one_code("First"), one_code("Second"))
    answers = [await coder(model, name=name).code(segment(), session) for name in ("ana", "ben")]
    assert [answer.suggestions[0].label for answer in answers] == ["First", "Second"]
    assert model.asked[0] == model.asked[1]


async def test_an_unusable_answer_is_repaired_once_with_what_was_wrong(
    session: Session, log: InMemoryAnswerLog
) -> None:
    model = answering(PROSE, GOOD)
    answer = await coder(model).code(segment(), session)
    assert answer.suggestions[0].label == "Mending"
    question, repair = model.asked[0][0], model.asked[1][0]
    assert list(repair[: len(question)]) == list(question)
    assert repair[len(question)] == ("assistant", PROSE)
    assert "holds no JSON object" in repair[-1][1]
    logged = await log.find(answer.provenance.answer_key)
    assert logged is not None
    assert (logged.status, logged.text) == ("ok", GOOD)
    assert await coder(model).code(segment(), session) == answer
    assert model.count == 2


async def test_what_cannot_be_repaired_is_a_failure_that_says_what_came(session: Session) -> None:
    model = answering(PROSE)
    with pytest.raises(NoAnswer) as caught:
        await coder(model).code(segment(), session)
    failure = caught.value.failure
    assert (failure.role, failure.coder, failure.kind) == ("coder", "ana", "invalid")
    assert failure.segment_id == segment().id
    assert failure.message == f"The answer holds no JSON object. It said: {PROSE!r}"
    assert "segment" in caught.value.where
    assert model.count == 2


@pytest.mark.parametrize(("broken", "calls"), [(PROSE, 2), (RuntimeError("out of order"), 1)])
async def test_a_failure_is_asked_again_in_the_next_round_only(
    log: InMemoryAnswerLog, broken: str | Exception, calls: int
) -> None:
    model = answering(*[broken] * calls, GOOD)
    for _ in range(2):
        with pytest.raises(NoAnswer):
            await coder(model).code(segment(), session_of(log))
    assert model.count == calls
    again = session_of(log, round_=2)
    answer = await coder(model).code(segment(), again)
    assert answer.suggestions[0].label == "Mending"
    assert model.count == calls + 1
    assert model.asked[-1][1] == model.asked[0][1] + 1  # type: ignore[operator]
    third = session_of(log, round_=3)
    assert await coder(model).code(segment(), third) == answer
    assert (model.count, third.tally.calls) == (calls + 1, 0)


async def test_another_run_asks_again_what_failed_in_an_earlier_one(log: InMemoryAnswerLog) -> None:
    model = answering(RuntimeError("out of order"), GOOD)
    with pytest.raises(NoAnswer):
        await coder(model).code(segment(), session_of(log))
    answer = await coder(model).code(segment(), session_of(log, run="inductive-2"))
    assert answer.suggestions[0].label == "Mending"


async def test_each_round_that_fails_takes_the_next_attempt(log: InMemoryAnswerLog) -> None:
    model = answering(RuntimeError("out of order"))
    for round_ in (1, 2, 3):
        with pytest.raises(NoAnswer, match="out of order"):
            await coder(model).code(segment(), session_of(log, round_=round_))
    assert [seed for _, seed in model.asked] == [0, 1, 2]


async def test_halves_of_surrogate_pairs_do_not_reach_the_log(session: Session, log: InMemoryAnswerLog) -> None:
    text = '{"codes": [{"quote": "", "label": "half \ud83d smile", "reason": ""}]}'
    answer = await coder(answering(text)).code(segment(), session)
    assert answer.suggestions[0].label == "half ? smile"
    logged = await log.find(answer.provenance.answer_key)
    assert logged is not None
    logged.text.encode("utf-8")
    with pytest.raises(NoAnswer) as caught:
        await coder(answering(RuntimeError("\udc00")), name="ben").code(segment(), session)
    caught.value.failure.message.encode("utf-8")


async def test_one_who_is_cancelled_while_asking_leaves_no_answer_and_no_slot_taken(log: InMemoryAnswerLog) -> None:
    session = session_of(log, slots=1)
    silent = Waiting(GOOD)
    asking = asyncio.create_task(coder(silent).code(segment(), session))
    await silent.until_asked()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert session.tally.calls == 0
    model = answering(GOOD)
    assert (await coder(model).code(segment(), session)).suggestions[0].label == "Mending"
    assert model.count == 1


async def test_slots_bound_the_calls_in_flight(log: InMemoryAnswerLog) -> None:
    session, slow = session_of(log, slots=3), Waiting(GOOD)
    asked = [asyncio.create_task(coder(slow, name=f"coder{place}").code(segment(), session)) for place in range(20)]
    await slow.until_asked(3)
    await settled()
    assert slow.asked_too == 0
    slow.go()
    await asyncio.gather(*asked)
    assert session.tally.calls == 20


async def test_a_run_is_given_up_when_calls_only_fail(log: InMemoryAnswerLog) -> None:
    session = session_of(log)
    broken = answering(RuntimeError("out of order"))

    async def fail(place: int) -> None:
        with pytest.raises(NoAnswer):
            await coder(broken, name=f"coder{place}").code(segment(), session)

    for place in range(GIVE_UP_AFTER - 1):
        await fail(place)
    await coder(answering(GOOD)).code(segment(), session)
    for place in range(GIVE_UP_AFTER, 2 * GIVE_UP_AFTER - 1):
        await fail(place)
    with pytest.raises(EndpointStopped, match=f"the last {GIVE_UP_AFTER} calls failed.*out of order") as caught:
        await coder(broken, name="last").code(segment(), session)
    assert "`intercoder resume`" in caught.value.remedy


async def test_who_asks_says_how_one_goes_on(log: InMemoryAnswerLog) -> None:
    session = replace(session_of(log), go_on="run the same command again")
    broken = answering(RuntimeError("out of order"))
    for place in range(GIVE_UP_AFTER - 1):
        with pytest.raises(NoAnswer):
            await coder(broken, name=f"coder{place}").code(segment(), session)
    with pytest.raises(EndpointStopped) as caught:
        await coder(broken, name="last").code(segment(), session)
    assert caught.value.remedy == "Mend the model's server, then run the same command again."


async def test_answers_that_cannot_be_used_do_not_count_as_an_endpoint_that_is_down(session: Session) -> None:
    for place in range(GIVE_UP_AFTER):
        with pytest.raises(NoAnswer):
            await coder(answering(PROSE), name=f"coder{place}").code(segment(), session)
    assert session.tally.failed_in_a_row == 0


async def test_tokens_and_cost_are_tallied(log: InMemoryAnswerLog) -> None:
    session = Session(log=log, slots=session_of(log).slots, prices={"given:model": Price(input=1.0, output=2.0)})
    await coder(answering(GOOD)).code(segment(), session)
    tally = session.tally
    assert tally.input_tokens > 100
    assert tally.output_tokens > 5
    assert tally.cost == pytest.approx((tally.input_tokens + 2 * tally.output_tokens) / 1e6)


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (lambda: segment(context="She owns a shop."), "She owns a shop."),
        (lambda: segment(speaker="Helen"), "Helen"),
    ],
)
async def test_context_and_speaker_are_shown_and_belong_to_the_question(
    session: Session, change: Callable[[], Any], shown: str
) -> None:
    model = answering(GOOD)
    plain = await coder(model).code(segment(), session)
    other = await coder(model).code(change(), session)
    assert plain.provenance.answer_key != other.provenance.answer_key
    assert shown not in model.asked[0][0][-1][1]
    assert shown in model.asked[1][0][-1][1]


async def test_requests_refused_among_answered_ones_do_not_stop_a_run(session: Session) -> None:
    refusing = answering(CallFailed("refused", "The request is too long for the model."))
    await coder(answering(GOOD), name="first").code(segment(), session)
    for place in range(GIVE_UP_AFTER + 1):
        with pytest.raises(NoAnswer):
            await coder(refusing, name=f"coder{place}").code(segment(), session)


@pytest.mark.parametrize("kind", ["refused", "too_long"])
async def test_an_endpoint_that_refuses_everything_stops_a_run(session: Session, kind: FailureKind) -> None:
    refusing = answering(CallFailed(kind, "no such parameter"))
    for place in range(GIVE_UP_AFTER - 1):
        with pytest.raises(NoAnswer):
            await coder(refusing, name=f"coder{place}").code(segment(), session)
    with pytest.raises(EndpointStopped, match="no such parameter"):
        await coder(refusing, name="last").code(segment(), session)


async def test_a_reply_beyond_all_bounds_is_kept_and_counted(log: InMemoryAnswerLog) -> None:
    session = session_of(log)
    with pytest.raises(NoAnswer) as missing:
        await coder(answering(CallFailed("too_long", "too long", "blah", input_tokens=7, output_tokens=9000))).code(
            segment(), session
        )
    kept = await log.find(missing.value.failure.answer_key)
    assert kept is not None
    assert (kept.text, kept.input_tokens, kept.output_tokens) == ("blah", 7, 9000)
    assert session.tally.output_tokens == 9000


async def test_a_price_goes_by_what_the_settings_say(log: InMemoryAnswerLog) -> None:
    written = "openai:m@http://127.0.0.1:1/v1|http://127.0.0.1:2/v1"
    session = replace(session_of(log), prices={written: Price(input=1_000_000, output=0)})
    means = Means(reference=written, model=answering(GOOD))
    await Coder(CoderSettings(name="ana", model=written), means).code(segment(), session)
    assert session.tally.cost == session.tally.input_tokens > 0


async def test_a_recalled_answer_is_told_under_the_servers_that_gave_it(log: InMemoryAnswerLog) -> None:
    several, alone = "openai:m@http://127.0.0.1:1/v1|http://127.0.0.1:2/v1", "openai:m@http://127.0.0.1:3/v1"
    model = answering(GOOD)

    async def by(reference: str) -> str:
        made = coder(model, model=reference)
        named = parse_reference(reference)
        made._actor = replace(made._actor, reference=identity(named), other_names=other_names(named))
        return (await made.code(segment(), session_of(log))).provenance.model

    assert [await by(several), await by(alone)] == ["openai:m@*", "openai:m@*"]
    assert model.count == 1
