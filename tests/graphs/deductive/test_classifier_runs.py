"""Classifiers as coders of a study: runs, plans, what is refused, and what a calibration leaves out."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from intercoder.agents import classifier_coder
from intercoder.cli.coding.deductive_results import print_development
from intercoder.core.classifiers import group_keys, read_card, text_key
from intercoder.core.codebook import Codebook
from intercoder.core.deductive_settings import Deduction, DeductiveCoderSettings
from intercoder.core.documents import Document, Span
from intercoder.core.errors import IntercoderError, ModelError, SettingsError, StudyError
from intercoder.core.protocols import Run
from intercoder.core.study import Limits
from intercoder.evals.report.deductive import randomness_tests
from intercoder.evals.report.deductive.deductive_methods import deductive_methods
from intercoder.evals.report.deductive.deductive_reading import gather_deductive
from intercoder.graphs import jobs
from intercoder.graphs.deductive.asked_alike import would_ask_alike
from intercoder.graphs.deductive.classifier_checks import settle_classifiers, settled_origins
from intercoder.graphs.deductive.deductive_jobs import begin_calibration, begin_development, judge, left_out
from intercoder.graphs.deductive.deductive_planning import plan_deductive
from intercoder.graphs.deductive.deductive_texts import code_deductively
from intercoder.graphs.deductive.estimating import estimates_of
from intercoder.graphs.deductive.final_jobs import begin_final
from intercoder.graphs.deductive.findings import gather_findings
from intercoder.graphs.deductive.teams import Teams, make_team
from intercoder.graphs.jobs import execute
from intercoder.stores import schema
from intercoder.stores.codebooks.development import SqlDevelopmentStore
from intercoder.stores.corpus.intake import Source, import_source
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.corpus.segments import segments_of_ids
from intercoder.stores.database import reading, writing
from intercoder.stores.runs.deductions import SqlDeductiveStore, final_values
from intercoder.stores.runs.runs import list_runs
from intercoder.stores.study_folder import StudyFolder
from tests.graphs.differing.disagreeing import MEND, MONEY, SETTINGS, TEXTS, code_by_hand, make_book, make_study
from tests.llms.classifiers.tiny_encoders import card, write_card
from tests.studies import new_study

ALONE = DeductiveCoderSettings(name="fast", model="classifier:mine")
CASCADE = DeductiveCoderSettings(name="fast", model="scripted:words", classifier="mine", shots=0)
LET_IN = {"money": "A test.", "mending": "A test."}


class Rule:
    """Finds words, is hardly sure of what it does not find, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.card = card()

    def of(self, folder: Path) -> "Rule":
        self.card = read_card(folder)
        return self

    def probabilities(self, texts: Sequence[str]) -> Any:
        self.asked.append(list(texts))
        return np.array([[0.95 if w in t.lower() else 0.4 for w in ("money", "mending")] for t in texts])


@pytest.fixture
def rule(monkeypatch: pytest.MonkeyPatch) -> Rule:
    rule = Rule()
    monkeypatch.setattr(classifier_coder, "load_classifier", rule.of)
    return rule


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    return make_study(tmp_path / "study")


def coding(folder: StudyFolder, *coders: DeductiveCoderSettings, **changes: Any) -> StudyFolder:
    """The study with these coders."""
    folder.study = folder.study.model_copy(update={"deductive": Deduction(coders=coders), **changes})
    return folder


def learnt(
    folder: StudyFolder, book: Codebook, digest: str = "first", chosen_for: str = "scripted:words", **told: Any
) -> None:
    """The study's classifier `mine`, which learnt all codes of a book."""
    head = "one_of_k" if book.exclusive else "multi_label"
    one = card(codes=(MONEY.id, MEND.id), head=head, digest=digest, confidence_for=chosen_for)  # type: ignore[arg-type]
    data = one.data.model_copy(update={"book": book, **told})
    write_card(one.model_copy(update={"data": data}), folder.classifiers / "mine")


def final(folder: StudyFolder) -> Run:
    """A final run, done."""
    done = execute(folder, lambda: begin_final(folder, Scope(), LET_IN, "ana"), lambda _: None)
    assert done is not None
    return done.run


def quiet(run: Run) -> Any:
    return lambda: run


