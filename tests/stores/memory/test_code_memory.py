import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from intercoder.core.codebook import Code
from intercoder.core.coding.refinement import CodeMatch, LabelMemory, LabelToPlace, cosines, refine
from intercoder.core.errors import StudyError
from intercoder.core.protocols import Vectors
from intercoder.stores.memory import chroma_client, chroma_items, chroma_memory, code_memory
from intercoder.stores.memory.chroma_client import open_folder
from intercoder.stores.memory.code_memory import ChromaCodeMemory, ExactCodeMemory, open_memory

Open = Callable[..., ChromaCodeMemory]


def unit(*shape: int, seed: int = 0, around: int = 0) -> Vectors:
    """Random unit vectors, drawn around some centres if told so."""
    random = np.random.default_rng(seed)
    rows = random.standard_normal(shape)
    if around:
        rows = random.standard_normal((around, shape[1]))[random.integers(0, around, shape[0])] + 0.5 * rows
    scaled: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return scaled


def codes(number: int, start: int = 0) -> list[Code]:
    return [Code(id=f"c_{at}", label=f"Label {at}") for at in range(start, start + number)]


def found(matches: list[list[CodeMatch]]) -> list[list[tuple[str, int, float, str]]]:
    return [[(match.code_id, match.order, match.similarity, match.label) for match in row] for row in matches]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Opens memories in one folder and closes them in the end."""
    memories: list[ChromaCodeMemory] = []

    def open_one(**given: object) -> ChromaCodeMemory:
        scope = {"study_id": "study", "run_id": "inductive-1", "round": 1, "owner": "token", **given}
        memory = open_memory(tmp_path / "memory", **scope)  # type: ignore[arg-type]
        memories.append(memory)
        return memory

    yield open_one
    for memory in memories:
        memory.close()


@pytest.fixture(params=["exact", "chroma", "index"])
def memory(request: pytest.FixtureRequest, opened: Open, monkeypatch: pytest.MonkeyPatch) -> LabelMemory:
    """Every implementation; `index` searches through Chroma's index from the first code on."""
    if request.param == "exact":
        return ExactCodeMemory()
    if request.param == "index":
        monkeypatch.setattr(chroma_memory, "EXACT", 0)
    return opened()


def test_nearest_are_ordered_by_similarity_then_age(memory: LabelMemory) -> None:
    rows = np.array([[0, 1], [1, 0], [0.6, 0.8], [0, 1]], np.float32)
    memory.add(codes(4), rows)
    best = memory.nearest(np.array([[0, 1], [1, 0]], np.float32), 3)
    assert found(best) == [  # type: ignore[arg-type]
        [("c_0", 0, 1.0, "Label 0"), ("c_3", 3, 1.0, "Label 3"), ("c_2", 2, 0.8, "Label 2")],
        [("c_1", 1, 1.0, "Label 1"), ("c_2", 2, 0.6, "Label 2"), ("c_0", 0, 0.0, "Label 0")],
    ]


def test_similarities_are_those_of_the_vectors_given(memory: LabelMemory) -> None:
    rows, queries = unit(300, 48), unit(20, 48, seed=1)
    memory.add(codes(100), rows[:100])
    memory.add(codes(200, 100), rows[100:])
    for query, matches in zip(queries, memory.nearest(queries, 5), strict=True):
        exact = cosines(query, rows)
        order = np.lexsort((np.arange(300), -exact))[:5]
        assert [(match.order, match.similarity) for match in matches] == [(at, exact[at]) for at in order]


def test_codes_are_found_by_wording(memory: LabelMemory) -> None:
    memory.add(
        [Code(id="a", label="Too busy"), Code(id="b", label="too  BUSY"), Code(id="c", label="x")], unit(3, 4)
    )
    known = memory.labelled(["TOO busy", "tired", "X"])
    assert [(match.code_id, match.order, match.similarity) if match else None for match in known] == [
        ("a", 0, 1.0),
        None,
        ("c", 2, 1.0),
    ]


def test_an_empty_or_reset_memory_finds_nothing(memory: LabelMemory) -> None:
    assert list(memory.nearest(unit(2, 4), 1)) == [[], []]
    memory.add(codes(3), unit(3, 4))
    assert len(memory) == 3
    assert len(memory.nearest(unit(1, 4), 10)[0]) == 3
    memory.reset()
    assert len(memory) == 0
    assert list(memory.labelled(["Label 0"])) == [None]
    memory.add(codes(1), unit(1, 7))
    assert [match.code_id for match in memory.nearest(unit(1, 7), 1)[0]] == ["c_0"]


