"""A dynamic ensemble in whole runs: who is asked, what is heard and kept, and that nothing but answers decides."""

import asyncio
import json
import os
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage

from intercoder.cli.coding.plans import print_plan
from intercoder.core.agent_settings import Ensemble, ModeratorSettings, default_coders
from intercoder.core.decisions import Wave
from intercoder.core.errors import SettingsError
from intercoder.core.study import Limits, Study, study_id
from intercoder.core.study_toml import parse_study
from intercoder.evals.report.inductive.contents import gather
from intercoder.evals.report.inductive.page import report_html
from intercoder.graphs import code_inductively
from intercoder.graphs.inductive import coding
from intercoder.graphs.jobs import begin_inductive, begin_retry, execute, settings_of, unfinished
from intercoder.graphs.planning import plan_inductive
from intercoder.llms.embeddings import HashingEmbedder
from intercoder.llms.scripted import ScriptedChatModel
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.overview import overview
from intercoder.stores.runs.ensemble_counts import EnsembleCounts, ensemble_counts
from intercoder.stores.runs.export import coded_lines
from intercoder.stores.runs.runs import SqlStudyStore
from intercoder.stores.study_folder import StudyFolder, open_study
from tests.cli.conftest import command_line
from tests.evals.report.conftest import letters
from tests.graphs.conftest import SETTINGS, fill, lines
from tests.llms.endpoints.fault_server import Canned, FaultServer, says
from tests.studies import new_study

pytestmark = pytest.mark.long

Messages = Sequence[tuple[str, str]]
Schema = Mapping[str, Any] | None
DYNAMIC = Ensemble(dynamic=True)
LOOSE = Ensemble(dynamic=True, tau=0.01, known=-1)
"""Asks the others about the first segment only."""
FIRST, SECOND, THIRD = (coder.name for coder in default_coders())


def study(**changes: Any) -> Study:
    made = Study(
        id=study_id("why?"),
        question="why?",
        coders=default_coders("given:ScriptedChatModel"),
        moderators=(ModeratorSettings(name="medoid"),),
        ensemble=DYNAMIC,
    )
    return made.model_copy(update=changes)


def coded(answer: Any, texts: Sequence[str], **changes: Any) -> Any:
    return code_inductively(
        texts,
        question="why?",
        model=ScriptedChatModel(answer=answer),
        embeddings=HashingEmbedder(),
        study=study(**changes),
    )


def one_code(label: str) -> str:
    return json.dumps({"codes": [{"quote": "", "label": label, "reason": "It says so."}]})


def read_by(result: Any) -> list[list[str]]:
    """Who decided about each segment, coders only."""
    return [
        [one.coder for one in result.decisions if one.segment_id == segment.id and one.role == "coder"]
        for segment in result.segments
    ]


def test_the_others_are_asked_where_the_first_differs_or_says_something_new() -> None:
    asked: list[tuple[str, int | None]] = []

    def answer(messages: Messages, schema: Schema, seed: int | None) -> str:
        text = next(word for word in ("lamp", "chair", "doubt") if word in messages[-1][1])
        asked.append((text, seed))
        return one_code(f"opinion {seed} {chr(97 + (seed or 0) % 7) * 9}" if text == "doubt" else f"mending {text}")

    texts = ["A lamp here.", "A lamp there.", "In doubt.", "Another lamp.", "A wholly other chair.", "The chair."]
    result = coded(answer, texts, ensemble=Ensemble(dynamic=True, known=0.9))
    everybody = [FIRST, SECOND, THIRD]
    assert read_by(result) == [everybody, [FIRST], everybody, [FIRST], everybody, [FIRST]]
    assert Counter(text for text, _ in asked) == {"lamp": 5 + 3 + 3, "doubt": 5, "chair": 5 + 3}
    assert {seed for _, seed in asked} == {0, 1000, 2000, 1, 2}