def stopping(event: dict[str, Any]) -> None:
    """Stops a run after its first wave."""
    if event["kind"] == "progress":
        raise KeyboardInterrupt


def test_a_classifier_codes_a_study_alone(folder: StudyFolder, rule: Rule) -> None:
    learnt(coding(folder, ALONE), make_book(folder))
    events: list[dict[str, Any]] = []
    done = execute(folder, lambda: begin_final(folder, Scope(), LET_IN, "ana"), events.append)
    assert done is not None
    values = final_values(folder.engine, folder.study.id, done.run)
    assert [list(values.of(code).values()) for code in ("c_money", "c_mend")] == [
        ["yes", "no", "no", "yes", "no"],
        ["yes", "no", "yes", "no", "no"],
    ]
    assert rule.asked == [list(TEXTS)]
    assert done.run.failures == 0
    assert [event["calls"] for event in events if event["kind"] == "progress"] == [0]
    assert final(folder).id == done.run.id


def test_a_wave_is_read_at_once_before_its_segments_are_coded_one_by_one(folder: StudyFolder, rule: Rule) -> None:
    learnt(coding(folder, ALONE, limits=Limits(wave=2)), make_book(folder))
    final(folder)
    assert rule.asked == [list(TEXTS[:2]), list(TEXTS[2:4]), list(TEXTS[4:])]


def test_before_a_model_each_decision_tells_who_made_it(folder: StudyFolder, rule: Rule) -> None:
    learnt(coding(folder, CASCADE), make_book(folder))
    run = final(folder)
    table = schema.decisions
    with reading(folder.engine) as connection:
        rows = connection.execute(sa.select(table.c.coder, table.c.model).where(table.c.run == run.id))
        said = Counter((row.coder, row.model) for row in rows)
    assert said == {("fast", "classifier:mine"): 4, ("fast", "scripted:words"): 6}


def test_of_an_exclusive_book_it_chooses(folder: StudyFolder, rule: Rule) -> None:
    learnt(coding(folder, ALONE), make_book(folder, exclusive=True))
    run = final(folder)
    values = final_values(folder.engine, folder.study.id, run)
    assert list(values.of("c_mend").values()) == ["no", "no", "yes", "no", "no"]


def test_the_plan_says_that_no_text_leaves_and_that_a_model_is_asked_at_most(folder: StudyFolder) -> None:
    book = make_book(folder)
    learnt(coding(folder, ALONE, CASCADE.model_copy(update={"name": "both"})), book)
    plan = plan_deductive(folder, folder.study, book, book.leaves, Scope(), graph="final")
    told = [(one.name, one.model, one.calls, one.at_most) for one in plan.actors]
    assert told[:3] == [
        ("fast", "classifier:mine", 0, False),
        ("both", "classifier:mine", 0, False),
        ("both", "scripted:words", 10, True),
    ]
    assert plan.obstacles == ()
    learnt(folder, book.model_copy(update={"allow_unsure": False}))
    (obstacle,) = plan_deductive(folder, folder.study, book, book.leaves, Scope(), graph="final").obstacles
    assert "has not learnt these codes" in obstacle


def test_before_a_run_it_is_told_that_a_bound_was_chosen_for_another_model(folder: StudyFolder, rule: Rule) -> None:
    book = make_book(coding(folder, CASCADE))

    def told(coder: DeductiveCoderSettings, **changes: Any) -> list[str]:
        learnt(coding(folder, coder), book, **changes)
        events: list[dict[str, Any]] = []
        execute(folder, lambda: begin_final(folder, Scope(), LET_IN, "ana"), events.append)
        plan = plan_deductive(folder, folder.study, book, book.leaves, Scope(), graph="final")
        notes = [event["text"] for event in events if event["kind"] == "note"]
        assert list(plan.notes) == notes
        return notes

    (note,) = told(CASCADE, chosen_for="embedded:qwen2.5-coder-0.5b")
    assert "scripted:words decides where the classifier mine is less confident than 0.8" in note
    assert "chosen for embedded:qwen2.5-coder-0.5b" in note
    assert "Run its `distill` again" in note
    (note,) = told(CASCADE, chosen_for="")
    assert "chosen for no language model" in note
    assert not told(CASCADE, chosen_for="scripted:words")
    assert not told(CASCADE.model_copy(update={"confidence": 0.9}), chosen_for="embedded:qwen2.5-coder-0.5b")
    assert not told(ALONE, chosen_for="embedded:qwen2.5-coder-0.5b")


