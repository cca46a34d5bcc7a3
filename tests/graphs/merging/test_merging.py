"""A merge goes through its stages, records what it does, can be stopped anywhere, and can be undone."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from intercoder.core.coding.concepts import Concept, MergeStep
from intercoder.core.errors import StudyError
from intercoder.core.protocols import LoggedAnswer
from intercoder.core.study import Limits, Merging, Study
from intercoder.evals.spaces.clustering import Cluster
from intercoder.graphs.context import MergingContext, make_merging_context
from intercoder.graphs.jobs import begin_inductive, execute, unfinished
from intercoder.graphs.merging.inspecting import near_threshold
from intercoder.graphs.merging.merge_jobs import begin_merge, inspect_threshold, undo_merge, with_options
from intercoder.graphs.merging.merging import MOST_ROUNDS, build_merging, following
from intercoder.llms.embeddings import HashingEmbedder
from intercoder.llms.scripted import ScriptedChatModel, material_of
from intercoder.stores.answer_log import SqlAnswerLog
from intercoder.stores.codebooks.concepts import SqlConceptStore, final_concepts, read_merges
from intercoder.stores.codebooks.counted_codebooks import latest_codebook
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.runs.export import coded_lines
from intercoder.stores.runs.runs import SqlStudyStore
from intercoder.stores.study_folder import StudyFolder

Messages = Sequence[tuple[str, str]]
Schema = Mapping[str, Any] | None
EARLY = {"lower": 0.6, "upper": 0.9}
"""Thresholds at which the hashed embeddings of scripted labels merge in every stage."""


@pytest.fixture
def coded(study: StudyFolder) -> StudyFolder:
    """A study with a finished inductive run."""
    execute(study, lambda: begin_inductive(study, Scope()), lambda _: None)
    return study


def merged(folder: StudyFolder, **options: Any) -> str:
    chosen = with_options(folder.study, **{**EARLY, **options})
    result = execute(folder, lambda: begin_merge(folder, chosen), lambda _: None)
    assert result is not None
    assert result.run.status == "done"
    return result.run.id


def stages(folder: StudyFolder, run: str) -> list[tuple[int, str]]:
    steps = SqlConceptStore(folder.engine, folder.study.id).steps(run)
    return [(step.stage, step.kind) for step in steps]


def tied(concepts: Sequence[Concept]) -> set[tuple[str, str]]:
    return {(label, example) for one in concepts for label in one.alternatives for example in one.examples}


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        (1, [(1, "union")]),
        (2, [(1, "union"), (2, "merge")]),
        (3, [(1, "union"), (2, "merge"), (3, "define"), (3, "merge")]),
    ],
)
def test_a_merge_ends_with_the_stage_it_is_asked_for(
    coded: StudyFolder, stage: int, expected: list[tuple[int, str]]
) -> None:
    assert stages(coded, merged(coded, stage=stage)) == expected


def test_stage_four_goes_on_until_nothing_merges(coded: StudyFolder) -> None:
    run = merged(coded)
    steps = SqlConceptStore(coded.engine, coded.study.id).steps(run)
    rounds = [step for step in steps if step.stage == 4]
    assert rounds[-1].merged == 0 or len(rounds) == MOST_ROUNDS
    assert all(step.merged for step in rounds[:-1])
    assert all((step.lower, step.upper) == (0.6, 0.9) for step in rounds)


def test_rounds_are_bounded() -> None:
    steps = [MergeStep(step=number, stage=4, kind="merge", merged=1) for number in range(1, MOST_ROUNDS + 1)]
    assert following(steps, Merging()) is None
    assert following(steps[:-1], Merging()) is not None


def test_no_label_and_no_example_is_lost_on_the_way(coded: StudyFolder) -> None:
    run = merged(coded)
    store = SqlConceptStore(coded.engine, coded.study.id)
    spaces = store.code_spaces(run)
    given = {(label, id_) for space in spaces.values() for label, ids in space.items() for id_ in ids}
    counts = []
    for step in store.steps(run):
        concepts = store.concepts(run, step.step)
        assert given <= tied(concepts)
        assert sorted(label for one in concepts for label in one.alternatives) == sorted(
            {label for space in spaces.values() for label in space}
        )
        assert {owner for one in concepts for owner in one.owners} == set(spaces)
        counts.append(len(concepts))
    assert counts[0] > counts[-1]
    assert counts == sorted(counts, reverse=True)


def test_every_merge_is_recorded_with_stage_distance_and_threshold(coded: StudyFolder) -> None:
    run = merged(coded)
    store = SqlConceptStore(coded.engine, coded.study.id)
    merges = read_merges(coded.engine, coded.study.id, run)
    assert {merge["stage"] for merge in merges} >= {2, 3}
    for step in store.steps(run):
        own = [merge for merge in merges if merge["step"] == step.step]
        assert len(own) == step.merged
        if step.kind != "merge":
            continue
        before = {one.label for one in store.concepts(run, step.step - 1)}
        after = store.concepts(run, step.step)
        for merge in own:
            assert {merge["kept"], merge["absorbed"]} <= before
            assert 0 <= merge["distance"] <= merge["threshold"] == step.upper
            assert len(merge["kept"]) <= len(merge["absorbed"])
            assert len(after[merge["concept"]].members) > 1


def test_what_is_one_concept_is_one_code_and_decisions_stay(coded: StudyFolder) -> None:
    before = latest_codebook(coded.engine, coded.study.id)
    inductive = SqlStudyStore(coded.engine, coded.study.id).run("inductive-1")
    decided = list(coded_lines(coded, inductive))
    run = merged(coded, lower=0.8, upper=0.9)
    book = latest_codebook(coded.engine, coded.study.id)
    assert (book.version, book.run) == (2, run)
    assert len(book.codes) < len(before.codes)
    origins = [id_ for code in book.codes for id_ in (code.id, *code.lineage.merged_from)]
    assert sorted(origins) == sorted(code.id for code in before.codes)
    order = [code.id for code in before.codes]
    for code in book.codes:
        assert all(order.index(code.id) < order.index(id_) for id_ in code.lineage.merged_from)
        assert code.revision == (1 if code in before.codes else 2)
    assert list(coded_lines(coded, inductive)) == decided
    labels = {id_: code.label for code in book.codes for id_ in (code.id, *code.lineage.merged_from)}
    exported = list(coded_lines(coded, SqlStudyStore(coded.engine, coded.study.id).run(run)))
    for line, old in zip(exported, decided, strict=True):
        assert line["code"] == (labels[str(old["code_id"])] if old["code_id"] else None)
        assert line["segment_id"] == old["segment_id"]
    segments = {line["segment_id"] for line in exported if line["code_id"] == book.codes[0].id}
    assert book.counts[book.codes[0].id] == len(segments)


def test_an_undone_merge_gives_the_codebook_back_under_a_new_number(coded: StudyFolder) -> None:
    before = latest_codebook(coded.engine, coded.study.id)
    run = merged(coded, lower=0.8, upper=0.9)
    concepts = final_concepts(coded.engine, coded.study.id, run)
    result = undo_merge(coded, run)
    assert result.codebook.version == 3
    assert (result.codebook.codes, result.codebook.counts) == (before.codes, before.counts)
    assert SqlStudyStore(coded.engine, coded.study.id).run(run).status == "undone"
    assert "version: 3" in (coded.path / "codebook.yaml").read_text()
    assert final_concepts(coded.engine, coded.study.id, run) == concepts
    with pytest.raises(StudyError, match="has been undone already"):
        undo_merge(coded, run)
    with pytest.raises(StudyError, match="no unfinished run"):
        unfinished(coded)


def test_only_the_latest_merge_can_be_undone_and_a_second_one_starts_from_the_runs_own_codes(
    coded: StudyFolder,
) -> None:
    first, second = merged(coded, stage=2), merged(coded, stage=2)
    assert (first, second) == ("merge-1", "merge-2")
    one, other = (latest_codebook(coded.engine, coded.study.id, version) for version in (2, 3))
    assert [(code.id, code.label) for code in one.codes] == [(code.id, code.label) for code in other.codes]
    with pytest.raises(StudyError, match="version 3 came after it"):
        undo_merge(coded, first)
    assert undo_merge(coded, second).codebook.codes == one.codes
    with pytest.raises(StudyError, match="is not a merge"):
        undo_merge(coded, "inductive-1")


@pytest.mark.parametrize("name", ["inductive-2", "merge-1"])
def test_only_finished_inductive_runs_are_merged(coded: StudyFolder, name: str) -> None:
    merged(coded, stage=1)
    begin_inductive(coded, Scope())
    with pytest.raises(StudyError, match=r"not finished|not an inductive run"):
        begin_merge(coded, coded.study, name)
    assert begin_merge(coded, coded.study).source == "inductive-1"


class Struck(BaseException):
    """What ends a process in the midst of a run."""


class StrikingLog(SqlAnswerLog):
    """Ends the process once so many answers are committed."""

    left = 1_000_000

    async def put(self, answer: LoggedAnswer) -> None:
        await super().put(answer)
        self.left -= 1
        if self.left == 0:
            raise Struck


class Counting:
    """A scripted model that keeps what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.model = ScriptedChatModel(answer=self._answer)

    def _answer(self, messages: Messages, schema: Schema, seed: int | None) -> str:
        self.asked.append(json.dumps(messages))
        return ScriptedChatModel()._reply(messages, schema, seed)