def test_codes_without_their_own_vectors_are_refused(memory: LabelMemory) -> None:
    with pytest.raises(ValueError, match="2 codes but 1 embeddings"):
        memory.add(codes(2), unit(1, 4))
    assert len(memory) == 0


def test_refinement_up_to_5000_codes_equals_exact_search(opened: Open) -> None:
    vectors = unit(chroma_memory.EXACT, 16, around=4_500)
    labels = [
        LabelToPlace(label=f"label {at}", founds=Code(id=f"c{at}", label=f"label {at}"), threshold=0.9)
        for at in range(len(vectors))
    ]
    memory, exact = opened(), ExactCodeMemory()
    assert refine(labels, vectors, memory) == refine(labels, vectors, exact)
    assert 3_000 < len(memory) < chroma_memory.EXACT


def test_a_memory_that_outgrows_exact_search_goes_on_through_the_index(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chroma_memory, "EXACT", 200)
    vectors = unit(900, 32, around=600)
    labels = [
        LabelToPlace(label=f"label {at}", founds=Code(id=f"c{at}", label=f"label {at}"), threshold=0.85)
        for at in range(len(vectors))
    ]
    memory, exact = opened(), ExactCodeMemory()
    wanted = refine(labels, vectors, exact)
    half = refine(labels[:450], vectors[:450], memory)
    memory.close()
    again = opened()
    assert len(again) > 200
    placed = half + refine(labels[450:], vectors[450:], again)
    same = sum(one.code_id == other.code_id for one, other in zip(placed, wanted, strict=True))
    assert same >= 0.995 * len(labels)


@pytest.mark.parametrize("exact", [5_000, 0])
def test_a_reopened_memory_is_the_same_to_the_last_bit(
    opened: Open, monkeypatch: pytest.MonkeyPatch, exact: int
) -> None:
    monkeypatch.setattr(chroma_memory, "EXACT", exact)
    monkeypatch.setitem(chroma_items.INDEX, "sync_threshold", 100)
    rows, queries = unit(450, 24), unit(30, 24, seed=1)
    memory = opened()
    memory.add(codes(450), rows)
    before = found(memory.nearest(queries, 3))
    memory.close()
    again = opened()
    assert len(again) == 450
    assert found(again.nearest(queries, 3)) == before
    assert [match and match.order for match in again.labelled(["LABEL 7"])] == [7]
    assert np.array_equal(again.vectors(["c_9", "c_440", "c_3"]), rows[[9, 440, 3]])


def test_a_deleted_folder_is_filled_again_with_the_same_result(opened: Open, tmp_path: Path) -> None:
    rows, queries = unit(200, 24), unit(10, 24, seed=1)
    memory = opened()
    memory.add(codes(200), rows)
    before = found(memory.nearest(queries, 3))
    memory.close()
    shutil.rmtree(tmp_path / "memory")
    again = opened()
    assert len(again) == 0
    again.rebuild(codes(200), rows)
    assert found(again.nearest(queries, 3)) == before


def _garbage(folder: Path) -> None:
    (folder / "chroma.sqlite3").write_bytes(b"no database" * 1000)


def _cut(folder: Path) -> None:
    file = folder / "chroma.sqlite3"
    os.truncate(file, file.stat().st_size // 2)


def _without_index(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)


def _without_database(folder: Path) -> None:
    (folder / "chroma.sqlite3").unlink()


def _zeroed_index(folder: Path) -> None:
    for file in folder.glob("*/data_level0.bin"):
        file.write_bytes(bytes(file.stat().st_size))


@pytest.mark.parametrize("exact", [5_000, 0])
@pytest.mark.parametrize("harm", [_garbage, _cut, _without_index, _without_database, _zeroed_index])
def test_a_damaged_folder_is_set_aside_and_begun_anew(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: Callable[[Path], None], exact: int
) -> None:
    monkeypatch.setattr(chroma_memory, "EXACT", exact)
    monkeypatch.setitem(chroma_items.INDEX, "sync_threshold", 100)
    rows = unit(250, 24)
    for _ in range(2):
        memory = opened()
        memory.rebuild(codes(250), rows)
        memory.close()
        (tmp_path / "memory" / "embeddings.db").write_text("not ours")
        harm(tmp_path / "memory" / code_memory.FOLDER)
    memory = opened()
    assert len(memory) == 0
    memory.add(codes(250), rows)
    assert [match.code_id for match in memory.nearest(rows[40:41], 1)[0]] == ["c_40"]
    assert (tmp_path / "memory" / "embeddings.db").read_text() == "not ours"


@pytest.mark.parametrize(("number", "held"), [(90, 90), (250, 0)])
def test_a_folder_whose_writer_was_killed_is_begun_anew_if_an_index_was_saved(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, held: int
) -> None:
    monkeypatch.setitem(chroma_items.INDEX, "sync_threshold", 100)
    folder = tmp_path / "memory" / code_memory.FOLDER
    memory = opened()
    memory.add(codes(number), unit(number, 8))
    assert not (folder / chroma_client.MARK).exists()
    client = open_folder(folder)
    with chroma_client.marked(client):
        again = opened()
        assert len(again) == number, "a mark of this very process is not a dead writer's"
    for one in (client, again, memory):
        one.close()
    (folder / chroma_client.MARK).write_text("1234567 1.5")
    assert len(opened()) == held


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "memory").write_text("a file")
    with pytest.raises(StudyError, match="cannot be used") as error:
        open_memory(tmp_path / "memory", study_id="s", run_id="r", round=1, owner="o")
    assert str(tmp_path) in error.value.where
    assert error.value.remedy
    assert (tmp_path / "memory").read_text() == "a file"