def refused(folder: StudyFolder, kind: type[IntercoderError], told: str) -> IntercoderError:
    with pytest.raises(kind, match=told) as caught:
        begin_final(folder, Scope(), LET_IN, "ana")
    assert list_runs(folder.engine, folder.study.id) == []
    return caught.value


def test_without_the_classifier_nothing_begins(folder: StudyFolder) -> None:
    make_book(coding(folder, ALONE))
    refused(folder, ModelError, "no such classifier")


@pytest.mark.parametrize("name", ["../../x", "..", ".mine.old", "/etc", "a\\b"])
def test_a_classifiers_name_leads_nowhere_else(folder: StudyFolder, name: str) -> None:
    book = make_book(coding(folder, ALONE.model_copy(update={"model": f"classifier:{name}"})))
    refused(folder, ModelError, "cannot be the name of a classifier")
    with pytest.raises(ModelError, match="cannot be the name"):
        make_team(folder.study, book, classifiers=folder.classifiers)


def test_codes_that_changed_since_are_not_coded_by_a_classifier_alone(folder: StudyFolder, rule: Rule) -> None:
    learnt(coding(folder, ALONE), make_book(folder))
    make_book(folder, MONEY.model_copy(update={"definition": "Dear.", "revision": 2}), MEND)
    error = refused(folder, SettingsError, "codebook version 2 has them: 'money'")
    assert "distill" in error.remedy
    begin_final(folder, Scope(), {"mending": "It is known."}, "ana")
    coding(folder, CASCADE)
    final(folder)


def test_a_classifier_alone_cannot_follow_a_codebook_that_is_being_revised(folder: StudyFolder) -> None:
    learnt(coding(folder, ALONE), make_book(folder))
    with pytest.raises(SettingsError, match="cannot follow"):
        begin_development(folder, folder.study, Scope())
    begin_development(coding(folder, CASCADE), folder.study, Scope())


def test_a_classifier_is_no_model_that_could_be_asked(folder: StudyFolder) -> None:
    make_book(folder)
    writer = folder.study.reviser.model_copy(update={"model": "classifier:mine"})
    folder.study = folder.study.model_copy(update={"reviser": writer})
    with pytest.raises(ModelError, match="is no model for answering"):
        begin_development(folder, folder.study, Scope())


@pytest.mark.parametrize("coder", [ALONE, CASCADE])
def test_a_classifier_trained_anew_would_not_ask_alike(
    folder: StudyFolder, rule: Rule, coder: DeductiveCoderSettings
) -> None:
    book = make_book(folder)
    learnt(coding(folder, coder), book)
    run = final(folder)
    assert would_ask_alike(folder, run)
    learnt(folder, book, digest="second")
    assert not would_ask_alike(folder, run)
    assert final(folder).id != run.id


def test_a_classifier_that_left_all_to_the_model_would_not_ask_alike_when_trained_anew(
    folder: StudyFolder, rule: Rule
) -> None:
    book = make_book(folder)
    learnt(coding(folder, CASCADE.model_copy(update={"confidence": 1.0})), book)
    run = final(folder)
    assert would_ask_alike(folder, run)
    learnt(folder, book, digest="second")
    assert not would_ask_alike(folder, run)


def test_another_bound_on_the_card_would_not_ask_alike(folder: StudyFolder, rule: Rule) -> None:
    book = make_book(folder)
    learnt(coding(folder, CASCADE), book)
    run = final(folder)
    (file,) = folder.classifiers.glob("mine/card.json")
    file.write_text(file.read_text().replace('"confidence":0.8', '"confidence":0.9'))
    assert not would_ask_alike(folder, run)
    file.unlink()
    assert not would_ask_alike(folder, run)


