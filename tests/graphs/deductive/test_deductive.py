from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from intercoder.core.codebook import Code, Codebook
from intercoder.core.coding.deduction import RecordedAnswer, final_of
from intercoder.core.decisions import Decision, Wave
from intercoder.core.deductive_settings import Deduction, DeductiveModerator
from intercoder.core.errors import StudyError
from intercoder.core.study import Limits, Study
from intercoder.graphs import InMemoryDevelopmentStore, build_deductive, make_deductive_context
from intercoder.graphs.deductive.deductive_context import DeductiveContext
from intercoder.stores.in_memory import InMemoryAnswerLog
from intercoder.stores.in_memory_development import RUN
from tests.graphs.deductive.deductive_models import REFERENCE, TEXTS, Asked, Reader, codebook, coder, study

Values = dict[str, list[str | None]]


def context(
    reader: Reader, book: Codebook, settings: Study | None = None, texts: Sequence[str] = TEXTS, **more: Any
) -> DeductiveContext:
    settings = settings or study()
    store = InMemoryDevelopmentStore(settings, texts, book)
    models = {REFERENCE: reader.model}
    run = store.run(RUN)
    return make_deductive_context(settings, run, store=store, log=InMemoryAnswerLog(), models=models, **more)


async def coded(given: DeductiveContext) -> InMemoryDevelopmentStore:
    await build_deductive().ainvoke({"run": RUN}, context=given)
    assert isinstance(given.store, InMemoryDevelopmentStore)
    return given.store


def by_text(store: InMemoryDevelopmentStore, role: str, name: str) -> Values:
    """Code id -> values in the order of the texts."""
    coder = next(one for one in store.values(RUN) if (one.role, one.name) == (role, name))
    segments = store.segments(RUN, 0, 100)
    return {code: [coder.of(code).get(segment.id) for segment in segments] for code in coder.values}


def final(store: InMemoryDevelopmentStore) -> Values:
    values = final_of(store.values(RUN), moderated=True)
    segments = store.segments(RUN, 0, 100)
    return {code: [values.of(code).get(segment.id) for segment in segments] for code in values.values}


async def test_each_code_is_a_question_of_its_own() -> None:
    reader = Reader()
    store = await coded(context(reader, codebook()))
    assert by_text(store, "coder", "reader") == {"m": ["yes", "no", "no", "yes"], "r": ["yes", "no", "yes", "no"]}
    assert Counter(one.code for one in reader.asked) == {"money": 4, "mending": 4}
    first = store.standing[0]
    assert (first.label, first.code_id, first.code_revision, first.codebook_version) == ("money", "m", 1, 1)
    assert (first.quote.text, first.quote.verified, first.reason) == ("We save mo", True, "Seen by 0.")
    assert first.provenance.model == REFERENCE
    assert store.run(RUN).status == "done"


def choosing(asked: Asked) -> str:
    return next((option for option in asked.options if option in asked.text.lower()), asked.options[-1])


async def test_of_an_exclusive_book_one_question_chooses() -> None:
    reader = Reader(choosing)
    store = await coded(context(reader, codebook(exclusive=True)))
    assert len(reader.asked) == len(store.standing) == 4
    assert {one.code for one in reader.asked} == {"money, mending"}
    values = by_text(store, "coder", "reader")
    assert all({values["m"][place], values["r"][place]} == {"yes", "no"} for place in range(4))
    assert values["r"][2] == "yes"


async def test_the_order_of_options_is_shuffled_by_text_and_seed() -> None:
    texts = [f"Text {n}." for n in range(20)]
    orders = []
    for seed in (0, 0, 5):
        reader = Reader(choosing)
        await coded(context(reader, codebook(exclusive=True), study(coder("one", seed)), texts))
        orders.append([one.options for one in sorted(reader.asked, key=lambda one: one.text)])
    assert orders[0] == orders[1] != orders[2]
    assert len(set(orders[0])) == 2


