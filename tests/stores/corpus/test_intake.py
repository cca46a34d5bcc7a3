from collections.abc import Iterator

import pytest

from intercoder.core.documents import Document, Unit
from intercoder.core.errors import InputError
from intercoder.core.texts.segmentation import segment
from intercoder.stores.corpus.intake import Imported, Source, import_source, summarise
from intercoder.stores.corpus.samples import Scope
from intercoder.stores.runs.runs import SqlStudyStore, create_run
from intercoder.stores.study_folder import StudyFolder


def put(folder: StudyFolder, documents: list[Document], *, sha: str = "1", unit: Unit = "paragraph") -> Imported:
    source = Source(name=documents[0].source, sha256=sha, options={}, unit=unit)
    return import_source(folder.engine, folder.study.id, source, documents, lambda one: segment(one.text, unit), [])


def rows(texts: list[str], **attributes: list[str]) -> list[Document]:
    return [
        Document(
            name=f"table.csv#{place}",
            source="table.csv",
            key=str(place),
            text=text,
            attributes={name: values[place] for name, values in attributes.items()},
        )
        for place, text in enumerate(texts)
    ]


def texts_of(folder: StudyFolder, scope: Scope | None = None) -> list[str]:
    run = create_run(folder.engine, folder.study, "inductive", scope or Scope())
    found = SqlStudyStore(folder.engine, folder.study.id).segments(run.id, 0, run.total)
    return [one.text for one in found]


def test_importing_the_same_file_twice_adds_nothing(folder: StudyFolder) -> None:
    document = Document(name="a.txt", source="a.txt", text="One.\n\nTwo.")
    first = put(folder, [document])
    second = put(folder, [document])
    assert (first.segments, first.unchanged) == (2, False)
    assert (second.segments, second.unchanged, second.version) == (2, True, 1)


def test_a_changed_file_is_a_new_version_and_replaces_the_old_in_new_runs(folder: StudyFolder) -> None:
    put(folder, [Document(name="a.txt", source="a.txt", text="One.\n\nTwo.")])
    changed = put(folder, [Document(name="a.txt", source="a.txt", text="One.\n\nThree.")], sha="2")
    assert (changed.version, changed.new_documents, changed.unchanged) == (2, 1, False)
    assert texts_of(folder) == ["One.", "Three."]


def test_unchanged_rows_of_a_changed_table_keep_their_segments(folder: StudyFolder) -> None:
    put(folder, rows(["same", "old"]), unit="row")
    run = create_run(folder.engine, folder.study, "inductive", Scope())
    before = SqlStudyStore(folder.engine, folder.study.id).segments(run.id, 0, 2)
    changed = put(folder, rows(["same", "new", "more"]), sha="2", unit="row")
    assert changed.new_documents == 2
    later = create_run(folder.engine, folder.study, "inductive", Scope())
    after = SqlStudyStore(folder.engine, folder.study.id).segments(later.id, 0, 3)
    assert before[0].id == after[0].id
    assert before[1].id != after[1].id
    assert [one.text for one in after] == ["same", "new", "more"]


def test_a_run_keeps_its_segments_when_the_file_changes(folder: StudyFolder) -> None:
    put(folder, rows(["same", "old"], site=["A", "B"]), unit="row")
    run = create_run(folder.engine, folder.study, "inductive", Scope())
    put(folder, rows(["new"], site=["C"]), sha="2", unit="row")
    kept = SqlStudyStore(folder.engine, folder.study.id).segments(run.id, 0, 2)
    assert [(one.text, one.attributes) for one in kept] == [("same", {"site": "A"}), ("old", {"site": "B"})]


def test_a_second_way_to_cut_adds_segments_and_no_texts(folder: StudyFolder) -> None:
    document = Document(name="a.txt", source="a.txt", text="One. Two.\n\nThree.")
    put(folder, [document])
    put(folder, [document], unit="sentence")
    (source,) = summarise(folder.engine, folder.study.id)
    assert (source.version, source.documents, source.segments) == (1, 1, {"paragraph": 2, "sentence": 3})
    with pytest.raises(InputError, match="cut in several ways: paragraph, sentence"):
        texts_of(folder)
    assert texts_of(folder, Scope(unit="sentence")) == ["One.", "Two.", "Three."]
    with pytest.raises(InputError, match="not cut by turn"):
        texts_of(folder, Scope(unit="turn"))