def test_a_run_is_not_gone_on_with_by_another_classifier(folder: StudyFolder, rule: Rule) -> None:
    book = make_book(folder)
    learnt(coding(folder, ALONE, limits=Limits(wave=2)), book)
    run = begin_final(folder, Scope(), LET_IN, "ana")
    with pytest.raises(KeyboardInterrupt):
        execute(folder, quiet(run), stopping)
    learnt(folder, book, digest="second")
    with pytest.raises(StudyError, match=f"trained anew, or its bound changed, since `{run.id}` began"):
        execute(folder, quiet(run), lambda _: None)
    learnt(folder, book)
    done = execute(folder, quiet(run), lambda _: None)
    assert done is not None
    assert done.run.status == "done"


def forget_classifiers(folder: StudyFolder) -> None:
    """The study's runs as they were made before it was kept what their classifiers were."""
    with writing(folder.engine) as connection:
        connection.execute(sa.delete(schema.run_classifiers))


def test_where_nobody_can_tell_what_a_run_coded_with_it_would_not_ask_alike(
    folder: StudyFolder, rule: Rule
) -> None:
    learnt(coding(folder, ALONE), make_book(folder))
    run = final(folder)
    forget_classifiers(folder)
    assert not would_ask_alike(folder, run)
    assert final(folder).id != run.id


def test_a_run_that_decided_nothing_yet_takes_the_classifier_of_now(folder: StudyFolder, rule: Rule) -> None:
    book = make_book(folder)
    learnt(coding(folder, ALONE), book)
    run = begin_final(folder, Scope(), LET_IN, "ana")
    learnt(folder, book, digest="second")
    assert would_ask_alike(folder, run)
    assert final(folder).id == run.id


def test_where_nobody_can_tell_what_a_stopped_run_began_with_it_is_not_gone_on_with(
    folder: StudyFolder, rule: Rule
) -> None:
    learnt(coding(folder, ALONE, limits=Limits(wave=2)), make_book(folder))
    run = begin_final(folder, Scope(), LET_IN, "ana")
    with pytest.raises(KeyboardInterrupt):
        execute(folder, quiet(run), stopping)
    forget_classifiers(folder)
    for _ in range(2):  # the classifier of now is not written down as the one it began with
        with pytest.raises(StudyError, match="or nobody can tell"):
            execute(folder, quiet(run), lambda _: None)


def test_a_calibration_whose_classifier_nobody_can_tell_is_made_anew(folder: StudyFolder, rule: Rule) -> None:
    run = calibrated(folder)
    forget_classifiers(folder)
    done = execute(folder, lambda: begin_calibration(folder, run.sample), lambda _: None)
    assert done is not None
    assert done.run.id != run.id
    assert judge(folder, done.run)["final"]["c_money"].human_model.ac1.n == 5


def test_who_is_refused_to_go_on_is_told_which_coder_it_is_and_what_to_type(
    folder: StudyFolder, rule: Rule
) -> None:
    calibration = calibrated(folder)
    coded = final(folder)
    learnt(folder, make_book(folder), digest="second")
    for run, command in (
        (coded, f"`intercoder run final {folder.path}` with the same options"),
        (calibration, f"`intercoder calibrate {folder.path} --sample {calibration.sample}`"),
    ):
        with pytest.raises(StudyError) as caught:
            settle_classifiers(folder, folder.study, run)
        assert (caught.value.where, caught.value.remedy) == ("deductive.coders: fast", f"Begin anew: {command}.")


@pytest.mark.parametrize("graph", ["codevelop", "final"])
def test_a_classifier_trained_anew_just_after_a_run_began_does_not_code_it(
    folder: StudyFolder, rule: Rule, monkeypatch: pytest.MonkeyPatch, graph: str
) -> None:
    book = make_book(folder)
    learnt(coding(folder, CASCADE), book)

    def train_then(*given: Any) -> None:
        settle_classifiers(*given)
        learnt(folder, book, digest="second")

    monkeypatch.setattr(jobs, "settle_classifiers", train_then)
    with pytest.raises(ModelError, match="trained anew, or its bound changed, while it coded"):
        execute(
            folder,
            lambda: (
                begin_development(folder, folder.study, Scope())
                if graph == "codevelop"
                else begin_final(folder, Scope(), LET_IN, "ana")
            ),
            lambda _: None,
        )
    with pytest.raises(StudyError, match="since"):
        execute(folder, lambda: list_runs(folder.engine, folder.study.id)[0], lambda _: None)


