import json
from collections.abc import Callable
from pathlib import Path

import pytest

from intercoder.core.documents import Document
from intercoder.core.errors import InputError
from intercoder.formats import ReadReport

Read = Callable[..., list[Document]]


def lines(*objects: object) -> str:
    return "".join(json.dumps(content) + "\n" for content in objects)


def test_every_object_is_a_document(read: Read) -> None:
    documents = read("a.jsonl", lines({"text": "Hello 😀"}, {"text": "Bye", "who": "Ana"}))
    assert [(d.name, d.key, d.text, d.attributes) for d in documents] == [
        ("a.jsonl#1", "1", "Hello 😀", {}),
        ("a.jsonl#2", "2", "Bye", {"who": "Ana"}),
    ]


def test_values_keep_their_json_type(read: Read) -> None:
    values = {"i": 1, "f": 1.0, "b": True, "n": None, "s": "01", "list": ["ä", 1], "big": 2**64}
    (document,) = read("a.jsonl", lines({"text": "Hello", **values}))
    expected = {**values, "list": '["ä", 1]', "big": "18446744073709551616"}
    assert document.attributes == expected
    assert {k: type(v) for k, v in document.attributes.items()} == {k: type(v) for k, v in expected.items()}


def test_ids_may_be_text_or_whole_numbers(read: Read) -> None:
    documents = read("a.jsonl", lines({"k": 3, "text": "a"}, {"k": "x", "text": "b"}), id_column="k")
    assert [document.key for document in documents] == ["3", "x"]


def test_objects_without_text_are_skipped_and_blank_lines_counted(read: Read, report: ReadReport) -> None:
    content = lines({"text": "a"}) + "\n" + lines({"text": None}, {"n": 1}, {"text": " "}, {"text": "b"})
    assert [document.key for document in read("a.jsonl", content)] == ["1", "6"]
    assert report.skipped == 3


def test_escapes_are_decoded_and_the_text_kept(read: Read) -> None:
    (document,) = read("a.jsonl", '{"text": "\\ud83d\\ude00 e\\u0301\\u2028 \\r\\n"}\r\n')
    assert document.text == "😀 e\u0301\u2028 \n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"text": "a"', "not JSON"),
        ("text", "not JSON"),
        ('{"text": "a", "n": NaN}', "NaN"),
        ('{"text": "a", "text": "b"}', "twice"),
        ('{"text": "a", "n": ' + "9" * 5000 + "}", "not JSON"),
        ('{"text": ' + "[" * 100_000 + "}", "not JSON"),
        ('["text"]', "not an object"),
        ('"text"', "not an object"),
        ("null", "not an object"),
    ],
)
def test_a_line_that_is_not_an_object(read: Read, tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read("a.jsonl", lines({"text": "fine"}) + line + "\n")
    assert caught.value.where == f"{tmp_path / 'a.jsonl'}:row 2"
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("line", "message", "column"),
    [
        ('{"text": 5}', "not a string", "text"),
        ('{"text": ["a"], "n": 1}', "not a string", "text"),
        ('{"text": "a \\ud83d b"}', "surrogate.*character 2", "text"),
        ('{"text": "a\\u0000"}', "NUL", "text"),
        ('{"text": "a", "n": ["\\udc00"]}', "surrogate", "n"),
        ('{"text": "a", "id": 1.5}', "whole number", "id"),
        ('{"text": "a", "id": true}', "whole number", "id"),
        ('{"text": "a", "id": null}', "missing", "id"),
        ('{"text": "a", "id": 0}', "stands in row 1 and again in row 2", "id"),
    ],
)
def test_a_value_that_cannot_be_used(read: Read, tmp_path: Path, line: str, message: str, column: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read("a.jsonl", lines({"text": "fine", "id": 0}) + line + "\n", id_column="id" if column == "id" else None)
    assert caught.value.where == f"{tmp_path / 'a.jsonl'}:row 2:{column}"


def test_columns_are_those_of_all_objects(read: Read) -> None:
    with pytest.raises(InputError, match="id, answer, n") as caught:
        read("a.jsonl", lines({"id": 1, "answer": "a"}, {"id": 2, "n": 1}))
    assert "--text-column" in caught.value.remedy
    with pytest.raises(InputError, match="no objects"):
        read("b.jsonl", "\n{}\n")
