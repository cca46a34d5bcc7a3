from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from pydantic import ValidationError

from intercoder.core.codebook import Code, Codebook
from intercoder.core.coding.settling import Settled
from intercoder.core.deductive_settings import Development
from intercoder.core.errors import InputError, StudyError
from intercoder.core.revisions import RevisionAnswer
from intercoder.core.study import Study
from intercoder.graphs import InMemoryDevelopmentStore, build_codevelopment, make_development_context
from intercoder.llms.scripted import material_of
from intercoder.stores.in_memory import InMemoryAnswerLog
from intercoder.stores.in_memory_development import RUN
from tests.graphs.deductive.deductive_models import REFERENCE, TEXTS, Asked, Reader, codebook, coder, study


def revision(kind: str, evidence: Sequence[int] = (1,), **fields: Any) -> dict[str, Any]:
    return {"evidence": list(evidence), "rationale": "It was misread.", "kind": kind, **fields}


def once(**proposed: list[dict[str, Any]]) -> Callable[[str], list[dict[str, Any]]]:
    """A reviser that proposes something about a code when it first sees it, and nothing more."""
    left = {label.replace("_", " "): revisions for label, revisions in proposed.items()}
    return lambda label: left.pop(label, [])


class Host:
    """An application of somebody else's that develops a codebook."""

    def __init__(self, reader: Reader, book: Codebook | None = None, settings: Study | None = None) -> None:
        self.reader = reader
        self.saver = InMemorySaver()
        settings = settings or study()
        self.store = InMemoryDevelopmentStore(settings, TEXTS, book or codebook())
        self.context = make_development_context(
            settings,
            self.store.run(RUN),
            store=self.store,
            log=InMemoryAnswerLog(),
            models={REFERENCE: reader.model},
        )
        self.config: Any = {"configurable": {"thread_id": "1"}}

    async def go(self, given: Any = None) -> dict[str, Any]:
        """Begin, or resume with what is given."""
        graph = build_codevelopment(self.saver)
        payload = {"run": RUN} if given is None else Command(resume=given)
        result: dict[str, Any] = await graph.ainvoke(payload, self.config, context=self.context)
        return result

    async def pending(self) -> list[dict[str, Any]]:
        """The revisions that the graph waits for."""
        snapshot = await build_codevelopment(self.saver).aget_state(self.config)
        return [one for waiting in snapshot.interrupts for one in waiting.value["revisions"]]

    @property
    def statuses(self) -> list[str]:
        return [one.status for one in self.store.revisions]

    def forget(self) -> None:
        """Delete all checkpoints."""
        self.saver = InMemorySaver()


def approval(*revisions: dict[str, Any], by: str = "ana", **more: Any) -> dict[str, Any]:
    return {"answers": {one["id"]: {"answer": "approve", "by": by, **more} for one in revisions}}


NEW = revision("definition", text="Somebody pays or saves.")
RULE = revision("include", text="Repair at home.")


async def test_a_round_waits_for_people_and_goes_on_with_a_new_version() -> None:
    host = Host(Reader(revise=once(money=[NEW], mending=[RULE])))
    result = await host.go()
    (waiting,) = result["__interrupt__"]
    money, mending = waiting.value["revisions"]
    assert (money["kind"], money["before"][0]["definition"], money["rationale"]) == (
        "definition",
        "Costs.",
        "It was misread.",
    )
    assert money["after"][0]["definition"] == "Somebody pays or saves."
    assert set(money["evidence"]) <= {one.id for one in host.store.standing}
    assert money["evidence"]
    assert host.store.run(RUN).codebook_version == 1

    reject = {"answer": "reject", "by": "ana", "note": "We do not need it."}
    result = await host.go({"answers": {**approval(money)["answers"], mending["id"]: reject}})
    assert "__interrupt__" not in result
    assert (result["round"], result["codebook_version"]) == (2, 2)
    assert host.statuses == ["approved", "rejected"]
    assert host.store.run(RUN).status == "done"
    definitions = {code.label: (code.definition, code.revision) for code in host.store.books[-1].codes}
    assert definitions == {"money": ("Somebody pays or saves.", 2), "mending": ("Repair.", 1)}
    assert {one.codebook_version for one in host.store.standing if one.code_id == "m"} == {2}