def test_a_team_of_a_later_version_does_not_change_to_a_classifier_trained_anew(
    folder: StudyFolder, rule: Rule
) -> None:
    first = make_book(folder)
    learnt(coding(folder, CASCADE), first)
    run = begin_development(folder, folder.study, Scope())
    settle_classifiers(folder, folder.study, run)
    origins = settled_origins(folder, run)
    teams = Teams(partial(make_team, folder.study, classifiers=folder.classifiers, origins=origins))
    teams(first)
    second = make_book(folder, MONEY.model_copy(update={"definition": "Dear.", "revision": 2}), MEND)
    teams(second)
    learnt(folder, first, digest="second")
    with pytest.raises(ModelError, match="while it coded"):
        teams(make_book(folder, MONEY.model_copy(update={"definition": "Cheap.", "revision": 3}), MEND))


@pytest.mark.parametrize("exclusive", [False, True])
def test_asked_again_only_what_the_model_decided_tells_whether_a_coder_repeats_itself(
    folder: StudyFolder, rule: Rule, exclusive: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    book = make_book(folder, exclusive=exclusive)
    learnt(coding(folder, CASCADE), book)
    done = execute(folder, lambda: begin_development(folder, folder.study, Scope()), lambda _: None)
    assert done is not None
    store = SqlDevelopmentStore(folder.engine, folder.study.id)
    first, again = store.values(done.run.id)
    assert [len(first.of(code)) for code in ("c_money", "c_mend")] == [5, 5]
    by_classifier = {"c_money": 3, "c_mend": 3} if exclusive else {"c_money": 2, "c_mend": 2}
    assert again.by_classifier == by_classifier
    assert {code: 5 - len(again.of(code)) for code in by_classifier} == by_classifier
    findings = gather_findings(store, done.run.id, list(by_classifier))
    assert {code: one.coders[0].by_classifier for code, one in findings.items()} == by_classifier
    print_development(folder, done.run, json=False)
    told = f"again: {3 if exclusive else 4} repeated decisions of a classifier are left out"
    assert told in " ".join(capsys.readouterr().out.split())
    contents = gather_deductive(folder, done.run, findings)
    about_money = randomness_tests.meaning(randomness_tests.tested(contents)[0], exclusive=exclusive)
    assert f"; {by_classifier['c_money']} repeated decisions of a classifier are left out" in about_money
    assert "What a classifier decided is left out" in " ".join(deductive_methods(contents).paragraphs)


def calibrated(folder: StudyFolder, **told: Any) -> Run:
    """A calibration run of the classifier on all segments, which two people coded."""
    book = make_book(folder)
    learnt(coding(folder, ALONE), book, **told)
    run = final(folder)
    segments = [one.id for one in SqlDeductiveStore(folder.engine, folder.study.id).segments(run.id, 0, 5)]
    said = {"ana": "ynnyn", "ben": "ynnyy"}
    code_by_hand(folder, book, segments, {"c_money": said, "c_mend": said})
    done = execute(folder, lambda: begin_calibration(folder, run.sample), lambda _: None)
    assert done is not None
    return done.run


def test_a_verdict_rests_on_nothing_that_was_learnt(folder: StudyFolder, rule: Rule) -> None:
    run = calibrated(folder, learnt_texts=(text_key(TEXTS[0].upper()), text_key(TEXTS[3])))
    assert left_out(folder, run) == 2
    found = judge(folder, run)["final"]["c_money"]
    assert [(one.coder, one.yes, one.no) for one in found.people] == [("ana", 0, 3), ("ben", 1, 2)]
    assert found.human_model.ac1.n == 3


def test_nor_on_other_documents_of_what_was_kept_together(tmp_path: Path, rule: Rule) -> None:
    folder = new_study(tmp_path / "study", SETTINGS)
    documents = [
        Document(name=text, source="talks", text=text, attributes={"village": "Nes" if at < 2 else "Sund"})
        for at, text in enumerate(TEXTS)
    ]
    source = Source(name="talks", sha256="1", options={}, unit="row")
    spans = {one.id: [Span(start=0, end=len(one.text))] for one in documents}
    import_source(folder.engine, folder.study.id, source, documents, lambda one: spans[one.id], [])
    run = calibrated(folder, by="village", learnt_groups=tuple(group_keys({"village": "Nes"}, ["village"])))
    assert left_out(folder, run) == 2
    assert judge(folder, run)["final"]["c_money"].human_model.ac1.n == 3
    learnt(folder, make_book(folder), digest="second")
    assert left_out(folder, run) == 2, "the run is held against people with the classifier that it began with"
    both = {key for village in ("Nes", "Sund") for key in group_keys({"village": village}, ["village"])}
    learnt(folder, make_book(folder), learnt_groups=tuple(both))
    with pytest.raises(StudyError, match="learnt from all 5 segments"):
        begin_calibration(folder, run.sample)


def test_a_run_is_judged_by_what_its_own_classifier_learnt(folder: StudyFolder, rule: Rule) -> None:
    run = calibrated(folder, learnt_texts=(text_key(TEXTS[0]),))
    learnt(folder, make_book(folder), digest="second")
    assert left_out(folder, run) == 1
    assert judge(folder, run)["final"]["c_money"].human_model.ac1.n == 4
    with writing(folder.engine) as connection:
        connection.execute(sa.delete(schema.run_classifiers))
    assert left_out(folder, run) == 5, "nobody can tell what it learnt from"


def test_without_anything_learnt_all_of_the_sample_counts(folder: StudyFolder, rule: Rule) -> None:
    run = calibrated(folder)
    assert left_out(folder, run) == 0
    assert judge(folder, run)["final"]["c_money"].human_model.ac1.n == 5


def test_a_sample_that_was_learnt_from_calibrates_nothing(folder: StudyFolder, rule: Rule) -> None:
    run = calibrated(folder)
    with reading(folder.engine) as connection:
        ids = [one.id for one in SqlDeductiveStore(folder.engine, folder.study.id).segments(run.id, 0, 5)]
        document = segments_of_ids(connection, folder.study.id, ids)[ids[0]].document_id
    learnt(folder, make_book(folder), learnt_documents=(document,))
    with pytest.raises(StudyError, match="learnt from all 5 segments") as caught:
        begin_calibration(folder, run.sample)
    assert "Draw a new sample" in caught.value.remedy


def test_shares_are_corrected_by_what_was_not_learnt(folder: StudyFolder, rule: Rule) -> None:
    run = calibrated(folder)
    judge(folder, run)
    done = final(folder)
    with_all = estimates_of(folder, done)
    book = SqlDeductiveStore(folder.engine, folder.study.id).book(done.id)
    learnt(folder, book, learnt_texts=(text_key(TEXTS[0]),))
    assert estimates_of(folder, done) == with_all, "another classifier coded it"
    learnt_one = final(folder)
    assert estimates_of(folder, learnt_one) != with_all
    contents = gather_deductive(folder, learnt_one, {}, estimates=estimates_of(folder, learnt_one))
    methods = " ".join(deductive_methods(contents).paragraphs)
    assert "taken for these segments, too" in methods


def test_texts_are_coded_from_python_by_the_classifiers_folder(folder: StudyFolder, rule: Rule) -> None:
    book = make_book(folder)
    learnt(folder, book)
    alone = DeductiveCoderSettings(name="fast", model=f"classifier:{folder.classifiers / 'mine'}")
    table = code_deductively(["Money!", "Nothing."], book, coders=[alone]).to_table()
    assert table.to_numpy().tolist() == [["Money!", "yes", "no"], ["Nothing.", "no", "no"]]


@pytest.mark.parametrize(
    ("coder", "told"),
    [
        (ALONE, "a fine-tuned encoder, classifier/mine [first])"),
        (
            CASCADE,
            "a fine-tuned encoder, classifier/mine from 0.8 [first]; where it was not confident, scripted:words "
            "decided in its place",
        ),
    ],
)
def test_the_methods_of_a_report_name_the_classifier(
    folder: StudyFolder, rule: Rule, coder: DeductiveCoderSettings, told: str
) -> None:
    learnt(coding(folder, coder), make_book(folder))
    methods = deductive_methods(gather_deductive(folder, final(folder), {}))
    assert told in " ".join(methods.paragraphs)
