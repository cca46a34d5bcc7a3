"""A file is written whole or not at all."""

import os
from pathlib import Path

import pytest

from intercoder.core.errors import InputError
from intercoder.formats.whole_files import whole_file


def test_a_file_gets_its_name_when_everything_is_written(tmp_path: Path) -> None:
    file = tmp_path / "new" / "folder" / "out.txt"
    with whole_file(file) as out:
        out.write("first ü\n")
        assert not file.exists()
    assert file.read_bytes() == "first ü\n".encode()
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("failure", [ValueError("no"), KeyboardInterrupt()])
def test_what_fails_on_the_way_leaves_the_old_file(tmp_path: Path, failure: BaseException) -> None:
    file = tmp_path / "out.txt"
    file.write_text("old", encoding="utf-8")
    with pytest.raises(type(failure)), whole_file(file) as out:
        out.write("half")
        raise failure
    assert file.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with whole_file(tmp_path / "link") as out:
        out.write("text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text(encoding="utf-8") == "text"


def test_what_is_no_regular_file_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with whole_file(pipe) as out:
        out.write("text")
    assert os.read(reader, 100) == b"text"
    os.close(reader)
    assert pipe.is_fifo()


@pytest.mark.parametrize("place", [".", "file/out.txt", "/proc/out.txt"])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError) as caught, whole_file(tmp_path / place):
        pytest.fail("it was opened")
    assert caught.value.where == str(tmp_path / place)
    assert caught.value.remedy.startswith("Name ")
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