async def test_the_reviser_sees_first_what_people_settled_or_sent() -> None:
    seen: dict[str, str] = {}
    host = Host(Reader(revise=once(money=[NEW], mending=[RULE])))
    plain = host.reader.answer

    def answer(messages: Any, schema: Any, seed: Any) -> str:
        material = material_of(messages)
        if "findings" in material:
            seen[material["codebook"].splitlines()[0]] = material["text"]
        return plain(messages, schema, seed)

    host.reader.answer = answer  # type: ignore[method-assign]
    host.context = make_development_context(
        study(),
        host.store.run(RUN),
        store=host.store,
        log=InMemoryAnswerLog(),
        models={REFERENCE: host.reader.model},
    )
    segments = [segment.id for segment in host.store.segments(RUN, 0, 4)]
    host.store.settled += [
        Settled(segment_id=segments[2], code_id="m", number=1, value="no", note="Fun is no money.", by="Ana Lopez"),
        Settled(segment_id=segments[1], code_id="m", number=1, note="Is this one?", by="Ben", evidence=True),
        Settled(segment_id=segments[0], code_id="m", number=1, value="yes", note="Gone.", by="Ben"),
        Settled(segment_id=segments[0], code_id="m", number=2, by="Ben"),
    ]
    await host.go()
    lines = [line for line in seen["Code: money"].splitlines() if line[0].isdigit() or "person" in line]
    assert lines[:4] == [
        f"1. {TEXTS[1]}",
        "   A person asks you to look at this: Is this one?",
        f"2. {TEXTS[2]}",
        "   A person settled: No, because Fun is no money.",
    ]
    assert "Gone." not in seen["Code: money"]
    assert "person" not in seen["Code: mending"]
    assert "Ana" not in seen["Code: money"]
    (money, _) = await host.pending()
    cited = {one.id for one in host.store.standing if one.segment_id == segments[1]}
    assert set(money["evidence"]) <= cited


async def test_only_what_a_revision_touches_is_coded_again() -> None:
    reader = Reader(revise=once(money=[NEW]))
    host = Host(reader)
    await host.go()
    reader.asked.clear()
    await host.go(approval(*await host.pending()))
    assert Counter((one.role, one.code) for one in reader.asked) == {("coder", "money"): 4, ("reviser", "money"): 1}
    assert Counter(one.code_id for one in host.store.standing) == {"m": 4, "r": 4}


async def test_of_an_exclusive_book_the_whole_sample_is_coded_again() -> None:
    reader = Reader(lambda asked: asked.options[0], revise=once(money=[NEW]))
    host = Host(reader, codebook(exclusive=True))
    await host.go()
    reader.asked.clear()
    await host.go(approval(*await host.pending()))
    assert reader.count("coder") == 4
    assert len(host.store.standing) == 4
    assert {one.round for one in host.store.standing} == {2}


async def test_answers_may_come_one_by_one() -> None:
    host = Host(Reader(revise=once(money=[NEW], mending=[RULE])))
    await host.go()
    first, second = await host.pending()
    result = await host.go(approval(second))
    assert [one["id"] for one in result["__interrupt__"][0].value["revisions"]] == [first["id"]]
    assert host.statuses == ["waiting", "approved"]
    assert (await host.go({"answers": {}}))["__interrupt__"]
    result = await host.go(approval(first, by="ben"))
    assert result["codebook_version"] == 2
    assert [one.version for one in host.store.revisions] == [2, 2]


@pytest.mark.parametrize(
    ("resumed", "problem"),
    [
        ("approve", "valid dictionary"),
        ({"answer": "approve"}, "Extra inputs are not permitted"),
        ({"answers": {"ID": {"answer": "perhaps", "by": "ana"}}}, "'approve', 'edit' or 'reject'"),
        ({"answers": {"ID": {"answer": "approve"}}}, "Field required"),
        ({"answers": {"ID": {"answer": "approve", "by": ""}}}, "at least 1 character"),
        ({"answers": {"r_nothing": {"answer": "approve", "by": "ana"}}}, "there is no revision 'r_nothing'"),
        ({"answers": {"ID": {"answer": "edit", "by": "ana"}}}, "must say what the code becomes"),
        (
            {"answers": {"ID": {"answer": "edit", "by": "ana", "after": [{"id": "r", "label": "mending"}]}}},
            "must hold the code 'money' and no other",
        ),
        (
            {"answers": {"ID": {"answer": "edit", "by": "ana", "after": [{"id": "m", "label": "cash"}]}}},
            "changes definition only, not label",
        ),
    ],
)
async def test_an_answer_that_cannot_be_taken_leaves_the_question_open(resumed: Any, problem: str) -> None:
    host = Host(Reader(revise=once(money=[NEW])))
    await host.go()
    pending = await host.pending()
    if isinstance(resumed, dict) and "ID" in resumed.get("answers", {}):
        resumed = {"answers": {pending[0]["id"]: resumed["answers"]["ID"]}}
    with pytest.raises((ValidationError, StudyError, InputError), match=problem):
        await host.go(resumed)
    assert host.statuses == ["waiting"]
    assert await host.pending() == pending
    assert (await host.go(approval(*pending)))["codebook_version"] == 2


