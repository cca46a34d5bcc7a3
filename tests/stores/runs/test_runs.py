import json

import pytest

from intercoder.core.codebook import Code, found_code
from intercoder.core.decisions import Decision, Failure, Wave, decision_id
from intercoder.core.documents import Document, Span
from intercoder.core.errors import StudyError
from intercoder.core.protocols import Run, StudyStore
from intercoder.stores.codebooks.counted_codebooks import latest_codebook
from intercoder.stores.corpus.intake import Source, import_source
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.in_memory import RUN, InMemoryStudyStore
from intercoder.stores.runs.export import coded_lines, long_lines
from intercoder.stores.runs.runs import SqlStudyStore, create_run, list_runs, start_round
from intercoder.stores.study_folder import StudyFolder


@pytest.fixture
def filled(folder: StudyFolder) -> StudyFolder:
    documents = [Document(name=f"t#{n}", source="t", key=str(n), text=f"text {n}") for n in range(4)]
    source = Source(name="t", sha256="1", options={}, unit="row")
    import_source(
        folder.engine, folder.study.id, source, documents, lambda one: [Span(start=0, end=len(one.text))], []
    )
    return folder


def wave(run: Run, store: StudyStore, start: int, labels: list[str | None], known: dict[str, str]) -> Wave:
    """Final decisions for consecutive segments; each new label founds a code."""
    segments = store.segments(run.id, start, start + len(labels))
    decisions, codes = [], []
    for segment, label in zip(segments, labels, strict=True):
        code_id = known.get(label) if label else None
        if label and code_id is None:
            code_id = known[label] = found_code(run.id, segment.id, label)
            codes.append(Code(id=code_id, label=label))
        decisions.append(
            Decision(
                id=decision_id(run.id, run.round, segment.id, "coder", "ana", 0),
                run=run.id,
                round=run.round,
                segment_id=segment.id,
                role="coder",
                coder="ana",
                position=0,
                label=label,
                code_id=code_id,
                code_revision=1 if label else None,
                codebook_version=run.codebook_version,
            )
        )
    return Wave(start=start, stop=start + len(labels), decisions=tuple(decisions), codes=tuple(codes))


def test_a_wave_moves_the_cursor_and_writing_it_again_changes_nothing(filled: StudyFolder) -> None:
    store = SqlStudyStore(filled.engine, filled.study.id)
    run = create_run(filled.engine, filled.study, "inductive", Scope())
    first = wave(run, store, 0, ["a", None], {})
    store.write_wave(run.id, first)
    once = list(coded_lines(filled, run))
    store.write_wave(run.id, first)
    assert store.run(run.id).position == 2
    assert list(coded_lines(filled, run)) == once
    assert [(line["label"], line["code"]) for line in once] == [("a", "a"), (None, None)]


def test_codes_are_a_codebook_version_when_the_run_is_finished(filled: StudyFolder) -> None:
    store = SqlStudyStore(filled.engine, filled.study.id)
    run = create_run(filled.engine, filled.study, "inductive", Scope())
    known: dict[str, str] = {}
    store.write_wave(run.id, wave(run, store, 0, ["a", "b"], known))
    with pytest.raises(StudyError, match="no codebook yet"):
        latest_codebook(filled.engine, filled.study.id)
    store.write_wave(run.id, wave(run, store, 2, ["a", "c"], known))
    store.finish(run.id)
    book = latest_codebook(filled.engine, filled.study.id)
    assert [code.label for code in book.codes] == ["a", "b", "c"]
    assert [book.counts[code.id] for code in book.codes] == [2, 1, 1]
    assert store.run(run.id).status == "done"
    with pytest.raises(StudyError, match=r"no codebook version 7\. There are: 1"):
        latest_codebook(filled.engine, filled.study.id, 7)


def test_a_later_round_supersedes_only_what_changed(filled: StudyFolder) -> None:
    store = SqlStudyStore(filled.engine, filled.study.id)
    run = create_run(filled.engine, filled.study, "inductive", Scope())
    store.write_wave(run.id, wave(run, store, 0, ["a", None, "a", "d"], {}))
    store.finish(run.id)
    second = start_round(filled.engine, filled.study.id, run.id)
    assert (second.round, second.position, second.codebook_version) == (2, 0, 2)
    store.write_wave(run.id, wave(second, store, 0, ["a", "b", "a", "d"], {}))
    store.finish(run.id)
    lines = list(coded_lines(filled, store.run(run.id)))
    assert [(line["label"], line["round"]) for line in lines] == [("a", 1), ("b", 2), ("a", 1), ("d", 1)]
    assert [code.label for code in latest_codebook(filled.engine, filled.study.id).codes] == ["a", "b", "d"]
    assert [code.label for code in latest_codebook(filled.engine, filled.study.id, 1).codes] == ["a", "d"]