async def go(
    folder: StudyFolder, run: str, model: ScriptedChatModel, *, cut: Any = None, strike: int = 1_000_000
) -> MergingContext:
    """Execute a merge as a job does, with this model, one question at a time."""
    store = SqlConceptStore(folder.engine, folder.study.id)
    log = StrikingLog(folder.engine, folder.study.id)
    log.left = strike
    began = Study.model_validate_json(store.run(run).settings)
    study = began.model_copy(update={"limits": Limits(concurrency=1, wave=10)})
    context = make_merging_context(
        study, store.run(run), store=store, log=log, embeddings=HashingEmbedder(), model=model, cut=cut
    )
    try:
        await build_merging().ainvoke({"run": run}, context=context)
    finally:
        await log.close()
    return context


def contents(folder: StudyFolder, run: str) -> list[Any]:
    store = SqlConceptStore(folder.engine, folder.study.id)
    return [(step, store.concepts(run, step.step)) for step in store.steps(run)]


@pytest.mark.parametrize("every", [1, 3, 7])
def test_a_merge_that_is_stopped_again_and_again_asks_nothing_twice(coded: StudyFolder, every: int) -> None:
    whole, broken = (begin_merge(coded, with_options(coded.study, **EARLY)).id for _ in range(2))
    model = Counting()
    stops = 0
    while True:
        try:
            asyncio.run(go(coded, broken, model.model, strike=every))
            break
        except Struck:
            stops += 1
    assert stops == len(model.asked) // every >= 1
    assert len(model.asked) == len(set(model.asked))
    undisturbed = Counting()
    asyncio.run(go(coded, whole, undisturbed.model))
    assert undisturbed.asked == []
    assert contents(coded, broken) == contents(coded, whole)