async def test_a_second_persons_answer_is_refused_with_who_was_first() -> None:
    host = Host(Reader(revise=once(money=[NEW], mending=[RULE])))
    await host.go()
    first, second = await host.pending()
    host.store.answer(RevisionAnswer(revision_id=first["id"], answer="reject", by="ben"))
    with pytest.raises(StudyError, match="answered before: rejected by ben"):
        await host.go(approval(first, second))
    assert (await host.go(approval(second)))["codebook_version"] == 2
    assert host.statuses == ["rejected", "approved"]


async def test_the_same_answer_again_is_no_error() -> None:
    host = Host(Reader(revise=once(money=[NEW], mending=[RULE])))
    await host.go()
    first, second = await host.pending()
    await host.go(approval(first))
    assert (await host.go(approval(first, second)))["codebook_version"] == 2


async def test_people_may_answer_in_the_store() -> None:
    host = Host(Reader(revise=once(money=[NEW], mending=[RULE])))
    await host.go()
    for one in await host.pending():
        host.store.answer(RevisionAnswer(revision_id=one["id"], answer="approve", by="ana"))
    result = await host.go()
    assert (result["round"], result["codebook_version"]) == (2, 2)


async def test_an_edit_stands_in_place_of_what_was_proposed() -> None:
    host = Host(Reader(revise=once(money=[NEW])))
    await host.go()
    (one,) = await host.pending()
    after = [{**one["after"][0], "definition": "Somebody pays."}]
    await host.go({"answers": {one["id"]: {"answer": "edit", "by": "ana", "after": after}}})
    assert host.statuses == ["edited"]
    assert [code.definition for code in host.store.books[-1].codes] == ["Somebody pays.", "Repair."]


async def test_deleting_checkpoints_loses_nothing() -> None:
    reader = Reader(revise=once(money=[NEW], mending=[RULE]))
    host = Host(reader)
    await host.go()
    asked = len(reader.asked)
    first, second = await host.pending()
    await host.go(approval(first))
    host.forget()
    result = await host.go()
    assert [one["id"] for one in result["__interrupt__"][0].value["revisions"]] == [second["id"]]
    assert len(reader.asked) == asked
    host.forget()
    await host.go()
    assert (await host.go(approval(second)))["codebook_version"] == 2


async def test_the_state_holds_counts_and_no_texts() -> None:
    host = Host(Reader(revise=once(money=[NEW])))
    await host.go()
    await host.go(approval(*await host.pending()))
    states = [one.checkpoint["channel_values"] for one in host.saver.list(host.config)]
    assert len(states) > 5
    known = {"run", "position", "total", "failures", "round", "waiting", "codebook_version"}
    for state in states:
        values = {key: value for key, value in state.items() if not key.startswith(("__", "branch:"))}
        assert set(values) <= known
        assert all(isinstance(value, int) for key, value in values.items() if key != "run")
    written = str(list(host.saver.list(host.config)))
    assert not any(text in written for text in TEXTS)


async def test_useless_proposals_are_dropped_and_counted() -> None:
    proposed = [
        revision("definition", evidence=[99], text="It cites what was not shown."),
        revision("definition", text="Costs."),
        revision("rename", text="Mending"),
        revision("merge", **{"with": "nobody", "label": "both", "definition": "Both."}),
    ]
    settings = study(development=Development(repeat=False, revisions_per_code=4))
    host = Host(Reader(revise=once(money=proposed)), settings=settings)
    result = await host.go()
    assert "__interrupt__" not in result
    assert host.statuses == ["dropped"] * 4
    reasons = [one.dropped for one in host.store.revisions]
    assert "not shown" in reasons[0]
    assert "changes nothing" in reasons[1]
    assert "called" in reasons[2]
    assert "not there" in reasons[3]


async def test_what_people_rejected_is_not_proposed_to_them_again() -> None:
    def revise(label: str) -> list[dict[str, Any]]:
        return [RULE, NEW] if label == "money" else []

    host = Host(Reader(revise=revise))
    await host.go()
    rule, new = await host.pending()
    reject = {rule["id"]: {"answer": "reject", "by": "ana"}}
    result = await host.go({"answers": {**approval(new)["answers"], **reject}})
    assert "__interrupt__" not in result
    assert [one.dropped for one in host.store.revisions[2:]] == [
        "people rejected the same change before.",
        "It changes nothing.",
    ]