def test_what_is_said_again_after_a_failure_stands_again(filled: StudyFolder) -> None:
    store = SqlStudyStore(filled.engine, filled.study.id)
    run = create_run(filled.engine, filled.study, "inductive", Scope())
    store.write_wave(run.id, wave(run, store, 0, ["a", "b", "c", "d"], {}))
    run = start_round(filled.engine, filled.study.id, run.id)
    segment = store.segments(run.id, 0, 1)[0]
    failure = Failure(segment_id=segment.id, role="coder", coder="ana", kind="timeout", message="too slow")
    rest = wave(run, store, 1, ["b", "c", "d"], {})
    store.write_wave(run.id, rest.model_copy(update={"start": 0, "failures": (failure,)}))
    assert [line["label"] for line in coded_lines(filled, store.run(run.id))] == ["b", "c", "d"]
    run = start_round(filled.engine, filled.study.id, run.id)
    store.write_wave(run.id, wave(run, store, 0, ["a", "b", "c", "d"], {}))
    lines = list(coded_lines(filled, store.run(run.id)))
    assert [(line["label"], line["round"]) for line in lines] == [("a", 3), ("b", 1), ("c", 1), ("d", 1)]


def test_failures_are_listed_by_round(filled: StudyFolder) -> None:
    store = SqlStudyStore(filled.engine, filled.study.id)
    run = create_run(filled.engine, filled.study, "inductive", Scope())
    segment = store.segments(run.id, 0, 1)[0]
    failure = Failure(segment_id=segment.id, role="coder", coder="ana", kind="timeout", message="too slow")
    store.write_wave(run.id, Wave(start=0, stop=4, failures=(failure,)))
    assert store.run(run.id).failures == 1
    assert start_round(filled.engine, filled.study.id, run.id).failures == 0


def test_runs_are_numbered_by_graph(filled: StudyFolder) -> None:
    names = [create_run(filled.engine, filled.study, "inductive", Scope()).id for _ in range(11)]
    assert names == [f"inductive-{n}" for n in range(1, 12)]
    assert [run.id for run in list_runs(filled.engine, filled.study.id)] == names


def test_an_unknown_run_is_named_with_those_there_are(filled: StudyFolder) -> None:
    create_run(filled.engine, filled.study, "inductive", Scope())
    with pytest.raises(StudyError, match=r"no run `final-1`\. Runs of this study: inductive-1"):
        SqlStudyStore(filled.engine, filled.study.id).run("final-1")


def test_times_are_exported_only_when_asked(filled: StudyFolder) -> None:
    store = SqlStudyStore(filled.engine, filled.study.id)
    run = create_run(filled.engine, filled.study, "inductive", Scope())
    store.write_wave(run.id, wave(run, store, 0, ["a"], {}))
    assert "created_at" not in next(coded_lines(filled, run))
    assert str(next(long_lines(filled, run, times=True)[1])["created_at"]).endswith("Z")


def test_the_store_in_memory_does_the_same(filled: StudyFolder) -> None:
    disk = SqlStudyStore(filled.engine, filled.study.id)
    memory = InMemoryStudyStore(filled.study, [f"text {n}" for n in range(4)])
    run = create_run(filled.engine, filled.study, "inductive", Scope())
    outcomes = []
    stores: list[tuple[StudyStore, str]] = [(disk, run.id), (memory, RUN)]
    for store, name in stores:
        known: dict[str, str] = {}
        store.write_wave(name, wave(store.run(name), store, 0, ["a", None], known))
        store.write_wave(name, wave(store.run(name), store, 2, ["a", "b"], known))
        store.write_wave(name, wave(store.run(name), store, 2, ["a", "b"], known))
        labels = [code.label for code in store.run_codes(name)]
        book = store.finish(name)
        outcomes.append(
            (labels, [code.label for code in book.codes], store.run(name).position, store.run(name).status)
        )
        assert list(store.quantiles(name, [6])) == [0.0]
    assert outcomes[0] == outcomes[1] == (["a", "b"], ["a", "b"], 4, "done")


def test_settings_are_kept_with_the_run(filled: StudyFolder) -> None:
    run = create_run(filled.engine, filled.study, "inductive", Scope())
    assert json.loads(run.settings)["question"] == filled.study.question
