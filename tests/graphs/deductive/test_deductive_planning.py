from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from intercoder.cli.coding.plans import print_plan
from intercoder.core.codebook import Code, Codebook
from intercoder.core.codebooks.codebook_diff import diff
from intercoder.core.deductive_settings import Deduction, DeductiveModerator, Development
from intercoder.core.study import Price, Study
from intercoder.graphs import build_codevelopment, make_development_context
from intercoder.graphs.deductive.deductive_planning import plan_deductive
from intercoder.stores.codebooks.development import SqlDevelopmentStore
from intercoder.stores.codebooks.revisions import revise_by_hand
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.in_memory import InMemoryAnswerLog
from intercoder.stores.runs.deductions import create_deductive_run
from intercoder.stores.study_folder import StudyFolder
from tests.graphs.deductive.deductive_models import coder

GROUP = Code(id="g", label="things")
CODES = (
    GROUP,
    Code(id="t", label="toaster", definition="A toaster is spoken of.", include=("kettles too",), parent="g"),
    Code(id="b", label="bicycle", definition="Somebody rides."),
    Code(id="p", label="person", kind="pattern", pattern=r"Person \d+"),
)


def stored_book(folder: StudyFolder, **settings: bool) -> Codebook:
    codes = [code for code in CODES if not code.pattern or not settings.get("exclusive")]
    book = Codebook(version=1, codes=tuple(codes)).model_copy(update=settings)
    return revise_by_hand(folder.engine, folder.study.id, diff(Codebook(version=0), book), "ana")


def settings_of(folder: StudyFolder, **changes: Any) -> Study:
    deductive = Deduction(
        coders=(coder("a", 0, shots=1), coder("b", 10, prompt="again")), moderator=DeductiveModerator(kind="llm")
    )
    return folder.study.model_copy(update={"deductive": deductive, **changes})


def calls(plan: Any) -> dict[tuple[str, str], int]:
    return {(actor.role, actor.name): actor.calls for actor in plan.actors}


@pytest.mark.parametrize("exclusive", [False, True])
def test_calls_by_coder(study: StudyFolder, exclusive: bool) -> None:
    book = stored_book(study, exclusive=exclusive)
    settings = settings_of(study)
    plan = plan_deductive(study, settings, book, book.leaves, Scope(), graph="codevelop")
    each = 40 if exclusive else 80
    exact = {} if exclusive else {("coder", "pattern"): 0}
    assert calls(plan) == {
        ("coder", "a"): each,
        ("coder", "b"): each,
        **exact,
        ("moderator", "moderator"): each,
        ("repeat", "a"): each,
        ("repeat", "b"): each,
        ("reviser", "reviser"): 2,
    }
    assert [actor.role for actor in plan.actors if actor.at_most] == ["moderator"]
    assert (plan.segments, plan.codes, plan.obstacles) == (40, 2 + len(exact), ())
    final = plan_deductive(study, settings, book, book.leaves[:1], Scope(limit=10), graph="final")
    assert calls(final) == {("coder", "a"): 10, ("coder", "b"): 10, ("moderator", "moderator"): 10}


@pytest.mark.parametrize("exclusive", [False, True])
async def test_the_plan_estimates_what_is_really_sent(study: StudyFolder, exclusive: bool) -> None:
    book = stored_book(study, exclusive=exclusive)
    settings = settings_of(study)
    plan = plan_deductive(study, settings, book, book.leaves, Scope(), graph="codevelop")
    run = create_deductive_run(
        study.engine, settings, "codevelop", book, [code.id for code in book.leaves], Scope()
    )
    log = InMemoryAnswerLog()
    store = SqlDevelopmentStore(study.engine, study.study.id)
    context = make_development_context(settings, run, store=store, log=log)
    config: Any = {"configurable": {"thread_id": "1"}}
    await build_codevelopment(InMemorySaver()).ainvoke({"run": run.id}, config, context=context)
    asked: Counter[tuple[str, str]] = Counter()
    sent: Counter[tuple[str, str]] = Counter()
    for answer in log.answers:
        asked[answer.role, answer.coder] += 1
        sent[answer.role, answer.coder] += answer.input_tokens
    for actor in plan.actors:
        told = (actor.role, actor.name)
        if actor.at_most:
            # Where codes exclude one another, the scripted coders agree.
            assert (0 if exclusive else 1) <= asked[told] <= actor.calls
            per_call = actor.input_tokens / actor.calls
            assert sent[told] == pytest.approx(per_call * asked[told], rel=0.1)
        else:
            assert asked[told] == actor.calls
            assert sent[told] == pytest.approx(actor.input_tokens, rel=0.15 if actor.role == "reviser" else 0.02)


def test_a_table_costs_nothing(study: StudyFolder) -> None:
    book = stored_book(study)
    replayed = settings_of(study, deductive=Deduction(coders=(coder("table", 0, replay="answers.csv"),)))
    plan = plan_deductive(study, replayed, book, book.leaves, Scope(), graph="final")
    assert [(one.name, one.model, one.calls) for one in plan.actors] == [
        ("table", "replay:answers.csv", 0),
        ("pattern", "pattern", 0),
    ]


def test_cost_place_and_obstacles(study: StudyFolder, capsys: pytest.CaptureFixture[str]) -> None:
    book = stored_book(study)
    remote = "openai:large@https://models.example.org/v1"
    deductive = Deduction(coders=(coder("a", 0, model=remote),))
    priced = settings_of(study, deductive=deductive, prices={remote: Price(input=1.0, output=2.0)})
    plan = plan_deductive(study, priced, book, book.leaves, Scope(), graph="final")
    (reader, _) = plan.actors
    assert reader.goes_to == "models.example.org"
    assert reader.cost == pytest.approx((reader.input_tokens + 2 * reader.output_tokens) / 1e6)
    assert any("allow_remote" in obstacle for obstacle in plan.obstacles)
    print_plan(plan, json=False)
    out = capsys.readouterr().out
    assert "40 segments" in out
    assert "3 codes; 80 calls. Nothing was called." in out
    assert "models.example.org" in out
    assert "Would not start" in out
    assert "code memory" not in out


def test_most_calls_are_told_as_such(study: StudyFolder, capsys: pytest.CaptureFixture[str]) -> None:
    book = stored_book(study)
    settings = settings_of(study, development=Development(repeat=False))
    print_plan(plan_deductive(study, settings, book, book.leaves, Scope(), graph="codevelop"), json=False)
    out = capsys.readouterr().out
    assert "at most 242 calls" in out
    assert "at most 80" in out


def test_nothing_is_loaded(study: StudyFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERCODER_MODELS", str(tmp_path / "none"))
    book = stored_book(study)
    absent = settings_of(study, deductive=Deduction(coders=(coder("a", 0, model="embedded:qwen2.5-coder-0.5b"),)))
    plan = plan_deductive(study, absent, book, book.leaves, Scope(), graph="final")
    assert any("models pull" in obstacle for obstacle in plan.obstacles)