@pytest.mark.parametrize("exclusive", [False, True])
async def test_a_coder_may_be_unsure_where_the_book_says_so(exclusive: bool) -> None:
    reader = Reader(lambda asked: "unsure")
    store = await coded(context(reader, codebook(exclusive=exclusive, allow_unsure=True)))
    assert by_text(store, "coder", "reader") == {"m": ["unsure"] * 4, "r": ["unsure"] * 4}
    refused = await coded(context(Reader(lambda asked: "unsure"), codebook(exclusive=exclusive)))
    assert refused.standing == []
    assert len(refused.failures) == (4 if exclusive else 8)


async def test_patterns_are_found_without_a_model() -> None:
    shouting = Code(id="p", label="capital M", kind="pattern", pattern=r"\bM\w+")
    book = codebook().model_copy(update={"codes": (*codebook().codes, shouting)})
    reader = Reader()
    store = await coded(context(reader, book, study(coder("a", 0), coder("b", 10))))
    assert "capital M" not in {one.code for one in reader.asked}
    found = [one for one in store.standing if one.code_id == "p"]
    assert [(one.coder, one.role, one.value, one.quote.text) for one in found] == [
        ("pattern", "coder", "no", ""),
        ("pattern", "coder", "no", ""),
        ("pattern", "coder", "yes", "Mending"),
        ("pattern", "coder", "yes", "Money"),
    ]
    assert final(store)["p"] == ["no", "no", "yes", "yes"]


async def test_groups_are_not_coded() -> None:
    group = Code(id="g", label="group")
    codes = tuple(code.model_copy(update={"parent": "g"}) for code in codebook().codes)
    reader = Reader()
    await coded(context(reader, Codebook(version=1, codes=(group, *codes))))
    assert {one.code for one in reader.asked} == {"money", "mending"}


def apart(asked: Asked) -> str:
    """The first coder says Yes, the others No; as moderator unsure of nothing."""
    return "Yes" if asked.seed == 0 or asked.role == "moderator" else "No"


@pytest.mark.parametrize(
    ("moderator", "weights", "outcome", "overruled"),
    [
        ("majority", (1, 1, 1), "no", ("a",)),
        ("weighted", (5, 1, 1), "yes", ("b", "c")),
        ("llm", (1, 1, 1), "yes", ("b", "c")),
    ],
)
async def test_several_coders_are_settled(
    moderator: Any, weights: tuple[float, ...], outcome: str, overruled: tuple[str, ...]
) -> None:
    coders = [coder(name, 10 * n, weight=weights[n]) for n, name in enumerate("abc")]
    deductive = Deduction(coders=tuple(coders), moderator=DeductiveModerator(kind=moderator))
    reader = Reader(apart)
    store = await coded(context(reader, codebook(), study(deductive=deductive)))
    settled = [one for one in store.standing if one.role == "moderator"]
    assert {(one.value, one.overruled) for one in settled} == {(outcome, overruled)}
    assert final(store) == {"m": [outcome] * 4, "r": [outcome] * 4}
    assert reader.count("moderator") == (8 if moderator == "llm" else 0)
    assert {one.coder for one in store.standing} == {"a", "b", "c", "moderator"}


async def test_a_moderating_model_is_asked_only_where_coders_differ() -> None:
    def rule(asked: Asked) -> str:
        return "No" if asked.seed == 10 and "fun" in asked.text else "Yes"

    deductive = Deduction(coders=(coder("a", 0), coder("b", 10)), moderator=DeductiveModerator(kind="llm"))
    reader = Reader(rule)
    await coded(context(reader, codebook(), study(deductive=deductive)))
    assert [one.text for one in reader.asked if one.role == "moderator"] == ["Mending is fun."] * 2


async def test_a_failed_question_is_listed_by_code_and_costs_no_other() -> None:
    def rule(asked: Asked) -> str:
        return "perhaps" if asked.code == "money" and "fun" in asked.text else "Yes"

    store = await coded(context(Reader(rule), codebook()))
    segment = store.segments(RUN, 2, 3)[0]
    assert [(one.segment_id, one.code_id, one.role, one.kind) for one in store.failures] == [
        (segment.id, "m", "coder", "invalid")
    ]
    assert by_text(store, "coder", "reader") == {"m": ["yes", "yes", None, "yes"], "r": ["yes"] * 4}
    assert store.run(RUN).failures == 1


