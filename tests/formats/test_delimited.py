import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from intercoder.core.documents import Document
from intercoder.core.errors import InputError
from intercoder.formats import ReadOptions, ReadReport, read_documents

Save = Callable[[str, str | bytes], Path]
Read = Callable[..., list[Document]]


def refusal(read: Read, content: str | bytes, name: str = "a.csv", **options: object) -> InputError:
    with pytest.raises(InputError) as caught:
        read(name, content, **options)
    assert caught.value.remedy
    return caught.value


def test_every_row_is_a_document(read: Read) -> None:
    documents = read("a.csv", "who,text\nAna,Hello\nBen,Bye\n")
    assert [(d.name, d.key, d.source, d.text) for d in documents] == [
        ("a.csv#1", "1", "a.csv", "Hello"),
        ("a.csv#2", "2", "a.csv", "Bye"),
    ]
    assert documents[0].attributes == {"who": "Ana"}


def test_an_id_column_gives_the_keys(read: Read) -> None:
    documents = read("a.csv", "id,text\n007,Hello\n x 8 ,Bye\n", id_column="id")
    assert [document.key for document in documents] == ["007", "x 8"]
    assert documents[0].attributes == {"id": "007"}


@pytest.mark.parametrize(("name", "delimiter"), [("a.csv", ","), ("a.csv", ";"), ("a.csv", "\t"), ("a.tsv", "\t")])
def test_delimiters_are_recognised(read: Read, name: str, delimiter: str) -> None:
    rows = [
        ["id", "text", "n"],
        ["1", '"a, b; c, d; and\tso on, yes; no"', "1"],
        ["2", '"Well, ""quoted""; yes."', "2"],
    ]
    content = "\n".join(delimiter.join(row) for row in rows)
    documents = read(name, content)
    assert [document.text for document in documents] == ["a, b; c, d; and\tso on, yes; no", 'Well, "quoted"; yes.']
    assert [document.attributes["n"] for document in documents] == [1, 2]


def test_a_single_column_needs_no_delimiter(read: Read) -> None:
    assert [document.text for document in read("a.csv", "text\nHello; you\nBye\n")] == ["Hello; you", "Bye"]


def test_the_ending_tsv_says_the_delimiter(read: Read) -> None:
    assert read("a.tsv", "text\nHello, you; there\n")[0].text == "Hello, you; there"
    assert read("a.tsv", "a,b\ttext\n1,2\tBye\n")[0].attributes == {"a,b": "1,2"}


def test_named_columns_decide_between_delimiters(read: Read) -> None:
    content = "a,b;c,d\n1,2;3,4\n"
    assert read("a.csv", content, text_column="b;c")[0].text == "2;3"
    assert read("b.csv", content, text_column="c,d")[0].text == "3,4"


def test_line_ends_in_quoted_fields_and_the_byte_order_mark(read: Read) -> None:
    (document,) = read("a.csv", '\ufefftext,"a\r\nb"\r\n" one\r\n\rtwo ","x\r\ny"\r\n\r\n')
    assert document.text == " one\n\ntwo "
    assert document.attributes == {"a\nb": "x\ny"}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", "-20", ""], [1, -20, None]),
        (["1", "0.5", "-2.25"], [1.0, 0.5, -2.25]),
        (["01", "2", "3"], ["01", "2", "3"]),
        (["+1", "2", "3"], ["+1", "2", "3"]),
        (["1.0", "1.10", "2"], ["1.0", "1.10", "2"]),
        (["1e5", "1", "2"], ["1e5", "1", "2"]),
        (["nan", "inf", "1"], ["nan", "inf", "1"]),
        (["1_000", "1", "1"], ["1_000", "1", "1"]),
        (["-0", "1", "1"], ["-0", "1", "1"]),
        (["٣", "1", "1"], ["٣", "1", "1"]),
        (["1234567890123456", "1", "1"], ["1234567890123456", "1", "1"]),
        (["True", "False", ""], ["True", "False", None]),
        (["", " ", ""], [None, None, None]),
    ],
)
def test_a_column_has_a_type_only_if_all_its_values_say_so(
    read: Read, values: list[str], expected: list[object]
) -> None:
    content = "text,v\n" + "".join(f"Hello,{value}\n" for value in values)
    found = [document.attributes["v"] for document in read("a.csv", content)]
    assert found == expected
    assert [type(value) for value in found] == [type(value) for value in expected]


def test_a_text_that_looks_like_a_number_is_text(read: Read) -> None:
    assert [document.text for document in read("a.csv", "text,n\n1,1\n2,2\n")] == ["1", "2"]