def test_any_coder_may_be_asked_first_any_number_of_times() -> None:
    seeds: Counter[int | None] = Counter()

    def answer(messages: Messages, schema: Schema, seed: int | None) -> str:
        seeds[seed] += 1
        return one_code("mending")

    result = coded(answer, ["One.", "Two."], ensemble=Ensemble(dynamic=True, coder=THIRD, asks=4))
    assert read_by(result) == [[FIRST, SECOND, THIRD], [THIRD]]
    assert seeds == {2: 2, 1002: 2, 2002: 2, 3002: 2, 0: 1, 1: 1}


@pytest.mark.parametrize("kind", ["medoid", "majority", "weighted"])
def test_moderators_hear_all_answers_of_the_one_and_name_the_coder(kind: Any) -> None:
    labels = {0: "mending an old lamp at home", 1000: "mending lamps", 2000: "mending lamps"}

    def answer(messages: Messages, schema: Schema, seed: int | None) -> str:
        return one_code(labels.get(seed or 0, "mending lamps"))

    moderators = (ModeratorSettings(name="chair", kind=kind),)
    result = coded(answer, ["A lamp.", "Its lamp."], ensemble=LOOSE, moderators=moderators)
    first, final = (one for one in result.decisions if one.segment_id == result.segments[1].id)
    assert (first.role, first.coder, first.label) == ("coder", FIRST, "mending an old lamp at home")
    assert (final.role, final.label, final.chosen_from) == ("moderator", "mending lamps", FIRST)
    assert final.overruled == ()
    assert final.provenance.answer_key != first.provenance.answer_key


def test_a_model_that_moderates_sees_the_answers_apart_and_is_told_in_coders() -> None:
    shown: list[str] = []

    def answer(messages: Messages, schema: Schema, seed: int | None) -> str:
        if schema and "choices" in schema["properties"]:
            shown.append(messages[-1][1])
            choice = {"chosen_from": f"{FIRST}/3", "label": "mending 2000", "reason": "Best."}
            return json.dumps({"choices": [choice]})
        return one_code(f"mending {seed}")

    chair = ModeratorSettings(name="chair", kind="llm", model="given:ScriptedChatModel", seed=9)
    result = coded(answer, ["A lamp.", "Its lamp."], ensemble=LOOSE, moderators=(chair,))
    alone = next(text for text in shown if "Its lamp." in text)
    heard = {FIRST: 0, f"{FIRST}/2": 1000, f"{FIRST}/3": 2000}
    assert all(f"{name}: mending {seed}" in alone for name, seed in heard.items())
    assert SECOND not in alone
    final = result.decisions[-1]
    assert (final.label, final.chosen_from, final.overruled) == ("mending 2000", FIRST, ())


def test_all_saying_nothing_is_nothing_to_code_and_asks_nobody_else() -> None:
    result = coded(lambda messages, schema, seed: '{"codes": []}', ["Okay.", "Yes."])
    assert read_by(result) == [[FIRST], [FIRST]]
    assert [one.label for one in result.decisions] == [None] * 4


def test_where_the_others_are_asked_the_outcome_is_that_of_the_whole_ensemble() -> None:
    texts = lines(12).split("\n\n")

    def told(ensemble: Ensemble) -> object:
        result = coded(None, texts, ensemble=ensemble)
        return result.codebook, [one.content for one in result.decisions]

    always = Ensemble(dynamic=True, tau=1.0, known=1.0, asks=10)
    assert told(always) == told(Ensemble())
    assert told(Ensemble(asks=7, tau=0.1, known=0.9)) == told(Ensemble())


def test_another_answer_that_fails_is_not_being_sure_and_not_a_failure() -> None:
    def answer(messages: Messages, schema: Schema, seed: int | None) -> str:
        return "no idea" if seed == 1000 else one_code("mending")

    result = coded(answer, ["One.", "Two."])
    assert read_by(result) == [[FIRST, SECOND, THIRD]] * 2
    assert result.failures == ()


