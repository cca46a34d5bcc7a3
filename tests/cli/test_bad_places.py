"""Folders that may not be written, and disks that fill up: told, and everything written before stays whole."""

import ctypes
import resource
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from intercoder.stores import database
from tests.cli.conftest import Call, Command, call
from tests.graphs.conftest import lines

DROP_FROM_BOUNDING_SET = 24
OVERRIDES = (1, 2)
"""The capabilities that let root read and write what permissions forbid."""


def obedient() -> None:
    """In a child: let permissions bind root too, so that these tests mean the same for everybody."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    for capability in OVERRIDES if prctl else ():
        prctl(DROP_FROM_BOUNDING_SET, capability, 0, 0, 0)


@contextmanager
def closed(path: Path, mode: int = 0o555) -> Iterator[None]:
    """A place with other permissions, put back at the end so that pytest can clear it away."""
    before = stat.S_IMODE(path.stat().st_mode)
    path.chmod(mode)
    try:
        yield
    finally:
        path.chmod(before)


def test_a_folder_that_may_not_be_written_gets_no_study(intercoder: Command, tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    with closed(folder):
        for place in ("closed", "closed/study"):
            done = intercoder("init", place, "--question", "Why?", code=2, preexec_fn=obedient)
            error, advice = done.stderr.splitlines()
            assert error.startswith(f"error: {place}")
            assert "written" in error
            assert "may write to" in advice or "permissions" in advice
    assert list(folder.iterdir()) == []


def test_a_study_that_may_not_be_written_is_told_and_left_alone(intercoder: Command, filled: Path) -> None:
    before = (filled / "study.db").read_bytes()
    with closed(filled), closed(filled / "study.db", 0o444):
        error, advice = intercoder("run", "inductive", filled, code=2, preexec_fn=obedient).stderr.splitlines()
    assert error == f"error: {filled / 'study.db'}: the database cannot be opened or written."
    assert advice == "  -> Check the folder's permissions."
    assert (filled / "study.db").read_bytes() == before


def test_a_text_that_may_not_be_read_is_told(intercoder: Command, filled: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("mine", encoding="utf-8")
    with closed(tmp_path / "secret.txt", 0):
        done = intercoder("import", filled, "secret.txt", "-u", "paragraph", code=2, preexec_fn=obedient)
    error, advice = done.stderr.splitlines()
    assert error == "error: secret.txt: may not be read by you."
    assert "permission" in advice


class Disk:
    """Lets a database grow by a number of pages only, as a full disk would."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.free: int | None = None
        given: Callable[[Any, Any], None] = database._set_pragmas

        def set_pragmas(connection: Any, record: Any) -> None:
            given(connection, record)
            if self.free is not None:
                used = connection.execute("PRAGMA page_count").fetchone()[0]
                connection.execute(f"PRAGMA max_page_count = {used + self.free}")

        monkeypatch.setattr(database, "_set_pragmas", set_pragmas)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def test_an_import_that_fills_the_disk_leaves_the_study_as_it_was(
    command: Call, filled: Path, tmp_path: Path, disk: Disk
) -> None:
    (tmp_path / "long.txt").write_text("\n\n".join(f"I mended thing {n}." for n in range(5000)), encoding="utf-8")
    before = command("status", filled, "--json").out
    disk.free = 20
    error, advice = command("import", filled, "long.txt", "-u", "paragraph", code=2).err.splitlines()
    assert error.startswith(f"error: {filled / 'study.db'}: the disk is full; nothing of the last step was written")
    assert "Free some space" in advice
    disk.free = None
    assert command("status", filled, "--json").out == before
    with sqlite3.connect(filled / "study.db") as connection:
        assert connection.execute("SELECT count(*) FROM documents").fetchone() == (1,)