async def test_where_one_coder_fails_the_others_are_settled() -> None:
    reader = Reader(lambda asked: "perhaps" if asked.seed == 0 else "Yes")
    store = await coded(context(reader, codebook(), study(coder("a", 0), coder("b", 10))))
    assert final(store) == {"m": ["yes"] * 4, "r": ["yes"] * 4}
    assert {(one.role, one.coder) for one in store.failures} == {("coder", "a")}


async def test_where_all_coders_fail_there_is_nothing_to_settle() -> None:
    reader = Reader(lambda asked: "perhaps")
    store = await coded(context(reader, codebook(), study(coder("a", 0), coder("b", 10))))
    assert store.standing == []
    assert Counter((one.role, one.coder) for one in store.failures) == {
        ("coder", "a"): 8,
        ("coder", "b"): 8,
        ("moderator", "moderator"): 8,
    }


async def test_a_table_is_replayed_beside_a_model() -> None:
    settings = study(coder("model", 0), coder("table", 10, replay="answers.csv"))
    reader = Reader(lambda asked: "Yes")
    store = InMemoryDevelopmentStore(settings, TEXTS, codebook())
    first, second, *_ = store.segments(RUN, 0, 4)
    table = {
        (first.id, "m"): RecordedAnswer(value="no", reason="Written down.", quote="save money"),
        (second.id, "gone"): RecordedAnswer(value="yes"),
    }
    given = context(reader, codebook(), settings, replays=lambda coder, book: {1: table})
    store = await coded(given)
    assert by_text(store, "coder", "table") == {"m": ["no", None, None, None]}
    said = next(one for one in store.standing if one.coder == "table")
    assert (said.quote.verified, said.provenance.model) == (True, "replay:answers.csv")
    assert len(reader.asked) == 8


async def test_a_run_that_was_stopped_goes_on_and_asks_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader()
    given = context(reader, codebook(), study(limits=Limits(wave=1)))
    write, written = InMemoryDevelopmentStore.write_wave, []

    def stops(store: InMemoryDevelopmentStore, run_id: str, wave: Wave) -> None:
        written.append(wave)
        if len(written) == 3:
            raise OSError("the disk is full")
        write(store, run_id, wave)

    monkeypatch.setattr(InMemoryDevelopmentStore, "write_wave", stops)
    with pytest.raises(OSError, match="the disk is full"):
        await coded(given)
    assert given.store.run(RUN).position == 2
    assert by_text(await coded(given), "coder", "reader")["r"] == ["yes", "no", "yes", "no"]
    assert set(Counter((one.code, one.text) for one in reader.asked).values()) == {1}


async def test_the_state_holds_no_texts_and_losing_it_loses_nothing() -> None:
    saver = InMemorySaver()
    given = context(Reader(), codebook())
    config: Any = {"configurable": {"thread_id": "1"}}
    await build_deductive(saver).ainvoke({"run": RUN}, config, context=given)
    states = [one.checkpoint["channel_values"] for one in saver.list(config)]
    told = str(states)
    assert len(states) > 2
    assert not any(text[:12] in told for text in TEXTS)
    assert {"position", "total", "failures"} <= set(states[0])
    before: list[Decision] = list(given.store.standing)  # type: ignore[attr-defined]
    assert (await build_deductive().ainvoke({"run": RUN}, context=given))["failures"] == 0
    assert given.store.standing == before  # type: ignore[attr-defined]


async def test_an_unknown_run_is_refused() -> None:
    with pytest.raises(StudyError, match="no run `other`"):
        await build_deductive().ainvoke({"run": "other"}, context=context(Reader(), codebook()))


async def test_progress_is_told() -> None:
    events = []
    stream = build_deductive().astream({"run": RUN}, context=context(Reader(), codebook()), stream_mode="custom")
    async for event in stream:
        events.append(event)
    assert (events[-1]["done"], events[-1]["total"], events[-1]["asked"], events[-1]["to_ask"]) == (4, 4, 8, 8)