def test_the_first_answer_that_fails_is_listed_and_the_others_go_on() -> None:
    def answer(messages: Messages, schema: Schema, seed: int | None) -> str:
        return "no idea" if seed == 0 else one_code("mending")

    result = coded(answer, ["One.", "Two."])
    assert read_by(result) == [[SECOND, THIRD]] * 2
    assert [(one.role, one.coder) for one in result.failures] == [("coder", FIRST)] * 2


class Dawdling(ScriptedChatModel):
    """A scripted model whose answers come out of order."""

    turns: Any
    asked: Any

    async def ainvoke(self, input: Any, config: Any = None, **options: Any) -> Any:
        self.asked.append(1)
        for _ in range(self.turns[len(self.asked) % len(self.turns)]):
            await asyncio.sleep(0)
        return AIMessage(wavering(input[-1].content, options["seed"]))


def wavering(text: str, seed: int) -> str:
    """An answer that differs between samples for some texts."""
    number = int(re.findall(r"number (\d+) of", text)[-1])
    kind = ["lamp", "chair", "radio"][number % 3]
    sample = seed // 1000 if number % 4 == 1 else 0
    return one_code(f"{kind} {number // 9} {'xyz'[sample % 3] * 8}")


def outcome(turns: Sequence[int], concurrency: int, wave: int) -> tuple[object, object]:
    result = code_inductively(
        [f"The mending of number {n} of many." for n in range(40)],
        question="why?",
        model=Dawdling(turns=turns, asked=[]),
        embeddings=HashingEmbedder(),
        study=study(limits=Limits(concurrency=concurrency, wave=wave)),
    )
    return result.codebook, [decision.content for decision in result.decisions]


@cache
def outcome_in_order(wave: int) -> tuple[object, object]:
    return outcome([0], 1, wave)


@settings(max_examples=12)
@given(
    turns=st.lists(st.integers(0, 40), min_size=1, max_size=7),
    concurrency=st.integers(1, 64),
    wave=st.sampled_from([1, 7, 16, 80]),
)
def test_who_is_asked_does_not_depend_on_which_answer_comes_first(
    turns: list[int], concurrency: int, wave: int
) -> None:
    assert outcome(turns, concurrency, wave) == outcome_in_order(wave)


# On disk

SEGMENTS = 40
KILLED_AT = 75
"""Questions: within the second of three waves."""
HEAD = SETTINGS.partition("[[moderators]]")[0]


def settings_text(model: str, *, wave: int = 16, more: str = "") -> str:
    return (
        HEAD.replace("scripted:words", model)
        + '[embedding]\nmodel = "scripted:hashing"\n[ensemble]\ndynamic = true\nknown = 0.3\n'
        + f"[limits]\nconcurrency = 8\nwave = {wave}\nretries = 0\n{more}"
    )


def filled(path: Path, model: str = "scripted:words", **options: Any) -> StudyFolder:
    folder = new_study(path, settings_text(model, **options))
    fill(folder, lines(SEGMENTS))
    return folder


def exported(folder: StudyFolder, run: str = "inductive-1") -> list[dict[str, Any]]:
    """What is exported, without what two runs never share."""
    strip = {"code_id", "run", "codebook_version", "model"}
    found = coded_lines(folder, SqlStudyStore(folder.engine, folder.study.id).run(run))
    return [{key: value for key, value in line.items() if key not in strip} for line in found]


def counts(folder: StudyFolder, run_id: str = "inductive-1") -> EnsembleCounts:
    run = SqlStudyStore(folder.engine, folder.study.id).run(run_id)
    found = ensemble_counts(folder.engine, folder.study.id, run)
    assert found is not None
    return found


class Stopped(Exception):
    """Stands for whatever ends a process."""


