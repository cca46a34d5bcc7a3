"""People's codings as a table."""

from pathlib import Path

import pytest

from intercoder.core.coding.codings import CodedPassage
from intercoder.core.errors import InputError
from intercoder.formats.coding_files import read_codings

ROOT = Path(__file__).parents[2]


def table(folder: Path, text: str) -> Path:
    file = folder / "codings.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_passages_documents_and_segments(tmp_path: Path) -> None:
    file = table(
        tmp_path,
        "coder,code,document,start,end,segment_id\nana,cost,a.txt,3,9,\nana,,a.txt,,,\nben, long  label ,,,,s1\n",
    )
    assert read_codings(file) == [
        CodedPassage(coder="ana", label="cost", document="a.txt", start=3, end=9),
        CodedPassage(coder="ana", label="", document="a.txt"),
        CodedPassage(coder="ben", label="long label", segment_id="s1"),
    ]


def test_the_bundled_codings_are_read() -> None:
    passages = read_codings(ROOT / "examples" / "interviews" / "codings.csv")
    assert {passage.coder for passage in passages} == {"anna", "ben"}
    assert len(passages) > 100


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        ("coder,document\nana,a.txt\n", "is no table of codings. Its columns are: coder, document", "codings.csv"),
        ("coder,code,document\n,cost,a.txt\n", "the coder is missing", "row 1"),
        ("coder,code,document\nana,cost,\n", "the place is missing", "row 1"),
        ("coder,code,document,start,end\nana,cost,a.txt,x,3\n", "`start` is 'x'", "row 1"),
        ("coder,code,document,start,end\nana,cost,a.txt,4,3\n", "do not make a passage", "row 1"),
        ("coder,code,document,start,end\nana,cost,a.txt,4,\n", "do not make a passage", "row 1"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, message: str, where: str) -> None:
    with pytest.raises(InputError) as error:
        read_codings(table(tmp_path, text))
    assert message in error.value.message
    assert where in error.value.where