async def test_rounds_come_to_an_end() -> None:
    def revise(label: str) -> list[dict[str, Any]]:
        return [revision("include", text=f"Rule {len(reader.asked)}.")] if label == "money" else []

    reader = Reader(revise=revise)
    host = Host(reader, settings=study(development=Development(repeat=False, rounds=3)))
    result = await host.go()
    for _ in range(3):
        result = await host.go(approval(*await host.pending()))
    assert "__interrupt__" not in result
    assert (result["round"], result["codebook_version"]) == (4, 4)
    assert len(host.store.books[-1].codes[0].include) == 3
    assert reader.count("coder") == 2 * 4 + 3 * 4


async def test_coders_are_asked_again_in_another_way() -> None:
    reader = Reader()
    host = Host(reader, settings=study(coder("a", 0), coder("b", 10), development=Development(repeat=True)))
    await host.go()
    assert Counter(one.seed for one in reader.asked if one.role == "coder") == {0: 8, 1: 8, 10: 8, 11: 8}
    everybody = [("coder", "a"), ("coder", "b"), ("moderator", "moderator"), ("repeat", "a"), ("repeat", "b")]
    said = Counter((one.role, one.coder) for one in host.store.standing)
    assert said == dict.fromkeys(everybody, 8)
    assert {one.provenance.prompt for one in host.store.standing if one.role == "repeat"} == {"deductive/again"}


async def test_a_split_code_is_coded_as_its_parts_and_a_dropped_one_no_more() -> None:
    parts = [{"label": "saving", "definition": "Less is spent."}, {"label": "prices", "definition": "It costs."}]
    proposed = once(money=[revision("split", parts=parts)], mending=[revision("drop")])
    reader = Reader(revise=proposed)
    host = Host(reader)
    await host.go()
    reader.asked.clear()
    await host.go(approval(*await host.pending()))
    assert [code.label for code in host.store.books[-1].codes] == ["saving", "prices"]
    assert Counter(one.code for one in reader.asked if one.role == "coder") == {"saving": 4, "prices": 4}
    assert {one.label for one in host.store.standing} == {"saving", "prices"}


async def test_dropping_codes_codes_nothing_again() -> None:
    reader = Reader(revise=once(mending=[revision("drop")]))
    host = Host(reader)
    await host.go()
    reader.asked.clear()
    result = await host.go(approval(*await host.pending()))
    assert reader.asked == []
    assert (result["round"], host.store.run(RUN).status) == (2, "done")
    assert {one.label for one in host.store.standing} == {"money"}


async def test_approved_revisions_that_do_not_go_together_are_left_out_with_a_reason() -> None:
    renamed = revision("rename", text="Thrift")
    host = Host(Reader(revise=once(money=[renamed], mending=[renamed])))
    await host.go()
    await host.go(approval(*await host.pending()))
    assert [code.label for code in host.store.books[-1].codes] == ["Thrift", "mending"]
    assert [(one.version, bool(one.problem)) for one in host.store.revisions] == [(2, False), (0, True)]


async def test_where_nothing_is_approved_the_codebook_stays() -> None:
    host = Host(Reader(revise=once(money=[NEW])))
    await host.go()
    (one,) = await host.pending()
    result = await host.go({"answers": {one["id"]: {"answer": "reject", "by": "ana"}}})
    assert (result["round"], result["codebook_version"]) == (1, 1)
    assert len(host.store.books) == 1


async def test_a_reviser_that_fails_is_listed_and_the_others_go_on() -> None:
    host = Host(Reader(revise=lambda label: [{"kind": "nonsense"}] if label == "money" else [RULE]))
    result = await host.go()
    assert [(one.role, one.code_id) for one in host.store.failures] == [("reviser", "m")]
    assert [one["kind"] for one in result["__interrupt__"][0].value["revisions"]] == ["include"]


async def test_what_a_coder_failed_at_after_a_revision_does_not_stand_any_more() -> None:
    def rule(asked: Asked) -> str:
        return "perhaps" if asked.code == "money" and reader.count("reviser") else "Yes"

    reader = Reader(rule, revise=once(money=[NEW]))
    host = Host(reader, settings=study(coder("a", 0), coder("b", 10)))
    await host.go()
    assert Counter(one.code_id for one in host.store.standing) == {"m": 12, "r": 12}
    await host.go(approval(*await host.pending()))
    assert Counter(one.code_id for one in host.store.standing) == {"r": 12}


async def test_patterns_are_not_put_to_the_reviser() -> None:
    shouting = Code(id="p", label="capital M", kind="pattern", pattern=r"\bM\w+")
    book = codebook().model_copy(update={"codes": (*codebook().codes, shouting)})
    reader = Reader()
    await Host(reader, book).go()
    assert [one.code for one in reader.asked if one.role == "reviser"] == ["money", "mending"]