@pytest.mark.parametrize("stopped_at", [4, 28])
def test_a_run_that_is_stopped_within_a_wave_ends_as_if_it_were_not(
    tmp_path: Path, stopped_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coding, "BATCH", 4)
    whole, halved = filled(tmp_path / "whole"), filled(tmp_path / "halved")
    execute(whole, lambda: begin_inductive(whole, Scope()), lambda _: None)

    write = SqlStudyStore.write_wave

    def write_some(self: SqlStudyStore, run_id: str, wave: Wave) -> None:
        if wave.start == stopped_at:
            raise Stopped
        write(self, run_id, wave)

    with monkeypatch.context() as context, pytest.raises(Stopped):
        context.setattr(SqlStudyStore, "write_wave", write_some)
        execute(halved, lambda: begin_inductive(halved, Scope()), lambda _: None)
    assert unfinished(halved).position == stopped_at
    # Where waves are cut is kept, too.
    (halved.path / "study.toml").write_text(settings_text("scripted:words", wave=5), encoding="utf-8")
    halved.close()
    halved = open_study(halved.path)
    assert settings_of(halved, unfinished(halved), lambda _: None).limits.wave == 16
    execute(halved, lambda: unfinished(halved), lambda _: None)
    assert exported(halved) == exported(whole)
    assert 0 < counts(halved).asked < SEGMENTS


def answer(body: dict[str, Any]) -> Canned:
    """Labels of words of the text; on every third text samples differ."""
    words = body["messages"][-1]["content"].split()
    place = int(words[words.index("Person") + 1])
    label = f"about {words[-5]}" if place % 3 else f"{chr(97 + body['seed'] % 7) * 8} {words[-5]}"
    return says(json.dumps({"codes": [{"quote": words[-5], "label": label, "reason": "It says so."}]}))


def test_a_run_that_is_killed_is_resumed_to_the_same_end(tmp_path: Path) -> None:
    process: subprocess.Popen[bytes] | None = None
    asked = 0

    def deadly(body: dict[str, Any]) -> Canned:
        nonlocal asked
        asked += 1
        if asked == KILLED_AT and process is not None:
            os.kill(process.pid, signal.SIGKILL)
        return answer(body)

    with FaultServer(deadly, record=False) as server:
        model = f"openai:m@{server.url}"
        halved = filled(tmp_path / "halved", model)
        process = subprocess.Popen(command_line("run", "inductive", halved.path), stdout=subprocess.DEVNULL)
        assert process.wait(timeout=120) == -signal.SIGKILL
        execute(halved, lambda: unfinished(halved), lambda _: None)
        again = asked
        whole = filled(tmp_path / "whole", model)
        execute(whole, lambda: begin_inductive(whole, Scope()), lambda _: None)
    assert exported(halved) == exported(whole)
    assert again <= (asked - again) + 2 * 8  # in flight, and on their way to the log


def test_a_retry_hears_again_whom_it_heard_before(tmp_path: Path) -> None:
    broken = True

    def sometimes(body: dict[str, Any]) -> Canned:
        return says("no idea") if broken and body["seed"] == 1 and "toaster" in str(body) else answer(body)

    with FaultServer(sometimes, record=False) as server:
        folder = filled(tmp_path / "study", f"openai:m@{server.url}")
        done = execute(folder, lambda: begin_inductive(folder, Scope()), lambda _: None)
        assert done is not None and done.run.failures
        before, asked = exported(folder), counts(folder).asked
        broken = False
        again = execute(folder, lambda: begin_retry(folder), lambda _: None)
        assert again is not None and not again.run.failures
    readers = Counter(line["segment_id"] for line in exported(folder) if line["role"] == "coder")
    assert set(readers.values()) == {1, 3}
    assert sum(number == 3 for number in readers.values()) == counts(folder).asked >= asked
    kept = {(line["segment_id"], line["coder"], line["label"]) for line in before if line["role"] == "coder"}
    assert kept <= {(line["segment_id"], line["coder"], line["label"]) for line in exported(folder)}