def test_context_is_shown_and_kept(read: Read) -> None:
    content = "text,before,after\nHello,One.,\nBye,Two.,3\n"
    one, two = read("a.csv", content, context_columns=["before", "after"])
    assert one.context == "before: One."
    assert two.context == "before: Two.\nafter: 3"
    assert two.attributes == {"before": "Two.", "after": 3}
    assert read("a.csv", content, context_columns=["before"])[0].context == "One."


def test_rows_without_text_are_skipped_and_counted(read: Read, report: ReadReport) -> None:
    documents = read("a.csv", 'id,text\na,One\n,\n,"  "\na,\nb,Two\n', id_column="id")
    assert [document.key for document in documents] == ["a", "b"]
    assert report.skipped == 3
    assert report.notes == ["skipped 3 rows with an empty 'text'."]
    assert [document.key for document in read("b.csv", "text,n\n,1\n\nTwo,2\n")] == ["2"]


def test_the_text_column_is_guessed_only_by_its_name(read: Read) -> None:
    assert read("a.csv", "id,Text\n1,Hello\n")[0].text == "Hello"
    error = refusal(read, "id,answer\n1,Hello\n")
    assert "id, answer" in error.message
    assert "--text-column" in error.remedy
    assert "text, Text" in refusal(read, "text,Text\na,b\n").message


@pytest.mark.parametrize("option", ["text_column", "id_column"])
def test_a_missing_column_is_told_with_those_there_are(read: Read, tmp_path: Path, option: str) -> None:
    error = refusal(read, "id,text\n1,Hello\n", **{option: "Id"})
    assert "'Id'" in error.message
    assert "id, text" in error.message
    assert error.where == str(tmp_path / "a.csv")
    assert "'why'" in refusal(read, "id,text\n1,Hello\n", context_columns=["why"]).message


def test_repeated_ids_name_both_rows_before_anything_is_read(save: Save) -> None:
    path = save("a.csv", "id,text\n" + "".join(f"{n},Hello\n" for n in [*range(500), 7]))
    documents = read_documents(path, ReadOptions(id_column="id"))
    with pytest.raises(InputError, match="'7' stands in row 8 and again in row 501") as caught:
        next(documents)
    assert caught.value.where == f"{path}:row 501:id"


def test_a_missing_id(read: Read, tmp_path: Path) -> None:
    error = refusal(read, "id,text\n1,Hello\n ,Bye\n", id_column="id")
    assert error.where == f"{tmp_path / 'a.csv'}:row 2:id"


@pytest.mark.parametrize(("row", "count"), [("1,2,3,4", 4), ("1,2", 2), ("1,Hello, world,x", 4)])
def test_a_row_of_another_width(read: Read, tmp_path: Path, row: str, count: int) -> None:
    error = refusal(read, f'id,text,n\n1,"two\nlines",1\n{row}\n')
    assert f"{count} fields where the header has 3 (line 4" in error.message
    assert error.where == f"{tmp_path / 'a.csv'}:row 2"


@pytest.mark.parametrize(
    ("body", "message"),
    [('1,"Hello\n2,Bye\n', "never closed"), ('1,"Hello" you\n', "inside a quoted field")],
)
def test_quotation_marks_that_do_not_match(read: Read, tmp_path: Path, body: str, message: str) -> None:
    error = refusal(read, "id,text\n0,Fine\n" + body)
    assert message in error.message
    assert "line 3" in error.message
    assert error.where == f"{tmp_path / 'a.csv'}:row 2"


def test_a_long_field_is_no_mistake(read: Read) -> None:
    assert len(read("a.csv", f'text\n"{"word " * 60_000}"\n')[0].text) == 300_000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,id\n", "no rows"),
        ("text,id\n,1\n", "no row has a text"),
        ("text,id,text\na,b,c\n", "two columns"),
        (",,\na,b,c\n", "no header"),
        ("\n\n", "no header"),
    ],
)
def test_tables_with_nothing_to_read(read: Read, content: str, message: str) -> None:
    assert message in refusal(read, content).message


def test_a_column_without_a_name_is_called_after_its_place(read: Read) -> None:
    assert read("a.csv", ",text\n0,Hello\n")[0].attributes == {"column 1": 0}


def test_a_table_in_another_encoding(read: Read, report: ReadReport) -> None:
    (document,) = read("a.csv", "id;text\n1;“Là-bas”, dit-elle, très tôt.\n".encode("cp1252"))
    assert document.text == "“Là-bas”, dit-elle, très tôt."
    assert report.encoding == "cp1252"


def test_a_large_table_is_not_held_in_memory(save: Save) -> None:
    row = "some words and Größe, " * 500
    path = save("a.csv", "id,text\n" + "".join(f'{n},"{row}"\n' for n in range(2000)))
    assert path.stat().st_size > 20_000_000
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_documents(path, ReadOptions(id_column="id"))) == 2000
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
