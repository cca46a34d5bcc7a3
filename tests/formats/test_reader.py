import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from intercoder.core.documents import Document
from intercoder.core.errors import InputError
from intercoder.formats import ReadOptions, ReadReport, read_documents, reader, reader_for, register

Save = Callable[[str, str | bytes], Path]
Read = Callable[..., list[Document]]


class Subtitles:
    extensions: tuple[str, ...] = (".srt",)

    def read(self, path: Path, options: ReadOptions, report: ReadReport) -> Iterator[Document]:
        report.note("read by a plugin.")
        yield Document(name=path.name, source=path.name, text=path.read_text())


def test_another_format_is_one_registered_class(
    read: Read, report: ReadReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "_readers", dict(reader._readers))
    register(Subtitles())
    assert read("a.SRT", "Hi")[0].text == "Hi"
    assert report.notes == ["read by a plugin."]


def test_a_file_that_is_not_there_is_missing_whatever_its_ending(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        list(read_documents(tmp_path / "gone.docx", ReadOptions()))


@pytest.mark.parametrize("name", ["interview.docx", "table.xlsx", "report.pdf", "noending"])
def test_an_unknown_ending_is_refused_with_those_known(name: str) -> None:
    with pytest.raises(InputError) as caught:
        reader_for(Path(name))
    assert caught.value.where == name
    for word in ("csv", "jsonl", "md", "tsv", "txt", "docx", "xlsx", "pdf"):
        assert word in caught.value.remedy


def test_a_name_tells_files_of_the_same_name_apart(save: Save) -> None:
    path = save("a.csv", "text\nHello\n")
    (document,) = read_documents(path, ReadOptions(), "wave2/a.csv")
    assert (document.name, document.source) == ("wave2/a.csv#1", "wave2/a.csv")
    assert document.id != next(read_documents(path, ReadOptions())).id
    (text,) = read_documents(save("b.txt", "Hello"), ReadOptions(), "wave2/b.txt")
    assert (text.name, text.source) == ("wave2/b.txt", "wave2/b.txt")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file") as caught:
        list(read_documents(tmp_path / "a.txt", ReadOptions()))
    assert caught.value.where == str(tmp_path / "a.txt")


def test_a_directory(tmp_path: Path) -> None:
    (tmp_path / "folder.txt").mkdir()
    with pytest.raises(InputError, match="directory"):
        list(read_documents(tmp_path / "folder.txt", ReadOptions()))


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(InputError, match="not a regular file"):
        list(read_documents(tmp_path / "pipe.txt", ReadOptions()))


@pytest.mark.parametrize(
    ("error", "message"),
    [(PermissionError(13, "Permission denied"), "may not be read"), (OSError(5, "I/O error"), "I/O error")],
)
def test_a_file_that_the_system_refuses(
    save: Save, monkeypatch: pytest.MonkeyPatch, error: OSError, message: str
) -> None:
    path = save("a.txt", "Hello.")

    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=message) as caught:
        list(read_documents(path, ReadOptions()))
    assert caught.value.where == str(path)
