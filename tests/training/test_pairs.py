"""Which lines become pairs, what is told of the others, and how documents are kept apart."""

from pathlib import Path

import pytest

from intercoder.core.documents import Document, Span
from intercoder.core.errors import InputError
from intercoder.core.texts.quotes import Quote
from intercoder.stores.corpus.intake import Source, import_source
from intercoder.stores.corpus.samples import Scope, choose
from intercoder.stores.people.hand_coding import HandCoder
from intercoder.stores.study_folder import StudyFolder
from intercoder.training.pairs import Pairs, load_pairs, read_pairs, study_pairs
from tests.stores.conftest import SETTINGS
from tests.stores.people.test_human_codings import make_book
from tests.studies import new_study
from tests.training.adapting import write_lines, write_pairs


def test_lines_that_cannot_be_used_are_dropped_and_told_by_their_numbers(tmp_path: Path) -> None:
    file = write_lines(
        tmp_path / "pairs.jsonl",
        [
            {"quote": "I mend it.", "code": "pride"},
            "",
            "{",
            "[1]",
            {"quote": "I mend it."},
            {"quote": 3, "code": "pride"},
            '{"quote": "half \\ud800", "code": "pride"}',
            {"quote": " ", "code": "pride"},
            {"quote": "I mend it.", "code": ""},
            {"quote": " I  mend it. ", "code": "Pride"},
            {"quote": "I mend it.", "code": "thrift", "rating": 5},
        ],
    )
    pairs = read_pairs(file)
    assert [(pair.place, pair.quote, pair.code) for pair in pairs.pairs] == [
        ("line 1", "I mend it.", "pride"),
        ("line 11", "I mend it.", "thrift"),
    ]
    assert [(one.place, one.fault) for one in pairs.dropped] == [
        *((f"line {number}", "unreadable") for number in range(3, 8)),
        ("line 8", "empty"),
        ("line 9", "empty"),
        ("line 10", "duplicate"),
    ]
    assert pairs.faults() == {"unreadable": 5, "empty": 2, "duplicate": 1}
    assert pairs.dropped[2].detail == "`code`: Field required"
    assert pairs.dropped[-1].detail == "as line 1"


def test_a_text_may_be_told_with_what_stands_around_it(tmp_path: Path) -> None:
    line = {"quote": "mend", "code": "pride", "text": "I mend.", "context": "Why?", "speaker": "Ana", "document": 7}
    (pair,) = read_pairs(write_lines(tmp_path / "pairs.jsonl", [line])).pairs
    told = pair.segment
    assert (told.text, told.context, told.speaker, told.document) == ("I mend.", "Why?", "Ana", "7")


def test_codes_of_one_text_are_of_one_document_without_being_told(tmp_path: Path) -> None:
    lines = [{"quote": "I mend.", "code": code} for code in ("pride", "thrift")]
    pairs = read_pairs(write_lines(tmp_path / "pairs.jsonl", [*lines, {"quote": "I buy.", "code": "ease"}]))
    assert len(pairs.documents) == 2


@pytest.mark.parametrize("lines", [["{}"], [{"quote": "", "code": ""}]])
def test_a_file_without_pairs_is_refused(tmp_path: Path, lines: list[str]) -> None:
    with pytest.raises(InputError, match=r"no pairs .*\(1 ") as caught:
        load_pairs(write_lines(tmp_path / "pairs.jsonl", lines))
    assert '"quote"' in caught.value.remedy


def test_no_document_is_on_both_sides_and_the_seed_decides_which(tmp_path: Path) -> None:
    pairs = read_pairs(write_pairs(tmp_path / "pairs.jsonl", texts=40, documents=20))
    splits = [pairs.split(0.2, seed) for seed in range(5)]
    for split in splits:
        held = {pair.segment.document_id for pair in split.held_out}
        assert len(held) == 4
        assert not held & {pair.segment.document_id for pair in split.training}
        assert len(split.training) + len(split.held_out) == 80
    assert pairs.split(0.2, 0) == splits[0]
    assert any(split != splits[0] for split in splits)