def test_a_retry_hears_nobody_whom_another_run_asked(tmp_path: Path) -> None:
    broken = True

    def sometimes(body: dict[str, Any]) -> Canned:
        return says("no idea") if broken and body["seed"] in (2, 3) and "toaster" in str(body) else answer(body)

    with FaultServer(sometimes, record=False) as server:
        text = settings_text(f"openai:m@{server.url}")
        everybody = new_study(tmp_path / "study", text.replace("dynamic = true", "dynamic = false"))
        fill(everybody, lines(SEGMENTS))
        execute(everybody, lambda: begin_inductive(everybody, Scope()), lambda _: None)
        (everybody.path / "study.toml").write_text(text, encoding="utf-8")
        everybody.close()
        folder = open_study(everybody.path)
        done = execute(folder, lambda: begin_inductive(folder, Scope()), lambda _: None)
        assert done is not None and (done.run.id, bool(done.run.failures)) == ("inductive-2", True)
        asked = counts(folder, done.run.id).asked
        broken = False
        execute(folder, lambda: begin_retry(folder), lambda _: None)
    assert counts(folder, done.run.id).asked == asked < SEGMENTS


def test_what_was_saved_is_told(tmp_path: Path) -> None:
    folder = filled(tmp_path / "study")
    done = execute(folder, lambda: begin_inductive(folder, Scope()), lambda _: None)
    found = counts(folder)
    assert (found.segments, found.others, found.more) == (SEGMENTS, 2, 80)
    assert found.saved == 2 * (SEGMENTS - found.asked) > 0
    summary = overview(folder).runs[0]
    assert summary.ensemble == found
    assert summary.calls == SEGMENTS * 3 + found.asked * 2
    assert done is not None
    assert str(found) in done.notes
    assert f"asked about {found.asked} of 40 segments: {found.saved} of 80 calls saved, for 80 more" in str(found)
    page = report_html(gather(folder, done.run, letters), letters)
    assert f"about {found.asked} of 40 segments, which saved {found.saved} of 80 calls" in page


def test_exports_show_the_coder_once(tmp_path: Path) -> None:
    folder = filled(tmp_path / "study")
    execute(folder, lambda: begin_inductive(folder, Scope()), lambda _: None)
    said = Counter((line["segment_id"], line["role"], line["coder"]) for line in exported(folder))
    assert set(said.values()) == {1}
    assert {role for _, role, _ in said} == {"coder", "moderator"}
    assert sum(coder == "ana" for _, _, coder in said) == SEGMENTS


def test_the_plan_tells_from_how_many_to_how_many_calls(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = plan_inductive(filled(tmp_path / "study"), Scope())
    assert [(actor.name, actor.calls, actor.at_most) for actor in plan.actors] == [
        ("ana", 120, False),
        ("ben", 40, True),
        ("caro", 40, True),
        ("medoid", 0, False),
    ]
    print_plan(plan, json=False)
    assert "120 to 200 calls." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (('coder = ""', 'coder = "dora"'), '"dora", who is none of the coders'),
        (("asks = 3", "asks = 1"), "ensemble.asks"),
        (("seed = 1\n", "seed = 1\nsampling = { temperature = 0.0 }\n"), 'temperature of "ana" must be above 0'),
        (("dynamic = true", "dynamc = true"), "did you mean `dynamic`?"),
    ],
)
def test_settings_that_do_not_fit_say_so(change: tuple[str, str], problem: str) -> None:
    text = settings_text("scripted:words").replace("known = 0.3", 'known = 0.3\ncoder = ""\nasks = 3')
    assert parse_study(text).ensemble.dynamic
    with pytest.raises(SettingsError) as caught:
        parse_study(text.replace(*change))
    assert problem in str(caught.value)


def test_one_coder_has_no_calls_to_save() -> None:
    text = settings_text("scripted:words")
    alone = text.partition('[[coders]]\nname = "ben"')[0] + text[text.index("[embedding]") :]
    with pytest.raises(SettingsError, match="two coders or more"):
        parse_study(alone)