def test_studies_runs_and_rounds_do_not_mix(opened: Open) -> None:
    first = opened()
    first.add(codes(3), unit(3, 8))
    others = [opened(study_id="other"), opened(run_id="inductive-2"), opened(round=2)]
    assert [len(memory) for memory in others] == [0, 0, 0]
    others[2].add(codes(5), unit(5, 8))
    others[1].reset()
    assert (len(first), len(opened()), len(opened(round=2))) == (3, 3, 5)


def test_another_study_of_the_same_id_is_noticed(tmp_path: Path) -> None:
    client = open_folder(tmp_path / "chroma")
    ChromaCodeMemory(client, study_id="study", run_id="r", round=1, owner="one").add(codes(1), unit(1, 4))
    with pytest.raises(StudyError, match="another study with the id study") as error:
        ChromaCodeMemory(client, study_id="study", run_id="r", round=1, owner="two")
    assert "`id` in study.toml" in error.value.remedy
    assert len(ChromaCodeMemory(client, study_id="study", run_id="r", round=1, owner="one")) == 1
    client.close()


def test_what_a_former_study_left_in_the_folder_is_dropped(opened: Open) -> None:
    former = opened()
    former.add(codes(3), unit(3, 4))
    former.close()
    assert len(opened(owner="the token of a new study.db")) == 0


def test_codes_that_were_never_committed_are_forgotten(opened: Open) -> None:
    memory = opened()
    rows = unit(6, 8)
    memory.add(codes(5), rows[:5])
    assert memory.keep(codes(7)) == 5
    assert memory.keep(codes(3)) == 3
    assert len(memory) == 3
    committed = [*codes(2), Code(id="other", label="Other"), *codes(1, 2)]
    assert memory.keep(committed) == 2
    memory.add(committed[2:], rows[2:4])
    memory.close()
    again = opened()
    assert [match.code_id for match in again.nearest(rows[2:3], 1)[0]] == ["other"]
    assert list(again.labelled(["label 4"])) == [None]


def test_a_code_lost_in_the_middle_takes_the_younger_ones_along(opened: Open) -> None:
    memory = opened()
    memory.add(codes(6), unit(6, 8))
    client = open_folder(Path(memory.place))
    client.get_collection(memory.collection).delete(
        ids=[chroma_items.item_id(("study", "inductive-1", "1"), "c_3")]
    )
    assert len(opened()) == 3
    client.close()


def test_codes_are_items_of_a_langgraph_store(opened: Open) -> None:
    memory = opened()
    memory.add([Code(id="c", label="Too busy", definition="No time")], unit(1, 4))
    store = memory.store(lambda texts: unit(len(texts), 4))
    item = store.get(("study", "inductive-1", "1"), "c")
    assert item is not None
    assert item.value == {"label": "Too busy", "definition": "No time", "order": 0}
    (hit,) = store.search(("study",), query="busy")
    assert hit.key == "c"
    assert hit.score == pytest.approx(1, abs=1e-6)


def test_importing_the_room_imports_no_chroma() -> None:
    program = "import sys, intercoder.stores.memory.code_memory; print('chromadb' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


def test_a_folder_contacts_nobody(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object) -> None:
        raise AssertionError(f"somebody is contacted: {given}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    memory = opened()
    memory.add(codes(3), unit(3, 4))
    assert len(memory.nearest(unit(1, 4), 2)[0]) == 2