@pytest.fixture(scope="module")
def undisturbed(templates: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A study with enough texts that a run's files grow, and what a run exports that nobody disturbs."""
    folder = tmp_path_factory.mktemp("undisturbed")
    study = shutil.copytree(templates / "empty", folder / "study")
    (folder / "long.txt").write_text(lines(70), encoding="utf-8")
    assert call("import", study, folder / "long.txt", "-u", "paragraph").code == 0
    done = shutil.copytree(study, folder / "done")
    assert call("run", "inductive", done).code == 0
    return Path(study), exported(Path(done))


@pytest.fixture
def longer(undisturbed: tuple[Path, bytes], tmp_path: Path) -> Path:
    """The study with enough texts, not run."""
    return Path(shutil.copytree(undisturbed[0], tmp_path / "study"))


def exported(study: Path) -> bytes:
    out = study.with_suffix(".jsonl")
    assert call("export", study, "--to", "jsonl", out).code == 0
    return out.read_bytes()


def test_a_run_that_fills_the_disk_is_resumed_to_the_same_end(
    command: Call, longer: Path, undisturbed: tuple[Path, bytes], disk: Disk
) -> None:
    disk.free = 20
    error, advice = command("run", "inductive", longer, code=2).err.splitlines()[-2:]
    assert "study.db: the disk is full" in error
    assert "`intercoder resume`" in advice
    disk.free = None
    assert command("status", longer, "--json").objects[0]["runs"][0]["status"] == "stopped"
    command("resume", longer)
    assert exported(longer) == undisturbed[1]


def test_checkpoints_that_cannot_be_written_are_named(
    command: Call, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*arguments: object, **options: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(AsyncSqliteSaver, "aput", full)
        error, advice = command("run", "inductive", filled, code=2).err.splitlines()[-2:]
    assert error.startswith(f"error: {filled / 'checkpoints.db'}: the disk is full")
    assert "`intercoder resume`" in advice
    command("resume", filled)


@pytest.mark.parametrize("name", ["checkpoints.db", "memory/embeddings.db"])
def test_what_can_be_made_again_is_made_again_where_it_is_damaged(command: Call, filled: Path, name: str) -> None:
    command("run", "inductive", filled)
    (filled / name).write_bytes(b"no database" * 1000)
    command("run", "inductive", filled)
    assert (filled / name).read_bytes().startswith(b"SQLite format 3")


def no_file_beyond(kilobytes: int) -> Callable[[], None]:
    """In a child: no file grows beyond this, whoever writes it."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, kilobytes * 1024))

    return limit


def test_an_init_that_fills_the_disk_leaves_nothing(intercoder: Command, tmp_path: Path) -> None:
    done = intercoder("init", "new", "--question", "Why?", code=2, preexec_fn=no_file_beyond(8))
    error, advice = done.stderr.splitlines()
    assert error.startswith("error: new/study.db: the disk cannot be read or written")
    assert advice.startswith("  -> ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kilobytes", [40, 330])
def test_a_run_whose_files_may_not_grow_says_so_and_is_resumed(
    intercoder: Command, command: Call, longer: Path, undisturbed: tuple[Path, bytes], kilobytes: int
) -> None:
    done = intercoder("run", "inductive", longer, code=2, preexec_fn=no_file_beyond(kilobytes))
    error, advice = done.stderr.splitlines()[-2:]
    assert error.startswith(f"error: {longer}/")
    assert advice.startswith("  -> ")
    assert "RuntimeWarning" not in done.stderr
    begun = command("status", longer, "--json").objects[0]["runs"]
    command(*(["resume"] if begun else ["run", "inductive"]), longer)
    assert exported(longer) == undisturbed[1]


def test_an_export_that_fills_the_disk_leaves_the_earlier_one(
    intercoder: Command, command: Call, filled: Path, tmp_path: Path
) -> None:
    command("run", "inductive", filled)
    (tmp_path / "out.jsonl").write_text("earlier", encoding="utf-8")
    done = intercoder("export", filled, "--to", "jsonl", "out.jsonl", code=2, preexec_fn=no_file_beyond(4))
    error, advice = done.stderr.splitlines()
    assert error.startswith("error: out.jsonl: the file cannot be written")
    assert "Free some space" in advice
    assert (tmp_path / "out.jsonl").read_text(encoding="utf-8") == "earlier"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["out.jsonl", "study"]