def test_a_stopped_job_is_resumed_with_the_thresholds_it_began_with(coded: StudyFolder) -> None:
    chosen = with_options(coded.study, **EARLY)
    notes: list[str] = []

    def impatient(event: dict[str, Any]) -> None:
        if event["kind"] == "step" and event["stage"] == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute(coded, lambda: begin_merge(coded, chosen), impatient)
    run = unfinished(coded)
    assert (run.id, run.status, run.position) == ("merge-1", "stopped", 2)
    result = execute(coded, lambda: run, lambda event: notes.append(event["kind"]))
    assert result is not None
    assert "note" not in notes
    assert SqlConceptStore(coded.engine, coded.study.id).steps(run.id)[-1].lower == 0.6


def test_a_definition_that_fails_is_listed_and_its_concept_keeps_its_label(coded: StudyFolder) -> None:
    def answer(messages: Messages, schema: Schema, seed: int | None) -> str:
        wanted = list(schema["properties"]) if schema else []
        if wanted == ["definition"] and "toaster" in material_of(messages)["labels"]:
            return "no idea"
        return ScriptedChatModel()._reply(messages, schema, seed)

    run = begin_merge(coded, with_options(coded.study, stage=3, **EARLY)).id
    asyncio.run(go(coded, run, ScriptedChatModel(answer=answer)))
    store = SqlConceptStore(coded.engine, coded.study.id)
    defined = store.concepts(run, 3)
    failed = [concept for concept in defined if concept.status == "failed"]
    assert failed
    assert all("toaster" in " ".join(one.alternatives) and one.definition == "" for one in failed)
    assert store.run(run).failures >= len(failed)


