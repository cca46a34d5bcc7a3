"""The corpus is listed in document order, and searched in any language; the index is whole, fresh or not there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from intercoder.core.documents import Document, Span, Unit
from intercoder.core.errors import StudyError
from intercoder.core.texts.searched_text import find, pieces
from intercoder.core.texts.segmentation import segment
from intercoder.stores.corpus.intake import Source, import_source
from intercoder.stores.corpus.pages import corpus_lines, corpus_size
from intercoder.stores.corpus.text_index import CorpusIndex, GivenUp, corpus_index, fresh_index, index_file
from intercoder.stores.database import reading
from intercoder.stores.study_folder import StudyFolder, create_study, open_study
from tests.studies import new_study

SETTINGS = """
question = "What is there?"
[[coders]]
name = "reader"
[[moderators]]
name = "moderator"
"""
Corpus = Callable[..., CorpusIndex]


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    """An empty study."""
    return new_study(tmp_path / "study", SETTINGS)


def bring(folder: StudyFolder, name: str, texts: Sequence[str], unit: Unit = "row", state: str = "1") -> None:
    """Import texts as the documents of a source."""

    def cut(document: Document) -> list[Span]:
        return [Span(start=0, end=len(document.text))] if unit == "row" else segment(document.text, unit)

    documents = [
        Document(name=f"{name}#{place}", source=name, key=str(place), text=text) for place, text in enumerate(texts)
    ]
    source = Source(name=name, sha256=state, options={}, unit=unit)
    import_source(folder.engine, folder.study.id, source, documents, cut, [])


@pytest.fixture
def indexed(folder: StudyFolder) -> Corpus:
    """Makes an index over texts."""

    def make(*texts: str) -> CorpusIndex:
        bring(folder, "texts", texts)
        return corpus_index(folder)

    return make


def test_places_are_those_of_the_plain_listing(folder: StudyFolder) -> None:
    bring(folder, "b.txt", ["one. two. three.", "four."], unit="sentence")
    bring(folder, "a.txt", ["A: five\n\nB: six", "A: seven\n\nA: eight"], unit="turn")
    bring(folder, "a.txt", ["A: five\n\nB: six", "A: seven\n\nA: eight"], unit="paragraph")
    index = corpus_index(folder)
    with reading(folder.engine) as connection:
        size = corpus_size(connection, folder.study.id)
        plain = corpus_lines(connection, folder.study.id, 0, 100)
        tail = corpus_lines(connection, folder.study.id, 5, 7)
    assert [line.text for line in plain][:4] == ["one.", "two.", "three.", "four."]
    assert size == index.count == len(plain)
    assert index.lines(range(size)) == plain
    assert tail == plain[5:7]
    assert [index.place(line.segment_id) for line in plain] == list(range(size))
    assert index.places == {line.segment_id: place for place, line in enumerate(plain)}
    assert [one.name for one in index.documents(1, 3)] == ["b.txt#1", "a.txt#0"]
    assert [index.lines(index.of_document(number))[0].document for number in range(4)] == [
        one.name for one in index.documents(0, index.document_count)
    ]
    assert [index.document_at(place) for place in (0, 2, 3, 4)] == [0, 0, 1, 2]
    assert index.lines([3, 1])[0].text == "four."
    assert {line.speaker for line in index.lines(index.of_speaker("A"))} == {"A"}
    assert [one.name for one in index.speakers()] == ["A", "B"]
    assert [one.name for one in index.units()] == ["paragraph", "sentence", "turn"]
    assert {line.unit for line in index.lines(index.of_unit("turn"))} == {"turn"}
    assert index.of_document(99) == range(0)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("repair", [0, 1]),
        ("REP", [0, 1]),
        ("epair", []),
        ("cafe", [2]),
        ("CAFÉ", [2]),
        ("repair toaster", [0]),
        ("toaster repair", [0]),
        ("don't", [1]),
        ("do", [1]),
        ("self-made", [3]),
        ("made", [3]),
        ("100", [4]),
        ("100%", [4]),
        ("%", [4]),
        ("_", [5]),
        ("%  repair", []),
        ("straße", [6]),
        ("strasse", [6]),
        ("हिन्", [7]),
        ("", []),
        ("   ", []),
        ("zzz", []),
    ],
)
def test_words_are_found_by_their_beginning(indexed: Corpus, query: str, found: list[int]) -> None:
    index = indexed(
        "We repair the toaster.",
        "They don't repair anything.",
        "A café in Paris",
        "All self-made.",
        "It costs 100% more",
        "snake_case",
        "In der Straße",
        "यह हिन्दी है",
    )
    assert list(index.search(query)) == found


@pytest.mark.parametrize(
    "query",
    [
        '"',
        '""',
        'repair"',
        '"repair',
        "repair AND",
        "AND",
        "OR repair",
        "NOT",
        "NEAR(repair toaster)",
        "repair*",
        "*",
        "folded:repair",
        "^repair",
        "repair + toaster",
        "(repair",
        "-repair",
        "{repair}",
        "repair;DROP TABLE lines",
        "\0",
        "repair\0toaster",
        "'",
        "\\",
        "ab " * 5000,
        " ".join(f"w{place}" for place in range(2000)),
    ],
)
@pytest.mark.parametrize("text", ["We repair the toaster", "เราซ่อม repair toaster"])
def test_no_query_is_an_error(indexed: Corpus, query: str, text: str) -> None:
    index = indexed(text, "elsewhere")
    assert set(index.search(query)) <= {0}


def test_operators_are_words(indexed: Corpus) -> None:
    index = indexed("this or that", "this and that", "not near")
    assert list(index.search("this OR that")) == [0]
    assert list(index.search("AND")) == [1]
    assert list(index.search("not")) == [2]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("修", [0, 1]),
        ("修理", [0]),
        ("我们修理", [0]),
        ("理修", []),
        ("电器 修理", [0]),
        ("gpt", [2]),
        ("GPT模型", [2]),
        ("模型gpt", []),
        ("ﾃｰﾌﾞﾙ", [3]),
        ("テーブ", [3]),
        ("ซ่อม", [4]),
        ("ซ", [4]),
        ("อม", [4]),
        ("ซ่อม ไฟ", [4]),
        ("ซ่อม ฟะ", []),
        ("كتاب", [5]),
        ("كِتَاب", [5]),
        ("تا", [5]),
        ("수리", [6]),
        ("ספר", [7]),
        ("fix", [4]),
    ],
)
def test_languages_that_do_not_part_words_are_searched_within(
    indexed: Corpus, query: str, found: list[int]
) -> None:
    index = indexed(
        "我们修理旧电器。",
        "修饰",
        "用GPT模型回答",
        "テーブルを直す",
        "เราซ่อมเครื่องใช้ไฟฟ้า prefix",
        "وجدت الكِتَابَ هنا",
        "수리했습니다",
        "הספר שלי",
    )
    assert list(index.search(query)) == found


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        ("We repair, they REPAIRED.", "repair", ["repair", "REPAIR"]),
        ("a cafe\u0301 or café", "cafe", ["cafe\u0301", "café"]),
        ("don't", "don't", ["don't"]),
        ("unrepaired", "repair", []),
        ("我们修理", "修理", ["修理"]),
        ("用GPT模型", "gpt", ["GPT"]),
        ("ราคาซ่อม", "ซ่อม", ["ซ่อม"]),
        ("Straße", "strasse", ["Straße"]),
        ("ab abc", "ab abc", ["ab", "abc"]),
        ("100%", "%", ["%"]),
        ("any", "", []),
        ("\u1112\u1161\u11ab\u1100\u1173\u11af \u1106\u1161\u11af", "\ub9d0", ["\u1106\u1161\u11af"]),
        ("\u09c7\u09be \u0928\u0947", "\u0928", ["\u0928\u0947"]),
    ],
)
def test_what_was_found_is_found_again_in_the_text(text: str, query: str, found: list[str]) -> None:
    assert [text[one.start : one.end] for one in find(text, pieces(query))] == found


def test_it_is_made_once_and_again_when_texts_come(folder: StudyFolder) -> None:
    assert fresh_index(folder) is None
    bring(folder, "a", ["one", "two"])
    first = corpus_index(folder)
    made = index_file(folder).stat().st_ino
    assert list(corpus_index(folder).search("two")) == [1]
    assert index_file(folder).stat().st_ino == made
    bring(folder, "b", ["three"])
    assert fresh_index(folder) is None
    assert list(first.search("three")) == []
    second = corpus_index(folder)
    assert list(second.search("three")) == [2]
    bring(folder, "a", ["one", "changed"], state="2")
    assert fresh_index(folder) is None
    third = corpus_index(folder)
    assert (list(third.search("two")), list(third.search("changed")), third.count) == ([], [1], 3)
    assert [second.lines([1])[0].text, third.lines([1])[0].text] == ["two", "changed"]


def test_a_new_cut_of_the_same_texts_is_seen(folder: StudyFolder) -> None:
    bring(folder, "a", ["One. Two."], unit="paragraph")
    assert corpus_index(folder).count == 1
    bring(folder, "a", ["One. Two."], unit="sentence")
    assert fresh_index(folder) is None
    assert corpus_index(folder).count == 3


def test_another_database_in_the_same_place_is_seen(folder: StudyFolder, tmp_path: Path) -> None:
    bring(folder, "x", ["apples"])
    corpus_index(folder).close()
    other = create_study(tmp_path / "other", f'id = "{folder.study.id}"\n{SETTINGS}')
    bring(other, "x", ["pears"], state="2")
    for one in (folder, other):
        one.close()
    for file in folder.path.glob("study.db*"):
        file.unlink()
    (other.path / "study.db").rename(folder.path / "study.db")
    again = open_study(folder.path)
    assert fresh_index(again) is None
    assert list(corpus_index(again).search("pears")) == [0]


def test_a_place_that_cannot_be_written_is_told(folder: StudyFolder) -> None:
    bring(folder, "x", ["apples"])
    (folder.path / "memory").write_text("a file, not a folder", "utf-8")
    with pytest.raises(StudyError, match="cannot be written") as told:
        corpus_index(folder)
    assert told.value.where == str(folder.path / "memory")
    assert told.value.remedy


def test_a_damaged_file_is_made_again(folder: StudyFolder) -> None:
    bring(folder, "a", ["one"])
    corpus_index(folder).close()
    index_file(folder).write_bytes(b"no database at all" * 100)
    assert fresh_index(folder) is None
    assert list(corpus_index(folder).search("one")) == [0]


def test_an_empty_study_has_an_empty_index(folder: StudyFolder) -> None:
    index = corpus_index(folder)
    assert (index.count, list(index.search("any")), index.lines([]), index.documents(0, 10)) == (0, [], [], [])


def test_what_is_stopped_leaves_the_old_one(folder: StudyFolder) -> None:
    bring(folder, "a", ["one"])
    corpus_index(folder).close()
    before = index_file(folder).read_bytes()
    bring(folder, "b", ["two"])

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        corpus_index(folder, stop)
    assert index_file(folder).read_bytes() == before
    assert not index_file(folder).with_suffix(".part").exists()


def test_what_nobody_waits_for_is_given_up_between_batches(
    folder: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intercoder.stores.corpus.text_index.BATCH", 2)
    bring(folder, "a", ["one"] * 7)
    told: list[int] = []
    with pytest.raises(GivenUp):
        corpus_index(folder, lambda done, total: told.append(done), given_up=lambda: len(told) == 2)
    assert told == [0, 2]
    assert not index_file(folder).exists()
    assert not index_file(folder).with_suffix(".part").exists()
    assert corpus_index(folder, given_up=lambda: False).count == 7
    assert corpus_index(folder, given_up=lambda: True).count == 7


KILLED = """
import os, sys
from pathlib import Path
from intercoder.stores.corpus.text_index import corpus_index
from intercoder.stores.study_folder import open_study
def die(done, total):
    if done:
        os.kill(os.getpid(), 9)
corpus_index(open_study(Path(sys.argv[1])), die)
"""


def test_what_is_killed_leaves_nothing_that_is_half(folder: StudyFolder) -> None:
    bring(folder, "a", ["one", "two"])
    killed = subprocess.run([sys.executable, "-c", KILLED, str(folder.path)], check=False)
    assert killed.returncode == -9
    assert not index_file(folder).exists()
    assert index_file(folder).with_suffix(".part").exists()
    again = open_study(folder.path)
    assert list(corpus_index(again).search("two")) == [1]
    assert not index_file(folder).with_suffix(".part").exists()


def test_progress_is_told(folder: StudyFolder) -> None:
    bring(folder, "a", ["one"] * 3)
    told: list[tuple[int, int]] = []
    corpus_index(folder, lambda done, total: told.append((done, total)))
    assert told == [(0, 3), (3, 3)]