def test_a_text_that_is_learnt_from_is_measured_in_no_other_document(tmp_path: Path) -> None:
    lines = [
        {"quote": "  i DON'T know." if turn else "I don't know.", "code": f"c{n}{turn}", "document": f"d{n}{turn}"}
        for n in range(5)
        for turn in range(2)
    ]
    other = {"quote": "I mend.", "code": "pride"}
    own = [
        other | {"document": f"d{n}{turn}", "quote": f"I mend {n}{turn}."} for n in range(5) for turn in range(2)
    ]
    pairs = read_pairs(write_lines(tmp_path / "pairs.jsonl", [*lines, *own]))
    training, held_out = pairs.split(0.3, 0)
    assert len(training) == 14
    assert len(held_out) == 3
    assert all(pair.quote.startswith("I mend") for pair in held_out)


@pytest.mark.parametrize(("share", "documents", "held"), [(0.01, 3, 1), (0.99, 3, 2), (0.0, 3, 0), (0.5, 1, 0)])
def test_something_is_always_left_to_learn_from(tmp_path: Path, share: float, documents: int, held: int) -> None:
    pairs = read_pairs(write_pairs(tmp_path / "pairs.jsonl", texts=6, documents=documents))
    split = pairs.split(share, 0)
    assert len({pair.segment.document_id for pair in split.held_out}) == held
    assert split.training


def test_the_digest_is_of_what_is_learnt(tmp_path: Path) -> None:
    def digest(**line: str) -> str:
        return read_pairs(write_lines(tmp_path / "p.jsonl", [{"quote": "a", "code": "b"} | line])).digest

    assert digest() == digest() == digest(unknown="x")
    others = [{"quote": "c"}, {"code": "c"}, {"code": "B"}, {"text": "c"}, {"context": "c"}, {"speaker": "c"}]
    assert len({digest(), *(digest(**line) for line in others)}) == 7


@pytest.fixture
def coded(tmp_path: Path) -> StudyFolder:
    """Two documents of two segments, some of which two people coded."""
    folder = new_study(tmp_path / "study", SETTINGS)
    documents = [Document(name=name, source="s", key=name, text=f"{name} first. second.") for name in ("a", "b")]
    source = Source(name="s", sha256="s", options={}, unit="sentence")
    cut = [Span(start=0, end=8, speaker="Ana"), Span(start=9, end=16)]
    import_source(folder.engine, folder.study.id, source, documents, lambda one: cut, [])
    book = make_book(folder)
    first, second, third, _ = (row.segment_id for row in choose(folder.engine, folder.study.id, Scope()))
    ana, ben = (HandCoder(folder.engine, folder.study.id, name) for name in ("ana", "ben"))
    ana.give(book, first, "c_1")
    ana.give(book, first, "c_2", "no")
    ana.give(book, second, "c_2", quote=Quote(text="second", start=9, end=15))
    ben.give(book, first, "c_1")
    ben.give(book, third, "c_1")
    ben.take_away(third, "c_1")
    return folder


def test_a_study_gives_the_codes_that_people_gave_and_that_stand(coded: StudyFolder) -> None:
    pairs = study_pairs(coded)
    assert [(pair.quote, pair.code) for pair in pairs.pairs] == [("a first.", "Pride"), ("second", "Thrift")]
    assert pairs.faults() == {"duplicate": 1}
    first, second = (pair.segment for pair in pairs.pairs)
    assert (first.speaker, first.context) == ("Ana", "")
    assert second.context == "Ana: a first."
    assert first.document_id == second.document_id


def test_a_study_that_nobody_coded_says_how_to(tmp_path: Path) -> None:
    folder = new_study(tmp_path / "study", SETTINGS)
    with pytest.raises(InputError, match="no pairs") as caught:
        load_pairs(folder.path, folder)
    assert "intercoder review" in caught.value.remedy


def test_pairs_of_nothing_split_into_nothing() -> None:
    assert Pairs(source="x", pairs=()).split(0.2, 0) == ((), ())
