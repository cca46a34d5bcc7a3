from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intercoder.core.documents import Document
from intercoder.core.errors import InputError
from intercoder.formats import ReadOptions, read_documents

Read = Callable[..., list[Document]]


def test_a_text_file_is_one_document(read: Read) -> None:
    (document,) = read("a.txt", "Hello.\n")
    assert document == Document(name="a.txt", source="a.txt", key="", text="Hello.\n")


def test_markdown_is_kept_as_it_is_written(read: Read) -> None:
    text = "# Title\n\n**Ana:** Hi *you*.\n"
    assert read("a.md", text)[0].text == text
    assert read("b.MARKDOWN", text)[0].text == text


def test_line_ends_become_lf_and_nothing_else_changes(read: Read) -> None:
    (document,) = read("a.txt", "one\r\ntwo\rthree\n\r\nfour\u2028five\x0bsix\x85 ")
    assert document.text == "one\ntwo\nthree\n\nfour\u2028five\x0bsix\x85 "


def test_columns_mean_nothing_to_a_text_file(read: Read) -> None:
    assert len(read("a.txt", "Hello.", text_column="text", id_column="id")) == 1


CHARACTERS = st.characters(exclude_categories=("Cc", "Cs"), include_characters="\n\t\x85")


@given(st.text(CHARACTERS, min_size=1).filter(str.strip))
def test_every_code_point_is_kept(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("text") / "a.txt"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    (document,) = read_documents(path, ReadOptions())
    assert document.text == text


@pytest.mark.parametrize("content", ["", " \n\t\r\n", "\ufeff"])
def test_an_empty_file_is_refused(read: Read, tmp_path: Path, content: str) -> None:
    with pytest.raises(InputError, match="empty") as caught:
        read("a.txt", content)
    assert caught.value.where == str(tmp_path / "a.txt")
    assert caught.value.remedy