def test_a_label_another_concept_has_is_not_given_twice(coded: StudyFolder) -> None:
    def answer(messages: Messages, schema: Schema, seed: int | None) -> str:
        return json.dumps(dict.fromkeys((schema or {})["properties"], "The same for all"))

    run = begin_merge(coded, with_options(coded.study, **EARLY)).id
    cuts = iter(range(100))

    def two_by_two(embeddings: Any, examples: Any, **_: Any) -> list[Cluster]:
        pairs = range(0, len(examples) - 1, 2) if next(cuts) < 3 else ()
        return [Cluster(members=(place, place + 1), distance=0.1, penalty=0.0) for place in pairs]

    asyncio.run(go(coded, run, ScriptedChatModel(answer=answer), cut=two_by_two))
    labels = [concept.label for concept in final_concepts(coded.engine, coded.study.id, run)]
    assert len(set(labels)) == len(labels)
    assert labels.count("The same for all") == 1


def test_text_under_study_reaches_the_definer_only_inside_the_fence(coded: StudyFolder) -> None:
    model = Counting()
    run = begin_merge(coded, with_options(coded.study, **EARLY)).id
    asyncio.run(go(coded, run, model.model))
    assert model.asked
    for asked in model.asked:
        messages = json.loads(asked)
        material = material_of(messages)
        outside = messages[-1][1]
        for piece in material.values():
            outside = outside.replace(piece, "")
        assert "Person " not in outside + "".join(text for _, text in messages[:-1])


def test_a_lost_checkpoint_file_loses_nothing(coded: StudyFolder) -> None:
    def impatient(event: dict[str, Any]) -> None:
        if event["kind"] == "progress":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute(coded, lambda: begin_merge(coded, with_options(coded.study, **EARLY)), impatient)
    for file in coded.path.glob("checkpoints.db*"):
        file.unlink()
    execute(coded, lambda: unfinished(coded), lambda _: None)
    other = merged(coded)
    assert contents(coded, "merge-1") == contents(coded, other)


def test_pairs_next_to_a_threshold_are_the_nearest_of_all() -> None:
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(700, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels = [str(place) for place in range(700)]
    distances = np.maximum(1 - vectors.astype(float) @ vectors.T.astype(float), 0).round(4)
    every = sorted(distances[np.triu_indices(700, 1)])
    under = [one for one in every if one <= 0.2][-10:]
    over = [one for one in every if one > 0.2][:10]
    pairs = near_threshold(labels, vectors, 0.2)
    assert [pair.distance for pair in pairs] == pytest.approx(under + over)
    assert [pair.side for pair in pairs] == ["under"] * 10 + ["over"] * 10
    assert all(distances[int(pair.first), int(pair.second)] == pair.distance for pair in pairs)


def test_a_pair_exactly_at_the_threshold_is_under_it() -> None:
    vectors = np.array([[1, 0], [0.6, 0.8]], dtype=np.float32)
    assert [pair.side for pair in near_threshold(["a", "b"], vectors, 0.4)] == ["under"]
    assert near_threshold([], np.zeros((0, 2), dtype=np.float32), 0.4) == []


def test_looking_at_a_threshold_makes_no_run(coded: StudyFolder, tmp_path: Path) -> None:
    pairs = inspect_threshold(coded, with_options(coded.study, lower=0.5))
    assert all((pair.distance <= 0.5) == (pair.side == "under") for pair in pairs)
    assert pairs
    with pytest.raises(StudyError, match="no run `merge-1`"):
        SqlStudyStore(coded.engine, coded.study.id).run("merge-1")
