"""The store in memory, held against the one on a database: the same run leaves the same in both."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.codebook_diff import diff
from intercoder.core.coding.deduction import CoderValues
from intercoder.core.decisions import Decision, Failure, Wave, decision_id
from intercoder.core.documents import Document
from intercoder.core.errors import InputError, StudyError
from intercoder.core.revisions import Revision, RevisionAnswer, revised
from intercoder.core.texts.segmentation import segment
from intercoder.graphs import InMemoryDevelopmentStore, build_codevelopment, make_development_context
from intercoder.stores.codebooks.codebooks import complete_versions, read_version
from intercoder.stores.codebooks.development import SqlDevelopmentStore
from intercoder.stores.codebooks.revisions import recorded_revisions, revise_by_hand
from intercoder.stores.corpus.intake import Source, import_source
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.database import reading
from intercoder.stores.in_memory import InMemoryAnswerLog
from intercoder.stores.in_memory_development import RUN
from intercoder.stores.runs.deductions import create_deductive_run, standing
from intercoder.stores.study_folder import StudyFolder
from tests.graphs.deductive.deductive_models import REFERENCE, TEXTS, Asked, Reader, codebook, coder, study
from tests.studies import new_study

SETTINGS = 'question = "Why repair?"\n[[coders]]\nname = "first"\nmodel = "scripted:words"\n'


SHOUTING = Code(id="p", label="capital M", kind="pattern", pattern=r"\bM\w+")


def made(book: Codebook | None = None) -> InMemoryDevelopmentStore:
    return InMemoryDevelopmentStore(study(), TEXTS, book or codebook())


def decision(store: InMemoryDevelopmentStore, place: int, code: str | None, value: str, **changes: Any) -> Decision:
    segment_id = store.segments(RUN, place, place + 1)[0].id
    round_ = store.run(RUN).round
    fields = {
        "id": decision_id(RUN, round_, segment_id, "coder", "reader", code or "choice"),
        "run": RUN,
        "round": round_,
        "segment_id": segment_id,
        "role": "coder",
        "coder": "reader",
        "position": 0,
        "label": code,
        "code_id": code,
        "code_revision": 1,
        "value": value,
    }
    return Decision.model_validate(fields | changes)


def proposed(store: InMemoryDevelopmentStore, *definitions: str, first: str = "") -> list[Revision]:
    code = store.books[-1].codes[0]
    revisions = [
        revised("definition", code, definition=text).model_copy(update={"id": first or f"r{place}", "run": RUN})
        for place, text in enumerate(definitions)
    ]
    store.write_revisions(RUN, revisions, {})
    return revisions


def approve(store: InMemoryDevelopmentStore, revision: str = "r0", by: str = "ana") -> None:
    store.answer(RevisionAnswer(revision_id=revision, answer="approve", by=by))


def test_a_book_that_cannot_be_coded_with_is_refused() -> None:
    book = codebook(exclusive=True)
    with pytest.raises(InputError, match="'capital M' is found by a pattern"):
        made(book.model_copy(update={"codes": (*book.codes, SHOUTING)}))


def test_writing_twice_changes_nothing() -> None:
    store = made()
    wave = Wave(start=0, stop=1, decisions=(decision(store, 0, "m", "yes"),))
    store.write_wave(RUN, wave)
    store.write_wave(RUN, wave)
    assert len(store.decisions) == 1
    proposed(store, "New.")
    proposed(store, "New.", "Newer.")
    assert [one.number for one in store.revisions] == [1]


def test_failures_are_those_of_the_round() -> None:
    store = made()
    failure = Failure(segment_id=TEXTS[0], role="coder", coder="reader", kind="error", message="No.")
    store.write_wave(RUN, Wave(start=0, stop=4, failures=(failure,)))
    assert store.run(RUN).failures == 1
    proposed(store, "New.")
    approve(store)
    assert store.apply_round(RUN)
    assert (store.run(RUN).failures, store.failures) == (0, [])


def test_a_round_codes_what_the_revisions_touch() -> None:
    store = made()
    store.write_wave(RUN, Wave(start=0, stop=4, decisions=(decision(store, 0, "m", "yes"),)))
    proposed(store, "New.")
    approve(store)
    assert store.apply_round(RUN)
    run = store.run(RUN)
    assert (run.round, run.position, run.codebook_version, run.status) == (2, 0, 2, "running")
    assert store.round(RUN).codes == ("m",)
    assert not store.proposed(RUN)
    assert [code.revision for code in store.book(RUN).codes] == [2, 1]
    assert store.apply_round(RUN) is False


def test_a_later_decision_supersedes_and_an_equal_one_is_left_out() -> None:
    store = made()
    first = decision(store, 0, "m", "yes")
    store.write_wave(RUN, Wave(start=0, stop=4, decisions=(first, decision(store, 0, "r", "no"))))
    proposed(store, "New.")
    approve(store)
    store.apply_round(RUN)
    again = decision(store, 0, "r", "no")
    later = decision(store, 0, "m", "no", code_revision=2)
    store.write_wave(RUN, Wave(start=0, stop=4, decisions=(later, again)))
    assert [(one.code_id, one.value, one.supersedes) for one in store.standing] == [
        ("m", "no", first.id),
        ("r", "no", ""),
    ]
    assert len(store.decisions) == 3


def test_nobody_but_the_first_answers() -> None:
    store = made()
    proposed(store, "New.")
    approve(store)
    approve(store)
    with pytest.raises(StudyError, match="answered before: approved by ana at"):
        store.answer(RevisionAnswer(revision_id="r0", answer="reject", by="ben"))
    with pytest.raises(StudyError, match="no revision 'r7'"):
        approve(store, "r7")


def test_what_was_dropped_cannot_be_answered() -> None:
    store = made()
    revision = revised("definition", store.books[0].codes[0], definition="New.")
    store.write_revisions(RUN, [revision.model_copy(update={"id": "r0"})], {"r0": "it changes nothing."})
    with pytest.raises(StudyError, match="was dropped: it changes nothing"):
        approve(store)


@pytest.mark.parametrize(
    ("after", "message"),
    [
        ((), "must say what the code becomes"),
        ((Code(id="r", label="mending"),), "no other"),
        ((Code(id="m", label="cash", definition="Costs."),), "not label"),
    ],
)
def test_an_edit_must_fit_the_revision(after: tuple[Code, ...], message: str) -> None:
    store = made()
    proposed(store, "New.")
    with pytest.raises(InputError, match=message):
        store.answer(RevisionAnswer(revision_id="r0", answer="edit", after=after, by="ana"))
    assert [one.id for one in store.waiting(RUN)] == ["r0"]


def test_of_two_that_contradict_the_second_is_left_out() -> None:
    store = made()
    proposed(store, "New.", "Newer.")
    approve(store, "r0")
    approve(store, "r1")
    assert store.apply_round(RUN)
    assert [(one.version, one.problem) for one in store.revisions] == [
        (2, ""),
        (0, "the definition of 'money' was changed meanwhile."),
    ]


def test_what_is_said_again_after_a_failure_stands_again() -> None:
    store = made()
    store.write_wave(RUN, Wave(start=0, stop=4, decisions=(decision(store, 0, "m", "yes"),)))
    segment_id = store.segments(RUN, 0, 1)[0].id
    failure = Failure(segment_id=segment_id, role="coder", coder="reader", kind="error", message="No.", code_id="m")
    for again in (Wave(start=0, stop=4, failures=(failure,)), None):
        (one,) = proposed(store, f"New {store.run(RUN).round}.", first=f"r{store.run(RUN).round}")
        approve(store, one.id)
        assert store.apply_round(RUN)
        store.write_wave(RUN, again or Wave(start=0, stop=4, decisions=(decision(store, 0, "m", "yes"),)))
        assert [one.value for one in store.standing] == ([] if again else ["yes"])
    assert [one.round for one in store.standing] == [3]


def sql_store(path: Path, book: Codebook) -> tuple[StudyFolder, SqlDevelopmentStore, Codebook]:
    """The same texts and codes in a study on disk."""
    folder = new_study(path, SETTINGS)
    for place, text in enumerate(TEXTS):
        document = Document(name=f"text {place + 1}", source="texts", key=str(place + 1), text=text)
        source = Source(name=document.name, sha256=document.id, options={}, unit="document")
        import_source(
            folder.engine, folder.study.id, source, [document], lambda one: segment(one.text, "document"), []
        )
    stored = revise_by_hand(folder.engine, folder.study.id, diff(Codebook(version=0), book), "ana")
    return folder, SqlDevelopmentStore(folder.engine, folder.study.id), stored


class Drawn:
    """A reader that says and proposes what was drawn, the same about the same question."""

    def __init__(self, said: list[str], proposals: list[dict[str, Any]]) -> None:
        self.said, self.proposals = said, proposals
        self.reader = Reader(self.rule, self.revise)

    def rule(self, asked: Asked) -> str:
        place = TEXTS.index(asked.text) + len(asked.code) + 3 * asked.seed
        options = sorted(asked.options) or ["Yes", "No"]
        said = self.said[place % len(self.said)]
        return {"first": options[0], "last": options[-1]}.get(said, said)

    def revise(self, label: str) -> list[dict[str, Any]]:
        return [self.proposals[len(label) % len(self.proposals)]] if self.proposals else []


CHANGES = st.sampled_from(
    [
        {"kind": "definition", "text": "Something else."},
        {"kind": "rename", "text": "Thrift"},
        {"kind": "include", "text": "Repair at home."},
        {"kind": "drop"},
        {"kind": "split", "parts": [{"label": "one", "definition": "A."}, {"label": "two", "definition": "B."}]},
        {"kind": "merge", "with": "mending", "label": "both", "definition": "A and B."},
    ]
)
PROPOSALS = CHANGES.map(lambda change: {"evidence": [1], "rationale": "Misread.", **change})


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.lists(st.sampled_from(["first", "last", "unsure", "perhaps"]), min_size=1, max_size=6),
    proposals=st.lists(PROPOSALS, max_size=3),
    answers=st.lists(st.sampled_from(["approve", "reject"]), min_size=1, max_size=4),
    exclusive=st.booleans(),
    coders=st.integers(1, 2),
)
async def test_both_stores_leave_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    said: list[str],
    proposals: list[dict[str, Any]],
    answers: list[str],
    exclusive: bool,
    coders: int,
) -> None:
    book = codebook(exclusive=exclusive, allow_unsure=True)
    if not exclusive:
        book = book.model_copy(update={"codes": (*book.codes, SHOUTING)})
    folder, on_disk, stored = sql_store(tmp_path_factory.mktemp("study") / "study", book)
    team = [coder(f"coder{n}", 10 * n) for n in range(coders)]
    chosen = study(*team, id=folder.study.id)
    run = create_deductive_run(
        folder.engine, chosen, "codevelop", stored, [one.id for one in stored.leaves], Scope()
    )
    in_memory = InMemoryDevelopmentStore(chosen, TEXTS, stored)
    for store, run_id in ((on_disk, run.id), (in_memory, RUN)):
        await _develop(store, chosen, run_id, Drawn(said, proposals).reader, answers)
    versions = _versions(folder)
    assert [one.hash for one in versions] == [one.hash for one in in_memory.books]
    assert [[code.revision for code in one.codes] for one in versions] == [
        [code.revision for code in one.codes] for one in in_memory.books
    ]
    assert on_disk.run(run.id).failures == in_memory.run(RUN).failures
    recorded = recorded_revisions(folder.engine, folder.study.id, run=run.id)
    told = [
        [(one.status, one.version, one.problem, one.dropped) for one in all_]
        for all_ in (recorded, in_memory.revisions)
    ]
    assert told[0] == told[1]
    assert _plain(on_disk.values(run.id)) == _plain(in_memory.values(RUN))
    with reading(folder.engine) as connection:
        stands = [one.decision for one in standing(connection, folder.study.id, on_disk.run(run.id))]
    assert [one.content for one in map(_nameless, stands)] == [
        one.content for one in map(_nameless, in_memory.standing)
    ]


async def _develop(store: Any, chosen: Any, run_id: str, reader: Reader, answers: list[str]) -> None:
    models = {REFERENCE: reader.model}
    context = make_development_context(
        chosen, store.run(run_id), store=store, log=InMemoryAnswerLog(), models=models
    )
    graph = build_codevelopment(InMemorySaver())
    config: Any = {"configurable": {"thread_id": "1"}}
    result = await graph.ainvoke({"run": run_id}, config, context=context)
    while "__interrupt__" in result:
        waiting = result["__interrupt__"][0].value["revisions"]
        given = {
            one["id"]: {"answer": answers[place % len(answers)], "by": "ana"} for place, one in enumerate(waiting)
        }
        result = await graph.ainvoke(Command(resume={"answers": given}), config, context=context)


def _versions(folder: StudyFolder) -> list[Codebook]:
    with reading(folder.engine) as connection:
        numbers = complete_versions(connection, folder.study.id)
        return [read_version(connection, folder.study.id, number) for number in numbers]


def _plain(values: Any) -> list[tuple[str, str, Mapping[str, Mapping[str, str]]]]:
    """Values without what one store leaves out and the other keeps empty."""
    found: list[CoderValues] = list(values)
    return [(one.role, one.name, {code: dict(of) for code, of in one.values.items()}) for one in found]


def _nameless(decision: Decision) -> Decision:
    """A decision apart from the run's name."""
    return decision.model_copy(update={"run": ""})