def test_an_error_half_way_keeps_nothing(folder: StudyFolder) -> None:
    def broken() -> Iterator[Document]:
        yield Document(name="a.txt", source="a.txt", text="One.")
        raise InputError("row 2 is broken")

    source = Source(name="a.txt", sha256="1", options={}, unit="paragraph")
    with pytest.raises(InputError, match="row 2"):
        import_source(
            folder.engine, folder.study.id, source, broken(), lambda one: segment(one.text, "paragraph"), []
        )
    assert summarise(folder.engine, folder.study.id) == []
    with pytest.raises(InputError, match="holds no text yet"):
        texts_of(folder)


def test_a_file_without_anything_to_code_is_refused(folder: StudyFolder) -> None:
    with pytest.raises(InputError, match="nothing to code"):
        put(folder, [Document(name="a.txt", source="a.txt", text="  \n ")])
    assert summarise(folder.engine, folder.study.id) == []


def test_segments_carry_speaker_context_and_what_came_before(folder: StudyFolder) -> None:
    text = "Ana: Why?\nBen: Because it broke.\nAna: Oh."
    put(folder, [Document(name="t.txt", source="t.txt", text=text, context="A talk.")], unit="turn")
    study = folder.study.model_copy(update={"coding": folder.study.coding.model_copy(update={"context_before": 1})})
    run = create_run(folder.engine, study, "inductive", Scope())
    found = SqlStudyStore(folder.engine, study.id).segments(run.id, 0, 3)
    assert [one.speaker for one in found] == ["Ana", "Ben", "Ana"]
    assert [one.context for one in found] == [
        "A talk.",
        "A talk.\nAna: Why?",
        "A talk.\nBen: Because it broke.",
    ]
    assert all(text[one.start : one.end] == one.text for one in found)
    assert found[0].attributes == {"speaker": "Ana"}


def test_samples_are_seeded_and_stratified(folder: StudyFolder) -> None:
    put(folder, rows([f"text {n}" for n in range(20)], site=["A"] * 15 + ["B"] * 5), unit="row")
    drawn = texts_of(folder, Scope(sample=8, seed=3, stratify="site"))
    assert drawn == texts_of(folder, Scope(sample=8, seed=3, stratify="site"))
    assert sum(int(text.split()[1]) >= 15 for text in drawn) == 2
    assert drawn != texts_of(folder, Scope(sample=8, seed=4, stratify="site"))
    with pytest.raises(InputError, match=r"no document has an attribute `town`.*site, speaker"):
        texts_of(folder, Scope(sample=8, stratify="town"))
    with pytest.raises(InputError, match="a sample of 21 was asked for, but there are only 20"):
        texts_of(folder, Scope(sample=21))


def test_samples_are_stratified_by_speaker(folder: StudyFolder) -> None:
    turns = "\n".join(f"{'Ana' if n % 4 else 'Ben'}: turn {n}" for n in range(1, 21))
    put(folder, [Document(name="t.txt", source="t.txt", text=turns)], unit="turn")
    run = create_run(folder.engine, folder.study, "inductive", Scope(sample=4, stratify="speaker"))
    found = SqlStudyStore(folder.engine, folder.study.id).segments(run.id, 0, 4)
    assert sorted(str(one.speaker) for one in found) == ["Ana", "Ana", "Ana", "Ben"]


def test_speakers_can_be_left_out(folder: StudyFolder) -> None:
    put(folder, [Document(name="t.txt", source="t.txt", text="Ana: Why?\nBen: It broke.\nAna: Oh.")], unit="turn")
    assert texts_of(folder, Scope(skip_speakers=("Ana",))) == ["It broke."]
    with pytest.raises(InputError, match=r"nobody is called 'Cy'. Speakers are: Ana, Ben"):
        texts_of(folder, Scope(skip_speakers=("Cy",)))
    with pytest.raises(InputError, match="nothing is left"):
        texts_of(folder, Scope(skip_speakers=("Ana", "Ben")))


def test_limit_takes_the_first_segments(folder: StudyFolder) -> None:
    put(folder, rows(["a", "b", "c"]), unit="row")
    assert texts_of(folder, Scope(limit=2)) == ["a", "b"]


def test_quantiles_are_shares_of_shorter_segments(folder: StudyFolder) -> None:
    put(folder, rows(["a", "bb", "ccc", "dddd"]), unit="row")
    run = create_run(folder.engine, folder.study, "inductive", Scope())
    store = SqlStudyStore(folder.engine, folder.study.id)
    assert list(store.quantiles(run.id, [1, 3, 5, 1])) == [0.0, 0.5, 1.0, 0.0]
